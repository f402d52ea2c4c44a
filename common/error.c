/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "error.h"

const char *
rollcode_strerror(enum rollcode_err err)
{
	switch (err) {
	case ROLLCODE_OK:
		return "success";
	case ROLLCODE_ERR_NOMEM:
		return "out of memory";
	case ROLLCODE_ERR_SYS:
		return "system error";
	case ROLLCODE_ERR_INPUT:
		return "invalid input";
	case ROLLCODE_ERR_CONFIG:
		return "bad configuration";
	case ROLLCODE_ERR_UNAVAIL:
		return "store unavailable";
	case ROLLCODE_ERR_STORE:
		return "store unusable";
	case ROLLCODE_ERR_HELPER:
		return "rollcode-verify failed";
	case ROLLCODE_ERR_PRIVILEGE:
		return "not permitted";
	case ROLLCODE_ERR_EXISTS:
		return "exists already";
	case ROLLCODE_ERR_ABSENT:
		return "does not exist";
	case ROLLCODE_ERR_USAGE:
		return "wrong usage";
	}
	return "unknown error";
}

__attribute__((format(printf, 3, 0))) static void
error_format(struct error *error, size_t at, const char *fmt, va_list ap)
{
	int n;

	n = vsnprintf(error->text + at, sizeof(error->text) - at, fmt, ap);
	if (n < 0)
		error->text[at] = '\0';
}

enum rollcode_err
error_set(struct error *error, enum rollcode_err err, const char *fmt, ...)
{
	va_list ap;

	if (error == NULL)
		return err;
	va_start(ap, fmt);
	error_format(error, 0, fmt, ap);
	va_end(ap);
	return err;
}

enum rollcode_err
error_add(struct error *error, enum rollcode_err err, const char *fmt, ...)
{
	size_t at;
	va_list ap;

	if (error == NULL)
		return err;
	at = strnlen(error->text, sizeof(error->text) - 1);
	if (at > 0 && at + 2 < sizeof(error->text)) {
		memcpy(error->text + at, "; ", 3);
		at += 2;
	}
	va_start(ap, fmt);
	error_format(error, at, fmt, ap);
	va_end(ap);
	return err;
}

enum rollcode_err
error_from_errno(int e)
{
	switch (e) {
	case ENOMEM:
		return ROLLCODE_ERR_NOMEM;
	case ENOSPC:
	case EDQUOT:
	case EROFS:
	case EIO:
	case EMFILE:
	case ENFILE:
	case ENOENT:
	case EFBIG:
	case ESTALE:
	case ETIMEDOUT:
		return ROLLCODE_ERR_UNAVAIL;
	default:
		return ROLLCODE_ERR_SYS;
	}
}
