# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# service.sh - rollcode-verify as a service, asked by several accounts.  Source
# it behind pam.sh.
#
#   SOCKET, ROOTS              everybody's socket, and root's
#   SERVE                      the program; `$SERVE serve` starts it
#   NEW_UIDS                   uids from here on have no account
#   arrange                    ann and bob are enrolled, and www may ask about
#                              anybody; $T/bin has ask_service and pamrun; what
#                              is logged goes to $T/syslog
#   login_as CALLER USER CODE  RESULT MILLISECONDS
#   root_login USER CODE       the same, asked by root
#   within NAME RESULT MILLISECONDS LOGIN...   that result, sooner
#   while_stopped COMMAND...   with the whole service at rest
#   other PID                  whether another process serves root's socket
#   gone PID                   whether there is no such process
#   finds PID                  what of $T/needles its memory has
#   no_service                 whether none is left of the service
# shellcheck disable=SC2034,SC2154	# here are things of lib.sh and of scripts

SOCKET=/run/rollcode/verify.sock
ROOTS=/run/rollcode/root/verify.sock
SERVE=/usr/local/libexec/rollcode/rollcode-verify
NEW_UIDS=60000

arrange() {
	add_user ann
	add_user bob
	add_user www
	installed "CALLERS=www, ghost"
	pam_place
	install -m 755 "$PAMRUN" "$T/bin/pamrun"
	PAMRUN=$T/bin/pamrun
	install -m 755 "$TREE/tests/tools/ask_service.py" "$T/bin/ask_service"
	syslog_start
	enroll ann
	enroll bob
}

# login_as CALLER USER CODE: RESULT MILLISECONDS
login_as() {
	printf '%s\t%s\n' "$2" "$3" | as "$1" "$PAMRUN" "$T/pam" rc |
	    cut -d' ' -f2,3
}

root_login() {	# USER CODE: RESULT MILLISECONDS
	printf '%s\t%s\n' "$1" "$2" | pam_run | cut -d' ' -f2,3
}

# within NAME RESULT MILLISECONDS LOGIN...: that result, sooner
within() {
	local got
	read -r -a got < <("${@:4}")
	equal "$1" "${got[0]-nothing}" "$2"
	check "$1: in under $3 ms" test "${got[1]-99999}" -lt "$3"
}

# while_stopped COMMAND...: with the whole service at rest
while_stopped() {
	local all
	all="$resident $(serving) $(serving all) $(workers) $(workers all)"
	# shellcheck disable=SC2086	# a list
	kill -STOP $all
	"$@"
	# shellcheck disable=SC2086	# a list
	kill -CONT $all
}

other() {
	[ "$(serving)" != "$1" ]
}

gone() {	# PID
	[ ! -e "/proc/$1" ]
}

finds() {	# PID
	"$TREE/tests/tools/find_secrets.py" "$T/needles" --memory "$1" |
	    grep .
}

no_service() {
	[ -z "$(pgrep -f "$SERVE serve")" ]
}
