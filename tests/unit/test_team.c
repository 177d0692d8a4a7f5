/* A team does every piece once, from whatever side it is called. */
#include "base/base.h"
#include "model/team.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MOST = 300 };

typedef struct Counts {
    Team *team;
    atomic_int pieces[MOST];
    atomic_int inner;
} Counts;

static void count_piece(void *data, int piece)
{
    atomic_fetch_add(&((Counts *)data)->pieces[piece], 1);
}

static void check_once(Counts *counts, int count)
{
    for (int i = 0; i < MOST; i++) {
        assert_int_equal(atomic_load(&counts->pieces[i]), i < count);
        atomic_store(&counts->pieces[i], 0);
    }
}

static void test_once(void **state)
{
    (void)state;
    static Counts counts;
    for (int size = 0; size <= 5; size++) {
        Team *team = team_new(size);
        assert_int_equal(team_size(team), max_int(size, 1));
        for (int round = 0; round < 2000; round++) {
            int count = round % MOST;
            team_run(team, count, count_piece, &counts);
            check_once(&counts, count);
            if (round % 500 == 0) { usleep(2000); } /* long enough to fall asleep */
        }
        team_free(team);
    }
    team_run(NULL, 7, count_piece, &counts);
    check_once(&counts, 7);
    team_free(NULL);
}

static void count_inner(void *data, int piece)
{
    (void)piece;
    atomic_fetch_add(&((Counts *)data)->inner, 1);
}

static void run_inner(void *data, int piece)
{
    Counts *counts = data;
    count_piece(data, piece);
    team_run(counts->team, 3, count_inner, data);
}

static void test_nested(void **state)
{
    (void)state;
    static Counts counts;
    counts.team = team_new(3);
    team_run(counts.team, 50, run_inner, &counts);
    check_once(&counts, 50);
    assert_int_equal(atomic_load(&counts.inner), 150);
    team_free(counts.team);
}

static void *run_many(void *data)
{
    Counts *counts = data;
    for (int round = 0; round < 500; round++) { team_run(counts->team, 20, count_inner, counts); }
    return NULL;
}

/* Two threads with one team: neither waits for the other, nothing gets lost. */
static void test_two_callers(void **state)
{
    (void)state;
    static Counts counts;
    counts.team = team_new(3);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_many, &counts), 0);
    run_many(&counts);
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&counts.inner), 2 * 500 * 20);
    team_free(counts.team);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_two_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
