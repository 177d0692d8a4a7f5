/* memory.h - the one place where running out of memory is dealt with: a message and exit status 1, and,
 * when it happens on the first thread, what was registered with atexit or on_exit; when on another, the first
 * one is sent SIGTERM, where that has a handler, and has three seconds.
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

/* malloc, calloc and realloc for libraries that crash when there is none: a small block is always there or
 * the program has ended; a large one (over a megabyte: a picture) may be NULL. */
void *mem_lend(size_t size);
void *mem_lend_zero(size_t count, size_t size);
void *mem_lend_more(void *block, size_t size);

/* NULL when the product overflows or the memory is not there: the system promises more than it has and ends
 * whoever takes its word, so large blocks are compared with mem_available first. 64-byte aligned; free with free(). */
void *mem_try_aligned(size_t count, size_t size);

/* Bytes that this process can still take without anybody being driven to the disk or out of memory:
 * of the machine, of the control group, of the limit on the address space, whichever is least.
 * SIZE_MAX where none of them says. Takes a few microseconds. */
size_t mem_available(void);

/* "14 GB", "3.2 MB", "120 kB": a size for a sentence. Returns `text`. */
enum { MEM_SIZE_TEXT = 24 };
const char *mem_size_text(double bytes, char text[MEM_SIZE_TEXT]);

/* *product = a * b; false (and *product untouched) when it does not fit. */
bool mem_multiply(size_t a, size_t b, size_t *product);

#endif
