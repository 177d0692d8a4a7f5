#include "base/unicode.h"

#include "base/base.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

size_t unicode_decode(const char *bytes, size_t length, uint32_t *code)
{
    utf8proc_int32_t found;
    utf8proc_ssize_t used =
        utf8proc_iterate((const utf8proc_uint8_t *)bytes,
                         (utf8proc_ssize_t)min_size(length, UNICODE_MAX_BYTES), &found);
    if (used <= 0) {
        *code = UNICODE_REPLACEMENT;
        return 1;
    }
    *code = (uint32_t)found;
    return (size_t)used;
}

size_t unicode_encode(uint32_t code, char out[UNICODE_MAX_BYTES])
{
    return (size_t)utf8proc_encode_char((utf8proc_int32_t)code, (utf8proc_uint8_t *)out);
}

/* Is the code point that was decoded there, or does it stand for an invalid byte? */
static bool is_valid(const char *bytes, size_t used, uint32_t code)
{
    return used > 1 || (unsigned char)bytes[0] < 0x80 || code != UNICODE_REPLACEMENT;
}

size_t unicode_valid_prefix(const char *bytes, size_t length)
{
    size_t at = 0;
    while (at < length) {
        uint32_t code;
        if ((unsigned char)bytes[at] < 0x80) { /* most bytes of most files */
            at++;
            continue;
        }
        size_t used = unicode_decode(bytes + at, length - at, &code);
        if (!is_valid(bytes + at, used, code)) { break; }
        at += used;
    }
    return at;
}

int unicode_repair(const char *bytes, size_t length, Buffer *out)
{
    int repaired = 0;
    for (size_t at = 0; at < length;) {
        uint32_t code;
        size_t used = unicode_decode(bytes + at, length - at, &code);
        if (!is_valid(bytes + at, used, code)) {
            buffer_add_string(out, "\uFFFD");
            repaired++;
        } else if (code != 0) {
            buffer_add(out, bytes + at, used);
        }
        at += used;
    }
    return repaired;
}

char *unicode_repair_string(const char *text)
{
    Buffer out = {0};
    buffer_add(&out, "", 0);
    unicode_repair(text, strlen(text), &out);
    return out.bytes;
}

static utf8proc_category_t category(uint32_t code)
{
    return code > 0x10FFFF ? UTF8PROC_CATEGORY_CN : utf8proc_category((utf8proc_int32_t)code);
}

bool unicode_is_space(uint32_t code)
{
    if (code == '\t' || code == '\n' || code == '\r') { return true; }
    utf8proc_category_t c = category(code);
    return c == UTF8PROC_CATEGORY_ZS || c == UTF8PROC_CATEGORY_ZL || c == UTF8PROC_CATEGORY_ZP;
}

bool unicode_is_control(uint32_t code)
{
    if (code == '\t' || code == '\n' || code == '\r') { return false; }
    utf8proc_category_t c = category(code);
    return c == UTF8PROC_CATEGORY_CC || c == UTF8PROC_CATEGORY_CF || c == UTF8PROC_CATEGORY_CS ||
           c == UTF8PROC_CATEGORY_CO || c == UTF8PROC_CATEGORY_CN;
}

bool unicode_is_punctuation(uint32_t code)
{
    if (code < 128) {
        return (code >= 33 && code <= 47) || (code >= 58 && code <= 64) ||
               (code >= 91 && code <= 96) || (code >= 123 && code <= 126);
    }
    utf8proc_category_t c = category(code);
    return c >= UTF8PROC_CATEGORY_PC && c <= UTF8PROC_CATEGORY_PO;
}

bool unicode_is_letter(uint32_t code)
{
    utf8proc_category_t c = category(code);
    return (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO) ||
           (c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO);
}

bool unicode_is_number(uint32_t code)
{
    utf8proc_category_t c = category(code);
    return c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO;
}

void unicode_normalize(const char *bytes, size_t length, UnicodeForm form, Buffer *out)
{
    static const utf8proc_option_t options[] = {
        [UNICODE_NFC] = UTF8PROC_STABLE | UTF8PROC_COMPOSE,
        [UNICODE_NFD] = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE,
        [UNICODE_NFKC] = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT,
        [UNICODE_NFKD] = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT,
    };
    utf8proc_uint8_t *normal = NULL;
    utf8proc_ssize_t size = form == UNICODE_AS_IT_IS || length == 0
                                ? -1
                                : utf8proc_map((const utf8proc_uint8_t *)bytes,
                                               (utf8proc_ssize_t)length, &normal, options[form]);
    if (size >= 0) {
        buffer_add(out, normal, (size_t)size);
    } else {
        buffer_add(out, bytes, length);
    }
    free(normal);
}

bool unicode_is_mark(uint32_t code) { return category(code) == UTF8PROC_CATEGORY_MN; }

bool unicode_is_combining(uint32_t code)
{
    utf8proc_category_t c = category(code);
    return c >= UTF8PROC_CATEGORY_MN && c <= UTF8PROC_CATEGORY_ME;
}

bool unicode_is_right_to_left(uint32_t code)
{
    if (code > 0x10FFFF) { return false; }
    int bidi = utf8proc_get_property((utf8proc_int32_t)code)->bidi_class;
    return bidi == UTF8PROC_BIDI_CLASS_R || bidi == UTF8PROC_BIDI_CLASS_AL;
}

int unicode_width(uint32_t code) { return utf8proc_charwidth((utf8proc_int32_t)code); }

int unicode_combining_class(uint32_t code)
{
    return code > 0x10FFFF ? 0 : utf8proc_get_property((utf8proc_int32_t)code)->combining_class;
}

int unicode_lower(uint32_t code, uint32_t out[3])
{
    if (code == 0x130) { /* the one code point whose full lower case is longer */
        out[0] = 'i';
        out[1] = 0x307;
        return 2;
    }
    out[0] = code > 0x10FFFF ? code : (uint32_t)utf8proc_tolower((utf8proc_int32_t)code);
    return 1;
}

bool unicode_is_cased(uint32_t code)
{
    utf8proc_category_t c = category(code);
    if (c == UTF8PROC_CATEGORY_LU || c == UTF8PROC_CATEGORY_LL || c == UTF8PROC_CATEGORY_LT) {
        return true;
    }
    if (code == 0xAA || code == 0xBA) { return true; } /* ordinal indicators: small by themselves */
    return code <= 0x10FFFF &&
           (utf8proc_tolower((utf8proc_int32_t)code) != (utf8proc_int32_t)code ||
            utf8proc_toupper((utf8proc_int32_t)code) != (utf8proc_int32_t)code);
}

bool unicode_is_case_ignorable(uint32_t code)
{
    /* What stands inside words by the rules for their ends: MidLetter, MidNumLet, apostrophe. */
    static const uint32_t inside[] = {0x27,   0x2E,   0x3A,   0xB7,   0x387,  0x55F,
                                      0x5F4,  0x2018, 0x2019, 0x2024, 0x2027, 0xFE13,
                                      0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A};
    for (size_t i = 0; i < COUNTOF(inside); i++) {
        if (code == inside[i]) { return true; }
    }
    utf8proc_category_t c = category(code);
    return c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_ME || c == UTF8PROC_CATEGORY_CF ||
           c == UTF8PROC_CATEGORY_LM || c == UTF8PROC_CATEGORY_SK;
}

int unicode_decompose(uint32_t code, uint32_t out[18])
{
    utf8proc_int32_t parts[18];
    int boundary = 0;
    utf8proc_ssize_t count =
        code > 0x10FFFF ? 0
                        : utf8proc_decompose_char((utf8proc_int32_t)code, parts, 18,
                                                  UTF8PROC_STABLE | UTF8PROC_DECOMPOSE, &boundary);
    if (count < 1 || count > 18) {
        out[0] = code;
        return 1;
    }
    for (utf8proc_ssize_t i = 0; i < count; i++) { out[i] = (uint32_t)parts[i]; }
    return (int)count;
}

size_t unicode_next_cluster(const char *text, size_t length, size_t at)
{
    if (at >= length) { return length; }
    uint32_t before, code;
    utf8proc_int32_t state = 0;
    at += unicode_decode(text + at, length - at, &before);
    while (at < length) {
        size_t used = unicode_decode(text + at, length - at, &code);
        if (utf8proc_grapheme_break_stateful((utf8proc_int32_t)before, (utf8proc_int32_t)code,
                                             &state)) {
            break;
        }
        before = code;
        at += used;
    }
    return at;
}

static size_t previous_code(const char *text, size_t at)
{
    size_t start = at;
    while (at > 0 && start - at < UNICODE_MAX_BYTES) {
        at--;
        if (((unsigned char)text[at] & 0xC0) != 0x80) { break; }
    }
    return at;
}

/* Clusters can only be found forwards, from far enough back: a space, or dozens of characters. */
size_t unicode_previous_cluster(const char *text, size_t length, size_t at)
{
    enum { LOOK_BACK = 64 };
    at = min_size(at, length);
    if (at == 0) { return 0; }
    size_t start = at;
    for (int i = 0; i < LOOK_BACK && start > 0; i++) {
        start = previous_code(text, start);
        if (i > 0 && text[start] == ' ') { break; }
    }
    for (size_t next; (next = unicode_next_cluster(text, length, start)) < at;) { start = next; }
    return start;
}

/* What a word jump stops between: blanks, letters with their marks, everything else. */
static int word_class(const char *text, size_t length, size_t at)
{
    uint32_t code;
    unicode_decode(text + at, length - at, &code);
    if (unicode_is_space(code)) { return 0; }
    return unicode_is_letter(code) || unicode_is_mark(code) || code == '_' || code == '\'' ||
                   code == 0x2019
               ? 1
               : 2;
}

size_t unicode_next_word(const char *text, size_t length, size_t at)
{
    while (at < length && word_class(text, length, at) == 0) {
        at = unicode_next_cluster(text, length, at);
    }
    if (at >= length) { return length; }
    int kind = word_class(text, length, at);
    while (at < length && word_class(text, length, at) == kind) {
        at = unicode_next_cluster(text, length, at);
    }
    return at;
}

size_t unicode_previous_word(const char *text, size_t length, size_t at)
{
    size_t before = at = min_size(at, length);
    while (at > 0 &&
           word_class(text, length, before = unicode_previous_cluster(text, length, at)) == 0) {
        at = before;
    }
    if (at == 0) { return 0; }
    int kind = word_class(text, length, before);
    while (at > 0 &&
           word_class(text, length, before = unicode_previous_cluster(text, length, at)) == kind) {
        at = before;
    }
    return at;
}
