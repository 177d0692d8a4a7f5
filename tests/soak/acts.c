/* What the monkey does: each act puts events into the queue that the window empties. */
#include "monkey.h"

#include "app/keymap.h"

#include <stdlib.h>
#include <string.h>

/* ---- Events ---- */

SDL_Event *monkey_push(Uint32 type)
{
    static SDL_Event none;
    if (monkey.last == MONKEY_QUEUE) { return &none; }
    SDL_Event *event = &monkey.queue[monkey.last++];
    SDL_zerop(event);
    event->type = type;
    return event;
}

void monkey_make_text(char *out, size_t size)
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
    int kind = monkey_pick(8); /* mostly words, one odd thing only, or all mixed */
    const char *same = odd[monkey_pick((int)(sizeof odd / sizeof *odd))];
    size_t length = 0;
    while (length + 1 < size) {
        char bytes[2] = {(char)monkey_between(1, 255), '\0'};
        const char *atom = kind < 4    ? words[monkey_pick((int)(sizeof words / sizeof *words))]
                           : kind == 4 ? same
                           : kind == 5 ? bytes
                                       : odd[monkey_pick((int)(sizeof odd / sizeof *odd))];
        if (kind == 7 && monkey_one_in(2)) {
            atom = words[monkey_pick((int)(sizeof words / sizeof *words))];
        }
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
        SDL_Event *event = monkey_push(up != 0 ? SDL_KEYUP : SDL_KEYDOWN);
        event->key.keysym = (SDL_Keysym){place, code, up != 0 ? 0 : modifiers, 0};
        event->key.state = up != 0 ? SDL_RELEASED : SDL_PRESSED;
        event->key.repeat = up == 0 && monkey_one_in(6);
    }
    monkey_tell("key %s (%d), modifiers %x", SDL_GetKeyName(code), (int)code, modifiers);
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
           : strcmp(command, "export") == 0    ? 60
           : strcmp(command, "present") == 0   ? 8
                                               : 1;
}

static void shortcut(void)
{
    int count = 0;
    while (keymap_table[count].command != NULL) { count++; }
    const KeyBinding *binding = &keymap_table[monkey_pick(count)];
    if (binding->key == 0 || !monkey_one_in(rarity(binding->command))) { return; }
    push_key(keycode_of(binding->key), (binding->modifiers & MOD_SHIFT ? KMOD_LSHIFT : 0) |
                                           (binding->modifiers & MOD_CTRL ? KMOD_LCTRL : 0) |
                                           (binding->modifiers & MOD_ALT ? KMOD_LALT : 0));
}

static void any_key(void)
{
    static const Uint16 modifiers[] = {0,          0,         0,         KMOD_LSHIFT,
                                       KMOD_LCTRL, KMOD_LALT, KMOD_RALT, KMOD_LCTRL | KMOD_LSHIFT,
                                       KMOD_CAPS,  0xFFFF};
    Uint16 with = modifiers[monkey_pick(10)];
    SDL_Keycode code = monkey_one_in(3)    ? SDL_SCANCODE_TO_KEYCODE(monkey_pick(SDL_NUM_SCANCODES))
                       : monkey_one_in(20) ? (SDL_Keycode)(monkey_pick(1 << 30) - (1 << 29))
                                           : monkey_between(' ', '~');
    bool copies = (with & KMOD_CTRL) != 0 && (code == 'c' || code == 's');
    if (copies && !monkey_one_in(20)) { return; }
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
    if (monkey_one_in(2)) {
        push_key(control[monkey_pick(12)],
                 monkey_one_in(4) ? KMOD_LCTRL | KMOD_LSHIFT : KMOD_LCTRL);
    } else {
        for (int i = monkey_one_in(3) ? monkey_between(2, 12) : 1; i > 0; i--) {
            push_key(plain[monkey_pick(10)], monkey_one_in(3) ? KMOD_LSHIFT : 0);
        }
    }
}

static void type(void)
{
    if (monkey_one_in(8)) { push_key('l', KMOD_LCTRL); }
    if (monkey_one_in(10)) { push_key('a', KMOD_LCTRL); }
    for (int i = monkey_one_in(4) ? monkey_between(2, 20) : 1; i > 0; i--) {
        SDL_Event *event = monkey_push(SDL_TEXTINPUT);
        monkey_make_text(
            event->text.text,
            (size_t)monkey_between(2, monkey_one_in(2) ? 3 : SDL_TEXTINPUTEVENT_TEXT_SIZE));
        monkey_tell("text %s", event->text.text);
    }
}

static void compose(void)
{
    SDL_Event *event = monkey_push(SDL_TEXTEDITING);
    if (!monkey_one_in(4)) {
        monkey_make_text(event->edit.text,
                         (size_t)monkey_between(2, SDL_TEXTEDITINGEVENT_TEXT_SIZE));
    }
    event->edit.start =
        monkey_one_in(6) ? monkey_between(-2000000000, 2000000000) : monkey_between(-2, 12);
    event->edit.length =
        monkey_one_in(6) ? monkey_between(-2000000000, 2000000000) : monkey_between(-2, 12);
    monkey_tell("composition %s, %d, %d", event->edit.text, event->edit.start, event->edit.length);
}

/* Most things to click on are at the left and at the top. */
static SDL_Point any_point(void)
{
    SDL_Point point = {monkey_between(0, monkey.width), monkey_between(0, monkey.height)};
    if (monkey_one_in(4)) { point.x = monkey_pick(300); }
    if (monkey_one_in(6)) { point.y = monkey_pick(120); }
    if (monkey_one_in(60)) {
        point = (SDL_Point){monkey_between(-1000000, 1000000), monkey_between(-5000, 5000)};
    }
    return point;
}

static void push_motion(SDL_Point to)
{
    SDL_Event *event = monkey_push(SDL_MOUSEMOTION);
    event->motion.x = to.x;
    event->motion.y = to.y;
    monkey_tell("pointer to %d, %d", to.x, to.y);
}

static void push_button(SDL_Point at, Uint8 button, bool down, int clicks)
{
    SDL_Event *event = monkey_push(down ? SDL_MOUSEBUTTONDOWN : SDL_MOUSEBUTTONUP);
    event->button.x = at.x;
    event->button.y = at.y;
    event->button.button = button;
    event->button.clicks = (Uint8)clicks;
    monkey_tell("button %d %s at %d, %d, %d clicks", button, down ? "down" : "up", at.x, at.y,
                clicks);
}

static void move(void) { push_motion(any_point()); }

static void click(void)
{
    SDL_Point at = any_point();
    Uint8 button = !monkey_one_in(8) ? SDL_BUTTON_LEFT : (Uint8)monkey_between(1, 5);
    if (monkey_one_in(2)) { push_motion(at); }
    for (int clicks = 1, most = monkey_one_in(6) ? monkey_between(2, 4) : 1; clicks <= most;
         clicks++) {
        push_button(at, button, true, clicks);
        if (!monkey_one_in(30)) { push_button(at, button, false, clicks); }
    }
}

static void drag(void)
{
    SDL_Point at = any_point();
    push_button(at, SDL_BUTTON_LEFT, true, 1);
    for (int i = monkey_between(1, 8); i > 0; i--) {
        at = monkey_one_in(3)
                 ? any_point()
                 : (SDL_Point){at.x + monkey_between(-30, 30), at.y + monkey_between(-30, 30)};
        push_motion(at);
    }
    if (!monkey_one_in(20)) { push_button(at, SDL_BUTTON_LEFT, false, 1); }
}

static void wheel(void)
{
    SDL_Event *event = monkey_push(SDL_MOUSEWHEEL);
    event->wheel.preciseY = monkey_one_in(3)   ? (float)monkey_between(-300, 300) / 100
                            : monkey_one_in(2) ? 1
                                               : -1;
    event->wheel.preciseX = monkey_one_in(5) ? (float)monkey_between(-300, 300) / 100 : 0;
    if (monkey_one_in(3)) { /* over the heatmap Ctrl zooms */
        SDL_Event *key = monkey_push(SDL_KEYUP);
        key->key.keysym.mod = monkey_one_in(2) ? KMOD_LCTRL : 0;
    }
    monkey_tell("wheel %g, %g", (double)event->wheel.preciseX, (double)event->wheel.preciseY);
}

void monkey_push_drop(const char *path)
{
    monkey_push(SDL_DROPFILE)->drop.file = SDL_strdup(path); /* the program frees it */
    monkey_tell("drop %s", path);
}

static void drop(void) { monkey_push_drop(monkey.drops[monkey_pick(monkey.drop_count)]); }

static void window_change(void)
{
    static const Uint8 kinds[] = {
        SDL_WINDOWEVENT_EXPOSED, SDL_WINDOWEVENT_FOCUS_LOST,     SDL_WINDOWEVENT_FOCUS_GAINED,
        SDL_WINDOWEVENT_ENTER,   SDL_WINDOWEVENT_LEAVE,          SDL_WINDOWEVENT_HIDDEN,
        SDL_WINDOWEVENT_SHOWN,   SDL_WINDOWEVENT_MINIMIZED,      SDL_WINDOWEVENT_RESTORED,
        SDL_WINDOWEVENT_MOVED,   SDL_WINDOWEVENT_DISPLAY_CHANGED};
    SDL_Event *event = monkey_push(SDL_WINDOWEVENT);
    event->window.windowID = SDL_GetWindowID(monkey.window);
    event->window.event = kinds[monkey_pick(11)];
    monkey_tell("window event %d", event->window.event);
    if (!monkey_one_in(20)) { return; }
    monkey_tell("hidden and shown");
    SDL_HideWindow(monkey.window);
    SDL_ShowWindow(monkey.window);
}

/* The program asks for a size that it can be used at; a desktop need not care. */
void monkey_set_size(int width, int height)
{
    monkey_tell("size %d x %d", width, height);
    SDL_SetWindowMinimumSize(monkey.window, 1, 1);
    SDL_SetWindowSize(monkey.window, width, height);
    SDL_GetWindowSize(monkey.window, &monkey.width, &monkey.height);
}

static void resize(void)
{
    monkey.small_in = 0;
    if (monkey_one_in(60)) { /* as large as screens get: slow, so not for long */
        monkey.small_in = 12;
        monkey_set_size(monkey_one_in(2) ? 8192 : monkey_between(2000, 8192),
                        monkey_one_in(2) ? 4320 : monkey_between(1200, 4320));
    } else if (monkey_one_in(3)) {
        monkey_set_size(monkey_between(1, monkey_one_in(3) ? 10 : 500),
                        monkey_between(1, monkey_one_in(3) ? 10 : 400));
    } else if (monkey_one_in(12)) {
        monkey_set_size(monkey_one_in(2) ? 3000 : 20, monkey_one_in(2) ? 1500 : 5);
    } else {
        bool large = monkey_one_in(8);
        monkey_set_size(monkey_between(480, large ? 1600 : 900),
                        monkey_between(320, large ? 1000 : 600));
    }
}

/* Something new is done, one event or some that belong together. */
void monkey_act(void)
{
    static const struct {
        int weight;
        void (*act)(void);
    } acts[] = {{140, type},   {170, shortcut}, {60, any_key}, {110, edit},
                {30, compose}, {170, move},     {170, click},  {40, drag},
                {60, wheel},   {14, drop},      {10, resize},  {26, window_change}};
    int at = monkey_pick(1000);
    size_t i = 0;
    while (at >= acts[i].weight && i + 1 < sizeof acts / sizeof *acts) { at -= acts[i++].weight; }
    monkey.first = monkey.last = 0;
    acts[i].act();
}
