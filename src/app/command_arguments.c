#include "app/command_actions.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- arguments --------------------------------------------------------------------------------- */

bool command_read_number(const char *argument, float low, float high, float *number, Error *err)
{
    char *end;
    float value = strtof(argument, &end);
    if (end == argument || *end != '\0' || !isfinite(value) || value < low || value > high) {
        return error_set(err, "\"%s\" is not a number from %g to %g.", argument, (double)low,
                         (double)high);
    }
    *number = value;
    return true;
}

bool command_read_index(const char *argument, int count, const char *what, int *index, Error *err)
{
    char *end;
    long value = strtol(argument, &end, 10);
    if (end == argument || *end != '\0' || value < 0 || value >= count) {
        return error_set(err, "\"%s\" is not a %s; the %ss go from 0 to %d.", argument, what, what,
                         count - 1);
    }
    *index = (int)value;
    return true;
}

bool command_read_choice(const char *argument, const char *const *names, int count, int *choice,
                         Error *err)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(argument, names[i]) == 0) {
            *choice = i;
            return true;
        }
    }
    char list[200] = "";
    for (int i = 0; i < count; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    return error_set(err, "\"%s\" is none of: %s.", argument, list);
}

bool command_has_trace(const App *app) { return app->trace != NULL; }

bool command_has_pair(const App *app)
{
    return app->trace != NULL && app->trace->encoding->text[1] != NULL;
}

bool command_is_heatmap(const App *app)
{
    return strcmp(view_table[app->view.view].name, "heatmap") == 0;
}

int command_head_count(const App *app) { return app->trace->attention[app->view.attention].heads; }
int command_layer_count(const App *app)
{
    return app->trace->attention[app->view.attention].layers;
}
