/* Part of curve_template.h, which says what it may use and what it promises. */

/* ---- the field: numbers below 2^(64 WORDS), reduced below p only when they leave ---- */

/* Adds carry * COMPLEMENT. The second fold cannot carry beyond the lowest word: the first left it next to zero. */
static inline void fold(element r, uint64_t add_low)
{
    uint64_t carry;
    r[0] += add_low;
    carry = r[0] < add_low;
    for (int i = 1; i < WORDS; i++) {
        r[i] += carry;
        carry = r[i] < carry;
    }
    r[0] += (0 - carry) & COMPLEMENT;
}

static inline void add(element r, const element a, const element b)
{
    uint64_t carry = 0;
    for (int i = 0; i < WORDS; i++) {
        uint128 t = (uint128)a[i] + b[i] + carry;
        r[i] = (uint64_t)t;
        carry = (uint64_t)(t >> 64);
    }
    fold(r, (0 - carry) & COMPLEMENT);
}

static inline void sub(element r, const element a, const element b)
{
    uint64_t borrow = 0;
    for (int i = 0; i < WORDS; i++) {
        uint128 t = (uint128)a[i] - b[i] - borrow;
        r[i] = (uint64_t)t;
        borrow = (uint64_t)(t >> 64) & 1;
    }
    /* below zero: 2^(64 WORDS) was borrowed where p was meant, COMPLEMENT too much */
    uint64_t too_much = (0 - borrow) & COMPLEMENT, low = r[0] - too_much;
    borrow = r[0] < too_much;
    r[0] = low;
    for (int i = 1; i < WORDS; i++) {
        low = r[i] - borrow;
        borrow = r[i] < borrow;
        r[i] = low;
    }
    r[0] -= (0 - borrow) & COMPLEMENT;
}

/* A product of 2 WORDS words: upper half * COMPLEMENT + lower half (Crandall). */
static inline void reduce(element r, const uint64_t product[2 * WORDS])
{
    uint64_t carry = 0;
    for (int i = 0; i < WORDS; i++) {
        uint128 t = (uint128)product[WORDS + i] * COMPLEMENT + product[i] + carry;
        r[i] = (uint64_t)t;
        carry = (uint64_t)(t >> 64);
    }
    fold(r, carry * COMPLEMENT);
}

/* The first row stands apart because gcc makes much better code of this (a quarter on the whole signature) than of
 * rows that all add to a product cleared before. */
static void mul(element r, const element a, const element b)
{
    uint64_t product[2 * WORDS], carry = 0;
    for (int j = 0; j < WORDS; j++) {
        uint128 t = (uint128)a[0] * b[j] + carry;
        product[j] = (uint64_t)t;
        carry = (uint64_t)(t >> 64);
    }
    product[WORDS] = carry;
    for (int i = 1; i < WORDS; i++) {
        carry = 0;
        for (int j = 0; j < WORDS; j++) {
            uint128 t = (uint128)a[i] * b[j] + product[i + j] + carry;
            product[i + j] = (uint64_t)t;
            carry = (uint64_t)(t >> 64);
        }
        product[i + WORDS] = carry;
    }
    reduce(r, product);
}

/* Each mixed product is computed once and doubled on the fly while the squares are added. */
static void square(element r, const element a)
{
    uint64_t product[2 * WORDS] = { 0 };
    for (int i = 0; i < WORDS - 1; i++) {
        uint64_t carry = 0;
        for (int j = i + 1; j < WORDS; j++) {
            uint128 t = (uint128)a[i] * a[j] + product[i + j] + carry;
            product[i + j] = (uint64_t)t;
            carry = (uint64_t)(t >> 64);
        }
        product[i + WORDS] = carry;
    }
    uint64_t carry = 0, shifted_out = 0;
    for (int i = 0; i < WORDS; i++) {
        uint128 own = (uint128)a[i] * a[i];
        uint64_t low = product[2 * i], high = product[2 * i + 1];
        uint128 t = (uint128)(low << 1 | shifted_out) + (uint64_t)own + carry;
        product[2 * i] = (uint64_t)t;
        t = (uint128)(high << 1 | low >> 63) + (uint64_t)(own >> 64) + (uint64_t)(t >> 64);
        product[2 * i + 1] = (uint64_t)t;
        carry = (uint64_t)(t >> 64);
        shifted_out = high >> 63;
    }
    reduce(r, product);
}

static inline void mul_b(element r, const element a)
{
#ifdef CURVE_B_IS_SMALL
    uint64_t carry = 0;
    for (int i = 0; i < WORDS; i++) {
        uint128 t = (uint128)a[i] * CURVE_B_IS_SMALL + carry;
        r[i] = (uint64_t)t;
        carry = (uint64_t)(t >> 64);
    }
    fold(r, carry * COMPLEMENT);
#else
    mul(r, a, B);
#endif
}

/* r = a - m if that is not negative, else a; right modulo m for a below 2m. */
static void subtract_if_not_below(element r, const element a, const element m)
{
    element difference;
    uint64_t borrow = 0;
    for (int i = 0; i < WORDS; i++) {
        uint128 t = (uint128)a[i] - m[i] - borrow;
        difference[i] = (uint64_t)t;
        borrow = (uint64_t)(t >> 64) & 1;
    }
    uint64_t keep = opaque(0 - borrow);
    for (int i = 0; i < WORDS; i++) r[i] = (a[i] & keep) | (difference[i] & ~keep);
}

static inline void modulus(element p)
{
    memset(p, 0xff, sizeof(element));
    p[0] -= COMPLEMENT - 1;
}

static void canonical(element r, const element a)
{
    element p;
    modulus(p);
    subtract_if_not_below(r, a, p);
}

/* a^(p - 2). The exponent is public: all ones but for its lowest word. */
static void invert(element r, const element a)
{
    element power[16], x;
    memcpy(power[1], a, sizeof(element));
    for (int i = 2; i < 16; i++) mul(power[i], power[i - 1], a);
    memcpy(x, power[15], sizeof x);
    for (int bit = 64 * WORDS - 8; bit >= 0; bit -= 4) {
        uint64_t word = bit >= 64 ? ~(uint64_t)0 : 0 - COMPLEMENT - 2;
        unsigned digit = (unsigned)(word >> (bit & 63)) & 15;
        for (int j = 0; j < 4; j++) square(x, x);
        if (digit) mul(x, x, power[digit]);
    }
    memcpy(r, x, sizeof x);
    wipe(power, sizeof power);
    wipe(x, sizeof x);
}
