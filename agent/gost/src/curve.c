/* GOST 34.10 signatures: the parameters of both curves, and what their common code (curve_template.h) stands on. */
#include "curve.h"

#include "octets.h"

#if !defined(__SIZEOF_INT128__)
#error "a compiler with 128-bit integers is needed (GCC, Clang); without this extension the Python twin runs"
#endif

typedef unsigned __int128 uint128;

/* Hides from the compiler that a mask is zero or all ones, lest it make a branch of it again. */
static inline uint64_t opaque(uint64_t mask)
{
    __asm__("" : "+r"(mask));
    return mask;
}

/* All ones if a equals b, else zero. */
static inline uint64_t equal_mask(uint64_t a, uint64_t b)
{
    uint64_t difference = a ^ b;
    return opaque(((difference | (0 - difference)) >> 63) - 1);
}

/* Marks the few conditions that may decide what runs although they come from secrets: a key or a nonce out of range is
 * an error of the caller (chance under 2^-127 for a drawn nonce), and nothing else is told of it. */
#ifdef CHECK_CONSTANT_TIME
#include <valgrind/memcheck.h>
static inline int declassified(uint64_t mask)
{
    VALGRIND_MAKE_MEM_DEFINED(&mask, sizeof mask);
    return mask != 0;
}
#else
static inline int declassified(uint64_t mask)
{
    return mask != 0;
}
#endif

/* id-tc26-gost-3410-12-512-paramSetA, RFC 7836 app. A.1; words from the least significant */
#define NAMED(name) gost512_##name
#define WORDS 8
#define COMPLEMENT 569ULL
#define CURVE_B { \
        0x503190785a71c760ULL, 0x862ef9d4ebee4761ULL, 0x4cb4574010da90ddULL, 0xee3cb090f30d2761ULL, \
        0x79bd081cfd0b6265ULL, 0x34b82574761cb0e8ULL, 0xc1bd0b2b6667f1daULL, 0xe8c2505dedfc86ddULL }
#define CURVE_Q { \
        0xcacdb1411f10b275ULL, 0x9b4b38abfad2b85dULL, 0x6ff22b8d4e056060ULL, 0x27e69532f48d8911ULL, \
        0xffffffffffffffffULL, 0xffffffffffffffffULL, 0xffffffffffffffffULL, 0xffffffffffffffffULL }
#define CURVE_X { 3 }
#define CURVE_Y { \
        0x89a589cb5215f2a4ULL, 0x8028fe5fc235f5b8ULL, 0x3d75e6a50e3a41e9ULL, 0xdf1626be4fd036e9ULL, \
        0x778064fdcbefa921ULL, 0xce5e1c93acf1abc1ULL, 0xa61b8816e25450e6ULL, 0x7503cfe87a836ae3ULL }
#include "curve_template.h"

/* id-GostR3410-2001-CryptoPro-A-ParamSet, RFC 4357 11.4 */
#define NAMED(name) gost256_##name
#define WORDS 4
#define COMPLEMENT 617ULL
#define CURVE_B { 166 }
#define CURVE_B_IS_SMALL 166ULL
#define CURVE_Q { 0x45841b09b761b893ULL, 0x6c611070995ad100ULL, 0xffffffffffffffffULL, 0xffffffffffffffffULL }
#define CURVE_X { 1 }
#define CURVE_Y { 0x22acc99c9e9f1e14ULL, 0x35294f2ddf23e3b1ULL, 0x27df505a453f2b76ULL, 0x8d91e471e0989cdaULL }
#include "curve_template.h"

void curves_prepare(void)
{
    gost512_prepare();
    gost256_prepare();
}
