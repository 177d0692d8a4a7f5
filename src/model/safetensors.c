#include "model/safetensors.h"

#include "base/base.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mapped.h"
#include "base/memory.h"
#include "base/unicode.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors files are little-endian and their tensors are used as they lie in the file"
#endif

#define MAX_HEADER_BYTES (100u << 20) /* as the reference reader has it */
#define MAX_INDEX_BYTES ((size_t)64 << 20)
#define MAX_SHARDS 1024
#define LARGEST_EXACT 9007199254740992.0 /* 2^53: beyond it a JSON number is no longer exact */

typedef struct Shard {
    char *path;
    MappedFile map;
    cJSON *header; /* names and metadata are lent from it */
} Shard;

struct Safetensors {
    Shard *shards;
    size_t shard_count;
    SafeTensor *tensors; /* in order of names */
    size_t count;
};

static const struct {
    const char *name;
    size_t bytes;
} types[SAFE_TYPES] = {
    [SAFE_BOOL] = {"BOOL", 1},       [SAFE_U8] = {"U8", 1},           [SAFE_I8] = {"I8", 1},
    [SAFE_F8_E5M2] = {"F8_E5M2", 1}, [SAFE_F8_E4M3] = {"F8_E4M3", 1}, [SAFE_I16] = {"I16", 2},
    [SAFE_U16] = {"U16", 2},         [SAFE_F16] = {"F16", 2},         [SAFE_BF16] = {"BF16", 2},
    [SAFE_I32] = {"I32", 4},         [SAFE_U32] = {"U32", 4},         [SAFE_F32] = {"F32", 4},
    [SAFE_F64] = {"F64", 8},         [SAFE_I64] = {"I64", 8},         [SAFE_U64] = {"U64", 8},
};

const char *safetensors_type_name(SafeType type) { return types[type].name; }

const char *safetensors_shape_text(const SafeTensor *tensor, char out[SAFETENSORS_SHAPE_TEXT])
{
    size_t at = 0;
    out[at++] = '[';
    for (int i = 0; i < tensor->rank; i++) {
        int wrote = snprintf(out + at, SAFETENSORS_SHAPE_TEXT - at, i > 0 ? ", %zu" : "%zu",
                             tensor->shape[i]);
        at = min_size(at + (size_t)wrote, SAFETENSORS_SHAPE_TEXT - 2);
    }
    out[at++] = ']';
    out[at] = '\0';
    return out;
}

/* ---- The header ---- */

static bool read_size(const cJSON *item, size_t *size)
{
    if (!cJSON_IsNumber(item)) { return false; }
    double value = item->valuedouble;
    if (!(value >= 0 && value <= LARGEST_EXACT && value <= (double)SIZE_MAX)) { return false; }
    *size = (size_t)value;
    return (double)*size == value;
}

static bool read_type(const cJSON *item, SafeType *type)
{
    if (!cJSON_IsString(item)) { return false; }
    for (size_t i = 0; i < SAFE_TYPES; i++) {
        if (strcmp(item->valuestring, types[i].name) == 0) {
            *type = (SafeType)i;
            return true;
        }
    }
    return false;
}

/* Shape and count; false when it is no list of sizes or the number of elements overflows. */
static bool read_shape(const cJSON *item, SafeTensor *tensor)
{
    if (!cJSON_IsArray(item)) { return false; }
    tensor->rank = 0;
    tensor->count = 1;
    const cJSON *dimension;
    cJSON_ArrayForEach(dimension, item)
    {
        size_t size;
        if (tensor->rank == SAFETENSORS_MAX_RANK || !read_size(dimension, &size) ||
            !mem_multiply(tensor->count, size, &tensor->count)) {
            return false;
        }
        tensor->shape[tensor->rank++] = size;
    }
    return true;
}

/* One entry of the header; `data` is what follows the header in the file. */
static bool read_tensor(const cJSON *item, const char *path, const unsigned char *data,
                        size_t data_length, SafeTensor *tensor, Error *err)
{
    *tensor = (SafeTensor){.name = item->string, .file = path};
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(item, "dtype");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(item, "data_offsets");
    if (!read_type(type, &tensor->type)) {
        return error_set(err, "%s: the tensor %s has a type that is not known here (%s).", path,
                         tensor->name, cJSON_IsString(type) ? type->valuestring : "none");
    }
    if (!read_shape(cJSON_GetObjectItemCaseSensitive(item, "shape"), tensor)) {
        return error_set(err, "%s: the tensor %s has no usable shape.", path, tensor->name);
    }
    size_t begin, end;
    if (cJSON_GetArraySize(offsets) != 2 || !read_size(offsets->child, &begin) ||
        !read_size(offsets->child->next, &end) || begin > end) {
        return error_set(err, "%s: the tensor %s has no usable place (data_offsets) in the file.",
                         path, tensor->name);
    }
    if (end > data_length) {
        return error_set(err,
                         "%s: the tensor %s would end at byte %zu of the data, but there are "
                         "only %zu. The file was cut off; get it again.",
                         path, tensor->name, end, data_length);
    }
    size_t need;
    if (!mem_multiply(tensor->count, types[tensor->type].bytes, &need) || need != end - begin) {
        char shape[SAFETENSORS_SHAPE_TEXT];
        return error_set(err,
                         "%s: the tensor %s has %zu bytes, which does not fit its shape %s of "
                         "type %s.",
                         path, tensor->name, end - begin, safetensors_shape_text(tensor, shape),
                         types[tensor->type].name);
    }
    tensor->bytes = data + begin;
    tensor->length = end - begin;
    return true;
}

static bool check_metadata(const cJSON *metadata, const char *path, Error *err)
{
    const cJSON *item;
    bool ok = cJSON_IsObject(metadata);
    cJSON_ArrayForEach(item, metadata) { ok = ok && cJSON_IsString(item); }
    return ok || error_set(err, "%s has a broken header: __metadata__ must hold strings.", path);
}

static int compare_places(const void *a, const void *b)
{
    const SafeTensor *x = a, *y = b;
    if (x->bytes != y->bytes) { return x->bytes < y->bytes ? -1 : 1; }
    return x->length < y->length ? -1 : x->length > y->length;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const SafeTensor *)a)->name, ((const SafeTensor *)b)->name);
}

/* The tensors must fill the data one after another: an overlap or a hole is a lie somewhere. */
static bool check_places(SafeTensor *tensors, size_t count, const char *path,
                         const unsigned char *data, size_t data_length, Error *err)
{
    if (count > 0) { qsort(tensors, count, sizeof *tensors, compare_places); }
    const unsigned char *next = data;
    for (size_t i = 0; i < count; i++) {
        if (tensors[i].bytes != next) {
            return error_set(err, "%s: the tensor %s %s. The file is broken; get it again.", path,
                             tensors[i].name,
                             tensors[i].bytes < next ? "overlaps the one before it"
                                                     : "leaves a gap after the one before it");
        }
        next += tensors[i].length;
    }
    size_t used = (size_t)(next - data);
    return used == data_length ||
           error_set(err,
                     "%s has %zu bytes of data, but its tensors use only %zu. The file is "
                     "broken; get it again.",
                     path, data_length, used);
}

/* The header's JSON, or NULL with a sentence. */
static cJSON *parse_header(const char *path, const char *text, size_t length, Error *err)
{
    const char *end = text;
    cJSON *header = NULL;
    if (!json_fits(text, length, path, err)) { return NULL; }
    if (unicode_valid_prefix(text, length) == length) {
        header = cJSON_ParseWithLengthOpts(text, length, &end, false);
    }
    bool ok = cJSON_IsObject(header);
    for (; ok && end < text + length; end++) { ok = *end == ' ' || *end == '\n' || *end == '\t'; }
    if (!ok) {
        error_set(err,
                  "%s has a broken header (no JSON object). It is no safetensors file, or it "
                  "was damaged; get it again.",
                  path);
        cJSON_Delete(header);
        return NULL;
    }
    return header;
}

/* Where the header ends, or 0 with a sentence. */
static size_t find_data(const char *path, const MappedFile *map, Error *err)
{
    static const char lfs[] = "version https://git-lfs";
    if (map->length >= sizeof lfs - 1 && memcmp(map->bytes, lfs, sizeof lfs - 1) == 0) {
        error_set(err,
                  "%s is only a Git LFS pointer to the weights. Run \"git lfs pull\" in its "
                  "folder.",
                  path);
        return 0;
    }
    if (map->length < 8) {
        error_set(err, "%s is no safetensors file: it has only %zu bytes.", path, map->length);
        return 0;
    }
    uint64_t length;
    memcpy(&length, map->bytes, sizeof length);
    if (length > MAX_HEADER_BYTES || length > map->length - 8) {
        error_set(err,
                  "%s is no safetensors file, or it was cut off: its header would take %llu "
                  "bytes, the file has %zu. Get it again.",
                  path, (unsigned long long)length, map->length);
        return 0;
    }
    return 8 + (size_t)length;
}

/* ---- Opening ---- */

/* Maps one more file and adds its tensors; what a failure leaves is freed by safetensors_free. */
static bool add_shard(Safetensors *file, const char *path, Error *err)
{
    file->shards = mem_grow(file->shards, file->shard_count + 1, sizeof *file->shards);
    Shard *shard = &file->shards[file->shard_count++];
    *shard = (Shard){.path = mem_copy_string(path)};
    if (!mapped_open(path, &shard->map, err)) { return false; }
    size_t start = find_data(path, &shard->map, err);
    if (start == 0) { return false; }
    shard->header = parse_header(path, (const char *)shard->map.bytes + 8, start - 8, err);
    if (shard->header == NULL) { return false; }

    const unsigned char *data = shard->map.bytes + start;
    size_t data_length = shard->map.length - start, first = file->count;
    size_t most = (size_t)cJSON_GetArraySize(shard->header);
    file->tensors = mem_grow(file->tensors, file->count + most, sizeof *file->tensors);
    const cJSON *item;
    cJSON_ArrayForEach(item, shard->header)
    {
        if (strcmp(item->string, "__metadata__") == 0) {
            if (!check_metadata(item, path, err)) { return false; }
        } else if (read_tensor(item, shard->path, data, data_length, &file->tensors[file->count],
                               err)) {
            file->count++;
        } else {
            return false;
        }
    }
    return check_places(file->tensors + first, file->count - first, path, data, data_length, err);
}

static bool sort_tensors(Safetensors *file, Error *err)
{
    if (file->count > 0) {
        qsort(file->tensors, file->count, sizeof *file->tensors, compare_names);
    }
    for (size_t i = 1; i < file->count; i++) {
        const SafeTensor *tensor = &file->tensors[i];
        if (strcmp(tensor->name, tensor[-1].name) == 0) {
            return error_set(err, "%s: the tensor %s is there twice.", tensor->file, tensor->name);
        }
    }
    return true;
}

/* The file if all went well; else frees it and gives NULL. */
static Safetensors *keep_if(bool ok, Safetensors *file)
{
    if (ok) { return file; }
    safetensors_free(file);
    return NULL;
}

Safetensors *safetensors_open(const char *path, Error *err)
{
    Safetensors *file = mem_zero(1, sizeof *file);
    return keep_if(add_shard(file, path, err) && sort_tensors(file, err), file);
}

/* An index comes from outside: its entries must stay in the folder. */
static bool is_plain_name(const char *name)
{
    return name[0] != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

static const Shard *find_shard(const Safetensors *file, const char *path)
{
    for (size_t i = 0; i < file->shard_count; i++) {
        if (strcmp(file->shards[i].path, path) == 0) { return &file->shards[i]; }
    }
    return NULL;
}

/* Opens each file that the index names once. */
static bool open_indexed(Safetensors *file, const char *folder, const char *index, const cJSON *map,
                         Error *err)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, map)
    {
        if (!cJSON_IsString(item) || !is_plain_name(item->valuestring)) {
            return error_set(err,
                             "%s: the entry of the tensor %s must be the name of a file in "
                             "the same folder.",
                             index, item->string);
        }
        char *path = file_join(folder, item->valuestring);
        bool ok = find_shard(file, path) != NULL;
        if (!ok && file->shard_count == MAX_SHARDS) {
            error_set(err, "%s names more than %d files.", index, MAX_SHARDS);
        } else if (!ok) {
            ok = add_shard(file, path, err);
        }
        free(path);
        if (!ok) { return false; }
    }
    return sort_tensors(file, err);
}

/* Is every tensor in the file that the index names for it? */
static bool check_index(const Safetensors *file, const char *index, const cJSON *map, Error *err)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, map)
    {
        const SafeTensor *tensor = safetensors_find(file, item->string);
        const char *slash = tensor != NULL ? strrchr(tensor->file, '/') : NULL;
        if (slash == NULL || strcmp(slash + 1, item->valuestring) != 0) {
            return error_set(err,
                             "%s says that the tensor %s is in %s, but it is not. Get the "
                             "files of this model again.",
                             index, item->string, item->valuestring);
        }
    }
    return true;
}

static bool open_index(Safetensors *file, const char *folder, const char *index, Error *err)
{
    Buffer text = {0};
    cJSON *root = NULL;
    bool ok = file_read(index, MAX_INDEX_BYTES, &text, err);
    if (ok) {
        if (!json_fits(text.bytes, text.length, index, err)) {
            buffer_free(&text);
            return false;
        }
        if (unicode_valid_prefix(text.bytes, text.length) == text.length) {
            root = cJSON_ParseWithLength(text.bytes, text.length);
        }
        const cJSON *map = cJSON_GetObjectItemCaseSensitive(root, "weight_map");
        ok = (cJSON_IsObject(map) && map->child != NULL) ||
             error_set(err, "%s is broken: it has no list of tensors (weight_map).", index);
        ok =
            ok && open_indexed(file, folder, index, map, err) && check_index(file, index, map, err);
    }
    cJSON_Delete(root);
    buffer_free(&text);
    return ok;
}

Safetensors *safetensors_open_folder(const char *folder, Error *err)
{
    Safetensors *file = mem_zero(1, sizeof *file);
    char *single = file_join(folder, "model.safetensors");
    char *index = file_join(folder, "model.safetensors.index.json");
    char *pickle = file_join(folder, "pytorch_model.bin");
    bool ok;
    if (file_exists(single)) {
        ok = add_shard(file, single, err) && sort_tensors(file, err);
    } else if (file_exists(index)) {
        ok = open_index(file, folder, index, err);
    } else if (file_exists(pickle)) {
        ok = error_set(err,
                       "%s has its weights only as pytorch_model.bin, which can't be opened "
                       "safely. Save the model as model.safetensors.",
                       folder);
    } else {
        ok = error_set(err,
                       "%s has no weights: there is neither model.safetensors nor "
                       "model.safetensors.index.json in it.",
                       folder);
    }
    free(single);
    free(index);
    free(pickle);
    return keep_if(ok, file);
}

void safetensors_free(Safetensors *file)
{
    if (file == NULL) { return; }
    for (size_t i = 0; i < file->shard_count; i++) {
        cJSON_Delete(file->shards[i].header);
        mapped_close(&file->shards[i].map);
        free(file->shards[i].path);
    }
    free(file->shards);
    free(file->tensors);
    free(file);
}

/* ---- Reading ---- */

bool safetensors_intact(const Safetensors *file, Error *err)
{
    for (size_t i = 0; i < file->shard_count; i++) {
        const Shard *shard = &file->shards[i];
        if (!mapped_intact(&shard->map, shard->path)) {
            return error_set(err,
                             "%s was changed or cut off by another program while it was open. "
                             "Open it again once it is whole.",
                             shard->path);
        }
    }
    return true;
}

size_t safetensors_count(const Safetensors *file) { return file->count; }

const SafeTensor *safetensors_at(const Safetensors *file, size_t index)
{
    return index < file->count ? &file->tensors[index] : NULL;
}

const SafeTensor *safetensors_find(const Safetensors *file, const char *name)
{
    if (file->count == 0) { return NULL; }
    SafeTensor key = {.name = name};
    return bsearch(&key, file->tensors, file->count, sizeof key, compare_names);
}

const char *safetensors_metadata(const Safetensors *file, const char *key)
{
    for (size_t i = 0; i < file->shard_count; i++) {
        const cJSON *all = cJSON_GetObjectItemCaseSensitive(file->shards[i].header, "__metadata__");
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(all, key);
        if (item != NULL) { return item->valuestring; }
    }
    return NULL;
}

bool safetensors_is_float(const SafeTensor *tensor)
{
    return tensor->type == SAFE_F32 || tensor->type == SAFE_F16 || tensor->type == SAFE_BF16 ||
           tensor->type == SAFE_F64;
}

const float *safetensors_floats(const SafeTensor *tensor)
{
    bool aligned = (uintptr_t)tensor->bytes % _Alignof(float) == 0;
    return tensor->type == SAFE_F32 && aligned ? (const float *)(const void *)tensor->bytes : NULL;
}

bool safetensors_holds(const Safetensors *file, const void *pointer)
{
    for (size_t i = 0; i < file->shard_count; i++) {
        const MappedFile *map = &file->shards[i].map;
        uintptr_t at = (uintptr_t)pointer, first = (uintptr_t)map->bytes;
        if (at >= first && at < first + map->length) { return true; }
    }
    return false;
}

/* IEEE 754 half to single precision without a branch, so that the loop over it is vectorised: the
 * bits moved into place make a number 2^112 too small, subnormal halves included. */
static float widen_half(uint16_t half)
{
    uint32_t bits = (uint32_t)(half & 0x7FFF) << 13;
    float value;
    memcpy(&value, &bits, sizeof value);
    value *= 0x1p112f;
    memcpy(&bits, &value, sizeof bits);
    bits |= (half & 0x7C00) == 0x7C00 ? 0x7F800000u : 0; /* infinity and NaN keep their exponent */
    bits |= (uint32_t)(half & 0x8000) << 16;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void safetensors_to_floats(const SafeTensor *tensor, float *out)
{
    const unsigned char *bytes = tensor->bytes;
    assert(safetensors_is_float(tensor));
    if (tensor->type == SAFE_F32 && tensor->length > 0) { memcpy(out, bytes, tensor->length); }
    for (size_t i = 0; tensor->type == SAFE_F16 && i < tensor->count; i++) {
        uint16_t half;
        memcpy(&half, bytes + 2 * i, sizeof half);
        out[i] = widen_half(half);
    }
    for (size_t i = 0; tensor->type == SAFE_BF16 && i < tensor->count; i++) {
        uint16_t half;
        memcpy(&half, bytes + 2 * i, sizeof half);
        uint32_t bits = (uint32_t)half << 16;
        memcpy(&out[i], &bits, sizeof bits);
    }
    for (size_t i = 0; tensor->type == SAFE_F64 && i < tensor->count; i++) {
        double value;
        memcpy(&value, bytes + 8 * i, sizeof value);
        out[i] = (float)value;
    }
}

/* ---- Writing ---- */

void safetensors_write(const SafeTensor *tensors, size_t count, const SafeMetadata *metadata,
                       size_t metadata_count, Buffer *out)
{
    Buffer header = {0};
    size_t offset = 0;
    buffer_add_string(&header, "{");
    const char *comma = "";
    for (size_t i = 0; i < metadata_count; i++) {
        if (metadata[i].value == NULL) { continue; }
        buffer_add_string(&header, comma[0] == '\0' ? "\"__metadata__\":{" : comma);
        buffer_add_json_string(&header, metadata[i].key);
        buffer_add_string(&header, ":");
        buffer_add_json_string(&header, metadata[i].value);
        comma = ",";
    }
    if (comma[0] != '\0') { buffer_add_string(&header, "}"); }
    for (size_t i = 0; i < count; i++) {
        const SafeTensor *tensor = &tensors[i];
        buffer_add_string(&header, comma);
        buffer_add_json_string(&header, tensor->name);
        buffer_format(&header, ":{\"dtype\":\"%s\",\"shape\":[", types[tensor->type].name);
        for (int k = 0; k < tensor->rank; k++) {
            buffer_format(&header, k > 0 ? ",%zu" : "%zu", tensor->shape[k]);
        }
        buffer_format(&header, "],\"data_offsets\":[%zu,%zu]}", offset, offset + tensor->length);
        offset += tensor->length;
        comma = ",";
    }
    buffer_add_string(&header, "}");
    while ((8 + header.length) % 64 != 0) { buffer_add_string(&header, " "); } /* aligned data */

    uint64_t length = header.length;
    buffer_add(out, &length, sizeof length);
    buffer_add(out, header.bytes, header.length);
    for (size_t i = 0; i < count; i++) { buffer_add(out, tensors[i].bytes, tensors[i].length); }
    buffer_free(&header);
}
