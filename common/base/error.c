/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/base/error.h"

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
		return "temporarily unavailable";
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

__attribute__((format(printf, 2, 0))) static void
append_format(struct error *error, const char *fmt, va_list ap)
{
	size_t at = strnlen(error->text, sizeof(error->text) - 1);

	if (vsnprintf(error->text + at, sizeof(error->text) - at, fmt, ap) < 0)
		error->text[at] = '\0';
}

static void
append_text(struct error *error, const char *text)
{
	size_t at = strnlen(error->text, sizeof(error->text) - 1);

	snprintf(error->text + at, sizeof(error->text) - at, "%s", text);
}

static void
forget_error(struct error *error)
{
	error->text[0] = '\0';
	error->fix[0] = '\0';
	error->file = error->what = 0;
	error->line = 0;
	error->reason = REASON_NONE;
}

enum rollcode_err
error_set(struct error *error, enum rollcode_err err, const char *fmt, ...)
{
	va_list ap;

	if (error == NULL)
		return err;
	forget_error(error);
	va_start(ap, fmt);
	append_format(error, fmt, ap);
	va_end(ap);
	return err;
}

enum rollcode_err
error_add(struct error *error, enum rollcode_err err, const char *fmt, ...)
{
	va_list ap;

	if (error == NULL)
		return err;
	if (error->text[0] != '\0')
		append_text(error, "; ");
	va_start(ap, fmt);
	append_format(error, fmt, ap);
	va_end(ap);
	return err;
}

enum rollcode_err
error_at(struct error *error, enum rollcode_err err, const char *path,
    const char *fmt, ...)
{
	size_t len = path == NULL ? 0 : strlen(path);
	va_list ap;

	if (error == NULL)
		return err;
	forget_error(error);
	append_text(error, len == 0 ? "?" : path);
	append_text(error, ": ");
	if (len > 0 && len < sizeof(error->text) - sizeof(": ")) {
		error->file = (uint16_t)len;
		error->what = (uint16_t)(len + 2);
	}
	va_start(ap, fmt);
	append_format(error, fmt, ap);
	va_end(ap);
	return err;
}

void
error_collect(void *context, const struct error *one)
{
	struct error *all = context;

	if (all != NULL && all->text[0] == '\0')
		*all = *one;
	else
		error_add(all, ROLLCODE_OK, "%s", one->text);
}

void
mistake_tell(struct mistakes *m, enum error_reason reason, size_t line,
    const char *fmt, ...)
{
	struct error one = {.reason = reason, .line = (uint32_t)line};
	va_list ap;

	if (line > 0)
		one.what = (uint16_t)snprintf(
		    one.text, sizeof(one.text), "line %zu: ", line);
	va_start(ap, fmt);
	append_format(&one, fmt, ap);
	va_end(ap);
	m->err = ROLLCODE_ERR_CONFIG;
	m->tell(m->context, &one);
}

enum rollcode_err
error_pass(struct error *error, enum rollcode_err err,
    const struct error *cause, const char *fmt, ...)
{
	const struct error from = *cause;
	va_list ap;

	if (error == NULL)
		return err;
	*error = from;
	if (fmt == NULL)
		return err;
	error->text[0] = '\0';
	error->file = error->what = 0;
	error->line = 0;
	va_start(ap, fmt);
	append_format(error, fmt, ap);
	va_end(ap);
	append_text(error, ": ");
	append_text(error, from.text);
	return err;
}

enum rollcode_err
error_because(
    struct error *error, enum rollcode_err err, enum error_reason reason)
{
	if (error != NULL)
		error->reason = reason;
	return err;
}

enum rollcode_err
error_fix(struct error *error, enum rollcode_err err, ...)
{
	va_list ap;

	if (error == NULL)
		return err;
	va_start(ap, err);
	plain_words(error->fix, sizeof(error->fix), ap);
	va_end(ap);
	return err;
}

/* Returns its length.  A "fix:" that stands in a text is not ours. */
static size_t
say_sentence(const char *text, enum plain how, char *said, size_t size)
{
	char copy[ERROR_TEXT_MAX], *from = copy, *at;
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	for (; (at = strstr(from, "fix:")) != NULL; from = at + 4) {
		at[3] = '\0';
		plain_copy(from, how, said + n, size - n);
		n += strlen(said + n);
		memcpy(said + n, "\\x3a", 5);
		n += 4;
	}
	plain_copy(from, how, said + n, size - n);
	return n + strlen(said + n);
}

void
error_say(const struct error *error, enum rollcode_err err, enum plain how,
    char said[ERROR_SAID_MAX])
{
	size_t n;

	n = say_sentence(
	    error->text[0] != '\0' ? error->text : rollcode_strerror(err), how,
	    said, PLAIN_MAX(ERROR_TEXT_MAX));
	if (error->fix[0] == '\0')
		return;
	memcpy(said + n, "; fix: ", sizeof("; fix: "));
	n += strlen("; fix: ");
	plain_copy(error->fix, PLAIN_COMMAND, said + n, ERROR_SAID_MAX - n);
}

void
error_bound(struct error *error)
{
	error->text[sizeof(error->text) - 1] = '\0';
	error->fix[sizeof(error->fix) - 1] = '\0';
	if (error->what > strlen(error->text) || error->file > error->what)
		error->file = error->what = 0;
}

enum rollcode_err
error_named(struct error *error, enum rollcode_err err, const char *what)
{
	if (err == ROLLCODE_OK)
		return err;
	return error_set(error, err, "%s: %s", what, rollcode_strerror(err));
}

enum rollcode_err
error_from_errno(int e)
{
	switch (e) {
	case ENOMEM:
		return ROLLCODE_ERR_NOMEM;
	case EEXIST:
		return ROLLCODE_ERR_EXISTS;
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

enum rollcode_err
error_errno(struct error *error, int e, const char *path)
{
	return error_at(error, error_from_errno(e), path, "%s", strerror(e));
}
