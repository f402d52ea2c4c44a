/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearest.c - which name somebody may have meant who typed another one.
 */
#include "common/cli/cli.h"

#define LETTERS_MAX 24 /* of a name */
#define BEGINNING 2    /* so many letters of it say which it is */

static unsigned int
least_of(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/*
 * How many letters have to be put in, left out, changed, or exchanged with the
 * next one, to make one word of the other (optimal string alignment).
 */
static unsigned int
count_edits(const char *a, const char *b)
{
	unsigned int row[LETTERS_MAX + 1] = {0}, last[LETTERS_MAX + 1] = {0};
	unsigned int before[LETTERS_MAX + 1];
	size_t len = strlen(b);

	for (unsigned int j = 0; j <= len; j++)
		row[j] = j;
	for (unsigned int i = 1; a[i - 1] != '\0'; i++) {
		memcpy(before, last, sizeof(before));
		memcpy(last, row, sizeof(last));
		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			row[j] = least_of(least_of(row[j - 1], last[j]) + 1,
			    last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = least_of(row[j], before[j - 2] + 1);
		}
	}
	return row[len];
}

void
nearest_begin(struct nearest *n, const char *typed)
{
	*n = (struct nearest){.typed = typed};
	if (strlen(typed) <= LETTERS_MAX)
		n->edits = 2 + (unsigned int)strlen(typed) / 5;
}

void
nearest_try(struct nearest *n, const char *name)
{
	size_t len = strlen(n->typed);
	unsigned int edits;

	if (n->edits == 0 || strlen(name) > LETTERS_MAX)
		return;
	edits = len >= BEGINNING && strncmp(name, n->typed, len) == 0
		    ? 1
		    : count_edits(n->typed, name);
	if (edits >= n->edits)
		return;
	n->edits = edits;
	n->name = name;
}
