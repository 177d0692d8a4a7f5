/* monkey.h - what the files of the monkey share: its state, chance, what it has done. */
#ifndef SOAK_MONKEY_H
#define SOAK_MONKEY_H

#include "app/app.h"

#include <SDL.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
    MONKEY_WIDTH = 800, /* of the window, in the state in which memory is compared */
    MONKEY_HEIGHT = 560,
    MONKEY_QUEUE = 256,
    MONKEY_RING = 48,
    MONKEY_LINE = 120,
    MONKEY_DROPS = 64,
    MONKEY_LONG_TEXT = 72 << 10 /* more than a field takes */
};

typedef struct Monkey {
    uint64_t random;
    long seed, wanted, handed, next_measure, next_emptying, next_pace;
    bool log, leaks, done, hurries;
    void *kept; /* of each event, where it leaks: a chain, so that all of it can still be reached */
    App *app;
    SDL_Window *window;
    Uint64 now; /* ms: the time that is told to the program */
    Uint16 modifiers;
    int width, height; /* of the window */
    int small_in;      /* acts until a huge window becomes small again; 0: it is not huge */
    SDL_Event queue[MONKEY_QUEUE];
    int first, last;
    char scratch[512];
    char *drops[MONKEY_DROPS];
    int drop_count;
    char ring[MONKEY_RING][MONKEY_LINE]; /* what was done last */
    long told;
    int settling; /* steps on the way to the state in which memory is compared; 0: not on it */
    bool measured;
    size_t in_use, resident, first_in_use, first_resident;
    double left,
        left_work; /* when the program was last handed something: clock, work of the thread */
    double longest, longest_work; /* seconds of the longest frame */
    atomic_long beats;
    pthread_t main;
} Monkey;

extern Monkey monkey;

int monkey_pick(int count); /* 0 .. count - 1 */
int monkey_between(int low, int high);
bool monkey_one_in(int count);
void monkey_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* files.c: FOLDER in the scratch folder, also as the value of an environment variable, or NULL. */
void monkey_make_folder(const char *name, const char *variable);
void monkey_empty_folder(const char *name);
void monkey_make_drops(void);

/* acts.c: does something new: puts an event, or some that belong together, into the queue. */
void monkey_act(void);
SDL_Event *monkey_push(Uint32 type);
void monkey_push_drop(const char *path);
void monkey_set_size(int width, int height);
/* Random text, `size` bytes with the NUL: words and whatever else people and programs send. */
void monkey_make_text(char *out, size_t size);

#endif
