/* base.h - the few helpers that every file may use: array length, minimum, maximum, clamp. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNTOF(array) (sizeof(array) / sizeof((array)[0]))

static inline int min_int(int a, int b) { return a < b ? a : b; }
static inline int max_int(int a, int b) { return a > b ? a : b; }
static inline int clamp_int(int x, int low, int high) { return max_int(low, min_int(x, high)); }

static inline float min_float(float a, float b) { return a < b ? a : b; }
static inline float max_float(float a, float b) { return a > b ? a : b; }
static inline float clamp_float(float x, float low, float high)
{
    return max_float(low, min_float(x, high));
}

static inline size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

#endif
