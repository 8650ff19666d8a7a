/* Part of curve_template.h, which says what it may use and what it promises. */

/* ---- scalars modulo q, multiplied in Montgomery's form with R = 2^(64 WORDS) ---- */

static uint64_t q_inverse; /* -1 / q modulo 2^64 */
static element r_squared;  /* R^2 modulo q */

/* a b / R */
static void montgomery(element r, const element a, const element b)
{
    uint64_t t[WORDS + 2] = { 0 };
    element difference;
    for (int i = 0; i < WORDS; i++) {
        uint64_t carry = 0, m;
        uint128 v;
        for (int j = 0; j < WORDS; j++) {
            v = (uint128)a[j] * b[i] + t[j] + carry;
            t[j] = (uint64_t)v;
            carry = (uint64_t)(v >> 64);
        }
        v = (uint128)t[WORDS] + carry;
        t[WORDS] = (uint64_t)v;
        t[WORDS + 1] = (uint64_t)(v >> 64);
        m = t[0] * q_inverse;
        v = (uint128)m * Q[0] + t[0];
        carry = (uint64_t)(v >> 64);
        for (int j = 1; j < WORDS; j++) {
            v = (uint128)m * Q[j] + t[j] + carry;
            t[j - 1] = (uint64_t)v;
            carry = (uint64_t)(v >> 64);
        }
        v = (uint128)t[WORDS] + carry;
        t[WORDS - 1] = (uint64_t)v;
        t[WORDS] = t[WORDS + 1] + (uint64_t)(v >> 64);
    }
    /* t is below 2q and has a word more than q */
    uint64_t borrow = 0;
    for (int i = 0; i < WORDS; i++) {
        uint128 v = (uint128)t[i] - Q[i] - borrow;
        difference[i] = (uint64_t)v;
        borrow = (uint64_t)(v >> 64) & 1;
    }
    uint64_t keep = opaque(0 - (borrow & (t[WORDS] ^ 1)));
    for (int i = 0; i < WORDS; i++) r[i] = (t[i] & keep) | (difference[i] & ~keep);
    wipe(t, sizeof t);
    wipe(difference, sizeof difference);
}

static void scalar_mul(element r, const element a, const element b)
{
    element t;
    montgomery(t, a, b);
    montgomery(r, t, r_squared);
    wipe(t, sizeof t);
}

/* For a and b below q. */
static void scalar_add(element r, const element a, const element b)
{
    element sum, difference;
    uint64_t carry = 0, borrow = 0;
    for (int i = 0; i < WORDS; i++) {
        uint128 t = (uint128)a[i] + b[i] + carry;
        sum[i] = (uint64_t)t;
        carry = (uint64_t)(t >> 64);
    }
    for (int i = 0; i < WORDS; i++) {
        uint128 t = (uint128)sum[i] - Q[i] - borrow;
        difference[i] = (uint64_t)t;
        borrow = (uint64_t)(t >> 64) & 1;
    }
    uint64_t keep = opaque(0 - (borrow & (carry ^ 1)));
    for (int i = 0; i < WORDS; i++) r[i] = (sum[i] & keep) | (difference[i] & ~keep);
}

/* a^(q - 2), only ever for public numbers. */
static void scalar_invert(element r, const element a)
{
    element exponent, base, x;
    const element one = { 1 };
    memcpy(exponent, Q, sizeof exponent);
    exponent[0] -= 2;
    montgomery(base, a, r_squared);
    memcpy(x, base, sizeof x);
    for (int bit = 64 * WORDS - 2; bit >= 0; bit--) {
        montgomery(x, x, x);
        if (exponent[bit >> 6] >> (bit & 63) & 1) montgomery(x, x, base);
    }
    montgomery(r, x, one);
}

static void prepare_scalars(void)
{
    const element one = { 1 };
    element t;
    uint64_t x = 1;
    for (int i = 0; i < 6; i++) x *= 2 - Q[0] * x; /* Newton: the right bits double, 1 to 64 */
    q_inverse = 0 - x;
    for (int i = 0; i < WORDS; i++) t[i] = ~Q[i]; /* R - 1 - q */
    subtract_if_not_below(t, t, Q);
    scalar_add(t, t, one); /* R modulo q */
    for (int i = 0; i < 64 * WORDS; i++) scalar_add(t, t, t);
    memcpy(r_squared, t, sizeof t);
}

static void NAMED(prepare)(void)
{
    point base, multiples[8];
    prepare_scalars();
    memcpy(base.x, G.x, sizeof(element));
    memcpy(base.y, G.y, sizeof(element));
    memset(base.z, 0, sizeof(element));
    base.z[0] = 1;
    for (int row = 0; row < NAMED(BASE_ROWS); row++) {
        multiples[0] = base;
        for (int i = 1; i < 8; i++) {
            if (i & 1) double_point(&multiples[i], &multiples[i / 2]);
            else add_points(&multiples[i], &multiples[i - 1], &base);
        }
        make_base_row(base_table[row], multiples);
        base = multiples[7];
        for (int i = 0; i < 13; i++) double_point(&base, &base); /* 8 * 2^13 = 2^16 */
    }
}
