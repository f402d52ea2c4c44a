/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - what the fuzzers share: an input that decides everything, and
 * promises that end the process when they are broken.
 *
 * Each fuzz_NAME.c has one function for one input.  Linked with libFuzzer it
 * is a fuzzer (make fuzz), linked with replay.c it feeds the files that are
 * kept in corpus/NAME (tests/tree/corpus.sh).
 */
#ifndef ROLLCODE_FUZZ_H
#define ROLLCODE_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct bytes {
	const uint8_t	*at, *end;
};

static inline void
promise(bool kept, const char *sentence)
{
	if (kept)
		return;
	fprintf(stderr, "\nBROKEN PROMISE: %s\n", sentence);
	abort();
}

/* The next byte; 0 for ever behind the end. */
static inline uint8_t
take(struct bytes *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static inline uint64_t
take_number(struct bytes *in, unsigned int bytes)
{
	uint64_t n = 0;

	while (bytes-- > 0)
		n = n << 8 | take(in);
	return n;
}

/* Up to max bytes as a text, its length in the first byte; 255 is all. */
static inline char *
take_text(struct bytes *in, char *out, size_t max)
{
	size_t len = take(in), n = 0;

	if (len == UINT8_MAX || len > max)
		len = max;
	for (; n < len && in->at < in->end; n++)
		if ((out[n] = (char)take(in)) == '\0')
			break;
	out[n] = '\0';
	return out;
}

/* A copy of exactly its size, so that a step past its end is seen. */
static inline void *
exact(const void *bytes, size_t len)
{
	void *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, bytes, len);
	return copy;
}

/* The input as a text of exactly its size. */
static inline char *
exact_text(const uint8_t *bytes, size_t len)
{
	char *copy = malloc(len + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

#endif /* ROLLCODE_FUZZ_H */
