/* Runs the arithmetic of the GOST extension on Windows, without Python, on numbers that the test knows too, and prints what comes of it:
 * a name and hexadecimal digits on each line. Its exit code is the number of things that went wrong. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "curve.h"
#include "gost94.h"
#include "streebog.h"

enum { LENGTH = 1000 };
static uint8_t message[LENGTH];
static UINT wrong;

static void say(const char *name, const uint8_t *octets, int count)
{
    static char line[600];
    static const char digits[] = "0123456789abcdef";
    DWORD written;
    int at = 0;
    while (*name) line[at++] = *name++;
    line[at++] = ' ';
    for (int i = 0; i < count; i++) line[at++] = digits[octets[i] >> 4], line[at++] = digits[octets[i] & 15];
    line[at++] = '\n';
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), line, (DWORD)at, &written, NULL);
}

static void fill(uint8_t *octets, int count, int step)
{
    for (int i = 0; i < count; i++) octets[i] = (uint8_t)(i * step + 1);
}

static void digests(void)
{
    uint8_t digest[64];
    struct gost94 old;
    for (int path = 0; path < STREEBOG_PATHS; path++) {
        struct streebog hash;
        if (!streebog_path_works((enum streebog_path)path)) continue;
        for (unsigned octets = 32; octets <= 64; octets += 32) {
            streebog_start(&hash, octets, (enum streebog_path)path);
            streebog_update(&hash, message, 333);
            streebog_update(&hash, message + 333, LENGTH - 333);
            streebog_digest(&hash, digest);
            say(octets == 64 ? "streebog512" : "streebog256", digest, (int)octets);
        }
    }
    gost94_start(&old);
    gost94_update(&old, message, LENGTH);
    gost94_digest(&old, digest);
    say("gost94", digest, 32);
}

static void signatures(void)
{
    uint8_t key[64], nonce[64], point[128], signature[128], digest[64];
    fill(key, 64, 3), fill(nonce, 64, 5), fill(digest, 64, 11);
    key[63] = nonce[63] = key[31] = nonce[31] = 0x11; /* below the order of either curve */
    wrong += gost512_public_key(key, point) != CURVE_DONE;
    say("point512", point, 128);
    wrong += gost512_sign(key, nonce, digest, signature) != CURVE_DONE;
    say("signature512", signature, 128);
    wrong += gost512_verify(point, digest, signature) != CURVE_DONE;
    signature[5] ^= 1;
    wrong += gost512_verify(point, digest, signature) != CURVE_FAILED;
    wrong += gost256_public_key(key, point) != CURVE_DONE;
    say("point256", point, 64);
    wrong += gost256_sign(key, nonce, digest, signature) != CURVE_DONE;
    say("signature256", signature, 64);
    wrong += gost256_verify(point, digest, signature) != CURVE_DONE;
    digest[0] ^= 1;
    wrong += gost256_verify(point, digest, signature) != CURVE_FAILED;
}

void run(void)
{
    fill(message, LENGTH, 7);
    curves_prepare();
    digests();
    signatures();
    ExitProcess(wrong);
}
