/* Hands out the curve code's inner arithmetic, which is static, to test_arithmetic.py. */
#include "../../../agent/gost/src/curve.c"

#define EXPORT(curve) \
    void t_##curve##_add(uint64_t *r, const uint64_t *a, const uint64_t *b) { curve##_add(r, a, b); } \
    void t_##curve##_sub(uint64_t *r, const uint64_t *a, const uint64_t *b) { curve##_sub(r, a, b); } \
    void t_##curve##_mul(uint64_t *r, const uint64_t *a, const uint64_t *b) { curve##_mul(r, a, b); } \
    void t_##curve##_square(uint64_t *r, const uint64_t *a, const uint64_t *b) { (void)b; curve##_square(r, a); } \
    void t_##curve##_mul_b(uint64_t *r, const uint64_t *a, const uint64_t *b) { (void)b; curve##_mul_b(r, a); } \
    void t_##curve##_canonical(uint64_t *r, const uint64_t *a, const uint64_t *b) { (void)b; curve##_canonical(r, a); } \
    void t_##curve##_invert(uint64_t *r, const uint64_t *a, const uint64_t *b) { (void)b; curve##_invert(r, a); } \
    void t_##curve##_scalar_mul(uint64_t *r, const uint64_t *a, const uint64_t *b) { curve##_scalar_mul(r, a, b); } \
    void t_##curve##_scalar_add(uint64_t *r, const uint64_t *a, const uint64_t *b) { curve##_scalar_add(r, a, b); } \
    void t_##curve##_scalar_invert(uint64_t *r, const uint64_t *a, const uint64_t *b) { (void)b; curve##_scalar_invert(r, a); } \
    void t_##curve##_reduce(uint64_t *r, const uint64_t *a, const uint64_t *b) { (void)b; curve##_reduce(r, a); }

EXPORT(gost512)
EXPORT(gost256)
