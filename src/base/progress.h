/* progress.h - long work on one thread, and another that looks at how far it is or does not want it any
 * more. Zeroed it is at its beginning. */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { PROGRESS_DONE = 1000 };

typedef struct Progress {
    atomic_int done; /* of PROGRESS_DONE */
    atomic_bool stop;
} Progress;

/* Both accept NULL: nobody looks. */
static inline void progress_set(Progress *progress, int done)
{
    if (progress != NULL) { atomic_store(&progress->done, done); }
}

static inline bool progress_stopped(Progress *progress)
{
    return progress != NULL && atomic_load(&progress->stop);
}

#endif
