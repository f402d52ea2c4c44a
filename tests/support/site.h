/* SPDX-License-Identifier: Apache-2.0 */
/*
 * site.h - a store in memory where that is possible, with ann, or somebody else
 * too, who logs in through login_decide.
 */
#ifndef ROLLCODE_TESTS_SITE_H
#define ROLLCODE_TESTS_SITE_H

#include "pam_rollcode/login/login.h"

#define NOW	1700000000

extern struct site {
	struct config		config;
	struct rollcode_token	token;
	struct error		error;
	const char		*user;		/* who logs in */
	int64_t			now;
	enum verdict		verdict;	/* of the last login */
	char			directory[64];
} site;

/* A fixture, with ann enrolled; what cannot be made fails the test. */
void			site_make(void);
void			site_unmake(void);

/* Enrol ann, or somebody who is the one to log in from now on. */
enum rollcode_err	site_enroll(void);
enum rollcode_err	site_enroll_as(const char *user);

/* The code of a counter, typed. */
void			site_type(uint64_t counter, struct input *);

/* One login; nothing is decided where it fails. */
enum rollcode_err	site_decide(const struct input *);
enum rollcode_err	site_login(uint64_t counter);

/* Whether that code lets in. */
bool			site_admits(uint64_t counter);

#endif /* ROLLCODE_TESTS_SITE_H */
