/* safetensors.h - named tensors in a file: how Hugging Face stores weights and we store traces.
 *
 *     8 bytes   length of the header, little-endian
 *     header    JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...,
 *               "__metadata__": {"key": "value", ...}}
 *     data      the tensors one after another, without gaps
 *
 * The file is mapped, not read: a tensor's bytes lie in the mapping until safetensors_free. Nothing
 * in the header is believed: every offset, shape and type is checked on opening, so whoever holds a
 * SafeTensor may rely on it. Opened files are immutable; several threads may read one. */
#ifndef MODEL_SAFETENSORS_H
#define MODEL_SAFETENSORS_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { SAFETENSORS_MAX_RANK = 8, SAFETENSORS_SHAPE_TEXT = 192 };

typedef enum SafeType {
    SAFE_BOOL,
    SAFE_U8,
    SAFE_I8,
    SAFE_F8_E5M2,
    SAFE_F8_E4M3,
    SAFE_I16,
    SAFE_U16,
    SAFE_F16,
    SAFE_BF16,
    SAFE_I32,
    SAFE_U32,
    SAFE_F32,
    SAFE_F64,
    SAFE_I64,
    SAFE_U64,
    SAFE_TYPES
} SafeType;

typedef struct SafeTensor {
    const char *name;
    SafeType type;
    int rank;
    size_t shape[SAFETENSORS_MAX_RANK]; /* [rank]; a rank of 0 is a single number */
    size_t count;                       /* the product of the shape */
    const unsigned char *bytes;         /* [length], row-major; not always aligned */
    size_t length;
    const char *file; /* the path of the file it is in */
} SafeTensor;

typedef struct Safetensors Safetensors;

/* One file. */
Safetensors *safetensors_open(const char *path, Error *err);
/* A model's folder: model.safetensors, or the files that model.safetensors.index.json names. */
Safetensors *safetensors_open_folder(const char *folder, Error *err);
void safetensors_free(Safetensors *file); /* accepts NULL */

/* Are the files still what was opened? False, with a sentence, when one of them was cut off or written to
 * meanwhile: what was read since may be nonsense (see mapped.h). */
bool safetensors_intact(const Safetensors *file, Error *err);

size_t safetensors_count(const Safetensors *file);
/* The tensor with that name or at that place (in order of names), lent; NULL when there is none. */
const SafeTensor *safetensors_find(const Safetensors *file, const char *name);
const SafeTensor *safetensors_at(const Safetensors *file, size_t index);
/* The metadata string with that key, lent; NULL when there is none. */
const char *safetensors_metadata(const Safetensors *file, const char *key);

const char *safetensors_type_name(SafeType type);
/* "[2, 3]", cut when it does not fit; returns `out`. */
const char *safetensors_shape_text(const SafeTensor *tensor, char out[SAFETENSORS_SHAPE_TEXT]);

/* F32, F16, BF16, F64: what safetensors_to_floats can read. */
bool safetensors_is_float(const SafeTensor *tensor);
/* The tensor as [count] floats in its own bytes: NULL unless it is F32 and aligned. */
const float *safetensors_floats(const SafeTensor *tensor);
/* Does the pointer point into a mapped file of these? */
bool safetensors_holds(const Safetensors *file, const void *pointer);
/* Converts the whole tensor to out[count]. It must be one of the floating-point types above. */
void safetensors_to_floats(const SafeTensor *tensor, float *out);

/* ---- Writing ---- */

typedef struct SafeMetadata {
    const char *key, *value;
} SafeMetadata;

/* Adds a whole file to `out`. Of each tensor name, type, rank, shape, bytes and length are used; of
 * metadata those whose value is not NULL. */
void safetensors_write(const SafeTensor *tensors, size_t count, const SafeMetadata *metadata,
                       size_t metadata_count, Buffer *out);

#endif
