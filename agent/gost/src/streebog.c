/* Streebog, GOST R 34.11-2012 (RFC 6986).
 *
 * Two ways through the compression function: look-ups in eight tables that hold substitution and linear map in one
 * (any machine), and AVX-512 with the Galois field instructions (chosen at run time, 2.2 times as fast). The look-ups
 * depend on the data; the second way has no address that does. */
#include "streebog.h"

#include "octets.h"

/* GCC for Windows does not keep 64-octet values aligned on that system's stack (its bug 54412); Clang does. */
#if defined(__x86_64__) && defined(__GNUC__) && (defined(__clang__) || !defined(_WIN32))
#define STREEBOG_GFNI 1
#define STREEBOG_ALIGNED __attribute__((aligned(64)))
#endif

#include "streebog_tables.h"

const char *const streebog_path_names[STREEBOG_PATHS] = { "table", "avx512-gfni" };

/* ---- by tables ---- */

/* out = L(P(S(x ^ y))). Shifting in place keeps all eight words in registers; both gcc and clang make better code of
 * this than of (a >> 8 * i) & 255. */
static inline void lps(uint64_t out[8], const uint64_t x[8], const uint64_t y[8])
{
    uint64_t a0 = x[0] ^ y[0], a1 = x[1] ^ y[1], a2 = x[2] ^ y[2], a3 = x[3] ^ y[3];
    uint64_t a4 = x[4] ^ y[4], a5 = x[5] ^ y[5], a6 = x[6] ^ y[6], a7 = x[7] ^ y[7];
    for (int i = 0; i < 8; i++) {
        out[i] = STREEBOG_TABLES[0][a0 & 255] ^ STREEBOG_TABLES[1][a1 & 255] ^ STREEBOG_TABLES[2][a2 & 255]
               ^ STREEBOG_TABLES[3][a3 & 255] ^ STREEBOG_TABLES[4][a4 & 255] ^ STREEBOG_TABLES[5][a5 & 255]
               ^ STREEBOG_TABLES[6][a6 & 255] ^ STREEBOG_TABLES[7][a7 & 255];
        a0 >>= 8, a1 >>= 8, a2 >>= 8, a3 >>= 8, a4 >>= 8, a5 >>= 8, a6 >>= 8, a7 >>= 8;
    }
}

static void compress_by_table(uint64_t chain[8], const uint64_t count[8], const uint64_t block[8])
{
    uint64_t key[8], state[8], next[8];
    lps(key, chain, count);
    memcpy(state, block, sizeof state);
    for (int round = 0; round < 12; round++) {
        lps(next, state, key);
        memcpy(state, next, sizeof state);
        lps(next, key, STREEBOG_CONSTANTS[round]);
        memcpy(key, next, sizeof key);
    }
    for (int i = 0; i < 8; i++) chain[i] ^= state[i] ^ key[i] ^ block[i];
}

/* ---- by AVX-512 and GFNI ---- */

#ifdef STREEBOG_GFNI
#include <cpuid.h>
#include <immintrin.h>

static int gfni_works(void)
{
    unsigned a, b, c, d, low, high;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1)) return 0; /* OSXSAVE: XGETBV may be asked */
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & 0xe6) != 0xe6) return 0; /* the system keeps XMM, YMM, ZMM and mask registers */
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    return (b >> 16 & 1) && (b >> 30 & 1) && (b >> 31 & 1) /* AVX-512 F, BW, VL */
        && (c >> 1 & 1) && (c >> 8 & 1);                   /* AVX-512 VBMI, GFNI */
}

#define ON_GFNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,gfni")))
#define XOR3(a, b, c) _mm512_ternarylogic_epi64(a, b, c, 0x96)

struct lanes {
    __m512i pi[4];     /* the substitution, 64 octets each */
    __m512i spread[8]; /* spread[j] puts octet j of row i into all of lane octets i */
};

/* pi by two look-ups in 128 octets and a choice by the top bit of the index. */
ON_GFNI static inline __m512i substitute(const struct lanes *lanes, __m512i x)
{
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(x), _mm512_permutex2var_epi8(lanes->pi[0], x, lanes->pi[1]),
                                  _mm512_permutex2var_epi8(lanes->pi[2], x, lanes->pi[3]));
}

/* The state is held transposed: octet 8c + i of the register is octet c of row i. In this layout row i of the next
 * state takes its octet j from 8i + j, so that one permutation both applies P and spreads input octet j over the eight
 * lanes, and lane c then multiplies by the factor with which octet j enters octet c. */
ON_GFNI static inline __m512i lps_gfni(const struct lanes *lanes, __m512i x)
{
    __m512i s = substitute(lanes, x);
#define PART(j) \
    _mm512_gf2p8affine_epi64_epi8(_mm512_permutexvar_epi8(lanes->spread[j], s), _mm512_load_si512(STREEBOG_MATRICES[j]), 0)
    __m512i first = XOR3(PART(0), PART(1), PART(2)), second = XOR3(PART(3), PART(4), PART(5));
    return XOR3(first, second, _mm512_xor_si512(PART(6), PART(7)));
#undef PART
}

ON_GFNI static void compress_by_gfni(uint64_t chain[8], const uint64_t count[8], const uint64_t block[8])
{
    struct lanes lanes;
    for (int i = 0; i < 4; i++) lanes.pi[i] = _mm512_load_si512(STREEBOG_PI[i]);
    lanes.spread[0] = _mm512_set1_epi64(0x3830282018100800LL);
    for (int j = 1; j < 8; j++) lanes.spread[j] = _mm512_add_epi8(lanes.spread[j - 1], _mm512_set1_epi8(1));
    const __m512i lane_numbers = _mm512_set_epi64(0x0707070707070707LL, 0x0606060606060606LL, 0x0505050505050505LL,
        0x0404040404040404LL, 0x0303030303030303LL, 0x0202020202020202LL, 0x0101010101010101LL, 0);
    const __m512i transpose = _mm512_add_epi8(lanes.spread[0], lane_numbers);

    const __m512i h = _mm512_loadu_si512(chain), m = _mm512_loadu_si512(block);
    __m512i state = _mm512_permutexvar_epi8(transpose, m);
    __m512i key = _mm512_xor_si512(h, _mm512_loadu_si512(count));
    key = lps_gfni(&lanes, _mm512_permutexvar_epi8(transpose, key));
    for (int round = 0; round < 12; round++) {
        __m512i constant = _mm512_permutexvar_epi8(transpose, _mm512_loadu_si512(STREEBOG_CONSTANTS[round]));
        state = lps_gfni(&lanes, _mm512_xor_si512(state, key));
        key = lps_gfni(&lanes, _mm512_xor_si512(key, constant));
    }
    state = _mm512_permutexvar_epi8(transpose, _mm512_xor_si512(state, key));
    _mm512_storeu_si512(chain, XOR3(h, state, m));
}
#endif

int streebog_path_works(enum streebog_path path)
{
#ifdef STREEBOG_GFNI
    if (path == STREEBOG_BY_GFNI) return gfni_works();
#endif
    return path == STREEBOG_BY_TABLE;
}

/* ---- the hash around it (RFC 6986, section 8) ---- */

static inline void compress(struct streebog *hash, const uint64_t count[8], const uint64_t block[8])
{
#ifdef STREEBOG_GFNI
    if (hash->path == STREEBOG_BY_GFNI) {
        compress_by_gfni(hash->chain, count, block);
        return;
    }
#endif
    compress_by_table(hash->chain, count, block);
}

static void take_block(struct streebog *hash, const uint8_t octets[64], uint64_t bits)
{
    uint64_t count[8] = { hash->bits[0], hash->bits[1] }, block[8], carry = 0;
    for (int i = 0; i < 8; i++) block[i] = load64(octets + 8 * i);
    compress(hash, count, block);
    hash->bits[0] += bits;
    hash->bits[1] += hash->bits[0] < bits;
    for (int i = 0; i < 8; i++) {
        uint64_t sum = hash->sum[i] + block[i], with_carry = sum + carry;
        carry = (sum < block[i]) | (with_carry < sum);
        hash->sum[i] = with_carry;
    }
}

void streebog_start(struct streebog *hash, unsigned digest_octets, enum streebog_path path)
{
    memset(hash, 0, sizeof *hash);
    hash->digest_octets = (uint16_t)digest_octets;
    hash->path = (uint16_t)path;
    if (digest_octets == 32) memset(hash->chain, 1, sizeof hash->chain);
}

void streebog_update(struct streebog *hash, const uint8_t *octets, size_t count)
{
    if (hash->pending_octets) {
        size_t piece = sizeof hash->pending - hash->pending_octets;
        if (piece > count) piece = count;
        memcpy(hash->pending + hash->pending_octets, octets, piece);
        hash->pending_octets += (uint32_t)piece;
        octets += piece, count -= piece;
        if (hash->pending_octets < sizeof hash->pending) return;
        take_block(hash, hash->pending, 512);
        hash->pending_octets = 0;
    }
    for (; count >= 64; octets += 64, count -= 64) take_block(hash, octets, 512);
    if (count) memcpy(hash->pending, octets, count);
    hash->pending_octets = (uint32_t)count;
}

void streebog_digest(const struct streebog *hash, uint8_t *digest)
{
    static const uint64_t zero[8];
    struct streebog last = *hash;
    uint8_t chain[64];
    memset(last.pending + last.pending_octets, 0, sizeof last.pending - last.pending_octets);
    last.pending[last.pending_octets] = 1;
    take_block(&last, last.pending, 8 * (uint64_t)last.pending_octets);
    uint64_t length[8] = { last.bits[0], last.bits[1] };
    compress(&last, zero, length);
    compress(&last, zero, last.sum);
    for (int i = 0; i < 8; i++) store64(chain + 8 * i, last.chain[i]);
    memcpy(digest, chain + 64 - last.digest_octets, last.digest_octets);
}
