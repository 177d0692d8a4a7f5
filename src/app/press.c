#include "app/press.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 8 }; /* that wait */

typedef struct Item {
    ExportJob *job;
    PressDone done;
    struct Item *next;
} Item;

struct Press {
    pthread_t thread;
    FontSet *fonts;
    void (*wake)(void *data);
    void *wake_data;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    /* All below is guarded by the mutex. */
    Item *waiting, *done; /* the oldest first */
    ExportJob *making;    /* on the press's thread */
    bool closing;
};

static Item **end_of(Item **list)
{
    while (*list != NULL) { list = &(*list)->next; }
    return list;
}

static Item *take_first(Item **list)
{
    Item *first = *list;
    if (first != NULL) { *list = first->next; }
    return first;
}

static void make(Press *press, Item *item, FontSet **fonts)
{
    PressDone *done = &item->done;
    Progress *progress = export_job_progress(item->job);
    if (*fonts == NULL) { *fonts = font_open_beside(press->fonts, &done->error); }
    if (*fonts != NULL && !progress_stopped(progress)) {
        export_job_use_fonts(item->job, *fonts);
        done->ok = export_finish(item->job, &done->error);
    }
    done->stopped = !done->ok && progress_stopped(progress);
}

static void *loop(void *data)
{
    Press *press = data;
    FontSet *fonts = NULL; /* only as long as there is something to do: their pictures take room */
    pthread_mutex_lock(&press->mutex);
    for (;;) {
        Item *item = take_first(&press->waiting);
        if (item == NULL && (fonts != NULL || press->closing)) {
            pthread_mutex_unlock(&press->mutex);
            font_close(fonts);
            fonts = NULL;
            pthread_mutex_lock(&press->mutex);
            if (press->closing && press->waiting == NULL) { break; }
            continue;
        }
        if (item == NULL) {
            pthread_cond_wait(&press->changed, &press->mutex);
            continue;
        }
        press->making = item->job;
        pthread_mutex_unlock(&press->mutex);
        make(press, item, &fonts);
        pthread_mutex_lock(&press->mutex);
        press->making = NULL;
        export_job_free(item->job);
        item->job = NULL;
        *end_of(&press->done) = item;
        item->next = NULL;
        if (press->wake != NULL && !press->closing) { press->wake(press->wake_data); }
    }
    pthread_mutex_unlock(&press->mutex);
    return NULL;
}

Press *press_new(FontSet *fonts, void (*wake)(void *data), void *data)
{
    Press *press = mem_zero(1, sizeof *press);
    press->fonts = fonts;
    press->wake = wake;
    press->wake_data = data;
    pthread_mutex_init(&press->mutex, NULL);
    pthread_cond_init(&press->changed, NULL);
    if (pthread_create(&press->thread, NULL, loop, press) == 0) { return press; }
    pthread_cond_destroy(&press->changed);
    pthread_mutex_destroy(&press->mutex);
    free(press);
    return NULL;
}

void press_free(Press *press)
{
    if (press == NULL) { return; }
    pthread_mutex_lock(&press->mutex);
    press->closing = true;
    pthread_cond_signal(&press->changed);
    pthread_mutex_unlock(&press->mutex);
    pthread_join(press->thread, NULL);
    PressDone done;
    while (press_poll(press, &done)) {
        if (!done.ok && !done.stopped) { fprintf(stderr, "headlight: %s\n", done.error.text); }
        free(done.path);
    }
    pthread_cond_destroy(&press->changed);
    pthread_mutex_destroy(&press->mutex);
    free(press);
}

bool press_put(Press *press, ExportJob *job, Error *err)
{
    int count = 0;
    pthread_mutex_lock(&press->mutex);
    for (const Item *item = press->waiting; item != NULL; item = item->next) { count++; }
    bool room = count < MOST;
    if (room) {
        Item *item = mem_zero(1, sizeof *item);
        item->job = job;
        const char *path = export_job_path(job);
        item->done.path = path != NULL ? mem_copy_string(path) : NULL;
        *end_of(&press->waiting) = item;
        pthread_cond_signal(&press->changed);
    }
    pthread_mutex_unlock(&press->mutex);
    return room ||
           error_set(err, "%d figures still wait to be saved; try again when they are.", MOST);
}

bool press_poll(Press *press, PressDone *done)
{
    if (press == NULL) { return false; }
    pthread_mutex_lock(&press->mutex);
    Item *item = take_first(&press->done);
    pthread_mutex_unlock(&press->mutex);
    if (item == NULL) { return false; }
    *done = item->done;
    free(item);
    return true;
}

int press_progress(Press *press)
{
    if (press == NULL) { return -1; }
    pthread_mutex_lock(&press->mutex);
    int progress = press->making != NULL    ? atomic_load(&export_job_progress(press->making)->done)
                   : press->waiting != NULL ? 0
                                            : -1;
    pthread_mutex_unlock(&press->mutex);
    return progress;
}

static bool is_for(const ExportJob *job, const char *path)
{
    const char *to = job != NULL ? export_job_path(job) : NULL;
    return to != NULL && strcmp(to, path) == 0;
}

bool press_has(Press *press, const char *path)
{
    if (press == NULL) { return false; }
    pthread_mutex_lock(&press->mutex);
    bool has = is_for(press->making, path);
    for (const Item *item = press->waiting; !has && item != NULL; item = item->next) {
        has = is_for(item->job, path);
    }
    pthread_mutex_unlock(&press->mutex);
    return has;
}

void press_stop(Press *press)
{
    if (press == NULL) { return; }
    pthread_mutex_lock(&press->mutex);
    if (press->making != NULL) { atomic_store(&export_job_progress(press->making)->stop, true); }
    for (const Item *item = press->waiting; item != NULL; item = item->next) {
        atomic_store(&export_job_progress(item->job)->stop, true);
    }
    pthread_mutex_unlock(&press->mutex);
}
