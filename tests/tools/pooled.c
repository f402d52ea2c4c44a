/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pooled - verify one code after the other as a worker of the service does,
 * which leaves users' files open in between, but as whoever starts it.
 *
 *	pooled ENVFILE <LINES
 *
 * A line is USER, a tab and a code.  For each the number of the error, or 0,
 * and the verdict are printed, in one write.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pam_rollcode/login/request.h"

static int
verifier(const struct config *config, char *line)
{
	struct request request = {.kind = REQUEST_VERIFY};
	char *code = strchr(line, '\t'), text[128];
	struct answer answer = {0};
	int n;

	if (code == NULL)
		return 2;
	*code++ = '\0';
	code[strcspn(code, "\n")] = '\0';
	snprintf(request.user, sizeof(request.user), "%.*s",
	    (int)sizeof(request.user) - 1, line);
	snprintf(request.text.text, sizeof(request.text.text), "%.*s",
	    (int)sizeof(request.text.text) - 1, code);
	request_answer(config, &request, &answer);
	n = snprintf(text, sizeof(text), "%d %s\n", (int)answer.err,
	    verdict_name(answer.result.verdict));
	return write(STDOUT_FILENO, text, (size_t)n) == n ? 0 : 1;
}

int
main(int argc, char *argv[])
{
	struct config config;
	struct error error = {0};
	char line[512];

	if (argc != 2 ||
	    config_load(argv[1], true, &config, &error) != ROLLCODE_OK) {
		fprintf(stderr, "pooled: %s\n",
		    argc == 2 ? error.text : "what is the env file?");
		return 2;
	}
	config.pools = true;
	while (fgets(line, sizeof(line), stdin) != NULL)
		if (verifier(&config, line) != 0)
			return 1;
	return 0;
}
