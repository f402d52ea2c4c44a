#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# recipes_mail.sh - the recipe of pam_rollcode(8) for dovecot, as it stands in
# the page: mail is read by IMAP with a code.
# shellcheck disable=SC2317	# some functions are called by name
# long
# limit: 150
. "$(dirname "$0")/../support/lib.sh"
need dovecot curl chpasswd
private_machine
. "$TREE/tests/support/recipes.sh"
VERIFIER=/usr/local/libexec/rollcode/rollcode-verify
for folder in /usr/lib/dovecot /usr/libexec/dovecot; do
	[ ! -e "$folder/imap-login" ] || found=1
done
[ -n "${found-}" ] || {
	skip "$SCRIPT" "needs dovecot's imap-login"
	exit 0
}

arrange() {
	recipe_machine
	syslog_start
	for user in ann bob; do
		add_user "$user"
		mkdir -p "$T/home/$user/Maildir"/{cur,new,tmp}
		printf 'Subject: for %s\n\nhello\n' "$user" \
		    >"$T/home/$user/Maildir/new/1"
		chown -R "$user:" "$T/home/$user"
		enroll "$user"
	done
	password bob "sesam bob"
}

# As it is installed, but for where it listens and keeps its mail.
mail_start() {	# [LINE...]
	port=$(free_port)
	printf '%s\n' "ssl = no" "mail_location = maildir:~/Maildir" \
	    "log_path = $T/dovecot.log" "auth_failure_delay = 0" \
	    "service anvil {" "unix_listener anvil-auth-penalty {" \
	    "mode = 0" "}" "}" "$@" \
	    "service imap-login {" "inet_listener imap {" \
	    "address = 127.0.0.1" "port = $port" "}" \
	    "inet_listener imaps {" "port = 0" "}" "}" >/etc/dovecot/local.conf
	start dovecot -F
	mail=$started
	wait_for listening "$port" && return
	echo "dovecot did not start:"
	cat "$T/dovecot.log"
}

mail_stop() {
	kill "$mail"
	wait "$mail"
}

# What is read with that word, or nothing.  No word is an argument of curl's.
read_mail() {	# USER WORD
	printf 'user = "%s:%s"\n' "$1" "$2" | curl -s -m 20 -K - \
	    "imap://127.0.0.1:$port/INBOX;MAILINDEX=1;SECTION=HEADER.FIELDS%20(SUBJECT)" |
	    tr -d '\r' | grep .
}

mail_codes() {
	local code
	code=$(code ann)
	equal "dovecot: a code lets in" "$(read_mail ann "$code")" \
	    "Subject: for ann"
	check "dovecot: by the service" logged 'dovecot:auth.: code accepted'
	equal "dovecot: a replay does not" "$(read_mail ann "$code")" ""
	equal "dovecot: nor does a wrong code" \
	    "$(read_mail ann "$(wrong "$code")")" ""
	equal "dovecot: nor another user's" \
	    "$(read_mail ann "$(code bob)")" ""
	mv "$VERIFIER" "$VERIFIER.away"
	equal "dovecot: without the verifier nobody gets in" \
	    "$(read_mail ann "$(code ann)")" ""
	mv "$VERIFIER.away" "$VERIFIER"
	mv "$T/store" "$T/store.away"
	equal "dovecot: nor without the store" \
	    "$(read_mail ann "$(code ann)")" ""
	mv "$T/store.away" "$T/store"
	equal "dovecot: then the next code lets in" \
	    "$(read_mail ann "$(code ann)")" "Subject: for ann"
}

# Password and code, where people type them.
mail_line() {
	local code
	stack_in_one_line dovecot
	checked "dovecot, in one line" dovecot ""
	code=$(code bob)
	equal "dovecot: password and code in one line let in" \
	    "$(read_mail bob "sesam bob$code")" "Subject: for bob"
	equal "dovecot: a replay in one line does not" \
	    "$(read_mail bob "sesam bob$code")" ""
	equal "dovecot: nor does another password" \
	    "$(read_mail bob "sesam$(code bob)")" ""
	equal "dovecot: nor a code alone" "$(read_mail bob "$(code bob)")" ""
}

mail_cache() {
	local code
	stack_of dovecot dovecot
	sed -i 's/^ *driver = pam$/&\nargs = cache_key=%u%s dovecot/' \
	    /etc/dovecot/conf.d/auth-system.conf.ext
	mail_start "auth_cache_size = 1M"
	code=$(code ann)
	read_mail ann "$code" >/dev/null
	equal "dovecot: with a cache_key a used code lets in, as the page says" \
	    "$(read_mail ann "$code")" "Subject: for ann"
	mail_stop
}

arrange
stack_of dovecot dovecot
checked dovecot dovecot ""
mail_start
mail_codes
mail_line
mail_stop
mail_cache
exit 0
