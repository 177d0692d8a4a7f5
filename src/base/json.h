/* json.h - what has to be known about a JSON text before it is parsed. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Once, in main: from now on a text that there is no memory for ends the program with the sentence of
 * memory.h, instead of being called broken. */
void json_prepare(void);

/* Is there memory for the text as a tree? Parsed, a number of two bytes takes eighty, and a hostile file of
 * some megabytes becomes gigabytes. False with a sentence that names the file. */
bool json_fits(const char *text, size_t length, const char *path, Error *err);

#endif
