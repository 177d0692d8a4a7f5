/* team.h - a few threads that share out the pieces of one loop.
 *
 *     static void negate(void *data, int piece) { ((float *)data)[piece] *= -1; }
 *     team_run(team, count, negate, numbers); // returns when all pieces are done
 *
 * The caller is one of the team and works too, so a team of one has no threads and costs nothing. A
 * member that has no work waits busily for some microseconds (the next loop of a forward pass comes
 * sooner than the kernel could wake it) and then sleeps, so an idle program uses no processor. */
#ifndef MODEL_TEAM_H
#define MODEL_TEAM_H

enum { TEAM_MOST_THREADS = 64 };

typedef struct Team Team;
typedef void TeamTask(void *data, int piece);

/* Never NULL; where threads can't be had the team is smaller. */
Team *team_new(int threads);
void team_free(Team *team); /* accepts NULL; nobody may be running it */
int team_size(const Team *team);

/* Calls task(data, piece) for every piece from 0 to count - 1, in no order, on several threads;
 * what the pieces wrote is there when it returns. A second caller at the same time, or a task that
 * calls it again, does all its pieces alone. `team` may be NULL: a team of one. */
void team_run(Team *team, int count, TeamTask *task, void *data);

#endif
