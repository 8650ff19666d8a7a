/* Numbers to and from little-endian octets, and wiping. Compilers turn the loops into single moves. */
#ifndef QALAMSAP_OCTETS_H
#define QALAMSAP_OCTETS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t load64(const uint8_t *octets)
{
    uint64_t word = 0;
    for (int i = 7; i >= 0; i--) word = word << 8 | octets[i];
    return word;
}

static inline void store64(uint8_t *octets, uint64_t word)
{
    for (int i = 0; i < 8; i++) octets[i] = (uint8_t)(word >> (8 * i));
}

/* A memset that stays although nobody reads what it writes. */
static inline void wipe(void *memory, size_t size)
{
#if defined(__GNUC__)
    memset(memory, 0, size);
    __asm__ volatile("" : : "r"(memory) : "memory");
#else
    volatile uint8_t *octets = memory;
    while (size--) *octets++ = 0;
#endif
}

#endif
