/* Streebog, GOST R 34.11-2012 (RFC 6986). */
#ifndef QALAMSAP_STREEBOG_H
#define QALAMSAP_STREEBOG_H

#include <stddef.h>
#include <stdint.h>

enum streebog_path { STREEBOG_BY_TABLE, STREEBOG_BY_GFNI, STREEBOG_PATHS };

struct streebog {
    uint64_t chain[8];
    uint64_t sum[8];  /* of all blocks, modulo 2^512 */
    uint64_t bits[2]; /* hashed so far, the lower half first */
    uint8_t pending[64];
    uint32_t pending_octets;
    uint16_t digest_octets; /* 64 or 32 */
    uint16_t path;          /* enum streebog_path */
};

/* The name of a path, and whether this build and this processor have it. */
extern const char *const streebog_path_names[STREEBOG_PATHS];
int streebog_path_works(enum streebog_path path);

void streebog_start(struct streebog *hash, unsigned digest_octets, enum streebog_path path);
void streebog_update(struct streebog *hash, const uint8_t *octets, size_t count);
void streebog_digest(const struct streebog *hash, uint8_t *digest); /* the hash may go on afterwards */

#endif
