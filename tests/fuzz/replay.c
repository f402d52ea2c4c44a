/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay FILE... - feed each file to the fuzzer this is linked with.
 *
 * Prints the name before and the count behind, so that the last name is the
 * one of a file that ended it.
 */
#include "fuzz.h"

#define INPUT_MAX 65536

int
main(int argc, char **argv)
{
	static uint8_t bytes[INPUT_MAX];
	size_t len;
	FILE *file;

	for (int i = 1; i < argc; i++) {
		printf("%s\n", argv[i]);
		fflush(stdout);
		if ((file = fopen(argv[i], "rb")) == NULL) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
		len = fread(bytes, 1, sizeof(bytes), file);
		fclose(file);
		LLVMFuzzerTestOneInput(bytes, len);
	}
	printf("%d inputs\n", argc - 1);
	return EXIT_SUCCESS;
}
