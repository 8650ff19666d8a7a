/* Part of curve_template.h, which says what it may use and what it promises. */

/* ---- the group ---- */

/* Algorithm 6 of the paper. */
static void double_point(point *r, const point *a)
{
    element t0, t1, t2, t3, x3, y3, z3;
    square(t0, a->x);
    square(t1, a->y);
    square(t2, a->z);
    mul(t3, a->x, a->y);
    add(t3, t3, t3);
    mul(z3, a->x, a->z);
    add(z3, z3, z3);
    mul_b(y3, t2);
    sub(y3, y3, z3);
    add(x3, y3, y3);
    add(y3, x3, y3);
    sub(x3, t1, y3);
    add(y3, t1, y3);
    mul(y3, x3, y3);
    mul(x3, x3, t3);
    add(t3, t2, t2);
    add(t2, t2, t3);
    mul_b(z3, z3);
    sub(z3, z3, t2);
    sub(z3, z3, t0);
    add(t3, z3, z3);
    add(z3, z3, t3);
    add(t3, t0, t0);
    add(t0, t3, t0);
    sub(t0, t0, t2);
    mul(t0, t0, z3);
    add(y3, y3, t0);
    mul(t0, a->y, a->z);
    add(t0, t0, t0);
    mul(z3, t0, z3);
    sub(x3, x3, z3);
    mul(z3, t0, t1);
    add(z3, z3, z3);
    add(z3, z3, z3);
    memcpy(r->x, x3, sizeof x3);
    memcpy(r->y, y3, sizeof y3);
    memcpy(r->z, z3, sizeof z3);
}

/* Where algorithms 4 and 5 have become the same: t0, t1, t2 are the products of the x, the y and the z; t3, t4, y3 the
 * mixed sums x1 y2 + x2 y1, y1 z2 + y2 z1, x1 z2 + x2 z1. */
static inline void finish_sum(point *r, element t0, element t1, element t2, element t3, element t4, element y3)
{
    element x3, z3, twice;
    mul_b(z3, t2);
    sub(x3, y3, z3);
    add(z3, x3, x3);
    add(x3, x3, z3);
    sub(z3, t1, x3);
    add(x3, t1, x3);
    mul_b(y3, y3);
    add(twice, t2, t2);
    add(t2, twice, t2);
    sub(y3, y3, t2);
    sub(y3, y3, t0);
    add(twice, y3, y3);
    add(y3, twice, y3);
    add(twice, t0, t0);
    add(t0, twice, t0);
    sub(t0, t0, t2);
    mul(t1, t4, y3);
    mul(t2, t0, y3);
    mul(y3, x3, z3);
    add(r->y, y3, t2);
    mul(x3, t3, x3);
    sub(r->x, x3, t1);
    mul(z3, t4, z3);
    mul(t1, t3, t0);
    add(r->z, z3, t1);
}

/* Algorithm 4. */
static void add_points(point *r, const point *a, const point *b)
{
    element t0, t1, t2, t3, t4, y3, both;
    mul(t0, a->x, b->x);
    mul(t1, a->y, b->y);
    mul(t2, a->z, b->z);
    add(t3, a->x, a->y);
    add(t4, b->x, b->y);
    mul(t3, t3, t4);
    add(t4, t0, t1);
    sub(t3, t3, t4);
    add(t4, a->y, a->z);
    add(both, b->y, b->z);
    mul(t4, t4, both);
    add(both, t1, t2);
    sub(t4, t4, both);
    add(y3, a->x, a->z);
    add(both, b->x, b->z);
    mul(y3, y3, both);
    add(both, t0, t2);
    sub(y3, y3, both);
    finish_sum(r, t0, t1, t2, t3, t4, y3);
}

/* Algorithm 5. */
static void add_flat(point *r, const point *a, const flat_point *b)
{
    element t0, t1, t2, t3, t4, y3;
    mul(t0, a->x, b->x);
    mul(t1, a->y, b->y);
    memcpy(t2, a->z, sizeof t2);
    add(t3, b->x, b->y);
    add(t4, a->x, a->y);
    mul(t3, t3, t4);
    add(t4, t0, t1);
    sub(t3, t3, t4);
    mul(t4, b->y, a->z);
    add(t4, t4, a->y);
    mul(y3, b->x, a->z);
    add(y3, y3, a->x);
    finish_sum(r, t0, t1, t2, t3, t4, y3);
}

static inline void set_if(uint64_t mask, void *to, const void *from, int words)
{
    uint64_t *r = to;
    const uint64_t *a = from;
    for (int i = 0; i < words; i++) r[i] ^= (r[i] ^ a[i]) & mask;
}

static inline void negate_if(uint64_t mask, element y)
{
    element negative = { 0 };
    sub(negative, negative, y);
    set_if(mask, y, negative, WORDS);
}

static inline void set_neutral(point *r)
{
    memset(r, 0, sizeof *r);
    r->y[0] = 1;
}

/* Digit i of k in signed windows (Booth): between -2^(width - 1) and 2^(width - 1), as its size and a mask that is all
 * ones when it is negative. A window looks one bit below itself, so there is no carry to hand on. */
static inline uint64_t signed_digit(const element k, int i, int width, uint64_t *negative)
{
    int bit = i * width - 1;
    uint64_t window;
    if (bit < 0) {
        window = k[0] << 1;
    } else {
        int word = bit >> 6, shift = bit & 63;
        window = word < WORDS ? k[word] >> shift : 0;
        if (shift && word + 1 < WORDS) window |= k[word + 1] << (64 - shift);
    }
    uint64_t ones = ((uint64_t)1 << (width + 1)) - 1;
    window &= ones;
    *negative = opaque(0 - (window >> width));
    uint64_t size = (window & ~*negative) | ((ones - window) & *negative);
    return (size + 1) >> 1;
}

/* k a, for any k: signed windows of five bits, every digit reads the whole table. */
static void point_times(point *r, const element k, const point *a)
{
    enum { WIDTH = 5, SIZE = 1 << (WIDTH - 1), DIGITS = 64 * WORDS / WIDTH + 1 };
    point table[SIZE], total, chosen;
    table[0] = *a;
    for (int i = 1; i < SIZE; i++) {
        if (i & 1) double_point(&table[i], &table[i / 2]);
        else add_points(&table[i], &table[i - 1], a);
    }
    set_neutral(&total);
    for (int i = DIGITS - 1; i >= 0; i--) {
        uint64_t negative, size = signed_digit(k, i, WIDTH, &negative);
        for (int j = 0; j < WIDTH; j++) double_point(&total, &total);
        set_neutral(&chosen);
        for (int j = 0; j < SIZE; j++) set_if(equal_mask(size, (uint64_t)j + 1), &chosen, &table[j], 3 * WORDS);
        negate_if(negative, chosen.y);
        add_points(&total, &total, &chosen);
    }
    *r = total;
}

/* Row j holds 1 to 8 times 2^(16 j) G. With digits of four bits, digit i = 4 j + pass finds its multiple in row j, and
 * four passes with four doublings between them make the whole product. */
enum { NAMED(BASE_ROWS) = 4 * WORDS + 1, NAMED(BASE_DIGITS) = 16 * WORDS + 1 };
static flat_point base_table[NAMED(BASE_ROWS)][8];

static void make_base_row(flat_point row[8], const point multiples[8])
{
    /* one inversion for all eight, by running products */
    element products[8], inverse, own;
    memcpy(products[0], multiples[0].z, sizeof(element));
    for (int i = 1; i < 8; i++) mul(products[i], products[i - 1], multiples[i].z);
    invert(inverse, products[7]);
    for (int i = 7; i >= 0; i--) {
        if (i) {
            mul(own, inverse, products[i - 1]);
            mul(inverse, inverse, multiples[i].z);
        } else {
            memcpy(own, inverse, sizeof own);
        }
        mul(row[i].x, multiples[i].x, own);
        mul(row[i].y, multiples[i].y, own);
    }
}

static void base_times(point *r, const element k)
{
    point total, sum;
    flat_point chosen;
    set_neutral(&total);
    for (int pass = 3; pass >= 0; pass--) {
        if (pass != 3) for (int j = 0; j < 4; j++) double_point(&total, &total);
        for (int i = pass; i < NAMED(BASE_DIGITS); i += 4) {
            uint64_t negative, size = signed_digit(k, i, 4, &negative);
            memset(&chosen, 0, sizeof chosen);
            for (int j = 0; j < 8; j++) set_if(equal_mask(size, (uint64_t)j + 1), &chosen, &base_table[i / 4][j], 2 * WORDS);
            negate_if(negative, chosen.y);
            /* for the digit zero the sum is of no use, and dropped */
            add_flat(&sum, &total, &chosen);
            set_if(~equal_mask(size, 0), &total, &sum, 3 * WORDS);
        }
    }
    *r = total;
    wipe(&total, sizeof total);
    wipe(&sum, sizeof sum);
    wipe(&chosen, sizeof chosen);
}
