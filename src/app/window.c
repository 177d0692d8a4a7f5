#include "app/window.h"

#include "app/app.h"
#include "app/command.h"
#include "app/session.h"
#include "base/base.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "draw/raster.h"

#include <SDL.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DPI_NORMAL 96.0f
enum { WIDTH = 1280, HEIGHT = 800, MIN_WIDTH = 480, MIN_HEIGHT = 320, WAIT_FOREVER_MS = 3600000 };
/* Our worker wakes us by an event that SDL sends to the window over a connection of its own. If the X server
 * takes it up when the window is gone, that is an error, and Xlib ends the program with status 1. So much
 * time a busy server gets to take it up, while the window is hidden already. */
enum { ARRIVAL_MS = 30 };

typedef struct Window {
    App *app;
    SDL_Window *handle;
    SDL_Cursor *cursors[3];
    UiCursor cursor;
    Uint32 wake_event;
    Input input;
    Raster raster;
    Damage damage;
    float base_scale; /* pixels per point at 100 %: what the display asks for */
    bool text_input;
    bool fullscreen;
} Window;

/* --- events to input --------------------------------------------------------------------------- */

static float window_scale(const Window *window)
{
    return window->base_scale * (float)window->app->scale_percent / 100;
}

/* Pixels per unit of SDL's mouse coordinates: 1 but where the desktop scales windows itself. */
static float pixel_ratio(const Window *window)
{
    int points, pixels;
    SDL_GetWindowSize(window->handle, &points, NULL);
    SDL_GetWindowSizeInPixels(window->handle, &pixels, NULL);
    return points > 0 && pixels > 0 ? (float)pixels / (float)points : 1;
}

static Vec to_points(const Window *window, int x, int y)
{
    float factor = pixel_ratio(window) / window_scale(window);
    return (Vec){(float)x * factor, (float)y * factor};
}

static int to_key(SDL_Keysym symbol)
{
    SDL_Keycode code = symbol.sym;
    static const struct {
        SDL_Keycode code;
        int key;
    } named[] = {
        {SDLK_RETURN, KEY_ENTER},
        {SDLK_KP_ENTER, KEY_ENTER},
        {SDLK_ESCAPE, KEY_ESCAPE},
        {SDLK_TAB, KEY_TAB},
        {SDLK_BACKSPACE, KEY_BACKSPACE},
        {SDLK_DELETE, KEY_DELETE},
        {SDLK_INSERT, KEY_INSERT},
        {SDLK_LEFT, KEY_LEFT},
        {SDLK_RIGHT, KEY_RIGHT},
        {SDLK_UP, KEY_UP},
        {SDLK_DOWN, KEY_DOWN},
        {SDLK_HOME, KEY_HOME},
        {SDLK_END, KEY_END},
        {SDLK_PAGEUP, KEY_PAGE_UP},
        {SDLK_PAGEDOWN, KEY_PAGE_DOWN},
        {SDLK_MENU, KEY_MENU},
        {SDLK_KP_PLUS, '+'},
        {SDLK_KP_MINUS, '-'},
        {SDLK_KP_0, '0'},
    };
    for (size_t i = 0; i < COUNTOF(named); i++) {
        if (named[i].code == code) { return named[i].key; }
    }
    if (code >= SDLK_F1 && code <= SDLK_F12) { return KEY_F1 + (int)(code - SDLK_F1); }
    if (code >= 32 && code < 127) { return (int)code; }
    /* On a keyboard of another script the place of the key counts: Ctrl+C is where it always is. */
    if (symbol.scancode >= SDL_SCANCODE_A && symbol.scancode <= SDL_SCANCODE_Z) {
        return 'a' + (int)(symbol.scancode - SDL_SCANCODE_A);
    }
    return 0;
}

static unsigned to_modifiers(Uint16 state)
{
    return ((state & KMOD_SHIFT) != 0 ? MOD_SHIFT : 0u) |
           ((state & KMOD_CTRL) != 0 ? MOD_CTRL : 0u) | ((state & KMOD_LALT) != 0 ? MOD_ALT : 0u);
}

static unsigned to_button(Uint8 button)
{
    return button == SDL_BUTTON_LEFT     ? BUTTON_LEFT
           : button == SDL_BUTTON_MIDDLE ? BUTTON_MIDDLE
           : button == SDL_BUTTON_RIGHT  ? BUTTON_RIGHT
                                         : 0u;
}

static void window_event(Window *window, const SDL_WindowEvent *event)
{
    Input *input = &window->input;
    if (event->event == SDL_WINDOWEVENT_LEAVE) { input->mouse_inside = false; }
    if (event->event == SDL_WINDOWEVENT_ENTER) { input->mouse_inside = true; }
    if (event->event == SDL_WINDOWEVENT_EXPOSED || event->event == SDL_WINDOWEVENT_SIZE_CHANGED) {
        damage_forget(&window->damage);
    }
    if (event->event == SDL_WINDOWEVENT_FOCUS_LOST) {
        input->released |= input->buttons;
        input->buttons = 0;
    }
}

static void mouse_button(Window *window, const SDL_MouseButtonEvent *event)
{
    Input *input = &window->input;
    unsigned button = to_button(event->button);
    input->mouse = to_points(window, event->x, event->y);
    input->mouse_inside = true;
    if (event->type == SDL_MOUSEBUTTONDOWN) {
        input->pressed |= button;
        input->buttons |= button;
        input->clicks = event->clicks;
    } else {
        input->released |= button;
        input->buttons &= ~button;
    }
}

static void take_event(Window *window, const SDL_Event *event)
{
    Input *input = &window->input;
    switch (event->type) {
    case SDL_QUIT: window->app->quit = true; break;
    case SDL_WINDOWEVENT: window_event(window, &event->window); break;
    case SDL_MOUSEMOTION:
        input->mouse = to_points(window, event->motion.x, event->motion.y);
        input->mouse_inside = true;
        break;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP: mouse_button(window, &event->button); break;
    case SDL_MOUSEWHEEL:
        input->wheel.x += event->wheel.preciseX;
        input->wheel.y += event->wheel.preciseY;
        break;
    case SDL_KEYDOWN:
        input->modifiers = to_modifiers(event->key.keysym.mod);
        if (to_key(event->key.keysym) != 0) {
            input_add_key(input, to_key(event->key.keysym), input->modifiers,
                          event->key.repeat != 0);
        }
        break;
    case SDL_KEYUP: input->modifiers = to_modifiers(event->key.keysym.mod); break;
    case SDL_TEXTINPUT:
        if ((SDL_GetModState() & KMOD_CTRL) == 0) { input_add_text(input, event->text.text); }
        break;
    case SDL_TEXTEDITING:
        input_set_composition(input, event->edit.text, event->edit.start, event->edit.length);
        break;
    case SDL_DROPFILE:
        command_do_format(window->app, "open %s", event->drop.file);
        SDL_free(event->drop.file);
        break;
    default: break;
    }
}

/* --- clipboard and waking ---------------------------------------------------------------------- */

static char *copy_and_free(char *text)
{
    char *copy = text != NULL ? mem_copy_string(text) : NULL;
    SDL_free(text);
    return copy;
}

static char *get_clipboard(void *user)
{
    (void)user;
    return copy_and_free(SDL_GetClipboardText());
}

static void set_clipboard(void *user, const char *text)
{
    (void)user;
    SDL_SetClipboardText(text);
}

static char *get_primary(void *user)
{
    (void)user;
    return copy_and_free(SDL_GetPrimarySelectionText());
}

static void set_primary(void *user, const char *text)
{
    (void)user;
    SDL_SetPrimarySelectionText(text);
}

/* Called on the worker's thread; pushing an event is allowed there. */
static void wake(void *data)
{
    Window *window = data;
    SDL_Event event;
    SDL_zero(event);
    event.type = window->wake_event;
    SDL_PushEvent(&event);
}

/* --- pixels ------------------------------------------------------------------------------------ */

static void copy_rect(const Raster *raster, SDL_Surface *surface, Rect rect, SDL_Rect *out)
{
    *out = (SDL_Rect){(int)rect.x, (int)rect.y, (int)rect.w, (int)rect.h};
    SDL_Surface *source =
        SDL_CreateRGBSurfaceWithFormatFrom(raster->pixels, raster->width, raster->height, 32,
                                           raster->width * 4, SDL_PIXELFORMAT_ARGB8888);
    if (source == NULL) { return; }
    SDL_SetSurfaceBlendMode(source, SDL_BLENDMODE_NONE);
    SDL_Rect to = *out;
    SDL_BlitSurface(source, out, surface, &to);
    SDL_FreeSurface(source);
}

/* Paints what changed since the last frame, and shows only that. */
static void paint(Window *window)
{
    int width, height;
    SDL_GetWindowSizeInPixels(window->handle, &width, &height);
    SDL_Surface *surface = SDL_GetWindowSurface(window->handle);
    if (surface == NULL || width < 1 || height < 1) { return; }
    if (window->raster.width != width || window->raster.height != height) {
        if (!raster_resize(&window->raster, width, height)) { return; }
        damage_forget(&window->damage);
    }
    Rect changed[DAMAGE_MAX];
    SDL_Rect shown[DAMAGE_MAX];
    float scale = window_scale(window);
    int count = damage_update(&window->damage, window->app->screen, scale, width, height, changed);
    for (int i = 0; i < count; i++) {
        raster_draw(&window->raster, window->app->screen, scale, changed[i]);
        copy_rect(&window->raster, surface, changed[i], &shown[i]);
    }
    if (count > 0) { SDL_UpdateWindowSurfaceRects(window->handle, shown, count); }
}

static void update_input_method(Window *window)
{
    const Ui *ui = &window->app->ui;
    if (ui->wants_text) {
        float factor = window_scale(window) / pixel_ratio(window);
        SDL_Rect caret = {(int)(ui->caret.x * factor), (int)(ui->caret.y * factor),
                          (int)(ui->caret.w * factor) + 1, (int)(ui->caret.h * factor)};
        SDL_SetTextInputRect(&caret);
    }
    if (ui->wants_text == window->text_input) { return; }
    window->text_input = ui->wants_text;
    /* Off, SDL sends no text at all, and "?" is then not to be had on every keyboard: so it stays on
     * and only the composition is ended. */
    if (!ui->wants_text) { input_set_composition(&window->input, "", 0, 0); }
}

static void update_window(Window *window)
{
    App *app = window->app;
    if (app->fullscreen != window->fullscreen) {
        window->fullscreen = app->fullscreen;
        SDL_SetWindowFullscreen(window->handle,
                                app->fullscreen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
        damage_forget(&window->damage);
    }
    if (app->ui.cursor != window->cursor) {
        window->cursor = app->ui.cursor;
        SDL_SetCursor(window->cursors[window->cursor]);
    }
    update_input_method(window);
}

static void run_frame(Window *window)
{
    int width, height;
    SDL_GetWindowSizeInPixels(window->handle, &width, &height);
    float scale = window_scale(window);
    window->input.time = SDL_GetTicks64();
    app_frame(window->app, &window->input, (Vec){(float)width / scale, (float)height / scale});
    session_poll(window->app);
    paint(window);
    update_window(window);
}

/* Sleeps until something happens; then takes all events that are there, a frame at a time. */
static void loop(Window *window)
{
    for (;;) {
        run_frame(window);
        if (window->app->quit) { break; }
        int wait = app_next_frame(window->app);
        SDL_Event event;
        if (!SDL_WaitEventTimeout(&event, wait < 0 ? WAIT_FOREVER_MS : wait)) { continue; }
        do {
            take_event(window, &event);
        } while (!input_is_full(&window->input) && SDL_PollEvent(&event));
    }
}

/* --- opening ----------------------------------------------------------------------------------- */

/* X11 does not scale windows; a dense display says so in its resolution. */
static float display_scale(const Options *options)
{
    const char *desktop = getenv("GDK_SCALE");
    if (options->scale > 0) { return options->scale; }
    if (desktop != NULL && atoi(desktop) > 0) { return (float)clamp_int(atoi(desktop), 1, 4); }
    float dpi = DPI_NORMAL;
    if (SDL_GetDisplayDPI(0, &dpi, NULL, NULL) != 0 || dpi < 1.5f * DPI_NORMAL) { return 1; }
    return clamp_float((float)(int)(2 * dpi / DPI_NORMAL + 0.5f) / 2, 1, 4);
}

#define INSTEAD "`headlight render TEXT -o FILE.png` draws without one"

/* SDL would try its way down to drivers that show nothing. */
static bool start_video(Error *err)
{
    if (getenv("DISPLAY") == NULL && getenv("WAYLAND_DISPLAY") == NULL &&
        getenv("SDL_VIDEODRIVER") == NULL) {
        return error_set(err, "There is no display to open a window on; " INSTEAD ".");
    }
    /* Without memory SDL sets an error, and for that it takes memory, without end. */
    SDL_SetMemoryFunctions(mem_lend, mem_lend_zero, mem_lend_more, free);
    SDL_SetHint(SDL_HINT_VIDEODRIVER, getenv("WAYLAND_DISPLAY") != NULL ? "wayland,x11" : "x11");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    SDL_SetHint(SDL_HINT_IME_SHOW_UI, "1");
    SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    SDL_SetHint(SDL_HINT_APP_NAME, APP_TITLE);
    if (SDL_Init(SDL_INIT_VIDEO) == 0) { return true; }
    return error_set(err, "The display can't be opened (%s); " INSTEAD ".", SDL_GetError());
}

static bool open_handle(Window *window, const Options *options, Error *err)
{
    if (!start_video(err)) { return false; }
    window->base_scale = display_scale(options);
    int width = options->width > 0 ? options->width : WIDTH;
    int height = options->height > 0 ? options->height : HEIGHT;
    window->handle = SDL_CreateWindow(APP_TITLE, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED,
                                      (int)((float)width * window->base_scale),
                                      (int)((float)height * window->base_scale),
                                      SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    if (window->handle == NULL) {
        return error_set(err, "No window can be opened: %s.", SDL_GetError());
    }
    SDL_SetWindowMinimumSize(window->handle, MIN_WIDTH, MIN_HEIGHT);
    window->cursors[UI_CURSOR_ARROW] = SDL_CreateSystemCursor(SDL_SYSTEM_CURSOR_ARROW);
    window->cursors[UI_CURSOR_HAND] = SDL_CreateSystemCursor(SDL_SYSTEM_CURSOR_HAND);
    window->cursors[UI_CURSOR_TEXT] = SDL_CreateSystemCursor(SDL_SYSTEM_CURSOR_IBEAM);
    window->wake_event = SDL_RegisterEvents(1);
    SDL_StartTextInput();
    SDL_EventState(SDL_DROPFILE, SDL_ENABLE);
    return true;
}

/* The sentence of the command line, repaired if need be, or the one that everybody knows. */
static void set_first_text(App *app, const Options *options, const SessionStart *start)
{
    Buffer text = {0};
    const char *pair = options->pair != NULL ? options->pair : start->pair;
    const char *first = options->text != NULL    ? options->text
                        : start->text != NULL    ? start->text
                        : app->example_count > 0 ? app->examples[0].text
                                                 : "";
    if (unicode_repair(first, strlen(first), &text) > 0) {
        app_say(app, true,
                "The text was not valid UTF-8; what could not be read is shown as \uFFFD.");
    }
    textfield_reset(&app->text, text.length > 0 ? text.bytes : "");
    buffer_clear(&text);
    if (pair != NULL) {
        unicode_repair(pair, strlen(pair), &text);
        textfield_reset(&app->pair, text.length > 0 ? text.bytes : "");
        app->pair_open = true;
    }
    buffer_free(&text);
}

static void start_app(Window *window, const Options *options)
{
    App *app = window->app;
    Error err = {""};
    app->threads = options->threads;
    app->ui.clipboard = (UiClipboard){NULL, get_clipboard, set_clipboard, get_primary, set_primary};
    SessionStart start = {0};
    bool asked = options->text != NULL || options->pair != NULL || options->model != NULL ||
                 options->trace != NULL || options->command_count > 0;
    if (!options->fresh) { start = session_open(app, asked); }
    if (options->fresh || asked) {
        app->start = (char **)(uintptr_t)options->commands;
        app->start_count = options->command_count;
        app->placed = options->placed;
    }
    set_first_text(app, options, &start);
    app->wake = wake;
    app->wake_data = window;
    app->worker = worker_new(app->threads, wake, window);
    const char *name = options->model != NULL ? options->model
                       /* That of the last time may be gone. */
                       : start.model != NULL && file_is_folder(start.model) ? start.model
                                                                            : MODELS_DEFAULT;
    bool ok = options->trace != NULL ? app_open_trace(app, options->trace, &err)
                                     : app_open_model(app, name, &err);
    if (!ok) { app_say(app, true, "%s", err.text); }
    app->focus_wanted = "sentence";
}

typedef struct Will {
    App *app;     /* NULL: it has no threads, not yet or not any more */
    bool is_open; /* there is something to save */
} Will;

/* While the threads go on nobody may take OpenBLAS down under them, as its own handler would do. */
static void leave_at_once(int status, void *data)
{
    (void)data;
    _exit(status);
}

/* Xlib ends the program when the display goes away, memory.c when there is no memory left: both by exit(),
 * and here is what is saved then. */
static void save_at_exit(int status, void *data)
{
    Will *will = data;
    App *app = will->app;
    (void)status;
    /* Called next, also when there is no memory to save with and exit() is called again. */
    if (app != NULL) { on_exit(leave_at_once, NULL); }
    if (app != NULL && will->is_open && app->session != NULL) {
        fputs("headlight: The window had to end; it opens again as it was.\n", stderr);
        session_close(app);
    }
    free(will);
}

static void close_window(Window *window)
{
    for (size_t i = 0; i < COUNTOF(window->cursors); i++) { SDL_FreeCursor(window->cursors[i]); }
    if (window->handle != NULL) {
        SDL_Delay(ARRIVAL_MS);
        SDL_DestroyWindow(window->handle);
    }
    SDL_Quit();
    input_free(&window->input);
    raster_free(&window->raster);
    damage_free(&window->damage);
}

bool window_run(const Options *options, Error *err)
{
    Window window = {.app = mem_zero(1, sizeof(App))};
    FontSet *fonts = NULL;
    bool ok = open_handle(&window, options, err) && (fonts = font_open(err)) != NULL;
    Will *will = mem_zero(1, sizeof *will);
    on_exit(save_at_exit, will);
    if (ok) {
        app_init(window.app, fonts);
        will->app = window.app;
        start_app(&window, options);
        will->is_open = true;
        loop(&window);
        SDL_HideWindow(window.handle); /* what is still to be saved is nothing to wait for */
        will->is_open = false;
        session_close(window.app);
        app_free(window.app);
        will->app = NULL;
    }
    font_close(fonts);
    close_window(&window);
    free(window.app);
    return ok;
}
