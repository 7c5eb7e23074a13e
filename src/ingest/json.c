/* One pass over a line of JSON: see json.h. */
#include "ingest/json.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* ---- paths ----------------------------------------------------------------------------------------------------- */

static int bucket_of(const char *key, int64_t length) {
    return length == 0 ? 0 : (int)((unsigned char)key[0] + 7 * (uint64_t)length) % THRONG_I_JSON_BUCKETS;
}

static int16_t find_child(const throng_i_json_paths *paths, int16_t node, const char *key, int64_t length) {
    int16_t at = node < 0 ? -1 : paths->nodes[node].child[bucket_of(key, length)];
    while (at >= 0 && (paths->nodes[at].length != length || memcmp(paths->nodes[at].key, key, (size_t)length) != 0))
        at = paths->nodes[at].sibling;
    return at;
}

/* Adds a step without children at the end of the list of steps. */
static int add_node(throng_i_json_paths *paths, char *key, int64_t length, int16_t sibling) {
    throng_i_json_node *made = &paths->nodes[paths->n_nodes];
    *made = (throng_i_json_node){.key = key, .length = (int32_t)length, .sibling = sibling, .slot = -1};
    for (int i = 0; i < THRONG_I_JSON_BUCKETS; i++)
        made->child[i] = -1;
    return paths->n_nodes++;
}

/* Finds or adds the child of a node; -1 without room. */
static int child_of(throng_i_json_paths *paths, int parent, const char *key, int64_t length, throng_error *err) {
    int found = find_child(paths, (int16_t)parent, key, length);
    if (found >= 0)
        return found;
    char *copy = NULL;
    if (paths->n_nodes == THRONG_I_JSON_NODES || throng_i_alloc(paths->context, length + 1, 1, &copy, err) != THRONG_OK)
        return -1;
    memcpy(copy, key, (size_t)length);
    int16_t *list = &paths->nodes[parent].child[bucket_of(key, length)];
    *list = (int16_t)add_node(paths, copy, length, *list);
    return *list;
}

throng_status throng_i_json_paths_add(throng_i_json_paths *paths, const char *path, int *slot, throng_error *err) {
    int node = 0;
    if (paths->n_nodes == 0)
        add_node(paths, NULL, 0, -1);
    for (const char *at = path; node >= 0 && (*at || at == path);) {
        size_t length = *at == '[' ? strcspn(at, "]") + 1 : strcspn(at, ".[");
        if (length == 0 || strlen(at) < length)
            return THRONG_FAIL(err, E_ARGUMENT, "\"%s\" is not a path such as commit.record.langs[0].", path);
        node = child_of(paths, node, at, (int64_t)length, err);
        at += length;
        at += *at == '.' && at[1] ? 1 : 0;
    }
    if (node < 0)
        return THRONG_FAIL(err, E_ARGUMENT, "There are too many paths: at most %d steps in all.", THRONG_I_JSON_NODES);
    if (paths->nodes[node].slot < 0)
        paths->nodes[node].slot = (int16_t)paths->n_slots++;
    *slot = paths->nodes[node].slot;
    return THRONG_OK;
}

void throng_i_json_paths_clear(throng_i_json_paths *paths) {
    for (int i = 1; i < paths->n_nodes; i++)
        throng_i_free(paths->context, paths->nodes[i].key);
    *paths = (throng_i_json_paths){.context = paths->context};
}

/* ---- UTF-8 ----------------------------------------------------------------------------------------------------- */

/* Bytes of the character that begins here, 0 if none does. */
static int character_length(const unsigned char *at, const unsigned char *end) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int n = *at >= 0xF0 ? 4 : *at >= 0xE0 ? 3 : 2;
    if (*at < 0xC2 || *at > 0xF4 || end - at < n)
        return 0;
    uint32_t code = *at & (0x7Fu >> n);
    for (int i = 1; i < n; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3Fu);
    }
    return code >= least[n] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF) ? n : 0;
}

bool throng_i_is_utf8(const char *bytes, int64_t length) {
    const unsigned char *at = (const unsigned char *)bytes, *end = at + length;
    while (at < end) {
        uint64_t words[4];
        if (end - at >= 32) {
            memcpy(words, at, 32);
            if (!((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080u)) {
                at += 32;
                continue;
            }
        }
        int n = *at < 0x80 ? 1 : character_length(at, end);
        if (n == 0)
            return false;
        at += n;
    }
    return true;
}

/* ---- strings --------------------------------------------------------------------------------------------------- */

static const char cut_off[] = "not JSON: cut off";

/* The four hexadecimal digits at `at`; -1 if they are not. */
static int32_t hexadecimal(const char *at, const char *end) {
    int32_t code = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        code = code * 16 + digit;
    }
    return code;
}

static char *put_utf8(char *to, int32_t code) {
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    int n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const int heads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (int i = n - 1; i > 0; i--, code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3F));
    to[0] = (char)(heads[n] | code);
    return to + n;
}

/* Resolves \uXXXX, and a pair of them; *at is behind the u. Half a pair becomes U+FFFD. False if digits are missing. */
static bool unescape_code(char **at, const char *end, char **to) {
    int32_t code = hexadecimal(*at, end);
    if (code < 0)
        return false;
    *at += 4;
    if (code >= 0xD800 && code <= 0xDBFF && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        int32_t low = hexadecimal(*at + 2, end);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            *at += 6;
        }
    }
    *to = put_utf8(*to, code >= 0xD800 && code <= 0xDFFF ? 0xFFFD : code);
    return true;
}

/* Whether a character of a string means itself. */
static inline bool is_plain(char c) {
    return c != '"' && c != '\\' && (unsigned char)c >= 0x20;
}

/* Passes over characters that mean themselves, sixteen or eight at a time; stops at one that does not, or at the end.
 */
static inline char *skip_plain(char *at, const char *end) {
#ifdef __SSE2__
    const __m128i quotes = _mm_set1_epi8('"'), slashes = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1F);
    for (; end - at >= 16; at += 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i found = _mm_or_si128(_mm_cmpeq_epi8(block, quotes), _mm_cmpeq_epi8(block, slashes));
        found = _mm_or_si128(found, _mm_cmpeq_epi8(_mm_min_epu8(block, control), block));
        int mask = _mm_movemask_epi8(found);
        if (mask)
            return at + __builtin_ctz((unsigned)mask);
    }
#endif
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    while (end - at >= 8) {
        uint64_t eight;
        memcpy(&eight, at, 8);
        uint64_t quote = eight ^ ones * '"', slash = eight ^ ones * '\\';
        /* a byte that is 0 after the change, or below 0x20, borrows into its top bit; bytes of 0x80 and more do not */
        uint64_t odd =
            (((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((eight - ones * 0x20) & ~eight)) & tops;
        if (odd) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            return at +
                   __builtin_ctzll(odd) / 8; /* the lowest is where it is; a borrow can only mark those behind it */
#else
            break;
#endif
        }
        at += 8;
    }
    while (at < end && is_plain(*at))
        at++;
    return at;
}

/* Reads a string with escapes in it, or without an end. */
static const char *scan_escaped(char **at, const char *end, throng_i_json_value *out) {
    static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char *from = *at, *to = *at;
    *out = (throng_i_json_value){.shape = THRONG_I_JSON_STRING, .text = *at};
    for (;;) {
        char *stop = skip_plain(from, end);
        if (to != from)
            memmove(to, from, (size_t)(stop - from));
        to += stop - from;
        from = stop;
        if (from >= end || *from == '"')
            break;
        if ((unsigned char)*from < 0x20)
            return "not JSON: a control character in a string";
        if (end - from < 2)
            return cut_off;
        char kind = from[1];
        const char *found = kind ? strchr(plain, kind) : NULL;
        from += 2;
        if (found)
            *to++ = meant[found - plain];
        else if (kind != 'u' || !unescape_code(&from, end, &to))
            return "not JSON: an unknown escape in a string";
    }
    if (from >= end)
        return cut_off;
    out->length = to - out->text;
    *at = from + 1;
    return NULL;
}

/* Reads a string from behind its opening quote; *at comes to lie behind the closing one. Most have no escapes. */
static inline const char *scan_string(char **at, const char *end, throng_i_json_value *out) {
    char *stop = skip_plain(*at, end);
    if (stop == end || *stop != '"')
        return scan_escaped(at, end, out);
    *out = (throng_i_json_value){THRONG_I_JSON_STRING, *at, stop - *at};
    *at = stop + 1;
    return NULL;
}

/* ---- other plain values ---------------------------------------------------------------------------------------- */

static char *skip_digits(char *at, const char *end) {
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

static const char *scan_number(char **start, const char *end, throng_i_json_value *out) {
    static const char bad[] = "not JSON: neither a value nor a number";
    char *at = *start + (**start == '-'), *digits = at;
    at = skip_digits(at, end);
    if (at == digits || (*digits == '0' && at - digits > 1))
        return bad;
    if (at < end && *at == '.') {
        digits = ++at;
        at = skip_digits(at, end);
        if (at == digits)
            return bad;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        digits = at;
        at = skip_digits(at, end);
        if (at == digits)
            return bad;
    }
    *out = (throng_i_json_value){THRONG_I_JSON_NUMBER, *start, at - *start};
    *start = at;
    return NULL;
}

static const char *scan_plain(char **at, const char *end, throng_i_json_value *out) {
    static const struct {
        const char *word;
        throng_i_json_shape shape;
    } words[] = {{"true", THRONG_I_JSON_TRUE}, {"false", THRONG_I_JSON_FALSE}, {"null", THRONG_I_JSON_NULL}};
    for (int i = 0; i < 3; i++) {
        size_t length = strlen(words[i].word);
        if ((size_t)(end - *at) >= length && memcmp(*at, words[i].word, length) == 0) {
            *out = (throng_i_json_value){.shape = words[i].shape};
            *at += length;
            return NULL;
        }
    }
    return scan_number(at, end, out);
}

/* ---- the pass -------------------------------------------------------------------------------------------------- */

/* A container that is open. */
typedef struct level {
    int16_t node; /* of the paths; -1: nothing in here is wanted */
    bool is_array;
    int64_t count; /* items so far */
} level;

typedef struct pass {
    const throng_i_json_paths *paths;
    throng_i_json_value *values;
    char *at;
    const char *end;
    uint64_t seen[THRONG_I_JSON_NODES / 64]; /* whether a node of the paths had a value */
    level levels[THRONG_I_JSON_DEPTH];
    int depth;
} pass;

static inline bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* There is little of it in what machines write. */
static inline void skip_space(pass *it) {
    while (it->at < it->end && (unsigned char)*it->at <= ' ' && is_space(*it->at))
        it->at++;
}

/* Reads what stands before a value: a comma, and in an object its key. *node is the value's place in the paths. */
static const char *begin_item(pass *it, int16_t *node) {
    level *top = &it->levels[it->depth - 1];
    if (top->count > 0) {
        if (*it->at != ',')
            return "not JSON: a comma or a closing bracket is missing";
        it->at++;
        skip_space(it);
    }
    if (top->is_array) {
        *node = top->count == 0 ? find_child(it->paths, top->node, "[0]", 3) : -1;
        top->count++;
        return NULL;
    }
    throng_i_json_value key;
    if (it->at >= it->end)
        return cut_off;
    if (*it->at++ != '"')
        return "not JSON: a key is missing";
    const char *reason = scan_string(&it->at, it->end, &key);
    if (reason)
        return reason;
    *node = find_child(it->paths, top->node, key.text, key.length);
    top->count++;
    skip_space(it);
    if (it->at >= it->end)
        return cut_off;
    if (*it->at++ != ':')
        return "not JSON: a colon is missing";
    skip_space(it);
    return NULL;
}

/* Forgets what an earlier key of the same name had below it. */
static void forget(pass *it, int16_t node) {
    for (int i = 0; i < THRONG_I_JSON_BUCKETS; i++)
        for (int16_t at = it->paths->nodes[node].child[i]; at >= 0; at = it->paths->nodes[at].sibling) {
            if (it->paths->nodes[at].slot >= 0)
                it->values[it->paths->nodes[at].slot] = (throng_i_json_value){0};
            forget(it, at); /* as deep as the longest path */
        }
}

static const char *read_value(pass *it, int16_t node) {
    throng_i_json_value value = {0};
    if (it->at >= it->end)
        return cut_off;
    if (*it->at == '"') {
        it->at++;
        const char *reason = scan_string(&it->at, it->end, &value);
        if (reason)
            return reason;
    } else if (*it->at == '{' || *it->at == '[') {
        if (it->depth == THRONG_I_JSON_DEPTH)
            return "nested too deep";
        value.shape = *it->at == '[' ? THRONG_I_JSON_ARRAY : THRONG_I_JSON_OBJECT;
        it->levels[it->depth++] = (level){.node = node, .is_array = *it->at == '['};
        it->at++;
    } else {
        const char *reason = scan_plain(&it->at, it->end, &value);
        if (reason)
            return reason;
    }
    if (node < 0)
        return NULL;
    uint64_t bit = (uint64_t)1 << (node % 64);
    if (it->seen[node / 64] & bit)
        forget(it, node);
    it->seen[node / 64] |= bit;
    if (it->paths->nodes[node].slot >= 0)
        it->values[it->paths->nodes[node].slot] = value;
    return NULL;
}

const char *throng_i_json_scan(const throng_i_json_paths *paths, char *line, int64_t length,
                               throng_i_json_value *values) {
    pass it; /* not zeroed: the levels are larger than most lines */
    it.paths = paths;
    it.values = values;
    it.at = line;
    it.end = line + length;
    it.depth = 0;
    memset(it.seen, 0, sizeof it.seen);
    memset(values, 0, (size_t)paths->n_slots * sizeof *values);
    skip_space(&it);
    const char *reason = read_value(&it, 0);
    while (!reason && it.depth > 0) {
        const level *top = &it.levels[it.depth - 1];
        int16_t node = -1;
        skip_space(&it);
        if (it.at >= it.end)
            return cut_off;
        if (*it.at == (top->is_array ? ']' : '}')) {
            it.at++;
            it.depth--;
            continue;
        }
        reason = begin_item(&it, &node);
        if (!reason)
            reason = read_value(&it, node);
    }
    skip_space(&it);
    if (!reason && it.at < it.end)
        reason = "not JSON: something follows the value";
    return reason;
}
