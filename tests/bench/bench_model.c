/* How long a forward pass takes, beside the limit of the machine and beside PyTorch, all measured in
 * the same run: on a shared machine only such ratios mean something.
 *
 *     bench_model [--short] [--no-torch] [SHAPE]
 *
 * The limit is max(operations / fastest product, bytes of the weights / fastest reading of as many
 * bytes). PyTorch runs with six set-ups of its threads; the best of their medians counts, and of ours
 * the best of as many, taken in between. SPEED.md beside this file keeps what was tried. */
#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/kernels.h"
#include "model/model.h"
#include "model/safetensors.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { VOCABULARY = 1000, POSITIONS = 512, LENGTHS = 7, MOST_SAMPLES = 4096 };

static const int lengths[LENGTHS] = {8, 16, 32, 64, 128, 256, 512};

typedef struct Shape {
    const char *name;
    int layers, heads, hidden, inner;
} Shape;

static const Shape shapes[] = {
    {"bert-tiny", 2, 2, 128, 512},
    {"bert-mini", 4, 4, 256, 1024},
    {"minilm", 6, 12, 384, 1536},
    {"bert-base", 12, 12, 768, 3072},
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void keep_best(double *best, double seconds)
{
    if (*best <= 0 || seconds < *best) { *best = seconds; }
}

/* ---- A model of that shape in a temporary folder ---- */

/* Every tensor has the same random numbers, each at its own place in the file. */
typedef struct Writer {
    SafeTensor tensors[256];
    size_t count;
    Arena arena;
    const unsigned char *numbers;
} Writer;

static void add(Writer *writer, const char *prefix, const char *name, int rows, int columns)
{
    writer->tensors[writer->count++] = (SafeTensor){
        .name = arena_format(&writer->arena, "%s%s", prefix, name),
        .type = SAFE_F32,
        .rank = columns > 0 ? 2 : 1,
        .shape = {(size_t)rows, (size_t)columns},
        .bytes = writer->numbers,
        .length = sizeof(float) * (size_t)rows * (size_t)max_int(columns, 1),
    };
}

static void add_pair(Writer *writer, const char *prefix, const char *name, int rows, int columns)
{
    const char *full = arena_format(&writer->arena, "%s%s", prefix, name);
    add(writer, full, ".weight", rows, columns);
    add(writer, full, ".bias", rows, 0);
}

static void put(const char *folder, const char *name, const Buffer *bytes)
{
    Error err;
    char *path = file_join(folder, name);
    if (!file_write(path, bytes->bytes, bytes->length, &err)) {
        fprintf(stderr, "bench_model: %s\n", err.text);
        exit(1);
    }
    free(path);
}

static void put_weights(const char *folder, const Shape *shape)
{
    int H = shape->hidden;
    size_t most = (size_t)max_int(VOCABULARY, shape->inner) * (size_t)H;
    float *numbers = mem_alloc(most, sizeof *numbers);
    uint32_t seed = 1;
    for (size_t i = 0; i < most; i++) {
        seed = seed * 1664525u + 1013904223u;
        numbers[i] = ((float)(seed >> 8) / 8388608.0f - 1.0f) * 0.05f;
    }
    Writer writer = {.numbers = (const unsigned char *)numbers};
    add(&writer, "embeddings.", "word_embeddings.weight", VOCABULARY, H);
    add(&writer, "embeddings.", "position_embeddings.weight", POSITIONS, H);
    add(&writer, "embeddings.", "token_type_embeddings.weight", 2, H);
    add_pair(&writer, "embeddings.", "LayerNorm", H, 0);
    for (int i = 0; i < shape->layers; i++) {
        const char *layer = arena_format(&writer.arena, "encoder.layer.%d.", i);
        add_pair(&writer, layer, "attention.self.query", H, H);
        add_pair(&writer, layer, "attention.self.key", H, H);
        add_pair(&writer, layer, "attention.self.value", H, H);
        add_pair(&writer, layer, "attention.output.dense", H, H);
        add_pair(&writer, layer, "attention.output.LayerNorm", H, 0);
        add_pair(&writer, layer, "intermediate.dense", shape->inner, H);
        add_pair(&writer, layer, "output.dense", H, shape->inner);
        add_pair(&writer, layer, "output.LayerNorm", H, 0);
    }
    Buffer file = {0};
    safetensors_write(writer.tensors, writer.count, NULL, 0, &file);
    put(folder, "model.safetensors", &file);
    buffer_free(&file);
    arena_free(&writer.arena);
    free(numbers);
}

static const char *const files[] = {"config.json", "vocab.txt", "model.safetensors"};

static Model *make_model(const Shape *shape)
{
    char folder[] = "/tmp/headlight-bench-XXXXXX";
    if (mkdtemp(folder) == NULL) {
        perror("bench_model: /tmp");
        exit(1);
    }
    Buffer text = {0};
    buffer_format(&text,
                  "{\"num_hidden_layers\":%d,\"num_attention_heads\":%d,\"hidden_size\":%d,"
                  "\"intermediate_size\":%d,\"max_position_embeddings\":%d,\"vocab_size\":%d}",
                  shape->layers, shape->heads, shape->hidden, shape->inner, POSITIONS, VOCABULARY);
    put(folder, files[0], &text);
    buffer_clear(&text);
    buffer_add_string(&text, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
    for (int i = 5; i < VOCABULARY; i++) { buffer_format(&text, "w%d\n", i); }
    put(folder, files[1], &text);
    buffer_free(&text);
    put_weights(folder, shape);

    Error err;
    Model *model = model_open(folder, 0, &err);
    /* The mapping keeps the weights; nothing needs to stay in the folder. */
    for (size_t i = 0; i < COUNTOF(files); i++) {
        char *path = file_join(folder, files[i]);
        unlink(path);
        free(path);
    }
    rmdir(folder);
    if (model == NULL) {
        fprintf(stderr, "bench_model: %s\n", err.text);
        exit(1);
    }
    return model;
}

/* ---- Our pass ---- */

static Encoding *make_encoding(int count)
{
    Encoding *encoding = mem_zero(1, sizeof *encoding);
    encoding->text[0] = "";
    encoding->count = count;
    encoding->tokens = arena_alloc(&encoding->arena, (size_t)count, sizeof(Token));
    for (int i = 0; i < count; i++) { encoding->tokens[i] = (Token){.piece = "w", .id = i}; }
    return encoding;
}

/* Lowers best[] to the median time of a pass, if that is less. */
static void measure(const Model *model, double seconds, double best[LENGTHS])
{
    double samples[MOST_SAMPLES];
    for (int i = 0; i < LENGTHS; i++) {
        int count = 0;
        double end = now() + seconds;
        trace_free(model_run(model, make_encoding(lengths[i]), 0, NULL, NULL));
        while (count < MOST_SAMPLES && (count < 5 || now() < end)) {
            double start = now();
            trace_free(model_run(model, make_encoding(lengths[i]), 0, NULL, NULL));
            samples[count++] = now() - start;
        }
        qsort(samples, (size_t)count, sizeof samples[0], compare);
        keep_best(&best[i], samples[count / 2]);
    }
}

/* ---- The machine ---- */

/* Floating-point operations a second of a large product, by OpenBLAS or by our tiles. */
static double product_speed(bool tiles, double seconds)
{
    enum { SIZE = 1536 };
    size_t count = (size_t)SIZE * SIZE;
    float *a = mem_zero(count, sizeof *a), *b = mem_zero(count, sizeof *b);
    float *c = mem_zero(count, sizeof *c);
    ModelConfig config = {
        .hidden_size = SIZE, .intermediate_size = SIZE, .heads = 1, .head_size = 1};
    float *space = mem_zero(kernels_space(&config, SIZE), sizeof *space);
    Team *team = team_new(kernels_claim_threads(0));
    double best = 0, end = now() + seconds;
    do {
        double start = now();
        if (tiles) {
            kernels_linear_tiles(team, a, b, SIZE, SIZE, SIZE, space, c);
        } else {
            kernels_linear_blas(team, a, b, SIZE, SIZE, SIZE, c);
        }
        double speed = 2.0 * SIZE * SIZE * SIZE / (now() - start);
        best = speed > best ? speed : best;
    } while (now() < end);
    team_free(team);
    free(a);
    free(b);
    free(c);
    free(space);
    return best;
}

typedef struct Reader {
    const uint64_t *words;
    size_t count;
    int rounds;
    uint64_t sum; /* so that the reading is not optimised away */
} Reader;

static void *read_words(void *data)
{
    Reader *reader = data;
    for (int round = 0; round < reader->rounds; round++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < reader->count; i++) { sum += reader->words[i]; }
        reader->sum ^= sum + (uint64_t)round;
        __asm__ volatile("" ::: "memory");
    }
    return NULL;
}

/* Bytes a second when all processors read `bytes` again and again. */
static double reading_speed(size_t bytes, double seconds)
{
    enum { MOST = 64 };
    int threads = clamp_int((int)sysconf(_SC_NPROCESSORS_ONLN), 1, MOST);
    uint64_t *words = mem_alloc(bytes, 1);
    memset(words, 1, bytes);
    Reader readers[MOST];
    pthread_t handles[MOST];
    size_t share = bytes / sizeof *words / (size_t)threads;
    double best = 0, end = now() + seconds;
    int rounds = max_int(1, (int)(((size_t)256 << 20) / bytes));
    do {
        double start = now();
        for (int i = 0; i < threads; i++) {
            readers[i] = (Reader){words + share * (size_t)i, share, rounds, 0};
            pthread_create(&handles[i], NULL, read_words, &readers[i]);
        }
        for (int i = 0; i < threads; i++) { pthread_join(handles[i], NULL); }
        double speed = (double)bytes * rounds / (now() - start);
        best = speed > best ? speed : best;
    } while (now() < end);
    free(words);
    return best;
}

static double weight_floats(const Shape *shape)
{
    double H = shape->hidden, I = shape->inner;
    return shape->layers * (4 * H * H + 2 * H * I);
}

static double limit(const Shape *shape, int tokens, double product, double reading)
{
    double linear = 2 * weight_floats(shape) * tokens;
    double attention = 4.0 * shape->layers * tokens * tokens * shape->hidden;
    double compute = (linear + attention) / product;
    double memory = weight_floats(shape) * sizeof(float) / reading;
    return compute > memory ? compute : memory;
}

/* ---- PyTorch ---- */

/* Lowers best[] (seconds) to what PyTorch needs with that environment; false without PyTorch. */
static bool run_torch(const Shape *shape, const char *environment, double seconds,
                      double best[LENGTHS])
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    Buffer command = {0};
    buffer_format(&command, "%s python3 tests/bench/bench_torch.py %d %d %d %d %g 1%s", environment,
                  shape->layers, shape->heads, shape->hidden, shape->inner, seconds,
                  processors > 1 ? "," : "");
    if (processors > 1) { buffer_format(&command, "%ld", processors); }
    for (int i = 0; i < LENGTHS; i++) { buffer_format(&command, " %d", lengths[i]); }
    FILE *pipe = popen(command.bytes, "r");
    buffer_free(&command);
    int tokens, threads;
    double milliseconds;
    while (pipe != NULL && fscanf(pipe, "%d %d %lf", &tokens, &threads, &milliseconds) == 3) {
        for (int i = 0; i < LENGTHS; i++) {
            if (lengths[i] == tokens) { keep_best(&best[i], milliseconds / 1000); }
        }
    }
    return pipe != NULL && pclose(pipe) == 0;
}

static bool bench_shape(const Shape *shape, double seconds, bool torch)
{
    static const char *const environments[] = {
        "PATH=/usr/bin:$PATH OMP_WAIT_POLICY=passive",
        "PATH=/usr/bin:$PATH OMP_WAIT_POLICY=passive OPENBLAS_NUM_THREADS=1",
        "PATH=/usr/bin:$PATH OPENBLAS_NUM_THREADS=1",
    };
    size_t bytes = (size_t)(weight_floats(shape) * sizeof(float));
    double best[LENGTHS] = {0}, theirs[LENGTHS] = {0}, blas = 0, tiles = 0, reading = 0;
    Model *model = make_model(shape);
    for (size_t i = 0; i < COUNTOF(environments); i++) {
        measure(model, seconds, best);
        torch = torch && run_torch(shape, environments[i], seconds, theirs);
        measure(model, seconds, best);
        blas = fmax(blas, product_speed(false, seconds));
        tiles = fmax(tiles, product_speed(true, seconds));
        reading = fmax(reading, reading_speed(bytes, seconds));
    }
    double product = fmax(blas, tiles);
    model_free(model);

    printf("\n%s: %d layers, %d heads, hidden %d, inner %d\n", shape->name, shape->layers,
           shape->heads, shape->hidden, shape->inner);
    printf("OpenBLAS %.0f GF/s, our tiles %.0f GF/s, reading its weights %.1f GB/s\n\n", blas / 1e9,
           tiles / 1e9, reading / 1e9);
    printf("| tokens | ours, ms | limit, ms | ours / limit | PyTorch, ms | PyTorch / ours |\n");
    printf("|---:|---:|---:|---:|---:|---:|\n");
    for (int i = 0; i < LENGTHS; i++) {
        double ours = best[i], floor = limit(shape, lengths[i], product, reading);
        printf("| %d | %.3f | %.3f | %.2f |", lengths[i], ours * 1e3, floor * 1e3, ours / floor);
        if (torch) {
            printf(" %.3f | %.2f |\n", theirs[i] * 1e3, theirs[i] / ours);
        } else {
            printf(" - | - |\n");
        }
    }
    fflush(stdout);
    return torch;
}

int main(int argc, char **argv)
{
    double seconds = 0.4;
    bool torch = true;
    const char *only = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--short") == 0) {
            seconds = 0.05;
        } else if (strcmp(argv[i], "--no-torch") == 0) {
            torch = false;
        } else {
            only = argv[i];
        }
    }
    bool compared = torch;
    for (size_t i = 0; i < COUNTOF(shapes); i++) {
        if (only != NULL && strcmp(only, shapes[i].name) != 0) { continue; }
        compared = bench_shape(&shapes[i], seconds, compared);
    }
    if (torch && !compared) {
        printf("\nNot compared with PyTorch, which is not installed (Debian: python3-torch).\n");
    }
    return 0;
}
