/* GOST R 34.11-94 (RFC 5831) with the substitution of the standard's own test example. */
#ifndef QALAMSAP_GOST94_H
#define QALAMSAP_GOST94_H

#include <stddef.h>
#include <stdint.h>

struct gost94 {
    uint64_t chain[4];
    uint64_t sum[4]; /* of all blocks, modulo 2^256 */
    uint64_t octets; /* hashed so far */
    uint8_t pending[32];
    uint32_t pending_octets;
};

void gost94_start(struct gost94 *hash);
void gost94_update(struct gost94 *hash, const uint8_t *octets, size_t count);
void gost94_digest(const struct gost94 *hash, uint8_t digest[32]); /* the hash may go on afterwards */

#endif
