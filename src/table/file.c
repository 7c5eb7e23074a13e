/* From paths to files: patterns, `#table`, standard input, and what the first bytes tell. */
#define _POSIX_C_SOURCE 200809L
#include "table/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD  4096
#define BLOCK (1 << 20)

/* Milliseconds between two looks at the progress callback while a pipe is silent. */
#define PATIENCE 100

const char *throng_i_format_name(throng_i_format format) {
    static const char *const names[] = {"text", "Parquet", "CSV", "NDJSON", "DuckDB"};
    return names[format];
}

/* ---- telling formats apart ------------------------------------------------------------------------------------- */

static bool ends_with(const char *text, size_t length, const char *ending) {
    size_t n = strlen(ending);
    return length > n && strncasecmp(text + length - n, ending, n) == 0;
}

/* What a path's ending says. */
static throng_i_format format_by_ending(const char *path) {
    static const struct {
        const char *ending;
        throng_i_format format;
    } endings[] = {
        {".parquet", THRONG_I_FORMAT_PARQUET}, {".csv", THRONG_I_FORMAT_CSV},       {".tsv", THRONG_I_FORMAT_CSV},
        {".txt", THRONG_I_FORMAT_CSV},         {".ndjson", THRONG_I_FORMAT_NDJSON}, {".jsonl", THRONG_I_FORMAT_NDJSON},
        {".json", THRONG_I_FORMAT_NDJSON},
    };
    static const char *const packed[] = {".gz", ".zst", ".zstd"};
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof packed / sizeof *packed; i++)
        if (ends_with(path, length, packed[i])) {
            length -= strlen(packed[i]);
            break;
        }
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_with(path, length, endings[i].ending))
            return endings[i].format;
    return THRONG_I_FORMAT_UNKNOWN;
}

static bool starts_with(const char *head, size_t n, size_t offset, const char *magic, size_t size) {
    return n >= offset + size && memcmp(head + offset, magic, size) == 0;
}

/* Sets format and compression from the first n bytes, and from the ending where these leave a choice. */
static throng_status tell_format(throng_i_file *file, const char *head, size_t n, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_format ending = format_by_ending(file->path);
    file->format = ending;
    if (starts_with(head, n, 0, "\x1f\x8b", 2))
        file->compression = THRONG_I_COMPRESSION_GZIP;
    else if (starts_with(head, n, 0, "\x28\xb5\x2f\xfd", 4))
        file->compression = THRONG_I_COMPRESSION_ZSTD;
    if (starts_with(head, n, 0, "PAR1", 4))
        file->format = THRONG_I_FORMAT_PARQUET;
    THRONG_REQUIRE(file->format != THRONG_I_FORMAT_PARQUET || starts_with(head, n, 0, "PAR1", 4), E_FORMAT,
                   "%s is not a Parquet file: it does not begin with PAR1.", file->shown);
    THRONG_REQUIRE(!starts_with(head, n, 8, "DUCK", 4) || memchr(head, '\n', 8), E_FORMAT,
                   "%s is a DuckDB database: say which table of it, %s#TABLE.", file->shown, file->shown);
    THRONG_REQUIRE(!starts_with(head, n, 0, "SQLite format 3", 15), E_FORMAT,
                   "%s is an SQLite database: export the table to CSV (sqlite3 -csv -header FILE 'SELECT ...').",
                   file->shown);
    THRONG_REQUIRE(!starts_with(head, n, 0, "PK\x03\x04", 4), E_FORMAT,
                   "%s is a ZIP archive, as spreadsheets (.xlsx, .ods) are: save the table as CSV, or unpack it.",
                   file->shown);
    THRONG_REQUIRE(!starts_with(head, n, 0, "\xff\xfe", 2) && !starts_with(head, n, 0, "\xfe\xff", 2), E_FORMAT,
                   "%s is in UTF-16; save it as UTF-8.", file->shown);
    if (file->format == THRONG_I_FORMAT_PARQUET || file->compression != THRONG_I_COMPRESSION_NONE)
        return THRONG_OK;
    THRONG_REQUIRE(!memchr(head, '\0', n), E_FORMAT,
                   "%s is neither text nor Parquet; throng reads Parquet, CSV, NDJSON and DuckDB files.", file->shown);
    size_t blank = starts_with(head, n, 0, "\xef\xbb\xbf", 3) ? 3 : 0;
    while (blank < n && strchr(" \t\r\n", head[blank]))
        blank++;
    if (ending == THRONG_I_FORMAT_UNKNOWN)
        file->format = blank < n && head[blank] == '{' ? THRONG_I_FORMAT_NDJSON : THRONG_I_FORMAT_CSV;
    THRONG_REQUIRE(
        file->format != THRONG_I_FORMAT_NDJSON || blank == n || head[blank] != '[', E_FORMAT,
        "%s is one JSON array; throng reads NDJSON, one object a line (`jq -c .[]` turns one into the other).",
        file->shown);
out:
    return status;
}

/* ---- standard input and other pipes ---------------------------------------------------------------------------- */

static throng_status write_all(int to, const char *bytes, size_t n, const throng_i_file *file, const char *folder,
                               throng_error *err) {
    while (n > 0) {
        ssize_t done = write(to, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return THRONG_FAIL(err, E_FILE, "%s cannot be kept in %s: %s; TMPDIR names another folder.", file->shown,
                               folder, strerror(errno));
        bytes += done;
        n -= (size_t)done;
    }
    return THRONG_OK;
}

static throng_status copy_pipe(throng_context *context, int from, int to, const throng_i_file *file, const char *folder,
                               throng_error *err) {
    const throng_progress progress = {.stage = "reading", .unit = "rows", .done = 0, .total = -1};
    char *block = NULL;
    throng_status status = throng_i_resize(context, &block, BLOCK, 1, err);
    for (bool more = true; status == THRONG_OK && more;) {
        THRONG_TRY(throng_i_progress(context, &progress, err));
        struct pollfd ready = {.fd = from, .events = POLLIN};
        if (poll(&ready, 1, PATIENCE) <= 0)
            continue;
        ssize_t got = read(from, block, BLOCK);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        THRONG_REQUIRE(got >= 0, E_FILE, "%s cannot be read: %s.", file->shown, strerror(errno));
        more = got > 0;
        THRONG_TRY(write_all(to, block, (size_t)got, file, folder, err));
    }
out:
    throng_i_free(context, block);
    return status;
}

/* Copies a pipe into a file without name, which DuckDB can read as often as it needs. */
static throng_status spool(throng_context *context, int from, throng_i_file *file, throng_error *err) {
    throng_status status = THRONG_OK;
    char *name = NULL;
    const char *folder = getenv("TMPDIR");
    if (!folder || !folder[0])
        folder = "/tmp";
    THRONG_TRY(throng_i_print(context, &name, err, "%s/throng-XXXXXX", folder));
    file->descriptor = mkstemp(name);
    THRONG_REQUIRE(file->descriptor >= 0, E_FILE, "%s cannot be kept in %s: %s; TMPDIR names another folder.",
                   file->shown, folder, strerror(errno));
    unlink(name);
    fcntl(file->descriptor, F_SETFD, FD_CLOEXEC);
    THRONG_TRY(copy_pipe(context, from, file->descriptor, file, folder, err));
    THRONG_TRY(throng_i_print(context, &file->opened, err, "/dev/fd/%d", file->descriptor));
out:
    throng_i_free(context, name);
    return status;
}

/* ---- one file -------------------------------------------------------------------------------------------------- */

static throng_status check_kind(int descriptor, const throng_i_file *file, bool *is_pipe, throng_error *err) {
    struct stat about;
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(fstat(descriptor, &about) == 0, E_FILE, "%s cannot be read: %s.", file->shown, strerror(errno));
    THRONG_REQUIRE(!S_ISDIR(about.st_mode), E_FILE, "%s is a directory; name the files in it, such as %s/*.parquet.",
                   file->shown, file->shown);
    *is_pipe = !S_ISREG(about.st_mode);
out:
    return status;
}

/* A Parquet file ends as it begins; PARE: its description is encrypted. */
static throng_status check_parquet_end(int descriptor, const throng_i_file *file, throng_error *err) {
    char tail[4] = {0};
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(file->bytes >= 12 && pread(descriptor, tail, 4, (off_t)file->bytes - 4) == 4 &&
                       (memcmp(tail, "PAR1", 4) == 0 || memcmp(tail, "PARE", 4) == 0),
                   E_FORMAT, "%s is cut off: it begins as a Parquet file but does not end as one.", file->shown);
out:
    return status;
}

/* Looks at an open file, or at what was spooled from it. */
static throng_status examine(throng_context *context, int descriptor, bool unhashed, throng_i_file *file,
                             throng_error *err) {
    throng_status status = THRONG_OK;
    char head[HEAD];
    ssize_t n = pread(descriptor, head, sizeof head, 0);
    THRONG_REQUIRE(n >= 0, E_FILE, "%s cannot be read: %s.", file->shown, strerror(errno));
    THRONG_REQUIRE(n > 0, E_FORMAT, "%s is empty.", file->shown);
    if (file->table)
        THRONG_REQUIRE(starts_with(head, (size_t)n, 8, "DUCK", 4), E_FORMAT, "%s is not a DuckDB database.",
                       file->opened);
    else
        THRONG_TRY(tell_format(file, head, (size_t)n, err));
    struct stat about;
    if (unhashed && file->format == THRONG_I_FORMAT_PARQUET && fstat(descriptor, &about) == 0)
        file->bytes = about.st_size;
    else
        THRONG_TRY(
            throng_i_content_read(context, descriptor, file->shown, file->compression, &file->bytes, file->hash, err));
    if (file->format == THRONG_I_FORMAT_PARQUET)
        THRONG_TRY(check_parquet_end(descriptor, file, err));
out:
    return status;
}

static throng_status open_file(throng_context *context, bool unhashed, throng_i_file *file, throng_error *err) {
    throng_status status = THRONG_OK;
    bool is_input = strcmp(file->path, "-") == 0, is_pipe = true;
    int descriptor = is_input ? STDIN_FILENO : open(file->opened, O_RDONLY | O_CLOEXEC);
    THRONG_REQUIRE(descriptor >= 0, E_FILE, "%s cannot be read: %s.", file->shown, strerror(errno));
    if (!is_input)
        THRONG_TRY(check_kind(descriptor, file, &is_pipe, err));
    if (is_pipe) {
        throng_i_free(context, file->opened);
        file->opened = NULL;
        THRONG_TRY(spool(context, descriptor, file, err));
    }
    THRONG_TRY(examine(context, is_pipe ? file->descriptor : descriptor, unhashed, file, err));
out:
    if (!is_input && descriptor >= 0)
        close(descriptor);
    return status;
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

/* Adds a file; `table` (may be NULL) points into path, behind its '#'. */
static throng_status add_file(throng_i_files *files, const char *path, const char *table, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_resize(files->context, &files->at, (int64_t)files->count + 1, sizeof *files->at, err));
    throng_i_file *file = &files->at[files->count++];
    *file = (throng_i_file){.descriptor = -1, .n_rows = -1, .has_rows = true, .delimiter = ','};
    THRONG_TRY(throng_i_copy_text(files->context, path, &file->path, err));
    file->shown = strcmp(path, "-") == 0 ? "standard input" : file->path;
    THRONG_TRY(throng_i_copy_text(files->context, path, &file->opened, err));
    if (table) {
        file->format = THRONG_I_FORMAT_DUCKDB;
        file->opened[table - 1 - path] = '\0';
        THRONG_TRY(throng_i_copy_text(files->context, table, &file->table, err));
    }
    if (!files->found)
        THRONG_TRY(open_file(files->context, files->unhashed, file, err));
out:
    return status;
}

static int compare_paths(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static throng_status add_matches(throng_i_files *files, const char *pattern, throng_error *err) {
    throng_status status = THRONG_OK;
    glob_t found = {0};
    int result = glob(pattern, GLOB_NOSORT, NULL, &found);
    THRONG_REQUIRE(result != GLOB_NOSPACE, E_MEMORY, "Out of memory while looking for %s.", pattern);
    THRONG_REQUIRE(result == 0 && found.gl_pathc > 0, E_FILE, "No file matches %s.", pattern);
    /* glob would sort by the user's locale. */
    qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, compare_paths);
    for (size_t i = 0; i < found.gl_pathc; i++)
        THRONG_TRY(add_file(files, found.gl_pathv[i], NULL, err));
out:
    globfree(&found);
    return status;
}

static int is_part(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && ends_with(entry->d_name, length, ".parquet");
}

static int compare_names(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

int throng_i_parts_list(const char *folder, struct dirent ***out) {
    return scandir(folder, out, is_part, compare_names);
}

/* A table in parts: a folder whose name ends as its files' do. */
static throng_status add_parts(throng_i_files *files, const char *folder, throng_error *err) {
    throng_status status = THRONG_OK;
    struct dirent **found = NULL;
    char *path = NULL;
    int n = throng_i_parts_list(folder, &found);
    THRONG_REQUIRE(n >= 0, E_FILE, "%s cannot be read: %s.", folder, strerror(errno));
    THRONG_REQUIRE(n > 0, E_FILE, "%s is a folder for a table in parts, but there is no file *.parquet in it.", folder);
    for (int i = 0; i < n; i++) {
        throng_i_free(files->context, path);
        path = NULL;
        THRONG_TRY(throng_i_print(files->context, &path, err, "%s/%s", folder, found[i]->d_name));
        THRONG_TRY(add_file(files, path, NULL, err));
    }
out:
    for (int i = 0; i < n; i++)
        free(found[i]);
    free(found);
    throng_i_free(files->context, path);
    return status;
}

static bool is_table_in_parts(const char *path) {
    struct stat about;
    return ends_with(path, strlen(path), ".parquet") && stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool is_file(const char *path, size_t length) {
    char copy[4096];
    struct stat about;
    return length < sizeof copy && snprintf(copy, sizeof copy, "%.*s", (int)length, path) >= 0 &&
           stat(copy, &about) == 0;
}

/* A path that is there is taken as it stands; then `file#table`, then a pattern. */
static throng_status add_path(throng_i_files *files, const char *path, throng_error *err) {
    if (is_table_in_parts(path))
        return add_parts(files, path, err);
    if (strcmp(path, "-") == 0 || is_file(path, strlen(path)))
        return add_file(files, path, NULL, err);
    for (const char *hash = strchr(path, '#'); hash; hash = strchr(hash + 1, '#'))
        if (hash[1] && is_file(path, (size_t)(hash - path)))
            return add_file(files, path, hash + 1, err);
    if (strpbrk(path, "*?["))
        return add_matches(files, path, err);
    return add_file(files, path, NULL, err); /* which says why not */
}

static throng_status find_all(const char *const *paths, int n_paths, throng_i_files files, throng_i_files *out,
                              throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(n_paths > 0, E_ARGUMENT, "At least one file must be given.");
    for (int i = 0; i < n_paths; i++) {
        THRONG_REQUIRE(paths[i] && paths[i][0], E_ARGUMENT, "The path of a file must not be empty.");
        for (int j = 0; j < i && strcmp(paths[i], "-") == 0; j++)
            THRONG_REQUIRE(strcmp(paths[j], "-") != 0, E_ARGUMENT, "Standard input (-) can be read only once.");
    }
    for (int i = 0; i < n_paths; i++)
        THRONG_TRY(add_path(&files, paths[i], err));
    *out = files;
    return THRONG_OK;
out:
    throng_i_files_close(&files);
    return status;
}

throng_status throng_i_files_open(throng_context *context, const char *const *paths, int n_paths, bool unhashed,
                                  throng_i_files *out, throng_error *err) {
    return find_all(paths, n_paths, (throng_i_files){.context = context, .unhashed = unhashed}, out, err);
}

throng_status throng_i_files_find(throng_context *context, const char *const *paths, int n_paths, throng_i_files *out,
                                  throng_error *err) {
    return find_all(paths, n_paths, (throng_i_files){.context = context, .found = true}, out, err);
}

void throng_i_fields_clear(throng_context *context, throng_i_file *file) {
    for (int i = 0; i < file->n_fields; i++) {
        throng_i_free(context, file->fields[i].name);
        throng_i_free(context, file->fields[i].sql_name);
        throng_i_free(context, file->fields[i].type);
    }
    throng_i_free(context, file->fields);
    file->fields = NULL;
    file->n_fields = 0;
}

void throng_i_files_close(throng_i_files *files) {
    for (int i = 0; i < files->count; i++) {
        throng_i_file *file = &files->at[i];
        throng_i_fields_clear(files->context, file);
        throng_i_free(files->context, file->path);
        throng_i_free(files->context, file->opened);
        throng_i_free(files->context, file->table);
        throng_i_free(files->context, file->catalog);
        throng_i_free(files->context, file->relation);
        if (file->descriptor >= 0)
            close(file->descriptor);
    }
    throng_i_free(files->context, files->at);
    *files = (throng_i_files){.context = files->context};
}
