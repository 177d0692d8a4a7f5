#include "app/worker.h"

#include "app/survey.h"
#include "base/memory.h"
#include "model/trace_file.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct Request {
    const Model *model;
    char *folder, *text, *pair;
    char *trace_path; /* a trace to be opened, instead of all others; or NULL */
    unsigned wants;
    unsigned char *heads_off; /* of `model`, or NULL */
} Request;

/* A survey under way; model is NULL when there is none. */
typedef struct Survey {
    const Model *model;
    ProbeSet set;
    int done;
    PatternScores *scores;
} Survey;

struct Worker {
    int threads; /* of the models that it opens */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    void (*wake)(void *data);
    void *data;
    /* All below is guarded by the mutex, but for `cancel`. */
    Request *request; /* the next one, or NULL */
    bool running, stopping, answered, surveying;
    int survey_done, survey_count;
    WorkerAnswer answer;
    Survey survey;
    PatternScores *found; /* by the last survey, not polled yet */
    Model **retired;
    size_t retired_count;
    atomic_bool cancel;
};

static void free_request(Request *request)
{
    if (request == NULL) { return; }
    free(request->folder);
    free(request->text);
    free(request->pair);
    free(request->trace_path);
    free(request->heads_off);
    free(request);
}

static void free_answer(WorkerAnswer *answer)
{
    trace_free(answer->trace);
    model_free(answer->model);
    *answer = (WorkerAnswer){0};
}

/* Done without the mutex: this is the work. False when it was cancelled. */
static bool work(const Request *request, int threads, const atomic_bool *cancel,
                 WorkerAnswer *answer)
{
    const Model *model = request->model;
    if (request->trace_path != NULL) {
        answer->trace = trace_file_read(request->trace_path, &answer->error);
        answer->opened = answer->trace != NULL;
        answer->failed = !answer->opened;
        return true;
    }
    if (request->folder != NULL) {
        answer->model = model_open(request->folder, threads, &answer->error);
        if (answer->model == NULL) {
            answer->failed = true;
            return true;
        }
        model = answer->model;
    }
    if (model == NULL) { return false; } /* asked only to make an older request obsolete */
    Encoding *encoding = model_encode(model, request->text, request->pair);
    const unsigned char *off = request->folder == NULL ? request->heads_off : NULL;
    answer->trace = model_run_without(model, encoding, request->wants, off, cancel, &answer->error);
    bool cancelled = answer->trace == NULL && answer->error.text[0] == '\0';
    answer->failed = answer->trace == NULL && !cancelled;
    return !cancelled || answer->model != NULL;
}

/* An unpolled older answer gives way, but a model that it opened is not lost. The newer trace then
 * came from the model before it, so it is dropped: whoever polls asks again. */
static void publish(Worker *worker, WorkerAnswer *answer)
{
    if (worker->answered && !answer->opened && worker->answer.model != NULL &&
        answer->model == NULL) {
        answer->model = worker->answer.model;
        worker->answer.model = NULL;
        trace_free(answer->trace);
        answer->trace = NULL;
    }
    if (worker->answered) { free_answer(&worker->answer); }
    worker->answer = *answer;
    worker->answered = true;
}

static void end_survey(Survey *survey)
{
    if (survey->model == NULL) { return; }
    probe_free(&survey->set);
    pattern_free(survey->scores);
    *survey = (Survey){0};
}

static void free_retired(Worker *worker)
{
    while (worker->retired_count > 0) {
        Model *model = worker->retired[--worker->retired_count];
        if (worker->survey.model == model) { end_survey(&worker->survey); }
        model_free(model);
    }
}

/* One item of the survey, which nobody else touches while `running`. A pass that is cancelled for
 * a request is tried again later; one that fails is left out. */
static void go_on_surveying(Worker *worker)
{
    Survey survey = worker->survey;
    worker->survey = (Survey){0};
    worker->surveying = true;
    atomic_store(&worker->cancel, false);
    pthread_mutex_unlock(&worker->mutex);
    bool judged;
    Error err = {""};
    bool ok = survey_item(survey.model, &survey.set.items[survey.done], &worker->cancel,
                          survey.scores, NULL, &judged, &err);
    pthread_mutex_lock(&worker->mutex);
    worker->surveying = false;
    if (worker->survey.model != NULL) { /* a newer one has come */
        end_survey(&survey);
        return;
    }
    survey.done += ok || err.text[0] != '\0';
    worker->survey = survey;
    worker->survey_done = survey.done;
    if (survey.done < survey.set.count) { return; }
    pattern_free(worker->found);
    worker->found = survey.scores;
    worker->survey.scores = NULL;
    end_survey(&worker->survey);
    if (worker->wake != NULL) { worker->wake(worker->data); }
}

static void *loop(void *data)
{
    Worker *worker = data;
    pthread_mutex_lock(&worker->mutex);
    while (!worker->stopping) {
        free_retired(worker);
        if (worker->request == NULL && worker->survey.model != NULL) {
            go_on_surveying(worker);
            continue;
        }
        if (worker->request == NULL) {
            pthread_cond_wait(&worker->changed, &worker->mutex);
            continue;
        }
        Request *request = worker->request;
        worker->request = NULL;
        worker->running = true;
        atomic_store(&worker->cancel, false);
        pthread_mutex_unlock(&worker->mutex);

        WorkerAnswer answer = {0};
        bool finished = work(request, worker->threads, &worker->cancel, &answer);
        free_request(request);

        pthread_mutex_lock(&worker->mutex);
        worker->running = false;
        if (finished) { publish(worker, &answer); }
        if (finished && worker->wake != NULL) { worker->wake(worker->data); }
    }
    free_retired(worker);
    pthread_mutex_unlock(&worker->mutex);
    return NULL;
}

Worker *worker_new(int threads, void (*wake)(void *data), void *data)
{
    Worker *worker = mem_zero(1, sizeof *worker);
    worker->threads = threads;
    worker->wake = wake;
    worker->data = data;
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_cond_init(&worker->changed, NULL);
    if (pthread_create(&worker->thread, NULL, loop, worker) != 0) {
        pthread_mutex_destroy(&worker->mutex);
        pthread_cond_destroy(&worker->changed);
        free(worker);
        return NULL;
    }
    return worker;
}

void worker_free(Worker *worker)
{
    if (worker == NULL) { return; }
    pthread_mutex_lock(&worker->mutex);
    worker->stopping = true;
    atomic_store(&worker->cancel, true);
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->mutex);
    pthread_join(worker->thread, NULL);
    free_request(worker->request);
    end_survey(&worker->survey);
    pattern_free(worker->found);
    free(worker->retired);
    if (worker->answered) { free_answer(&worker->answer); }
    pthread_mutex_destroy(&worker->mutex);
    pthread_cond_destroy(&worker->changed);
    free(worker);
}

/* Puts the request in the place of one that waits, and cancels what runs. */
static void put(Worker *worker, Request *request)
{
    pthread_mutex_lock(&worker->mutex);
    Request *before = worker->request;
    if (before != NULL && request->folder == NULL && request->trace_path == NULL) {
        /* A model or a trace that was asked for but not opened yet is still wanted. */
        request->folder = before->folder;
        request->trace_path = before->trace_path;
        before->folder = before->trace_path = NULL;
    }
    free_request(before);
    worker->request = request;
    atomic_store(&worker->cancel, true);
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->mutex);
}

void worker_forget(Worker *worker)
{
    pthread_mutex_lock(&worker->mutex);
    free_request(worker->request);
    worker->request = NULL;
    if (worker->answered) { free_answer(&worker->answer); }
    worker->answered = false;
    atomic_store(&worker->cancel, true);
    pthread_mutex_unlock(&worker->mutex);
}

void worker_open_trace(Worker *worker, const char *path)
{
    Request *request = mem_zero(1, sizeof *request);
    request->trace_path = mem_copy_string(path);
    put(worker, request);
}

void worker_request(Worker *worker, const Model *model, const char *folder, const char *text,
                    const char *pair, unsigned wants, const unsigned char *heads_off)
{
    Request *request = mem_zero(1, sizeof *request);
    request->model = model;
    request->folder = folder != NULL ? mem_copy_string(folder) : NULL;
    request->text = mem_copy_string(text);
    request->pair = pair != NULL ? mem_copy_string(pair) : NULL;
    request->wants = wants;
    if (model != NULL && heads_off != NULL) {
        size_t heads = (size_t)model_config(model)->layers * (size_t)model_config(model)->heads;
        request->heads_off = mem_alloc(heads, 1);
        memcpy(request->heads_off, heads_off, heads);
    }
    put(worker, request);
}

bool worker_poll(Worker *worker, WorkerAnswer *answer)
{
    pthread_mutex_lock(&worker->mutex);
    bool answered = worker->answered;
    if (answered) {
        *answer = worker->answer;
        worker->answer = (WorkerAnswer){0};
        worker->answered = false;
    }
    pthread_mutex_unlock(&worker->mutex);
    return answered;
}

bool worker_busy(Worker *worker)
{
    pthread_mutex_lock(&worker->mutex);
    bool busy = worker->running || worker->request != NULL;
    pthread_mutex_unlock(&worker->mutex);
    return busy;
}

void worker_survey(Worker *worker, const Model *model, const ProbeSet *set)
{
    const ModelConfig *config = model_config(model);
    pthread_mutex_lock(&worker->mutex);
    end_survey(&worker->survey);
    worker->survey = (Survey){model, *set, 0, pattern_new(config->layers, config->heads)};
    worker->survey_done = 0;
    worker->survey_count = set->count;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->mutex);
}

void worker_poll_survey(Worker *worker, int *done, int *count, PatternScores **scores)
{
    pthread_mutex_lock(&worker->mutex);
    bool active = worker->survey.model != NULL || worker->surveying;
    *done = active ? worker->survey_done : 0;
    *count = active ? worker->survey_count : 0;
    *scores = worker->found;
    worker->found = NULL;
    pthread_mutex_unlock(&worker->mutex);
}

void worker_retire(Worker *worker, Model *model)
{
    if (model == NULL) { return; }
    pthread_mutex_lock(&worker->mutex);
    if (worker->request != NULL && worker->request->model == model) {
        free_request(worker->request); /* nobody wants to know any more */
        worker->request = NULL;
    }
    worker->retired = mem_grow(worker->retired, worker->retired_count + 1, sizeof(Model *));
    worker->retired[worker->retired_count++] = model;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->mutex);
}
