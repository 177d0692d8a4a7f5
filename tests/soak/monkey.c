/* A monkey at the window: linked into build/headlight-monkey in the place of the calls below (ld --wrap),
 * it hands random events to the real program instead of those of a user.
 *
 *     HEADLIGHT_MONKEY="SEED EVENTS [log|leak]"  so many events, the same for the same seed; log: tells each;
 *                                             leak: keeps LEAK bytes of each, to see that this is noticed
 *     HEADLIGHT_MONKEY_SCRATCH=FOLDER         what the program writes, and what is dropped on it, lies there
 *
 * Run from the repository root. Time is made up too, so that what waits for a clock (messages, the session,
 * the caret) takes none; only the worker's answers come when they come. At the start, every so often and at
 * the end the program is brought into the same state, and what it holds in memory there is compared. When no
 * frame comes for PATIENCE_S seconds, or the program crashes, the last events are told. */

#include "monkey.h"

#include "app/command.h"
#include "app/export.h"
#include "app/window.h"

#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int __real_SDL_WaitEventTimeout(SDL_Event *event, int timeout);
SDL_Window *__real_SDL_CreateWindow(const char *title, int x, int y, int w, int h, Uint32 flags);
char *__real_SDL_GetClipboardText(void);
char *__real_SDL_GetPrimarySelectionText(void);
void __real_app_frame(App *app, Input *input, Vec window);
bool __real_app_figure_put(App *app, const char *path, Error *err);
bool __real_window_run(const Options *options, Error *err);

int __wrap_SDL_WaitEventTimeout(SDL_Event *event, int timeout);
int __wrap_SDL_PollEvent(SDL_Event *event);
SDL_Window *__wrap_SDL_CreateWindow(const char *title, int x, int y, int w, int h, Uint32 flags);
char *__wrap_SDL_GetClipboardText(void);
char *__wrap_SDL_GetPrimarySelectionText(void);
SDL_Keymod __wrap_SDL_GetModState(void);
Uint64 __wrap_SDL_GetTicks64(void);
void __wrap_app_frame(App *app, Input *input, Vec window);
bool __wrap_app_figure_put(App *app, const char *path, Error *err);
bool __wrap_window_run(const Options *options, Error *err);

size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));
void __sanitizer_print_memory_profile(size_t percent, size_t contexts) __attribute__((weak));
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

/* What may be there at the end that was not at the start, after WARM_UP events have filled some of it:
 *     48 MB  images of text (font.c: CACHE_BYTES), and as much again, because the half of its slots that was
 *            used last stays beyond that
 *     32 MB  glyphs that SDL_ttf keeps of 32 sized and up to 64 measuring fonts (font.c: MAX_SIZED, MAX_FACES)
 *      8 MB  sentences: 50 in the history, steps to undo in three fields (512 kB each), buffers of 64 kB
 *     24 MB  drawings: their arenas and commands stay as large as the largest of the last frames
 * Views to step back to (App.undo) are part of the App. A leak of 200 bytes per event is beyond this after a
 * million events; what nothing points to any more is found by the leak sanitizer in any number. */
#define MOST_GROWTH ((size_t)160 << 20)
enum {
    WARM_UP = 2000,
    MEASURE_EVERY = 50000,
    LEAK = 512 << 10,
    EMPTY_EVERY = 2000, /* the folder of exported pictures */
    CALM = 300, /* events with few between two frames, and with as many as the window takes */
    HURRIED = 900,
    PATIENCE_S = 10
};

Monkey monkey;

/* ---- Chance ---- */

static uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = monkey.random += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

int monkey_pick(int count) { return (int)(next_random() % (uint64_t)count); }
bool monkey_one_in(int count) { return monkey_pick(count) == 0; }
int monkey_between(int low, int high)
{
    return (int)(low + (int64_t)(next_random() % (uint64_t)((int64_t)high - low + 1)));
}

/* ---- Telling ---- */

void monkey_tell(const char *format, ...)
{
    char *line = monkey.ring[monkey.told++ % MONKEY_RING];
    int at = snprintf(line, MONKEY_LINE, "%ld: ", monkey.handed);
    va_list args;
    va_start(args, format);
    vsnprintf(line + at, MONKEY_LINE - (size_t)at, format, args);
    va_end(args);
    for (char *c = line; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~') { *c = '.'; }
    }
    if (monkey.log) { fprintf(stderr, "# %s\n", line); }
}

static void tell_last(void)
{
    dprintf(STDERR_FILENO, "# seed %ld, window %d x %d; the last events:\n", monkey.seed,
            monkey.width, monkey.height);
    for (long i = monkey.told > MONKEY_RING ? monkey.told - MONKEY_RING : 0; i < monkey.told; i++) {
        dprintf(STDERR_FILENO, "#   %s\n", monkey.ring[i % MONKEY_RING]);
    }
}

static void crashed(int number)
{
    tell_last();
    signal(number, SIG_DFL);
    raise(number);
}

static double seconds_on(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Under the sanitizers the abort shows where the program was. On a busy machine a second of the clock may be
 * a tenth of one for us: what counts is the work of the window's thread, or a very long wait. */
static void *watch(void *data)
{
    clockid_t work = *(clockid_t *)data;
    long seen = -1;
    double since = 0, worked = 0;
    for (;;) {
        sleep(1);
        long beats = atomic_load(&monkey.beats);
        double now = seconds_on(CLOCK_MONOTONIC), done = seconds_on(work);
        if (beats != seen) {
            seen = beats;
            since = now;
            worked = done;
        }
        if (done - worked < PATIENCE_S && now - since < 6 * PATIENCE_S) { continue; }
        dprintf(STDERR_FILENO, "# monkey: no frame for %.0f s, %.0f s of work\n", now - since,
                done - worked);
        tell_last();
        pthread_kill(monkey.main, SIGABRT);
        return NULL;
    }
}

/* ---- Memory ---- */

static size_t bytes_in_use(void)
{
    if (__sanitizer_get_current_allocated_bytes != NULL) {
        return __sanitizer_get_current_allocated_bytes();
    }
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static size_t bytes_resident(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    if (file != NULL && fscanf(file, "%*u %lu", &pages) != 1) { pages = 0; }
    if (file != NULL) { fclose(file); }
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static double megabytes(size_t bytes) { return (double)bytes / (1 << 20); }

/* The state in which memory is compared: a small model, a short sentence, nothing open. */
static void go_home(void)
{
    static const char *const commands[] = {"view:set head",   "pair:set",     "pair:toggle",
                                           "compare:model",   "head:restore", "pin:clear",
                                           "interface:reset", "theme light",  "only:tokens all",
                                           "only:layers all", "figure:title"};
    App *app = monkey.app;
    if (app->lesson != NULL) { command_do(app, "lesson:close"); }
    if (app->recording != NULL) { command_do(app, "lesson:stop"); }
    if (app->presenting) { command_do(app, "present"); }
    app->help_open = app->figure_open = app->pair_open = false;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        command_do(app, commands[i]);
    }
    monkey.modifiers = 0;
    monkey.small_in = 0;
    monkey_set_size(MONKEY_WIDTH, MONKEY_HEIGHT);
    monkey.first = monkey.last = 0;
    monkey_push(SDL_TEXTEDITING);
    monkey_push(SDL_MOUSEBUTTONUP)->button.button = SDL_BUTTON_LEFT;
    monkey_push_drop("tests/data/bert-tiny");
}

static bool is_busy(const App *app)
{
    return app->asked != 0 || app->survey_count > 0 || app->pressed != 0 ||
           (app->worker != NULL && worker_busy(app->worker)) ||
           (app->second != NULL && worker_busy(app->second));
}

static void measure(void)
{
    monkey.in_use = bytes_in_use();
    monkey.resident = bytes_resident();
    fprintf(stderr, "# after %ld events: in use %.1f MB, resident %.0f MB, longest frame %.0f ms\n",
            monkey.handed, megabytes(monkey.in_use), megabytes(monkey.resident),
            monkey.longest * 1e3);
    bool grew = monkey.measured && monkey.in_use > monkey.first_in_use + MOST_GROWTH;
    if ((grew || monkey.log) && __sanitizer_print_memory_profile != NULL) {
        __sanitizer_print_memory_profile(90, 12); /* who has it */
    }
    if (monkey.measured) { return; }
    monkey.measured = true;
    monkey.first_in_use = monkey.in_use;
    monkey.first_resident = monkey.resident;
}

/* Goes on with the way home; true when there. The model comes first, then its sentence. */
static bool settle(void)
{
    enum { MODEL_BY = 20, TEXT_BY = 40, REST = 60, SLICE_US = 2000 };
    if (monkey.settling == 0) { go_home(); }
    if (monkey.settling > 0 && is_busy(monkey.app)) { usleep(SLICE_US); }
    monkey.settling += monkey.settling % MODEL_BY != MODEL_BY - 1 || !is_busy(monkey.app);
    if (monkey.settling == TEXT_BY) { command_do(monkey.app, "text:set the cat sat on the mat"); }
    if (monkey.settling < REST) { return false; }
    monkey.settling = 0;
    measure();
    return true;
}

/* ---- In the place of SDL ---- */

static void entered(void)
{
    double took = seconds_on(CLOCK_MONOTONIC) - monkey.left;
    double worked = seconds_on(CLOCK_THREAD_CPUTIME_ID) - monkey.left_work;
    atomic_fetch_add(&monkey.beats, 1);
    if (took <= monkey.longest) { return; }
    monkey.longest = took;
    monkey.longest_work = worked;
    if (took > 1) {
        fprintf(stderr, "# %.0f ms, %.0f of work, after %s\n", took * 1e3, worked * 1e3,
                monkey.told > 0 ? monkey.ring[(monkey.told - 1) % MONKEY_RING] : "the start");
    }
}

static int leave(int result)
{
    monkey.left = seconds_on(CLOCK_MONOTONIC);
    monkey.left_work = seconds_on(CLOCK_THREAD_CPUTIME_ID);
    return result;
}

static bool take_queued(SDL_Event *event)
{
    if (monkey.first == monkey.last) { return false; }
    *event = monkey.queue[monkey.first++];
    if (event->type == SDL_KEYDOWN || event->type == SDL_KEYUP) {
        monkey.modifiers = event->key.keysym.mod;
    }
    monkey.handed++;
    if (monkey.leaks) {
        void **kept = malloc(LEAK);
        if (kept != NULL) { *kept = monkey.kept; }
        monkey.kept = kept;
    }
    monkey.now += (Uint64)monkey_pick(16);
    return true;
}

static bool next_event(SDL_Event *event)
{
    if (monkey.small_in > 0 && --monkey.small_in == 0) {
        monkey_set_size(MONKEY_WIDTH, MONKEY_HEIGHT);
    }
    if (monkey.handed >= monkey.next_emptying) {
        monkey_empty_folder("pictures");
        monkey_empty_folder("data/headlight/lessons");
        monkey.next_emptying += EMPTY_EVERY;
    }
    if (monkey.first == monkey.last) { monkey_act(); }
    return take_queued(event);
}

int __wrap_SDL_WaitEventTimeout(SDL_Event *event, int timeout)
{
    entered();
    if ((monkey.settling > 0 || monkey_one_in(4)) && __real_SDL_WaitEventTimeout(event, 0)) {
        return leave(1); /* sizes, exposures, a signal to end */
    }
    bool ends = monkey.handed >= monkey.wanted;
    if (monkey.settling > 0 || monkey.handed >= monkey.next_measure || ends) {
        if (settle()) {
            monkey.next_measure = monkey.handed + min_int(MEASURE_EVERY, (int)(monkey.wanted / 4));
            monkey.done = ends;
        }
        monkey.now += 20;
        if (monkey.done) { event->type = SDL_QUIT; }
        return leave(monkey.done || take_queued(event));
    }
    if (monkey_one_in(16)) { /* nothing happens, but time passes */
        monkey.now +=
            (Uint64)monkey_pick(max_int(min_int(timeout, monkey_one_in(10) ? 5000 : 200), 1));
        usleep((useconds_t)monkey_pick(2000));
        return leave(0);
    }
    return leave(next_event(event));
}

/* Some events come together, between two frames; when the user hurries, many. */
int __wrap_SDL_PollEvent(SDL_Event *event)
{
    if (monkey.settling > 0 || monkey.done) { return 0; }
    if (monkey.handed >= monkey.next_pace) {
        monkey.hurries = !monkey.hurries;
        monkey.next_pace = monkey.handed + (monkey.hurries ? HURRIED : CALM);
    }
    bool more = monkey.hurries               ? !monkey_one_in(40)
                : monkey.first < monkey.last ? !monkey_one_in(3)
                                             : monkey_one_in(3);
    return more && next_event(event);
}

SDL_Window *__wrap_SDL_CreateWindow(const char *title, int x, int y, int w, int h, Uint32 flags)
{
    monkey.window = __real_SDL_CreateWindow(title, x, y, w, h, flags);
    return monkey.window;
}

static char *other_clipboard(void)
{
    size_t size = (size_t)(monkey_one_in(12) ? MONKEY_LONG_TEXT : monkey_between(1, 400));
    char *text = SDL_malloc(size);
    monkey_make_text(text, size);
    monkey_tell("pasted %zu bytes, %.60s", size, text);
    return text;
}

char *__wrap_SDL_GetClipboardText(void)
{
    return monkey_one_in(2) ? __real_SDL_GetClipboardText() : other_clipboard();
}

char *__wrap_SDL_GetPrimarySelectionText(void)
{
    return monkey_one_in(2) ? __real_SDL_GetPrimarySelectionText() : other_clipboard();
}

SDL_Keymod __wrap_SDL_GetModState(void) { return (SDL_Keymod)monkey.modifiers; }

Uint64 __wrap_SDL_GetTicks64(void) { return monkey.now; }

/* ---- The run ---- */

void __wrap_app_frame(App *app, Input *input, Vec window)
{
    monkey.app = app;
    __real_app_frame(app, input, window);
}

/* Figures are made beside the window; what they take is no frame of its. */
bool __wrap_app_figure_put(App *app, const char *path, Error *err)
{
    bool ok = __real_app_figure_put(app, path, err);
    monkey_tell("%s to export", ok ? "began" : "failed");
    return ok;
}

/* Memory that grew is the run's failure. */
bool __wrap_window_run(const Options *options, Error *err)
{
    pthread_t watcher;
    clockid_t work; /* lives as long as the watcher has to */
    leave(0);
    if (pthread_getcpuclockid(monkey.main, &work) == 0 &&
        pthread_create(&watcher, NULL, watch, &work) == 0) {
        pthread_detach(watcher);
    }
    bool ok = __real_window_run(options, err);
    if (!monkey.done) { return ok && error_set(err, "The window ended by itself."); }
    fprintf(stderr,
            "# monkey: %ld events, seed %ld, in use %.1f -> %.1f MB, resident %.0f -> %.0f MB, "
            "longest frame %.0f ms, %.0f of work\n",
            monkey.handed, monkey.seed, megabytes(monkey.first_in_use), megabytes(monkey.in_use),
            megabytes(monkey.first_resident), megabytes(monkey.resident), monkey.longest * 1e3,
            monkey.longest_work * 1e3);
    if (monkey.in_use > monkey.first_in_use + MOST_GROWTH) {
        return error_set(err, "The program holds %.0f MB more than at the start.",
                         megabytes(monkey.in_use - monkey.first_in_use));
    }
    return ok;
}

__attribute__((constructor)) static void start(void)
{
    const char *what = getenv("HEADLIGHT_MONKEY"), *where = getenv("HEADLIGHT_MONKEY_SCRATCH");
    char log[8] = "";
    if (what == NULL || where == NULL ||
        sscanf(what, "%ld %ld %7s", &monkey.seed, &monkey.wanted, log) < 2) {
        fputs("The monkey needs HEADLIGHT_MONKEY=\"SEED EVENTS\" and HEADLIGHT_MONKEY_SCRATCH.\n",
              stderr);
        _exit(2);
    }
    snprintf(monkey.scratch, sizeof monkey.scratch, "%s", where);
    monkey.log = strcmp(log, "log") == 0;
    monkey.leaks = strcmp(log, "leak") == 0;
    monkey.random = (uint64_t)monkey.seed;
    monkey.now = 1;
    monkey.width = MONKEY_WIDTH;
    monkey.height = MONKEY_HEIGHT;
    monkey.next_measure = min_int(WARM_UP, (int)(monkey.wanted / 2));
    monkey.next_emptying = EMPTY_EVERY;
    monkey.main = pthread_self();
    monkey_make_folder("", NULL);
    monkey_make_folder("home", "HOME");
    monkey_make_folder("pictures", "XDG_PICTURES_DIR");
    monkey_make_folder("data", "XDG_DATA_HOME");
    monkey_make_folder("state", "XDG_STATE_HOME");
    monkey_make_folder("cache", "XDG_CACHE_HOME");
    monkey_make_folder("config", "XDG_CONFIG_HOME");
    monkey_make_folder("files", NULL);
    monkey_make_folder("files/model", NULL);
    monkey_make_drops();
    if (__sanitizer_set_death_callback != NULL) {
        __sanitizer_set_death_callback(tell_last);
    } else {
        signal(SIGSEGV, crashed);
        signal(SIGABRT, crashed);
        signal(SIGFPE, crashed);
    }
}
