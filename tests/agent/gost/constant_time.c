/* Runs the curve code on secrets that valgrind's memcheck takes for uninitialised: it then reports every branch and every
 * address that depends on them. Which case: the only argument. test_constant_time.py says what is expected of each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "../../../agent/gost/src/curve.c"
#include "../../../agent/gost/src/streebog.h"

static uint64_t seed = 88172645463325252ULL;

static void draw(uint8_t *octets, int count)
{
    for (int i = 0; i < count; i++) {
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        octets[i] = (uint8_t)seed;
    }
    octets[count - 1] &= 127; /* below q */
}

static enum curve_result run(const char *what, int size, const uint8_t *d, const uint8_t *k, const uint8_t *digest)
{
    uint8_t out[128];
    enum curve_result result = CURVE_DONE;
    if (!strcmp(what, "sign")) {
        result = size == 64 ? gost512_sign(d, k, digest, out) : gost256_sign(d, k, digest, out);
    } else if (!strcmp(what, "public_key")) {
        result = size == 64 ? gost512_public_key(d, out) : gost256_public_key(d, out);
    } else if (!strcmp(what, "point_times")) {
        if (size == 64) {
            gost512_element scalar;
            gost512_point base = { .z = { 1 } }, product;
            memcpy(base.x, gost512_G.x, sizeof base.x);
            memcpy(base.y, gost512_G.y, sizeof base.y);
            gost512_get(scalar, d);
            gost512_point_times(&product, scalar, &base);
        } else {
            gost256_element scalar;
            gost256_point base = { .z = { 1 } }, product;
            memcpy(base.x, gost256_G.x, sizeof base.x);
            memcpy(base.y, gost256_G.y, sizeof base.y);
            gost256_get(scalar, d);
            gost256_point_times(&product, scalar, &base);
        }
    } else if (!strcmp(what, "control-branch")) {
        if (k[0] & 1) puts("odd");
    } else if (!strcmp(what, "control-address")) {
        struct streebog hash;
        streebog_start(&hash, 64, STREEBOG_BY_TABLE);
        streebog_update(&hash, d, 32), streebog_update(&hash, d, 32);
        streebog_digest(&hash, out);
    } else {
        exit(64);
    }
    VALGRIND_MAKE_MEM_DEFINED(&result, sizeof result);
    return result;
}

int main(int count, char **arguments)
{
    uint8_t d[64], k[64], digest[64];
    if (count != 2) return 64;
    curves_prepare();
    for (int size = 32; size <= 64; size += 32) {
        for (int round = 0; round < 2; round++) {
            draw(d, size), draw(k, size), draw(digest, size);
            VALGRIND_MAKE_MEM_UNDEFINED(d, sizeof d);
            VALGRIND_MAKE_MEM_UNDEFINED(k, sizeof k);
            if (run(arguments[1], size, d, k, digest) != CURVE_DONE) return 65;
            VALGRIND_MAKE_MEM_DEFINED(d, sizeof d);
            VALGRIND_MAKE_MEM_DEFINED(k, sizeof k);
        }
    }
    return 0;
}
