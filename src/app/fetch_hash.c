/* SHA-256 of a file; the door to libcrypto. */
#include "app/fetch_parts.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 1 << 20 };

/* Puts the whole file through. False when it can't be read (errno tells why) or `tell` cancelled. */
static bool add_file(EVP_MD_CTX *hash, int fd, bool (*tell)(void *, long long), void *context,
                     bool *cancelled)
{
    unsigned char *chunk = mem_alloc(CHUNK, 1);
    long long done = 0;
    bool ok = true;
    while (ok) {
        ssize_t got = read(fd, chunk, CHUNK);
        if (got < 0 && errno == EINTR) { continue; }
        if (got <= 0) {
            ok = got == 0;
            break;
        }
        done += got;
        *cancelled = !tell(context, done);
        ok = !*cancelled && EVP_DigestUpdate(hash, chunk, (size_t)got) == 1;
    }
    free(chunk);
    return ok;
}

bool fetch_sha256(const char *path, char hex[FETCH_SHA256 + 1], bool (*tell)(void *, long long),
                  void *context, Error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    bool cancelled = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool ok = fd >= 0 && hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 &&
              add_file(hash, fd, tell, context, &cancelled) &&
              EVP_DigestFinal_ex(hash, digest, &length) == 1 && length * 2 == FETCH_SHA256;
    if (!ok && !cancelled) { error_set(err, "%s can't be read: %s.", path, strerror(errno)); }
    for (unsigned i = 0; ok && i < length; i++) {
        snprintf(hex + (size_t)i * 2, 3, "%02x", digest[i]);
    }
    EVP_MD_CTX_free(hash);
    if (fd >= 0) { close(fd); }
    return ok;
}
