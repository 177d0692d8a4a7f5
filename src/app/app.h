/* app.h - the program's whole state, and one frame of it.
 *
 * The window, the command line and the tests hold one App each and change it by commands
 * (command.h). app_frame turns an Input into two drawings: `picture` (the view, as a figure shows it)
 * and `screen` (the picture and everything around it). */
#ifndef APP_APP_H
#define APP_APP_H

#include "analysis/measure.h"
#include "analysis/pattern.h"
#include "analysis/rank.h"
#include "app/examples.h"
#include "app/figure.h"
#include "app/models.h"
#include "app/worker.h"
#include "base/buffer.h"
#include "draw/font.h"
#include "model/model.h"
#include "ui/textfield.h"
#include "ui/ui.h"
#include "view/view.h"

#define APP_TITLE "Headlight"
#define APP_MASK "[MASK]"
enum {
    APP_MESSAGE_MS = 6000,
    APP_PATIENCE_MS = 500, /* what takes longer is said to be under way */
    APP_MIN_SCALE_PERCENT = 50,
    APP_MAX_SCALE_PERCENT = 400,
    APP_MAX_START = 64,
    APP_MAX_HISTORY = 50,
    APP_MAX_UNDO = 64,
    APP_STEP_MS = 4000 /* a step of the walk-through that plays by itself */
};
/* Of a layer with more weights one head is shown at first, and no layer is read that is not looked at. */
#define APP_MOST_AT_ONCE ((size_t)8 << 20)

typedef struct Press Press;             /* press.h */
typedef struct Session Session;         /* session.h */
typedef struct Lesson Lesson;           /* lesson.h */
typedef struct LessonLine LessonLine;   /* lesson.h */
typedef struct LessonPlace LessonPlace; /* app_lesson.h */

typedef struct App {
    Arena arena;        /* names and folders that live as long as the program */
    FontSet *fonts;     /* lent; NULL when nothing will be drawn */
    Model *model;       /* NULL until one is open, or when a trace file is shown */
    Trace *trace;       /* what is drawn; NULL until the first pass is done */
    bool trace_changed; /* its file was cut off or written to meanwhile, and that was told */
    Worker *worker;     /* NULL without a window: then passes run at once */
    int threads;        /* of a model that is opened; 0: one for each processor */

    ViewState view;
    Figure figure; /* how figures come out */
    Measure measure;
    int grid_pattern;        /* the grid shows a pattern instead of the measure; -1: it does not */
    PatternScores *patterns; /* what the model's heads do on the probe set; NULL: not known (yet) */
    int survey_done,
        survey_count; /* how far the survey is that finds that out; 0 of 0: none runs */
    float *grid;      /* [layers, heads] of `measure`, of the current trace; NULL: to be made */
    Target grid_link; /* the link that `grid` was made for */
    Thumbnails thumbnails;    /* of the trace, for the model view */
    RolloutCache rollout;     /* of the trace */
    bool shrinking;           /* the enlarged head is on its way back */
    uint64_t moved;           /* ms, of the frame that moved it last; 0: it rests */
    uint64_t step_moved;      /* the same of the walk-through's step */
    uint64_t step_due;        /* ms: when the next step plays; 0: it does not play */
    unsigned char *heads_off; /* [layers, heads] of the model: 1 where switched off; NULL: none */
    /* The compare view's second trace (app_compare.c); all NULL until it is wanted. */
    Worker *second;
    Model *second_model;
    Trace *second_trace;
    char *compare_model;      /* name of the model B; NULL: B is the second sentence */
    void (*wake)(void *data); /* what workers call when they have an answer; may be NULL */
    void *wake_data;
    TextField text, pair;
    TextField figure_title; /* in the dialog for figures */
    bool pair_open;

    Ui ui;
    Drawing *picture, *screen;
    Rect picture_area; /* where the picture lies in the window, points */
    Target chip_hover; /* the token whose chip is under the pointer */
    Vec drag_pan;      /* heatmap: pan when the drag began */
    ModelPlace *models;
    int model_count;
    Example *examples;
    int example_count, example;     /* the one that was chosen last */
    const char *pin_next;           /* a word to be pinned in the trace to come, lent; or NULL */
    Session *session;               /* what is remembered between starts; NULL: nothing is */
    char *history[APP_MAX_HISTORY]; /* sentences, the newest first; a tab before a second one */
    int history_count;
    ViewState undo[APP_MAX_UNDO]; /* views as they were: [0, undo_at) before, [undo_at, ..) after */
    int undo_at, undo_count;
    char **start; /* commands for the first trace; lent */
    int start_count;
    bool placed; /* layer or heads were chosen by hand: a model's start is not taken */

    Lesson *lesson;           /* that is played, or NULL (app_lesson.c) */
    int lesson_at;            /* its step */
    LessonLine *lesson_lines; /* of that step; those before lesson_due are done */
    int lesson_line_count, lesson_due;
    int scale_before;   /* interface scale before the lesson */
    char *recording;    /* the file that a lesson is recorded into, or NULL */
    Buffer recorded;    /* what is in it */
    int recorded_count; /* steps */
    LessonPlace *lessons;
    int lesson_count;

    char message[640];
    bool message_is_error;
    uint64_t message_until; /* ms; 0: none */
    uint64_t now;           /* ms, of the frame */
    uint64_t asked;         /* when the worker was asked for what it has not answered; 0: nothing */
    const char *focus_wanted; /* name of the text field that gets the keyboard next, or NULL */
    bool changed;             /* a command ran: the frame is laid out again */
    bool help_open, figure_open, presenting, fullscreen, quit;
    int scale_percent; /* interface scale */
    char *last_export; /* path of the last figure, or NULL */
    Press *press;      /* makes figures beside the window; NULL until one is wanted */
    uint64_t pressed;  /* ms, since when it is at work; 0: it is not */
} App;

/* Fonts are lent, or NULL. The caller opens a model or trace by commands. */
void app_init(App *app, FontSet *fonts);
void app_free(App *app);

/* Opens a model by name or folder. With a worker it happens there, and the sentence follows. */
bool app_open_model(App *app, const char *name, Error *err);
/* The same of a trace file, which takes the model's place. */
bool app_open_trace(App *app, const char *path, Error *err);
/* The same at once, for a small file that came with the program. */
bool app_open_trace_here(App *app, const char *path, Error *err);
/* Sets the sentence (and pair, may be NULL) and runs it. */
bool app_show(App *app, const char *text, const char *pair, Error *err);
/* Runs the sentence as it is now; with a worker the answer comes with a later frame. */
bool app_run(App *app, Error *err);
/* Takes the worker's answer, if there is one. */
void app_poll(App *app);

/* What the passes over the text as it is now should bring. */
unsigned app_wants(const App *app);

/* The [MASK] that is looked at: under the pointer, pinned, or the first; -1 when there is none. */
int app_mask(const App *app);

/* Keeps the view as it is now, before something changes it. */
void app_remember_view(App *app);
/* Do they differ in what a step back would bring back? */
bool app_view_changed(const ViewState *a, const ViewState *b);
/* A step back or forth through the views that were kept. False: there is none. */
bool app_step_view(App *app, int by);

/* Puts a sentence into the message line. */
void app_say(App *app, bool is_error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Pins, as a query, the last word that equals `word`, whatever the case. False: there is none. */
bool app_pin_word(App *app, const char *word);

/* Shows another kind of attention, which the trace must have. */
void app_show_kind(App *app, AttentionKind kind);

/* The link that the user picked: a pinned link, or the newest pinned query and key. False: none. */
bool app_link(const App *app, int *query, int *key);
/* All heads of the shown kind by that link, strongest first, in the arena; NULL without a link. */
RankedHead *app_ranking(const App *app, Arena *arena, int *count);

const char *app_text(const App *app);
const char *app_pair(const App *app); /* NULL when no pair is open */

/* Is the walk-through shown? */
bool app_walking(const App *app);

/* app_compare.c. Is the compare view shown; does it compare sentences (or models)? */
bool app_comparing(const App *app);
bool app_comparing_texts(const App *app);
/* Runs what is compared with, if the view is shown; called by app_run. */
bool app_compare_run(App *app, Error *err);
void app_compare_poll(App *app);
void app_compare_free(App *app);

/* app_figure.c: saves the figure to that path, or copies it (NULL). With a worker that happens beside the
 * window, and the sentence follows. */
bool app_figure_put(App *app, const char *path, Error *err);
/* Tells what came out of it. */
void app_figure_poll(App *app);
/* A figure is under way and has been for so long that it is said: how far it is, in percent; else -1. */
int app_figure_progress(const App *app);
/* Figures that are under way, and said to be, are not wanted. False: there are none. */
bool app_figure_stop(App *app);

/* app_frame.c: one frame, input to commands to drawings; `window` is the size in points. */
void app_frame(App *app, Input *input, Vec window);
/* ms until a frame is due without any event; -1: never. */
int app_next_frame(const App *app);

#endif
