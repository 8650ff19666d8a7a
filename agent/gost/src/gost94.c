/* GOST R 34.11-94 (RFC 5831). A number of 256 bits is four 64-bit words, the least significant first. */
#include "gost94.h"

#include "gost94_tables.h"
#include "octets.h"

/* P (RFC 5831, 6.1): key word i is octet i of each of the four words. */
static inline void make_key(uint32_t key[8], const uint64_t u[4], const uint64_t v[4])
{
    uint64_t w0 = u[0] ^ v[0], w1 = u[1] ^ v[1], w2 = u[2] ^ v[2], w3 = u[3] ^ v[3];
    for (int i = 0; i < 8; i++) {
        key[i] = (uint32_t)((w0 & 255) | (w1 & 255) << 8 | (w2 & 255) << 16 | (w3 & 255) << 24);
        w0 >>= 8, w1 >>= 8, w2 >>= 8, w3 >>= 8;
    }
}

/* A (6.1): the words move down, the exclusive or of the two lowest comes in on top. */
static inline void mix_words(uint64_t y[4])
{
    uint64_t top = y[0] ^ y[1];
    y[0] = y[1], y[1] = y[2], y[2] = y[3], y[3] = top;
}

/* psi (6.3): a shift register of sixteen 16-bit cells, with feedback from cells 0, 1, 2, 3, 12 and 15. */
static inline void shuffle(uint64_t y[4])
{
    uint64_t a = y[0], fed = a ^ a >> 16 ^ a >> 32 ^ a >> 48 ^ y[3] ^ y[3] >> 48;
    y[0] = a >> 16 | y[1] << 48;
    y[1] = y[1] >> 16 | y[2] << 48;
    y[2] = y[2] >> 16 | y[3] << 48;
    y[3] = y[3] >> 16 | fed << 48;
}

/* Four steps of it at once. The cell fed in by one step is the top cell that the next one reads; the running exclusive
 * or over the cells of t accounts for that. */
static inline void shuffle_by_four(uint64_t y[4])
{
    uint64_t a = y[0], b = y[1], d = y[3];
    uint64_t t = a ^ (a >> 16 | b << 48) ^ (a >> 32 | b << 32) ^ (a >> 48 | b << 16) ^ d ^ d >> 48;
    t ^= t << 16;
    t ^= t << 32;
    y[0] = b, y[1] = y[2], y[2] = d, y[3] = t;
}

/* One round of GOST 28147-89: the right half plus the key word, through the tables, into the left half. */
static inline uint32_t substituted(uint32_t x)
{
    return GOST94_TABLES[0][x & 255] ^ GOST94_TABLES[1][x >> 8 & 255] ^ GOST94_TABLES[2][x >> 16 & 255]
         ^ GOST94_TABLES[3][x >> 24];
}

/* The four encryptions of a step do not depend on one another. Side by side, one's waiting hides behind the others. */
#define ROUND(word, x, y) do { \
        y[0] ^= substituted(x[0] + keys[0][word]); y[1] ^= substituted(x[1] + keys[1][word]); \
        y[2] ^= substituted(x[2] + keys[2][word]); y[3] ^= substituted(x[3] + keys[3][word]); \
    } while (0)

static void compress(uint64_t chain[4], const uint64_t block[4])
{
    /* C_3 (6.1), the only one of the three constants that is not zero */
    static const uint64_t constant[4] = {
        0xff00ff00ff00ff00ULL, 0x00ff00ff00ff00ffULL, 0xff0000ff00ffff00ULL, 0xff00ffff000000ffULL
    };
    uint32_t keys[4][8], a[4], b[4];
    uint64_t u[4], v[4], s[4];
    memcpy(u, chain, sizeof u);
    memcpy(v, block, sizeof v);
    make_key(keys[0], u, v);
    for (int i = 1; i < 4; i++) {
        mix_words(u);
        if (i == 2) for (int j = 0; j < 4; j++) u[j] ^= constant[j];
        mix_words(v);
        mix_words(v);
        make_key(keys[i], u, v);
    }
    for (int i = 0; i < 4; i++) a[i] = (uint32_t)chain[i], b[i] = (uint32_t)(chain[i] >> 32);
    for (int pass = 0; pass < 3; pass++) {
        for (int word = 0; word < 8; word += 2) {
            ROUND(word, a, b);
            ROUND(word + 1, b, a);
        }
    }
    for (int word = 7; word > 0; word -= 2) {
        ROUND(word, a, b);
        ROUND(word - 1, b, a);
    }
    for (int i = 0; i < 4; i++) s[i] = b[i] | (uint64_t)a[i] << 32;

    /* chi (6.3): psi^61(chain ^ psi(block ^ psi^12(s))) */
    for (int i = 0; i < 3; i++) shuffle_by_four(s);
    for (int i = 0; i < 4; i++) s[i] ^= block[i];
    shuffle(s);
    for (int i = 0; i < 4; i++) s[i] ^= chain[i];
    for (int i = 0; i < 15; i++) shuffle_by_four(s);
    shuffle(s);
    memcpy(chain, s, sizeof s);
}

static void take_block(struct gost94 *hash, const uint8_t octets[32])
{
    uint64_t block[4], carry = 0;
    for (int i = 0; i < 4; i++) block[i] = load64(octets + 8 * i);
    compress(hash->chain, block);
    for (int i = 0; i < 4; i++) {
        uint64_t sum = hash->sum[i] + block[i], with_carry = sum + carry;
        carry = (sum < block[i]) | (with_carry < sum);
        hash->sum[i] = with_carry;
    }
}

void gost94_start(struct gost94 *hash)
{
    memset(hash, 0, sizeof *hash);
}

void gost94_update(struct gost94 *hash, const uint8_t *octets, size_t count)
{
    hash->octets += count;
    if (hash->pending_octets) {
        size_t piece = sizeof hash->pending - hash->pending_octets;
        if (piece > count) piece = count;
        memcpy(hash->pending + hash->pending_octets, octets, piece);
        hash->pending_octets += (uint32_t)piece;
        octets += piece, count -= piece;
        if (hash->pending_octets < sizeof hash->pending) return;
        take_block(hash, hash->pending);
        hash->pending_octets = 0;
    }
    for (; count >= 32; octets += 32, count -= 32) take_block(hash, octets);
    if (count) memcpy(hash->pending, octets, count);
    hash->pending_octets = (uint32_t)count;
}

void gost94_digest(const struct gost94 *hash, uint8_t digest[32])
{
    struct gost94 last = *hash;
    if (last.pending_octets) {
        memset(last.pending + last.pending_octets, 0, sizeof last.pending - last.pending_octets);
        take_block(&last, last.pending);
    }
    uint64_t length[4] = { last.octets << 3, last.octets >> 61, 0, 0 };
    compress(last.chain, length);
    compress(last.chain, last.sum);
    for (int i = 0; i < 4; i++) store64(digest + 8 * i, last.chain[i]);
}
