/* saver.h - files written by a thread of their own, so that the window never waits for a disk.
 *
 *     saver_put(saver, path, text, write_session);   // soon: write_session(path, text, &err)
 *     saver_take_failure(saver, &err);               // later: what could not be written, and why
 *
 * Without a saver (NULL) saver_put writes at once. */
#ifndef APP_SAVER_H
#define APP_SAVER_H

#include "base/buffer.h"
#include "base/error.h"

typedef struct Saver Saver;
/* Brings the text to the file; on the saver's thread, so it must not touch what others work on. */
typedef bool SaverWrite(const char *path, const Buffer *text, Error *err);

Saver *saver_new(void); /* NULL where there are no threads to be had */
/* Writes what still waits, then frees; accepts NULL. */
void saver_free(Saver *saver);

/* Copies path and text. Takes the place of what still waits for the same path. False only without a
 * saver, when the writing failed. */
bool saver_put(Saver *saver, const char *path, const Buffer *text, SaverWrite *write, Error *err);
/* Is something waiting or being written? */
bool saver_busy(Saver *saver);
/* True, once, when something could not be written since the last call; the last failure counts. */
bool saver_take_failure(Saver *saver, Error *err);

#endif
