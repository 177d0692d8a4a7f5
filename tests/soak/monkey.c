/* A monkey at the window: linked into build/headlight-monkey in the place of the calls below (ld --wrap),
 * it hands random events to the real program instead of those of a user.
 *
 *     HEADLIGHT_MONKEY="SEED EVENTS [log]"    so many events, the same for the same seed; log: tells each
 *     HEADLIGHT_MONKEY_SCRATCH=FOLDER         what the program writes, and what is dropped on it, lies there
 *
 * Run from the repository root. Time is made up too, so that what waits for a clock (messages, the session,
 * the caret) takes none; only the worker's answers come when they come. At the start, every so often and at
 * the end the program is brought into the same state, and what it holds in memory there is compared. When no
 * frame comes for PATIENCE_S seconds, or the program crashes, the last events are told. */

#include "app/app.h"
#include "app/command.h"
#include "app/keymap.h"
#include "app/options.h"
#include "app/window.h"

#include <SDL.h>
#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int __real_SDL_WaitEventTimeout(SDL_Event *event, int timeout);
SDL_Window *__real_SDL_CreateWindow(const char *title, int x, int y, int w, int h, Uint32 flags);
char *__real_SDL_GetClipboardText(void);
char *__real_SDL_GetPrimarySelectionText(void);
void __real_app_frame(App *app, Input *input, Vec window);
bool __real_export_write(const App *app, const char *path, Error *err);
bool __real_export_copy(const App *app, Error *err);
bool __real_window_run(const Options *options, Error *err);

int __wrap_SDL_WaitEventTimeout(SDL_Event *event, int timeout);
int __wrap_SDL_PollEvent(SDL_Event *event);
SDL_Window *__wrap_SDL_CreateWindow(const char *title, int x, int y, int w, int h, Uint32 flags);
char *__wrap_SDL_GetClipboardText(void);
char *__wrap_SDL_GetPrimarySelectionText(void);
SDL_Keymod __wrap_SDL_GetModState(void);
Uint64 __wrap_SDL_GetTicks64(void);
void __wrap_app_frame(App *app, Input *input, Vec window);
bool __wrap_export_write(const App *app, const char *path, Error *err);
bool __wrap_export_copy(const App *app, Error *err);
bool __wrap_window_run(const Options *options, Error *err);

size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));
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
    EMPTY_EVERY = 2000, /* the folder of exported pictures */
    PATIENCE_S = 10,
    BASE_WIDTH = 800,
    BASE_HEIGHT = 560,
    QUEUE = 256,
    RING = 48,
    LINE = 120,
    MOST_DROPS = 64,
    LONG_TEXT = 72 << 10 /* more than a field takes */
};

static struct {
    uint64_t random;
    long seed, wanted, handed, next_measure, next_emptying;
    bool log, done, grew;
    App *app;
    SDL_Window *window;
    Uint64 now;
    Uint16 modifiers;
    int width, height,
        small_in; /* events until a huge window becomes small again; 0: it is not huge */
    SDL_Event queue[QUEUE];
    int first, last;
    char scratch[512];
    char *drops[MOST_DROPS];
    int drop_count;
    char ring[RING][LINE];
    long told;
    int settling; /* frames since the base state was asked for; 0: it was not */
    size_t in_use, resident, first_in_use, first_resident;
    bool measured;
    struct timespec left; /* when the program was last handed something */
    double longest;
    char longest_after[LINE];
    pthread_t main;
    atomic_long beats;
    atomic_bool exporting;
    double exported; /* seconds of this frame */
} monkey;

/* ---- Chance ---- */

static uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = monkey.random += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static int pick(int count) { return (int)(next_random() % (uint64_t)count); }
static bool one_in(int count) { return pick(count) == 0; }
static int between(int low, int high) { return low + pick(high - low + 1); }

/* ---- Telling ---- */

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
    char *line = monkey.ring[monkey.told++ % RING];
    int at = snprintf(line, LINE, "%ld: ", monkey.handed);
    va_list args;
    va_start(args, format);
    vsnprintf(line + at, LINE - (size_t)at, format, args);
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
    for (long i = monkey.told > RING ? monkey.told - RING : 0; i < monkey.told; i++) {
        dprintf(STDERR_FILENO, "#   %s\n", monkey.ring[i % RING]);
    }
}

static void crashed(int number)
{
    tell_last();
    signal(number, SIG_DFL);
    raise(number);
}

/* Under the sanitizers the abort shows where the program was. */
static void *watch(void *data)
{
    long seen = -1;
    int quiet = 0;
    (void)data;
    for (;;) {
        sleep(1);
        long beats = atomic_load(&monkey.beats);
        quiet = beats == seen && !atomic_load(&monkey.exporting) ? quiet + 1 : 0;
        seen = beats;
        if (quiet < PATIENCE_S) { continue; }
        dprintf(STDERR_FILENO, "# monkey: no frame for %d s\n", PATIENCE_S);
        tell_last();
        pthread_kill(monkey.main, SIGABRT);
        return NULL;
    }
}

static double seconds_since(const struct timespec *then)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

/* ---- What is dropped ---- */

static char *in_scratch(const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", monkey.scratch, name) < 0) { abort(); }
    return path;
}

static void add_drop(const char *path)
{
    if (monkey.drop_count < MOST_DROPS) { monkey.drops[monkey.drop_count++] = strdup(path); }
}

static char *make_file(const char *name, const void *bytes, size_t length)
{
    char *path = in_scratch(name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
        perror(path);
        exit(2);
    }
    add_drop(path);
    return path;
}

/* The start of a file, as after a download that broke off. */
static void make_truncated(const char *from, const char *name, double share)
{
    static char bytes[1 << 20];
    FILE *file = fopen(from, "rb");
    size_t length = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file != NULL) { fclose(file); }
    free(make_file(name, bytes, (size_t)((double)length * share)));
}

static void add_folder(const char *folder)
{
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        char path[600];
        if (entry->d_name[0] == '.') { continue; }
        snprintf(path, sizeof path, "%.300s/%.255s", folder, entry->d_name);
        add_drop(path);
    }
    if (entries != NULL) { closedir(entries); }
}

static void make_folder(const char *name, const char *variable)
{
    char *path = in_scratch(name);
    mkdir(path, 0777);
    if (variable != NULL) { setenv(variable, path, 1); }
    free(path);
}

static void make_drops(void)
{
    static const char *const there[] = {"tests/data/bert-tiny",
                                        "tests/data/bert-tiny/expected_1.safetensors",
                                        "tests/data/bert-tiny-f16",
                                        "tests/data/bert-tiny/vocab.txt",
                                        "tests/data/bert-tiny/config.json",
                                        "assets/thinking-machines.json",
                                        "models/headlight-en",
                                        "assets/sentences.txt",
                                        "tests/data",
                                        "/dev/null",
                                        "/dev/zero",
                                        "",
                                        "/",
                                        "no/such/file",
                                        "no-such-file.safetensors",
                                        "invalid\xFF\xC0/\xE2\x82",
                                        "two\nlines\r%s%n.lesson"};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++) { add_drop(there[i]); }
    add_folder("tests/data/families");
    add_folder("assets/lessons");
    static char rubbish[LONG_TEXT];
    for (size_t i = 0; i < sizeof rubbish; i++) { rubbish[i] = (char)next_random(); }
    free(make_file("files/rubbish", rubbish, 5000));
    free(make_file("files/rubbish.safetensors", rubbish, 5000));
    free(make_file("files/\xFF\xFEname\nwith lines", rubbish, 100));
    rubbish[0] = '{';
    free(make_file("files/rubbish.json", rubbish, 5000));
    for (size_t i = 0; i < sizeof rubbish; i++) {
        rubbish[i] = i % 7 == 6 ? ' ' : (char)('a' + pick(26));
    }
    free(make_file("files/long.txt", rubbish, sizeof rubbish));
    free(make_file("files/short.txt", "It was raining,\n and \xF0\x9F\x98\x80 came.\n", 28));
    free(make_file("files/empty", "", 0));
    make_truncated("tests/data/bert-tiny/expected_1.safetensors", "files/half.safetensors", 0.5);
    make_truncated("assets/thinking-machines.json", "files/half.json", 0.9);
    make_truncated("tests/data/bert-tiny/config.json", "files/model/config.json", 1);
    make_truncated("tests/data/bert-tiny/vocab.txt", "files/model/vocab.txt", 0.5);
    make_truncated("tests/data/bert-tiny/model.safetensors", "files/model/model.safetensors", 0.7);
    char *folder = in_scratch("files/model"), *pipe = in_scratch("files/pipe");
    add_drop(folder);
    if (mkfifo(pipe, 0600) == 0) { add_drop(pipe); }
    free(folder);
    free(pipe);
}

/* Exports get numbered names: the folder would fill up. */
static void empty_folder(const char *name)
{
    char *folder = in_scratch(name), path[900];
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        snprintf(path, sizeof path, "%.600s/%.255s", folder, entry->d_name);
        unlink(path);
    }
    if (entries != NULL) { closedir(entries); }
    free(folder);
}

/* ---- Events ---- */

static SDL_Event *push(Uint32 type)
{
    static SDL_Event none;
    if (monkey.last == QUEUE) { return &none; }
    SDL_Event *event = &monkey.queue[monkey.last++];
    SDL_zerop(event);
    event->type = type;
    return event;
}

/* Random text, `size` bytes with the NUL: words and whatever else people and programs send. */
static void make_text(char *out, size_t size)
{
    static const char *const words[] = {"the ",
                                        "animal ",
                                        "crossed ",
                                        "street ",
                                        "because ",
                                        "it ",
                                        "was ",
                                        "[MASK] ",
                                        "[CLS]",
                                        "[SEP] ",
                                        "unbelievably ",
                                        "don't ",
                                        "42 ",
                                        "...",
                                        "?",
                                        ", ",
                                        "  ",
                                        "supercalifragilisticexpialidocious"};
    static const char *const odd[] = {"\U0001F600",
                                      "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466",
                                      "\U0001F1E9\U0001F1EA",
                                      "\U0001F44D\U0001F3FD",
                                      "e\u0301",
                                      "o\u0302\u0323\u0307\u0308\u0336",
                                      "\u05E9\u05DC\u05D5\u05DD ",
                                      "\u0645\u0631\u062D\u0628\u0627 ",
                                      "\u202E",
                                      "\u200F",
                                      "\u2066",
                                      "\u4E2D\u6587",
                                      "\u65E5\u672C\u8A9E",
                                      "\uD55C\uAD6D\uC5B4",
                                      "\u0E01\u0E33\u0E25\u0E31\u0E07",
                                      "\u0928\u092E\u0938\u094D\u0924\u0947 ",
                                      "\u00AD",
                                      "\uFEFF",
                                      "\uFFFD",
                                      "\u2028",
                                      "\u00A0",
                                      "\U0010FFFF",
                                      "\uE000",
                                      "\U0001D49C",
                                      "\uFB03",
                                      "\n",
                                      "\t",
                                      "\r\n",
                                      "\x01",
                                      "\x7F",
                                      "\x1B[0m",
                                      "\xFF",
                                      "\xC0\x80",
                                      "\xED\xA0\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xE2\x82",
                                      "\x80"};
    int kind = pick(8); /* mostly words, one odd thing only, or all mixed */
    const char *same = odd[pick((int)(sizeof odd / sizeof *odd))];
    size_t length = 0;
    while (length + 1 < size) {
        char bytes[2] = {(char)between(1, 255), '\0'};
        const char *atom = kind < 4    ? words[pick((int)(sizeof words / sizeof *words))]
                           : kind == 4 ? same
                           : kind == 5 ? bytes
                                       : odd[pick((int)(sizeof odd / sizeof *odd))];
        if (kind == 7 && one_in(2)) { atom = words[pick((int)(sizeof words / sizeof *words))]; }
        size_t more = strnlen(atom, size - 1 - length); /* cut off anywhere, as SDL does */
        memcpy(out + length, atom, more);
        length += more;
    }
    out[length] = '\0';
}

static void push_key(SDL_Keycode code, Uint16 modifiers)
{
    SDL_Scancode place = SDL_GetScancodeFromKey(code);
    bool quits = code == 'q' || place == SDL_SCANCODE_Q;
    if (quits && (modifiers & KMOD_CTRL) != 0) { return; } /* the run ends when it has ended */
    for (int up = 0; up < 2; up++) {
        SDL_Event *event = push(up != 0 ? SDL_KEYUP : SDL_KEYDOWN);
        event->key.keysym = (SDL_Keysym){place, code, up != 0 ? 0 : modifiers, 0};
        event->key.state = up != 0 ? SDL_RELEASED : SDL_PRESSED;
        event->key.repeat = up == 0 && one_in(6);
    }
    tell("key %s (%d), modifiers %x", SDL_GetKeyName(code), (int)code, modifiers);
}

static SDL_Keycode keycode_of(int key)
{
    static const SDL_Keycode codes[] = {SDLK_RETURN, SDLK_ESCAPE,   SDLK_TAB,  SDLK_BACKSPACE,
                                        SDLK_DELETE, SDLK_INSERT,   SDLK_LEFT, SDLK_RIGHT,
                                        SDLK_UP,     SDLK_DOWN,     SDLK_HOME, SDLK_END,
                                        SDLK_PAGEUP, SDLK_PAGEDOWN, SDLK_MENU};
    if (key >= KEY_F1) { return SDLK_F1 + (key - KEY_F1); }
    return key >= KEY_ENTER ? codes[key - KEY_ENTER] : key;
}

/* What takes long or reaches out of the program comes seldom. */
static int rarity(const char *command)
{
    return strcmp(command, "figure:copy") == 0 ? 40
           : strcmp(command, "export") == 0    ? 20
           : strcmp(command, "present") == 0   ? 8
                                               : 1;
}

static void shortcut(void)
{
    int count = 0;
    while (keymap_table[count].command != NULL) { count++; }
    const KeyBinding *binding = &keymap_table[pick(count)];
    if (binding->key == 0 || !one_in(rarity(binding->command))) { return; }
    push_key(keycode_of(binding->key), (binding->modifiers & MOD_SHIFT ? KMOD_LSHIFT : 0) |
                                           (binding->modifiers & MOD_CTRL ? KMOD_LCTRL : 0) |
                                           (binding->modifiers & MOD_ALT ? KMOD_LALT : 0));
}

static void any_key(void)
{
    static const Uint16 modifiers[] = {0,          0,         0,         KMOD_LSHIFT,
                                       KMOD_LCTRL, KMOD_LALT, KMOD_RALT, KMOD_LCTRL | KMOD_LSHIFT,
                                       KMOD_CAPS,  0xFFFF};
    Uint16 with = modifiers[pick(10)];
    SDL_Keycode code = one_in(3)    ? SDL_SCANCODE_TO_KEYCODE(pick(SDL_NUM_SCANCODES))
                       : one_in(20) ? (SDL_Keycode)next_random()
                                    : between(' ', '~');
    bool copies = (with & KMOD_CTRL) != 0 && (code == 'c' || code == 's');
    if (copies && !one_in(20)) { return; }
    push_key(code, with);
}

static void edit(void)
{
    static const SDL_Keycode plain[] = {SDLK_LEFT,      SDLK_RIGHT,  SDLK_HOME,   SDLK_END,
                                        SDLK_BACKSPACE, SDLK_DELETE, SDLK_RETURN, SDLK_TAB,
                                        SDLK_SPACE,     SDLK_MENU};
    static const SDL_Keycode control[] = {
        'a',         'x',         'z', 'y', 'v', 'c', SDLK_LEFT, SDLK_RIGHT, SDLK_BACKSPACE,
        SDLK_DELETE, SDLK_INSERT, 'l'};
    if (one_in(2)) {
        push_key(control[pick(12)], one_in(4) ? KMOD_LCTRL | KMOD_LSHIFT : KMOD_LCTRL);
    } else {
        for (int i = one_in(3) ? between(2, 12) : 1; i > 0; i--) {
            push_key(plain[pick(10)], one_in(3) ? KMOD_LSHIFT : 0);
        }
    }
}

static void type(void)
{
    if (one_in(8)) { push_key('l', KMOD_LCTRL); }
    if (one_in(10)) { push_key('a', KMOD_LCTRL); }
    for (int i = one_in(4) ? between(2, 20) : 1; i > 0; i--) {
        SDL_Event *event = push(SDL_TEXTINPUT);
        make_text(event->text.text,
                  (size_t)between(2, one_in(2) ? 3 : SDL_TEXTINPUTEVENT_TEXT_SIZE));
        tell("text %s", event->text.text);
    }
}

static void compose(void)
{
    SDL_Event *event = push(SDL_TEXTEDITING);
    if (!one_in(4)) {
        make_text(event->edit.text, (size_t)between(2, SDL_TEXTEDITINGEVENT_TEXT_SIZE));
    }
    event->edit.start = one_in(6) ? (Sint32)next_random() : between(-2, 12);
    event->edit.length = one_in(6) ? (Sint32)next_random() : between(-2, 12);
    tell("composition %s, %d, %d", event->edit.text, event->edit.start, event->edit.length);
}

/* Most things to click on are at the left and at the top. */
static SDL_Point any_point(void)
{
    SDL_Point point = {between(0, monkey.width), between(0, monkey.height)};
    if (one_in(4)) { point.x = pick(300); }
    if (one_in(6)) { point.y = pick(120); }
    if (one_in(60)) { point = (SDL_Point){(int)next_random() >> 8, between(-5000, 5000)}; }
    return point;
}

static void push_motion(SDL_Point to)
{
    SDL_Event *event = push(SDL_MOUSEMOTION);
    event->motion.x = to.x;
    event->motion.y = to.y;
    tell("pointer to %d, %d", to.x, to.y);
}

static void push_button(SDL_Point at, Uint8 button, bool down, int clicks)
{
    SDL_Event *event = push(down ? SDL_MOUSEBUTTONDOWN : SDL_MOUSEBUTTONUP);
    event->button.x = at.x;
    event->button.y = at.y;
    event->button.button = button;
    event->button.clicks = (Uint8)clicks;
    tell("button %d %s at %d, %d, %d clicks", button, down ? "down" : "up", at.x, at.y, clicks);
}

static void move(void) { push_motion(any_point()); }

static void click(void)
{
    SDL_Point at = any_point();
    Uint8 button = !one_in(8) ? SDL_BUTTON_LEFT : (Uint8)between(1, 5);
    if (one_in(2)) { push_motion(at); }
    for (int clicks = 1, most = one_in(6) ? between(2, 4) : 1; clicks <= most; clicks++) {
        push_button(at, button, true, clicks);
        if (!one_in(30)) { push_button(at, button, false, clicks); }
    }
}

static void drag(void)
{
    SDL_Point at = any_point();
    push_button(at, SDL_BUTTON_LEFT, true, 1);
    for (int i = between(1, 8); i > 0; i--) {
        at =
            one_in(3) ? any_point() : (SDL_Point){at.x + between(-30, 30), at.y + between(-30, 30)};
        push_motion(at);
    }
    if (!one_in(20)) { push_button(at, SDL_BUTTON_LEFT, false, 1); }
}

static void wheel(void)
{
    SDL_Event *event = push(SDL_MOUSEWHEEL);
    event->wheel.preciseY = one_in(3) ? (float)between(-300, 300) / 100 : one_in(2) ? 1 : -1;
    event->wheel.preciseX = one_in(5) ? (float)between(-300, 300) / 100 : 0;
    if (one_in(3)) { /* over the heatmap Ctrl zooms */
        SDL_Event *key = push(SDL_KEYUP);
        key->key.keysym.mod = one_in(2) ? KMOD_LCTRL : 0;
    }
    tell("wheel %g, %g", (double)event->wheel.preciseX, (double)event->wheel.preciseY);
}

static void push_drop(const char *path)
{
    push(SDL_DROPFILE)->drop.file = SDL_strdup(path); /* the program frees it */
    tell("drop %s", path);
}

static void drop(void) { push_drop(monkey.drops[pick(monkey.drop_count)]); }

static void window_change(void)
{
    static const Uint8 kinds[] = {
        SDL_WINDOWEVENT_EXPOSED, SDL_WINDOWEVENT_FOCUS_LOST,     SDL_WINDOWEVENT_FOCUS_GAINED,
        SDL_WINDOWEVENT_ENTER,   SDL_WINDOWEVENT_LEAVE,          SDL_WINDOWEVENT_HIDDEN,
        SDL_WINDOWEVENT_SHOWN,   SDL_WINDOWEVENT_MINIMIZED,      SDL_WINDOWEVENT_RESTORED,
        SDL_WINDOWEVENT_MOVED,   SDL_WINDOWEVENT_DISPLAY_CHANGED};
    SDL_Event *event = push(SDL_WINDOWEVENT);
    event->window.windowID = SDL_GetWindowID(monkey.window);
    event->window.event = kinds[pick(11)];
    tell("window event %d", event->window.event);
    if (!one_in(20)) { return; }
    tell("hidden and shown");
    SDL_HideWindow(monkey.window);
    SDL_ShowWindow(monkey.window);
}

/* The program asks for a size that it can be used at; a desktop need not care. */
static void set_size(int width, int height)
{
    tell("size %d x %d", width, height);
    SDL_SetWindowMinimumSize(monkey.window, 1, 1);
    SDL_SetWindowSize(monkey.window, width, height);
    SDL_GetWindowSize(monkey.window, &monkey.width, &monkey.height);
}

static void resize(void)
{
    monkey.small_in = 0;
    if (one_in(60)) { /* as large as screens get: slow, so not for long */
        monkey.small_in = 12;
        set_size(one_in(2) ? 8192 : between(2000, 8192), one_in(2) ? 4320 : between(1200, 4320));
    } else if (one_in(3)) {
        set_size(between(1, one_in(3) ? 10 : 500), between(1, one_in(3) ? 10 : 400));
    } else if (one_in(12)) {
        set_size(one_in(2) ? 3000 : 20, one_in(2) ? 1500 : 5);
    } else {
        bool large = one_in(8);
        set_size(between(480, large ? 1600 : 900), between(320, large ? 1000 : 600));
    }
}

/* Something new is done, one event or some that belong together. */
static void act(void)
{
    static const struct {
        int weight;
        void (*act)(void);
    } acts[] = {{140, type},   {170, shortcut}, {60, any_key}, {110, edit},
                {30, compose}, {170, move},     {170, click},  {40, drag},
                {60, wheel},   {14, drop},      {10, resize},  {26, window_change}};
    int at = pick(1000);
    size_t i = 0;
    while (at >= acts[i].weight && i + 1 < sizeof acts / sizeof *acts) { at -= acts[i++].weight; }
    monkey.first = monkey.last = 0;
    acts[i].act();
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
    set_size(BASE_WIDTH, BASE_HEIGHT);
    monkey.first = monkey.last = 0;
    push(SDL_TEXTEDITING);
    push_button((SDL_Point){BASE_WIDTH / 2, BASE_HEIGHT / 2}, SDL_BUTTON_LEFT, false, 1);
    push_drop("tests/data/bert-tiny");
}

static bool is_busy(const App *app)
{
    return app->asked != 0 || app->survey_count > 0 ||
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
    double took = seconds_since(&monkey.left) - monkey.exported;
    monkey.exported = 0;
    atomic_fetch_add(&monkey.beats, 1);
    if (took <= monkey.longest) { return; }
    monkey.longest = took;
    snprintf(monkey.longest_after, LINE, "%s",
             monkey.told > 0 ? monkey.ring[(monkey.told - 1) % RING] : "start");
    if (took > 1) { fprintf(stderr, "# %.0f ms after %s\n", took * 1e3, monkey.longest_after); }
}

static int leave(int result)
{
    clock_gettime(CLOCK_MONOTONIC, &monkey.left);
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
    monkey.now += (Uint64)pick(16);
    return true;
}

static bool next_event(SDL_Event *event)
{
    if (monkey.small_in > 0 && --monkey.small_in == 0) { set_size(BASE_WIDTH, BASE_HEIGHT); }
    if (monkey.handed >= monkey.next_emptying) {
        empty_folder("pictures");
        empty_folder("data/headlight/lessons");
        monkey.next_emptying += EMPTY_EVERY;
    }
    if (monkey.first == monkey.last) { act(); }
    return take_queued(event);
}

int __wrap_SDL_WaitEventTimeout(SDL_Event *event, int timeout)
{
    entered();
    if ((monkey.settling > 0 || one_in(4)) && __real_SDL_WaitEventTimeout(event, 0)) {
        return leave(1); /* sizes, exposures, a signal to end */
    }
    bool ends = monkey.handed >= monkey.wanted;
    if (monkey.settling > 0 || monkey.handed >= monkey.next_measure || ends) {
        if (settle()) {
            monkey.next_measure += monkey.next_measure < MEASURE_EVERY
                                       ? MEASURE_EVERY - monkey.next_measure
                                       : MEASURE_EVERY;
            monkey.done = ends;
        }
        monkey.now += 20;
        if (monkey.done) { event->type = SDL_QUIT; }
        return leave(monkey.done || take_queued(event));
    }
    if (one_in(16)) { /* nothing happens, but time passes */
        monkey.now += (Uint64)pick(max_int(min_int(timeout, one_in(10) ? 5000 : 200), 1));
        usleep((useconds_t)pick(2000));
        return leave(0);
    }
    return leave(next_event(event));
}

/* Some events come together, between two frames. */
int __wrap_SDL_PollEvent(SDL_Event *event)
{
    if (monkey.settling > 0 || monkey.done) { return 0; }
    bool more = monkey.first < monkey.last ? !one_in(3) : one_in(3);
    return more && next_event(event);
}

SDL_Window *__wrap_SDL_CreateWindow(const char *title, int x, int y, int w, int h, Uint32 flags)
{
    monkey.window = __real_SDL_CreateWindow(title, x, y, w, h, flags);
    return monkey.window;
}

static char *other_clipboard(void)
{
    size_t size = (size_t)(one_in(12) ? LONG_TEXT : between(1, 400));
    char *text = SDL_malloc(size);
    make_text(text, size);
    tell("pasted %zu bytes, %.60s", size, text);
    return text;
}

char *__wrap_SDL_GetClipboardText(void)
{
    return one_in(2) ? __real_SDL_GetClipboardText() : other_clipboard();
}

char *__wrap_SDL_GetPrimarySelectionText(void)
{
    return one_in(2) ? __real_SDL_GetPrimarySelectionText() : other_clipboard();
}

SDL_Keymod __wrap_SDL_GetModState(void) { return (SDL_Keymod)monkey.modifiers; }

Uint64 __wrap_SDL_GetTicks64(void) { return monkey.now; }

/* ---- The run ---- */

void __wrap_app_frame(App *app, Input *input, Vec window)
{
    monkey.app = app;
    __real_app_frame(app, input, window);
}

/* The user waits for a large picture: that is no slow frame. */
static struct timespec begin_export(void)
{
    struct timespec now;
    atomic_store(&monkey.exporting, true);
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now;
}

static bool end_export(const struct timespec *began, bool ok)
{
    monkey.exported += seconds_since(began);
    atomic_store(&monkey.exporting, false);
    tell("%s to export", ok ? "managed" : "failed");
    return ok;
}

bool __wrap_export_write(const App *app, const char *path, Error *err)
{
    struct timespec began = begin_export();
    return end_export(&began, __real_export_write(app, path, err));
}

bool __wrap_export_copy(const App *app, Error *err)
{
    struct timespec began = begin_export();
    return end_export(&began, __real_export_copy(app, err));
}

/* Memory that grew is the run's failure. */
bool __wrap_window_run(const Options *options, Error *err)
{
    pthread_t watcher;
    leave(0);
    if (pthread_create(&watcher, NULL, watch, NULL) == 0) { pthread_detach(watcher); }
    bool ok = __real_window_run(options, err);
    if (!monkey.done) { return ok && error_set(err, "The window ended by itself."); }
    fprintf(stderr,
            "# monkey: %ld events, seed %ld, in use %.1f -> %.1f MB, resident %.0f -> %.0f MB, "
            "longest frame %.0f ms\n",
            monkey.handed, monkey.seed, megabytes(monkey.first_in_use), megabytes(monkey.in_use),
            megabytes(monkey.first_resident), megabytes(monkey.resident), monkey.longest * 1e3);
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
    monkey.random = (uint64_t)monkey.seed;
    monkey.now = 1;
    monkey.width = BASE_WIDTH;
    monkey.height = BASE_HEIGHT;
    monkey.next_measure = min_int(WARM_UP, (int)(monkey.wanted / 2));
    monkey.next_emptying = EMPTY_EVERY;
    monkey.main = pthread_self();
    make_folder("", NULL);
    make_folder("home", "HOME");
    make_folder("pictures", "XDG_PICTURES_DIR");
    make_folder("data", "XDG_DATA_HOME");
    make_folder("state", "XDG_STATE_HOME");
    make_folder("cache", "XDG_CACHE_HOME");
    make_folder("config", "XDG_CONFIG_HOME");
    make_folder("files", NULL);
    make_folder("files/model", NULL);
    make_drops();
    if (__sanitizer_set_death_callback != NULL) {
        __sanitizer_set_death_callback(tell_last);
    } else {
        signal(SIGSEGV, crashed);
        signal(SIGABRT, crashed);
        signal(SIGFPE, crashed);
    }
}
