#include "app/saver.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct Save {
    char *path;
    Buffer text;
    SaverWrite *write;
    struct Save *next;
} Save;

struct Saver {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    /* All below is guarded by the mutex. */
    Save *waiting;
    bool writing, closing, failed;
    Error failure;
};

static void free_save(Save *save)
{
    free(save->path);
    buffer_free(&save->text);
    free(save);
}

static void *loop(void *data)
{
    Saver *saver = data;
    pthread_mutex_lock(&saver->mutex);
    for (;;) {
        Save *save = saver->waiting;
        if (save == NULL && saver->closing) { break; }
        if (save == NULL) {
            pthread_cond_wait(&saver->changed, &saver->mutex);
            continue;
        }
        saver->waiting = save->next;
        saver->writing = true;
        pthread_mutex_unlock(&saver->mutex);
        Error err = {""};
        bool ok = save->write(save->path, &save->text, &err);
        free_save(save);
        pthread_mutex_lock(&saver->mutex);
        saver->writing = false;
        if (!ok) {
            saver->failed = true;
            saver->failure = err;
        }
    }
    pthread_mutex_unlock(&saver->mutex);
    return NULL;
}

Saver *saver_new(void)
{
    Saver *saver = mem_zero(1, sizeof *saver);
    pthread_mutex_init(&saver->mutex, NULL);
    pthread_cond_init(&saver->changed, NULL);
    if (pthread_create(&saver->thread, NULL, loop, saver) == 0) { return saver; }
    pthread_cond_destroy(&saver->changed);
    pthread_mutex_destroy(&saver->mutex);
    free(saver);
    return NULL;
}

void saver_free(Saver *saver)
{
    if (saver == NULL) { return; }
    pthread_mutex_lock(&saver->mutex);
    saver->closing = true;
    pthread_cond_signal(&saver->changed);
    pthread_mutex_unlock(&saver->mutex);
    pthread_join(saver->thread, NULL);
    pthread_cond_destroy(&saver->changed);
    pthread_mutex_destroy(&saver->mutex);
    free(saver);
}

bool saver_put(Saver *saver, const char *path, const Buffer *text, SaverWrite *write, Error *err)
{
    if (saver == NULL) { return write(path, text, err); }
    Save *save = mem_zero(1, sizeof *save);
    save->path = mem_copy_string(path);
    save->write = write;
    buffer_add(&save->text, text->bytes, text->length);
    pthread_mutex_lock(&saver->mutex);
    Save **place = &saver->waiting;
    while (*place != NULL && strcmp((*place)->path, path) != 0) { place = &(*place)->next; }
    Save *old = *place;
    save->next = old != NULL ? old->next : NULL;
    *place = save;
    pthread_cond_signal(&saver->changed);
    pthread_mutex_unlock(&saver->mutex);
    if (old != NULL) { free_save(old); }
    return true;
}

bool saver_busy(Saver *saver)
{
    if (saver == NULL) { return false; }
    pthread_mutex_lock(&saver->mutex);
    bool busy = saver->waiting != NULL || saver->writing;
    pthread_mutex_unlock(&saver->mutex);
    return busy;
}

bool saver_take_failure(Saver *saver, Error *err)
{
    if (saver == NULL) { return false; }
    pthread_mutex_lock(&saver->mutex);
    bool failed = saver->failed;
    if (failed) { *err = saver->failure; }
    saver->failed = false;
    pthread_mutex_unlock(&saver->mutex);
    return failed;
}
