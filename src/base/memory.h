/* memory.h - the one place where running out of memory is dealt with: a message and exit status 1.
 *
 * Sizes that come from a file must be checked before they get here; mem_try_* is for the few big
 * blocks (weights, traces) whose size the user decides, so that a refusal can be a sentence. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Never NULL. The memory is not initialised (mem_alloc) or zeroed (mem_zero). Free with free(). */
void *mem_alloc(size_t count, size_t size);
void *mem_zero(size_t count, size_t size);
/* Grows or shrinks `block` (may be NULL) to count * size bytes. */
void *mem_grow(void *block, size_t count, size_t size);
char *mem_copy_string(const char *string);

/* NULL when the product overflows or the memory is not there. 64-byte aligned; free with free(). */
void *mem_try_aligned(size_t count, size_t size);

/* *product = a * b; false (and *product untouched) when it does not fit. */
bool mem_multiply(size_t a, size_t b, size_t *product);

#endif
