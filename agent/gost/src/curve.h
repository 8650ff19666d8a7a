/* GOST 34.10 on id-tc26-gost-3410-12-512-paramSetA (gost512) and CryptoPro-A (gost256).
 *
 * Every number is little-endian octets of the curve's length (64 or 32); a point is X || Y, a signature r || s. Nothing
 * that touches a private key or a nonce has a branch or a memory address that depends on it. */
#ifndef QALAMSAP_CURVE_H
#define QALAMSAP_CURVE_H

#include <stdint.h>

enum curve_result {
    CURVE_NO_KEY = -1, /* a private key that is zero or not below the order, a public key that is no point */
    CURVE_FAILED = 0,  /* the signature is not this key's; or this nonce will not do, take another */
    CURVE_DONE = 1
};

/* Builds the tables of multiples of the base points (2 ms); once, before anything else. */
void curves_prepare(void);

enum curve_result gost512_public_key(const uint8_t *private_key, uint8_t *point);
enum curve_result gost512_sign(const uint8_t *private_key, const uint8_t *nonce, const uint8_t *digest, uint8_t *signature);
enum curve_result gost512_verify(const uint8_t *point, const uint8_t *digest, const uint8_t *signature);

enum curve_result gost256_public_key(const uint8_t *private_key, uint8_t *point);
enum curve_result gost256_sign(const uint8_t *private_key, const uint8_t *nonce, const uint8_t *digest, uint8_t *signature);
enum curve_result gost256_verify(const uint8_t *point, const uint8_t *digest, const uint8_t *signature);

#endif
