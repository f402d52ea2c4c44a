/* SPDX-License-Identifier: Apache-2.0 */
/*
 * folder.h - a folder for one program, in memory where that is possible: a sync
 * costs nothing there.
 */
#ifndef ROLLCODE_TESTS_FOLDER_H
#define ROLLCODE_TESTS_FOLDER_H

#include <stdbool.h>

/* Make one, and put its path where there is room for 64 bytes. */
bool	folder_make(char path[64]);

/* With all that is in it. */
void	folder_remove(const char *path);

#endif /* ROLLCODE_TESTS_FOLDER_H */
