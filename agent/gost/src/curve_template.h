/* GOST 34.10 on one curve y^2 = x^3 - 3x + b of prime order q over p = 2^(64 WORDS) - COMPLEMENT.
 *
 * Included once a curve by curve.c, with NAMED, WORDS, COMPLEMENT and CURVE_B, _Q, _X, _Y defined (all undefined at the
 * end); CURVE_B_IS_SMALL where b fits in a word.
 *
 * Constant time: what touches the private key or the nonce runs the same instructions on the same addresses whatever
 * their value. The group law is the complete one of Renes, Costello and Batina (eprint 2015/1060, algorithms 4 to 6 for
 * a = -3): as the order is prime it holds for all points, so no special case has to be told apart. Choices are made by
 * masks, tables are read whole. */

#define element NAMED(element)
#define point NAMED(point)
#define flat_point NAMED(flat_point)
#define B NAMED(B)
#define Q NAMED(Q)
#define G NAMED(G)
#define fold NAMED(fold)
#define add NAMED(add)
#define sub NAMED(sub)
#define reduce NAMED(reduce)
#define mul NAMED(mul)
#define square NAMED(square)
#define mul_b NAMED(mul_b)
#define modulus NAMED(modulus)
#define subtract_if_not_below NAMED(subtract_if_not_below)
#define canonical NAMED(canonical)
#define invert NAMED(invert)
#define double_point NAMED(double_point)
#define finish_sum NAMED(finish_sum)
#define add_points NAMED(add_points)
#define add_flat NAMED(add_flat)
#define set_if NAMED(set_if)
#define set_neutral NAMED(set_neutral)
#define signed_digit NAMED(signed_digit)
#define negate_if NAMED(negate_if)
#define point_times NAMED(point_times)
#define base_table NAMED(base_table)
#define make_base_row NAMED(make_base_row)
#define base_times NAMED(base_times)
#define q_inverse NAMED(q_inverse)
#define r_squared NAMED(r_squared)
#define montgomery NAMED(montgomery)
#define scalar_mul NAMED(scalar_mul)
#define scalar_add NAMED(scalar_add)
#define scalar_invert NAMED(scalar_invert)
#define prepare_scalars NAMED(prepare_scalars)
#define get NAMED(get)
#define put NAMED(put)
#define zero_mask NAMED(zero_mask)
#define below_q_mask NAMED(below_q_mask)
#define usable_mask NAMED(usable_mask)
#define digest_number NAMED(digest_number)
#define flat_x NAMED(flat_x)
#define get_point NAMED(get_point)

typedef uint64_t element[WORDS];

typedef struct {
    element x, y, z; /* stands for (x / z, y / z); the neutral element is (0, 1, 0) */
} point;

typedef struct {
    element x, y; /* never the neutral element */
} flat_point;

static const element B = CURVE_B, Q = CURVE_Q;
static const flat_point G = { CURVE_X, CURVE_Y };

#include "curve_field.h"
#include "curve_group.h"
#include "curve_scalar.h"

/* ---- octets, and the signature ---- */

static void get(element r, const uint8_t *octets)
{
    for (int i = 0; i < WORDS; i++) r[i] = load64(octets + 8 * i);
}

static void put(uint8_t *octets, const element a)
{
    for (int i = 0; i < WORDS; i++) store64(octets + 8 * i, a[i]);
}

static uint64_t zero_mask(const element a)
{
    uint64_t all = 0;
    for (int i = 0; i < WORDS; i++) all |= a[i];
    return equal_mask(all, 0);
}

static uint64_t below_q_mask(const element a)
{
    uint64_t borrow = 0;
    for (int i = 0; i < WORDS; i++) borrow = (uint64_t)(((uint128)a[i] - Q[i] - borrow) >> 64) & 1;
    return 0 - borrow;
}

static uint64_t usable_mask(const element a)
{
    return ~zero_mask(a) & below_q_mask(a);
}

/* e: the digest modulo q, one if that is zero. Both q are so near to 2^(64 WORDS) that one subtraction reduces. */
static void digest_number(element e, const uint8_t *digest)
{
    get(e, digest);
    subtract_if_not_below(e, e, Q);
    e[0] |= zero_mask(e) & 1;
}

static void flat_x(element x, const point *a)
{
    element inverse;
    invert(inverse, a->z);
    mul(x, a->x, inverse);
    canonical(x, x);
    wipe(inverse, sizeof inverse); /* with x it would tell the scalar's low bits */
}

enum curve_result NAMED(public_key)(const uint8_t *private_key, uint8_t *octets)
{
    element d, y;
    point product;
    enum curve_result result = CURVE_NO_KEY;
    get(d, private_key);
    if (declassified(usable_mask(d))) {
        element inverse;
        base_times(&product, d);
        invert(inverse, product.z);
        mul(y, product.x, inverse);
        canonical(y, y);
        put(octets, y);
        mul(y, product.y, inverse);
        canonical(y, y);
        put(octets + 8 * WORDS, y);
        wipe(inverse, sizeof inverse);
        result = CURVE_DONE;
    }
    wipe(d, sizeof d);
    wipe(&product, sizeof product);
    return result;
}

/* r = x of k G, s = r d + k e, all modulo q. */
enum curve_result NAMED(sign)(const uint8_t *private_key, const uint8_t *nonce, const uint8_t *digest, uint8_t *signature)
{
    element d, k, e, r, s, t;
    point product;
    enum curve_result result = CURVE_NO_KEY;
    get(d, private_key);
    get(k, nonce);
    if (!declassified(usable_mask(d))) goto out;
    result = CURVE_FAILED;
    if (!declassified(usable_mask(k))) goto out;
    digest_number(e, digest);
    base_times(&product, k);
    flat_x(r, &product);
    subtract_if_not_below(r, r, Q);
    scalar_mul(s, r, d);
    scalar_mul(t, k, e);
    scalar_add(s, s, t);
    if (declassified(zero_mask(r) | zero_mask(s))) goto out;
    put(signature, r);
    put(signature + 8 * WORDS, s);
    result = CURVE_DONE;
out:
    wipe(d, sizeof d);
    wipe(k, sizeof k);
    wipe(t, sizeof t);
    wipe(s, sizeof s);
    wipe(&product, sizeof product);
    return result;
}

/* Whether the octets are a point of the curve, with coordinates below p. */
static int get_point(point *r, const uint8_t *octets)
{
    const element three = { 3 };
    element left, right, reduced;
    get(r->x, octets);
    get(r->y, octets + 8 * WORDS);
    memset(r->z, 0, sizeof(element));
    r->z[0] = 1;
    canonical(reduced, r->x);
    if (memcmp(reduced, r->x, sizeof reduced) != 0) return 0;
    canonical(reduced, r->y);
    if (memcmp(reduced, r->y, sizeof reduced) != 0) return 0;
    square(left, r->y);
    square(right, r->x);
    sub(right, right, three);
    mul(right, right, r->x);
    add(right, right, B);
    sub(left, left, right);
    canonical(left, left);
    return zero_mask(left) != 0;
}

/* v = 1 / e; r must be x of (s v) G - (r v) P. All of it is public. */
enum curve_result NAMED(verify)(const uint8_t *octets, const uint8_t *digest, const uint8_t *signature)
{
    const element zero = { 0 };
    element r, s, e, v, x;
    point key, of_base, of_key;
    if (!get_point(&key, octets)) return CURVE_NO_KEY;
    get(r, signature);
    get(s, signature + 8 * WORDS);
    if (!(usable_mask(r) & usable_mask(s))) return CURVE_FAILED;
    digest_number(e, digest);
    scalar_invert(v, e);
    scalar_mul(s, s, v);
    scalar_mul(v, r, v);
    sub(key.y, zero, key.y);
    base_times(&of_base, s);
    point_times(&of_key, v, &key);
    add_points(&of_base, &of_base, &of_key);
    canonical(x, of_base.z);
    if (zero_mask(x)) return CURVE_FAILED;
    flat_x(x, &of_base);
    subtract_if_not_below(x, x, Q);
    return memcmp(x, r, sizeof r) == 0 ? CURVE_DONE : CURVE_FAILED;
}

#undef element
#undef point
#undef flat_point
#undef B
#undef Q
#undef G
#undef fold
#undef add
#undef sub
#undef reduce
#undef mul
#undef square
#undef mul_b
#undef modulus
#undef subtract_if_not_below
#undef canonical
#undef invert
#undef double_point
#undef finish_sum
#undef add_points
#undef add_flat
#undef set_if
#undef set_neutral
#undef signed_digit
#undef negate_if
#undef point_times
#undef base_table
#undef make_base_row
#undef base_times
#undef q_inverse
#undef r_squared
#undef montgomery
#undef scalar_mul
#undef scalar_add
#undef scalar_invert
#undef prepare_scalars
#undef get
#undef put
#undef zero_mask
#undef below_q_mask
#undef usable_mask
#undef digest_number
#undef flat_x
#undef get_point
#undef NAMED
#undef WORDS
#undef COMPLEMENT
#undef CURVE_B
#undef CURVE_B_IS_SMALL
#undef CURVE_Q
#undef CURVE_X
#undef CURVE_Y
