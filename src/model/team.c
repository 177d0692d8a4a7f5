#include "model/team.h"

#include "base/base.h"
#include "base/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

/* How often a member looks for work, and the caller for the last piece, before it sleeps: some tens of
 * microseconds. (To yield instead cost OpenBLAS dearly on a busy machine: bench/SPEED.md, 11.) */
#define LOOKS 2000

/* On a machine that is busy with other things a member may lose its processor in the middle of a
 * piece, for milliseconds in which the caller can only wait; a forward pass has hundreds of loops.
 * So the team looks back from time to time: if the loops took hardly less than the caller would
 * have needed alone, at its own pace, then it works alone for a while. */
#define LOOK_BACK_NS 4000000
#define ALONE_NS 50000000
#define LEAST_GAIN 1.1

struct Team {
    int size; /* with the caller */
    pthread_t threads[TEAM_MOST_THREADS];

    /* The loop that is on. `task` and `data` are written before its pieces are offered, and stay
     * until all of them are done. */
    TeamTask *task;
    void *data;
    int count;
    /* Upper half: the number of this loop, lower half: its pieces not taken yet. In one word, so
     * that a member that comes late can't take a piece of one loop for a piece of another. */
    _Atomic uint64_t offer;
    atomic_int done;  /* pieces */
    atomic_bool busy; /* somebody is running a loop */

    /* Belongs to whoever is running a loop: how long the loops since the last look back took, how
     * long they would have taken the caller alone, and until when it works alone. */
    int64_t took_ns, alone_ns, alone_until;

    pthread_mutex_t lock;
    pthread_cond_t wake, all_done;
    atomic_int sleepers;
    atomic_bool caller_sleeps;
    atomic_bool closing;
};

static void rest(void)
{
#ifdef __x86_64__
    __builtin_ia32_pause();
#endif
}

/* Takes a piece of the loop that is on and does it; false when none is left. */
static bool do_piece(Team *team)
{
    uint64_t offer = atomic_load(&team->offer);
    do {
        if ((uint32_t)offer == 0) { return false; }
    } while (!atomic_compare_exchange_weak(&team->offer, &offer, offer - 1));
    /* The loop can't end before this piece is done, so task, data and count are its own. */
    int count = team->count;
    team->task(team->data, count - (int)(uint32_t)offer);
    bool last = atomic_fetch_add(&team->done, 1) + 1 == count;
    if (last && atomic_load(&team->caller_sleeps)) {
        pthread_mutex_lock(&team->lock);
        pthread_cond_signal(&team->all_done);
        pthread_mutex_unlock(&team->lock);
    }
    return true;
}

static bool is_work(Team *team)
{
    return (uint32_t)atomic_load(&team->offer) != 0 || atomic_load(&team->closing);
}

/* The counter of sleepers goes up before the last look for work, and whoever offers work looks at
 * the counter afterwards: so no work is overslept. */
static void sleep_until_work(Team *team)
{
    pthread_mutex_lock(&team->lock);
    atomic_fetch_add(&team->sleepers, 1);
    while (!is_work(team)) { pthread_cond_wait(&team->wake, &team->lock); }
    atomic_fetch_sub(&team->sleepers, 1);
    pthread_mutex_unlock(&team->lock);
}

static void wake_sleepers(Team *team)
{
    if (atomic_load(&team->sleepers) == 0) { return; }
    pthread_mutex_lock(&team->lock);
    pthread_cond_broadcast(&team->wake);
    pthread_mutex_unlock(&team->lock);
}

static void *be_member(void *data)
{
    Team *team = data;
    while (!atomic_load(&team->closing)) {
        int looks = 0;
        while (!is_work(team) && looks < LOOKS) {
            rest();
            looks++;
        }
        if (looks == LOOKS) { sleep_until_work(team); }
        while (do_piece(team)) {}
    }
    return NULL;
}

Team *team_new(int threads)
{
    Team *team = mem_zero(1, sizeof *team);
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->wake, NULL);
    pthread_cond_init(&team->all_done, NULL);
    threads = clamp_int(threads, 1, TEAM_MOST_THREADS);
    for (team->size = 1; team->size < threads; team->size++) {
        if (pthread_create(&team->threads[team->size], NULL, be_member, team) != 0) { break; }
    }
    return team;
}

void team_free(Team *team)
{
    if (team == NULL) { return; }
    atomic_store(&team->closing, true);
    wake_sleepers(team);
    for (int i = 1; i < team->size; i++) { pthread_join(team->threads[i], NULL); }
    pthread_cond_destroy(&team->wake);
    pthread_cond_destroy(&team->all_done);
    pthread_mutex_destroy(&team->lock);
    free(team);
}

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Waits for the pieces that others still have. Like sleepers, caller_sleeps is told before the last look. */
static void wait_for_members(Team *team)
{
    for (int looks = 0; looks < LOOKS; looks++) {
        if (atomic_load(&team->done) == team->count) { return; }
        rest();
    }
    pthread_mutex_lock(&team->lock);
    atomic_store(&team->caller_sleeps, true);
    while (atomic_load(&team->done) < team->count) {
        pthread_cond_wait(&team->all_done, &team->lock);
    }
    atomic_store(&team->caller_sleeps, false);
    pthread_mutex_unlock(&team->lock);
}

/* After a loop from `start` to `end` in which the caller did `own` pieces until `own_end`. */
static void look_back(Team *team, int own, int64_t start, int64_t own_end, int64_t end)
{
    if (own == 0) { return; } /* then nothing is known of its pace */
    team->took_ns += end - start;
    team->alone_ns += (own_end - start) * team->count / own;
    if (team->took_ns < LOOK_BACK_NS) { return; }
    bool slow = (double)team->alone_ns < LEAST_GAIN * (double)team->took_ns;
    if (slow) { team->alone_until = end + ALONE_NS; }
    team->took_ns = team->alone_ns = 0;
}

int team_size(const Team *team) { return team != NULL ? team->size : 1; }

void team_run(Team *team, int count, TeamTask *task, void *data)
{
    bool together = count > 1 && team_size(team) > 1 && !atomic_exchange(&team->busy, true);
    int64_t start = together ? clock_ns() : 0;
    if (!together || start < team->alone_until) {
        for (int piece = 0; piece < count; piece++) { task(data, piece); }
        if (together) { atomic_store(&team->busy, false); }
        return;
    }
    team->task = task;
    team->data = data;
    team->count = count;
    atomic_store(&team->done, 0);
    uint64_t loop = (atomic_load(&team->offer) >> 32) + 1;
    atomic_store(&team->offer, loop << 32 | (uint32_t)count);
    wake_sleepers(team);
    int own = 0;
    while (do_piece(team)) { own++; }
    int64_t own_end = clock_ns();
    wait_for_members(team);
    look_back(team, own, start, own_end, clock_ns());
    atomic_store(&team->busy, false);
}
