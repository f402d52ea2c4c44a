#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# callers.sh - who may ask the service about whom, what a refusal costs those who
# ask, and what it does while a directory of accounts is slow or down.
# shellcheck disable=SC2317	# some functions are called by name
# limit: 150
. "$(dirname "$0")/../support/lib.sh"
need python3 setpriv
private_machine
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/service.sh"

# --- who may ask -----------------------------------------------------------

callers() {
	local spent got
	spent=$(code ann)
	equal "a user gets in with a code of their own" \
	    "$(login_as ann ann "$spent" | cut -d' ' -f1)" SUCCESS
	read -r -a got < <(login_as ann ann "$spent")
	equal "and not again" "${got[0]}" AUTH_ERR
	check "a refusal takes a user a second" test "${got[1]}" -ge 1000
	within "it does not take root one" AUTH_ERR 900 \
	    root_login ann "$spent"
	within "nor an account of CALLERS" AUTH_ERR 900 \
	    login_as www ann "$spent"
	within "an account of CALLERS asks about anybody" SUCCESS 900 \
	    login_as www bob "$(code bob)"
	read -r -a got < <(login_as ann bob "$(code bob)")
	equal "another one asks about nobody else" "${got[0]}" CRED_INSUFFICIENT
	check "and waits for it" test "${got[1]}" -ge 1000
	check "it is logged, without the name that was asked about" \
	    logged 'uid [0-9]+ \(ann\) asked about another account'
	refused "the name stands in no line about it" \
	    grep -E 'asked about.*bob' "$T/syslog"
	equal "nor is root" \
	    "$(login_as ann root 12345678 | cut -d' ' -f1)" CRED_INSUFFICIENT
	pam_named nullok nullok
	read -r -a got < <(printf 'bob\t00000000\n' |
	    as ann "$PAMRUN" "$T/pam" nullok | cut -d' ' -f2,3)
	equal "nor whether another one has a token" "${got[0]}" CRED_INSUFFICIENT
	check "which takes a second too" test "${got[1]}" -ge 1000
	equal "nobody is charged for it" \
	    "$(field bob failures) $(field bob spent)" "0 0"
	equal "the code that was tried there is still good" \
	    "$(login bob "$(code bob)")" SUCCESS
	read -r -a got < <(setpriv --reuid "$NEW_UIDS" --clear-groups \
	    "$T/bin/ask_service" ask ann 12345678)
	equal "a uid without an account is refused" "${got[1]}" 00000000
}

one_after_the_other() {
	local began=${EPOCHREALTIME/./} pids=()
	for _ in 1 2 3; do
		as ann "$T/bin/ask_service" ask ann 00000000 >"$T/out" &
		pids+=("$!")
	done
	wait "${pids[@]}"
	check "a user's refusals come one after the other" \
	    test $(((${EPOCHREALTIME/./} - began) / 1000)) -ge 3000
	admin unlock ann >"$T/out"
	as ann "$T/bin/ask_service" hang-up ann 00000000 1
	began=${EPOCHREALTIME/./}
	equal "and then a right code is accepted" \
	    "$(login_as ann ann "$(code ann)" | cut -d' ' -f1)" SUCCESS
	check "hanging up does not shorten that" \
	    test $(((${EPOCHREALTIME/./} - began) / 1000)) -ge 700
}

# --- a directory service that is down --------------------------------------

# "far" is an account that only the directory knows; 5 is EIO.
directory_down() {
	local before
	if ! accounts_fold; then
		skip "callers of a directory" "none could be set up here"
		return
	fi
	echo "far:x:4999:4999::/:/bin/sh" >/etc/passwd.fold
	: >"$T/syslog"
	echo "CALLERS=far www" >>"$CONF"
	resident_start
	check "it finds its callers in a directory" \
	    logged 'serving .*, 2 callers may ask'
	wait_for serving
	before=$(serving)
	echo "far UNAVAIL 5" >/etc/passwd.fail
	kill -HUP "$resident"
	check "one that cannot be looked up at a reload is named" \
	    logged 'CALLERS: the account far cannot be looked up'
	equal "and keeps its rights" "$(serving)" "$before"
	: >"$T/syslog"
	kill -9 "$(serving all)"
	check "also in the process that serves next" \
	    logged 'serving .*, 2 callers may ask'
	resident_stop
	: >"$T/syslog"
	resident_start
	check "at the start it is left out, and the others are not" \
	    logged 'serving .*, 1 callers may ask'
	within "which can ask" SUCCESS 900 login_as www bob "$(code bob)"
	resident_stop
	sed -i '/^CALLERS/d' "$CONF"
}

# While it is looked up whether somebody may ask.
checker() {
	printf '%s\n' "user stranger-to-bob" >"$T/needles"
	setpriv --reuid "$NEW_UIDS" --clear-groups "$T/bin/ask_service" \
	    ask stranger-to-bob 40721358 >"$T/out" &
	wait_for finds_any all
	check "who checks whether one may ask knows about whom" \
	    finds "$(workers all)"
	echo "code 40721358" >"$T/needles"
	check "the code waits in the serving process" finds "$(serving all)"
	refused "and is not in who checks" finds "$(workers all)"
	kill "$!"
	wait "$!" 2>/dev/null
}

finds_any() {	# WHICH
	finds "$(workers "$1" | head -n 1)"
}

# Strangers ask about bob, and the directory takes long to say who they are.
slow_directory() {
	local strangers
	[ -e /etc/ld.so.conf.d/0rollcode.conf ] || {
		skip "a slow directory" "none could be set up here"
		return
	}
	echo 4 >/etc/passwd.slow
	echo "CALLERS=www" >>"$CONF"
	resident_start
	checker
	for strangers in 20 100; do
		mkfifo "$T/crowd"
		"$T/bin/ask_service" flood bob "$strangers" "$NEW_UIDS" \
		    <"$T/crowd" >"$T/ready" &
		servers+=("$!")
		exec 5>"$T/crowd"
		wait_for grep -q ready "$T/ready"
		within "while $strangers strangers ask about bob, he gets in" \
		    SUCCESS 900 login_as bob bob "$(code bob)"
		within "so he does through a caller ($strangers)" SUCCESS 900 \
		    login_as www bob "$(code bob)"
		within "so he does through root ($strangers)" SUCCESS 900 \
		    root_login bob "$(code bob)"
		within "once more, for he may be refused ($strangers)" \
		    AUTH_ERR 2000 login_as bob bob 00000000
		exec 5>&-
		rm -f "$T/crowd" "$T/ready"
	done
	equal "nobody is charged for what strangers ask" \
	    "$(field bob failures)" 1
	resident_stop
	sed -i '/^CALLERS/d' "$CONF"
	rm /etc/passwd.slow
}

arrange
resident_start
callers
one_after_the_other
resident_stop
sed -i '/^CALLERS/d' "$CONF"
directory_down
slow_directory
exit 0
