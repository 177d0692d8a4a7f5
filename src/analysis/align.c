#include "analysis/align.h"

#include "base/base.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define NEVER (1 << 28)

static int replace_cost(const Token *a, const Token *b)
{
    if (strcmp(a->piece, b->piece) == 0) { return 0; }
    return a->special != b->special ? NEVER : 3;
}

/* A gap costs 2, so that a replacement (3) is better than two gaps. */
int align_tokens(const Encoding *a, const Encoding *b, AlignedToken *aligned)
{
    size_t wide = (size_t)b->count + 1;
    int *cost = mem_alloc(((size_t)a->count + 1) * wide, sizeof *cost);
    for (int i = 0; i <= a->count; i++) {
        for (int j = 0; j <= b->count; j++) {
            int best = i == 0 && j == 0 ? 0 : NEVER;
            int *here = &cost[(size_t)i * wide + (size_t)j];
            if (i > 0) { best = min_int(best, here[-(ptrdiff_t)wide] + 2); }
            if (j > 0) { best = min_int(best, here[-1] + 2); }
            if (i > 0 && j > 0) {
                best = min_int(best, here[-(ptrdiff_t)wide - 1] +
                                         replace_cost(&a->tokens[i - 1], &b->tokens[j - 1]));
            }
            *here = best;
        }
    }
    /* Back from the end; then the order is turned round. */
    int count = 0, i = a->count, j = b->count;
    while (i > 0 || j > 0) {
        const int *here = &cost[(size_t)i * wide + (size_t)j];
        if (i > 0 && j > 0 &&
            *here ==
                here[-(ptrdiff_t)wide - 1] + replace_cost(&a->tokens[i - 1], &b->tokens[j - 1])) {
            aligned[count++] = (AlignedToken){--i, --j};
        } else if (i > 0 && *here == here[-(ptrdiff_t)wide] + 2) {
            aligned[count++] = (AlignedToken){--i, -1};
        } else {
            aligned[count++] = (AlignedToken){-1, --j};
        }
    }
    for (int k = 0; k < count / 2; k++) {
        AlignedToken swap = aligned[k];
        aligned[k] = aligned[count - 1 - k];
        aligned[count - 1 - k] = swap;
    }
    free(cost);
    return count;
}
