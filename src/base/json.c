#include "base/json.h"

#include "base/memory.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

/* sizeof(cJSON) and what malloc adds to it; measured, a list of numbers takes this per number. */
#define BYTES_PER_VALUE ((size_t)80)

#define ASK_FROM ((size_t)1 << 20) /* less is not worth the question */

static void *take(size_t size) { return mem_alloc(size, 1); }

void json_prepare(void) { cJSON_InitHooks(&(cJSON_Hooks){take, free}); }

bool json_fits(const char *text, size_t length, const char *path, Error *err)
{
    size_t values = 1, tree, all, have = mem_available();
    for (size_t i = 0; i < length; i++) {
        values += text[i] == ',' || text[i] == '[' || text[i] == '{';
    }
    bool fits = mem_multiply(values, BYTES_PER_VALUE, &tree) &&
                !__builtin_add_overflow(tree, length, &all) && (all < ASK_FROM || all <= have);
    char need[MEM_SIZE_TEXT], there[MEM_SIZE_TEXT];
    return fits || error_set(err,
                             "%s holds %zu values; reading them would take %s, but only %s of "
                             "memory are free. Close other programs, or get a smaller file.",
                             path, values, mem_size_text((double)values * BYTES_PER_VALUE, need),
                             mem_size_text((double)have, there));
}
