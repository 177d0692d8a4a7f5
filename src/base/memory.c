#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64 /* a cache line, and the widest vector register */

static void *check(void *block)
{
    if (block == NULL) {
        fputs("headlight: There is not enough memory to go on.\n", stderr);
        exit(1);
    }
    return block;
}

bool mem_multiply(size_t a, size_t b, size_t *product)
{
    size_t result;
    if (__builtin_mul_overflow(a, b, &result)) { return false; }
    *product = result;
    return true;
}

void *mem_alloc(size_t count, size_t size) { return mem_grow(NULL, count, size); }

void *mem_zero(size_t count, size_t size)
{
    return check(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *mem_grow(void *block, size_t count, size_t size)
{
    size_t bytes;
    if (!mem_multiply(count, size, &bytes)) { check(NULL); }
    return check(realloc(block, bytes > 0 ? bytes : 1));
}

char *mem_copy_string(const char *string)
{
    size_t bytes = strlen(string) + 1;
    return memcpy(mem_alloc(bytes, 1), string, bytes);
}

void *mem_try_aligned(size_t count, size_t size)
{
    size_t bytes;
    if (!mem_multiply(count, size, &bytes) || bytes > SIZE_MAX / 2) { return NULL; }
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return aligned_alloc(ALIGNMENT, bytes > 0 ? bytes : ALIGNMENT);
}
