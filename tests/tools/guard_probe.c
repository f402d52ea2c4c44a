/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard_probe SOCKET USER COUNT FILE - ask about inputs of several kinds, in
 * random order, and print what each showed; before them about one of the kind
 * "warm", which is no code and starts a worker.
 *
 * A line of FILE is KIND TEXT; a kind may have several.  COUNT requests are
 * made for each kind, one after the other.  For each a line:
 *
 *	KIND NANOSECONDS WORKERS SERVING ERROR VERDICT ANSWER
 *
 * WORKERS and SERVING are the voluntary context switches that the request cost
 * those processes, ANSWER a sum of the answer's bytes without the nonce.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/asked.h"

#define LINES_MAX 20000
#define KINDS_MAX 64

struct sample {
	char kind[32];
	char text[224];
};

static struct sample inputs[LINES_MAX];
static size_t input_count;

static struct kind {
	size_t from, count; /* of its inputs, which stand together */
} kinds[KINDS_MAX];
static size_t kind_count;

static void
read_inputs(const char *path)
{
	FILE *in = fopen(path, "re");
	char line[256];

	if (in == NULL)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), in) != NULL) {
		struct sample *i = &inputs[input_count];

		if (input_count == LINES_MAX ||
		    sscanf(line, "%31s %223[^\n]", i->kind, i->text) != 2)
			errx(1, "%s: not KIND TEXT: %s", path, line);
		if (input_count == 0 || strcmp(i->kind, i[-1].kind) != 0) {
			if (kind_count == KINDS_MAX)
				errx(1, "%s: too many kinds", path);
			kinds[kind_count++].from = input_count;
		}
		kinds[kind_count - 1].count++;
		input_count++;
	}
	fclose(in);
}

/* Each kind so many times, in random order. */
static size_t *
shuffled(size_t total)
{
	size_t *order = calloc(total + 1, sizeof(*order));

	if (order == NULL)
		err(1, "calloc");
	for (size_t i = 0; i < total; i++) {
		size_t other = asked_random(i + 1);

		order[i] = order[other];
		order[other] = i % kind_count;
	}
	return order;
}

static uint32_t
sum_of(const struct answer *answer)
{
	const unsigned char *bytes = (const unsigned char *)answer;
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < sizeof(*answer); i++)
		sum = (sum ^ bytes[i]) * 16777619u;
	return sum;
}

static const struct sample *
one_of(const struct kind *kind)
{
	return &inputs[kind->from + asked_random(kind->count)];
}

static void
probe(const char *path, struct request *request, struct watch *watch,
    const struct sample *input)
{
	struct seen seen;

	snprintf(
	    request->text.text, sizeof(request->text.text), "%s", input->text);
	watch_look(watch);
	if (!asked_once(path, request, &seen))
		errx(1, "no answer to an input of the kind %s", input->kind);
	watch_look(watch);
	printf("%s %ld %ld %ld %d %08x %08x\n", input->kind, seen.ns,
	    watch_more(watch, 2), watch_more(watch, 1), seen.answer.err,
	    seen.answer.result.verdict, sum_of(&seen.answer));
}

int
main(int argc, char **argv)
{
	size_t total, *order;
	struct request request;
	static struct watch watch;
	const struct sample warm = {"warm", "x"};

	if (argc != 5)
		errx(2, "usage: guard_probe SOCKET USER COUNT FILE");
	read_inputs(argv[4]);
	asked_prepare(&request, argv[2]);
	probe(argv[1], &request, &watch, &warm);
	watch_find(&watch);
	total = (size_t)strtoul(argv[3], NULL, 10) * kind_count;
	order = shuffled(total);
	for (size_t i = 0; i < total; i++)
		probe(argv[1], &request, &watch, one_of(&kinds[order[i]]));
	free(order);
	return fflush(stdout) == 0 ? 0 : 1;
}
