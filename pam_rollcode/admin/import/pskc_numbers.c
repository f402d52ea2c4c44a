/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pskc_numbers.c - libxml2's reader, which goes through a text node by node.
 *
 * What is declared here of it has been the same since 2003, and saves the
 * headers of another library.
 */
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "admin/import/pskc_numbers.h"

#define PACKAGES_ROOM 64 /* at first */
#define NUMBER_MAX 64	 /* bytes of a number with the space around it */
#define SPACE " \t\r\n"
#define QUIETLY (1 << 5 | 1 << 6 | 1 << 11) /* no message, no network */

enum node {
	NODE_ELEMENT = 1,
	NODE_TEXT = 3,
	NODE_CDATA = 4,
	NODE_ENTITY = 5,
	NODE_SPACE = 13,
	NODE_SPACE_KEPT = 14,
	NODE_END = 15,
};

struct xml {
	void *reader;
	void *(*open)(const char *, int, const char *, const char *, int);
	void (*close)(void *);
	int (*next)(void *);
	int (*node)(void *);
	int (*depth)(void *);
	int (*attribute)(void *, const char *);
	const char *(*name)(void *);
	const char *(*value)(void *);
};

/* Where the reader is: depths, 0 for nowhere. */
struct place {
	int counter, plain;
	size_t len;
	char number[NUMBER_MAX + 1];
};

static bool
load_reader(struct xml *xml, void *library)
{
	const struct {
		const char *name;
		void *to;
	} functions[] = {
	    {"xmlReaderForMemory", &xml->open},
	    {"xmlFreeTextReader", &xml->close},
	    {"xmlTextReaderRead", &xml->next},
	    {"xmlTextReaderNodeType", &xml->node},
	    {"xmlTextReaderDepth", &xml->depth},
	    {"xmlTextReaderMoveToAttribute", &xml->attribute},
	    {"xmlTextReaderConstLocalName", &xml->name},
	    {"xmlTextReaderConstValue", &xml->value},
	};
	void *symbol;

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if ((symbol = dlsym(library, functions[i].name)) == NULL)
			return false;
		memcpy(functions[i].to, &symbol, sizeof(symbol));
	}
	return true;
}

static bool
add_package(struct pskc_numbers *numbers)
{
	size_t room = numbers->room == 0 ? PACKAGES_ROOM : 2 * numbers->room;
	struct pskc_package *more;

	if (numbers->count == numbers->room) {
		more = realloc(numbers->packages, room * sizeof(*more));
		if (more == NULL)
			return false;
		numbers->packages = more;
		numbers->room = room;
	}
	numbers->packages[numbers->count++] = (struct pskc_package){{0}, {0}};
	return true;
}

/* XML allows space around a number, and nothing else is allowed here. */
static void
take_number(struct pskc_number *number, const char *text)
{
	uint64_t value = 0;
	unsigned int digit;

	number->count++;
	text += strspn(text, SPACE);
	if (strspn(text, "0123456789") == 0)
		number->odd = true;
	for (; *text >= '0' && *text <= '9'; text++) {
		digit = (unsigned int)(*text - '0');
		if (value > (UINT64_MAX - digit) / 10)
			number->odd = true;
		value = value * 10 + digit;
	}
	if (text[strspn(text, SPACE)] != '\0')
		number->odd = true;
	number->value = value;
}

static void
add_text(struct place *at, const char *text)
{
	size_t len = text == NULL ? 0 : strlen(text);

	if (len > NUMBER_MAX - at->len) {
		/* No number is as long; and none is what comes behind. */
		memcpy(at->number, "?", sizeof("?"));
		at->len = NUMBER_MAX;
		return;
	}
	memcpy(at->number + at->len, text == NULL ? "" : text, len);
	at->len += len;
	at->number[at->len] = '\0';
}

static bool
begin_element(struct xml *xml, struct place *at, struct pskc_numbers *numbers)
{
	const char *name = xml->name(xml->reader);
	int depth = xml->depth(xml->reader);
	struct pskc_package *package;

	if (name == NULL)
		return true;
	if (at->plain > 0)
		add_text(at, "?");
	if (strcmp(name, "KeyPackage") == 0)
		return add_package(numbers);
	if (numbers->count == 0)
		return true;
	package = &numbers->packages[numbers->count - 1];
	if (strcmp(name, "Counter") == 0) {
		at->counter = depth;
	} else if (strcmp(name, "PlainValue") == 0 && at->counter > 0) {
		at->plain = depth;
		at->len = 0;
		at->number[0] = '\0';
	} else if (strcmp(name, "ResponseFormat") == 0 &&
		   xml->attribute(xml->reader, "Length") == 1) {
		at->len = 0;
		add_text(at, xml->value(xml->reader));
		take_number(&package->length, at->number);
	}
	return true;
}

static void
end_element(struct xml *xml, struct place *at, struct pskc_numbers *numbers)
{
	int depth = xml->depth(xml->reader);

	if (at->plain > 0 && depth <= at->plain) {
		take_number(
		    &numbers->packages[numbers->count - 1].counter, at->number);
		at->plain = 0;
	}
	if (depth <= at->counter)
		at->counter = 0;
}

static bool
each_node(struct xml *xml, struct pskc_numbers *numbers)
{
	struct place at = {.counter = 0};
	int more;

	while ((more = xml->next(xml->reader)) == 1) {
		switch (xml->node(xml->reader)) {
		case NODE_ELEMENT:
			if (!begin_element(xml, &at, numbers))
				return false;
			break;
		case NODE_TEXT:
		case NODE_CDATA:
		case NODE_SPACE:
		case NODE_SPACE_KEPT:
			if (at.plain > 0)
				add_text(&at, xml->value(xml->reader));
			break;
		case NODE_ENTITY:
			if (at.plain > 0)
				add_text(&at, "?");
			break;
		case NODE_END:
			end_element(xml, &at, numbers);
			break;
		default:
			break;
		}
	}
	return more == 0;
}

bool
pskc_numbers_read(
    void *library, const char *text, size_t len, struct pskc_numbers *numbers)
{
	struct xml xml = {.reader = NULL};
	bool read;

	if (len > INT_MAX || !load_reader(&xml, library))
		return false;
	xml.reader = xml.open(text, (int)len, NULL, NULL, QUIETLY);
	if (xml.reader == NULL)
		return false;
	read = each_node(&xml, numbers);
	xml.close(xml.reader);
	return read;
}

void
pskc_numbers_free(struct pskc_numbers *numbers)
{
	free(numbers->packages);
	memset(numbers, 0, sizeof(*numbers));
}
