/* A folder of its own for each test that writes files: Test(suite, name, .init = enter_folder, .fini = leave_folder).
 * Before it: #define _GNU_SOURCE */
#ifndef THRONG_TESTS_FOLDER_H
#define THRONG_TESTS_FOLDER_H

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder_entered[] = "/tmp/throng-test-XXXXXX";

static inline void enter_folder(void) {
    cr_assert_not_null(mkdtemp(folder_entered));
    cr_assert_eq(chdir(folder_entered), 0);
}

static inline int remove_entry(const char *path, const struct stat *facts, int kind, struct FTW *place) {
    (void)facts, (void)kind, (void)place;
    return remove(path);
}

static inline void leave_folder(void) {
    cr_assert_eq(chdir("/"), 0);
    cr_assert_eq(nftw(folder_entered, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
