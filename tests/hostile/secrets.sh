#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# secrets.sh - no code, secret or key is ever in a log, an argument, an
# environment, an error text, a file that is not sealed, or the memory of the
# program that asked.
. "$(dirname "$0")/../support/lib.sh"
need python3 strace
private_machine
. "$TREE/tests/support/pam.sh"

FIND=$TREE/tests/tools/find_secrets.py

needle() {
	printf '%s %s\n' "$@" >>"$T/needles"
}

# next_code NAME: in $got, and never to be seen again
next_code() {
	got=$(code ann)
	needle "$1" "$got"
}

secrets() {
	local base32 hex key
	base32=$(sed -n 's/.*[?&]secret=\([A-Z2-7]*\).*/\1/p' "$T/uri")
	hex=$(python3 -c 'import base64, sys
s = sys.argv[1]
print(base64.b32decode(s + "=" * (-len(s) % 8)).hex())' "$base32")
	key=$(sed -n 's/^SECRET_KEY=//p' "$CONF")
	needle secret-base32 "$base32"
	needle secret-hex "$hex"
	needle secret-raw "hex:$hex"
	needle key-hex "$key"
	needle key-raw "hex:$key"
}

# Every exec with its arguments and environment, all that is sent to a log or
# written, but not what module and verifier say to each other.
traced() {	# CODE RESULT [USER]
	local result beside='^$'
	# libpam's own record of that user for the kernel's audit: op=PAM:...
	[ -z "${3-}" ] || beside='\\x6f\\x70\\x3d\\x50\\x41\\x4d\\x3a'
	result=$(printf '%s\t%s\n' "${3:-ann}" "$1" | strace -f -v -xx -s 65536 \
	    -e trace=execve,sendto,sendmsg,write,writev,pwrite64 \
	    -o "$T/trace" "$PAMRUN" -v "$T/pam" rc 2>>"$T/told" |
	    cut -d' ' -f2)
	[ "$result" = "$2" ] || echo "$result instead of $2"
	cat "$T/trace" >>"$T/whole"
	# The magic numbers of a request and an answer; what pamrun prints.
	grep -vE '"\\x33[^"]{4}\\x63\\x52|write\(1, ' "$T/trace" |
	    grep -v "$beside" >>"$T/said"
}

logins() {
	local pair wrong
	next_code right
	traced "$got" SUCCESS
	traced "$got" AUTH_ERR
	wrong=$(wrong "$got")
	needle wrong "$wrong"
	traced "$wrong" AUTH_ERR
	token ann skip -n 200 >"$T/out" 2>&1
	next_code far
	traced "$got" AUTH_ERR
	next_code behind-far
	traced "$got" SUCCESS
	next_code first
	pair=$got
	next_code second
	traced "$pair $got" SUCCESS
	traced "secret-words" AUTH_ERR
	needle malformed secret-words
	for _ in 1 2 3 4 5; do
		traced "$wrong" AUTH_ERR
	done
	next_code guarded
	traced "$got" AUTH_ERR
	# People type a code where a name is wanted.
	traced "$got" AUTH_ERR "$got"
}

errors() {
	next_code while-broken
	chmod 640 "$T/store/users/marker"
	traced "$got" SYSTEM_ERR
	chmod 600 "$T/store/users/marker"
	cp "$CONF" "$T/kept"
	sed -i '/^SECRET_KEY=/s/$/0/' "$CONF"
	traced "$got" SERVICE_ERR
	admin list >>"$T/said" 2>&1
	cp "$T/kept" "$CONF"
	sed -i '/^SECRET_KEY=/s/^/X/' "$CONF"
	traced "$got" SERVICE_ERR
	admin list >>"$T/said" 2>&1
	cp "$T/kept" "$CONF"
	mv "$T/store" "$T/away"
	traced "$got" AUTHINFO_UNAVAIL
	mv "$T/away" "$T/store"
	{
		admin list
		admin list --json
		admin show ann
		admin show ann --json
		admin log ann
		echo "$got" | admin verify ann
		echo "$got $got" | admin resync ann
		admin enroll ann --no-account
	} >>"$T/said" 2>&1
}

# With the codes of a login in its hands no longer, the process is stopped and
# looked through.
memory() {
	local pid
	admin unlock ann >"$T/out"
	next_code memory
	# So long a text is in memory that nobody else uses before the look;
	# free() itself writes over its first bytes.
	printf 'ann\t%s%s\n' "$(printf %0400d 0 | tr 0 -)" "$got" >"$T/in"
	printf 'marker the-remote-host\n' >"$T/marker"
	"$PAMRUN" -s -r the-remote-host "$T/pam" rc <"$T/in" >"$T/run" &
	pid=$!
	servers+=("$pid")
	wait_for grep -q '^State:.T' "/proc/$pid/status"
	equal "a login, looked through in memory" \
	    "$(cut -d' ' -f2 "$T/run")" SUCCESS
	"$FIND" "$T/marker" --memory "$pid" >"$T/found"
	check "the search finds what the process does hold" \
	    grep -q '^marker in' "$T/found"
	say_ok "neither code nor secret is left in the process that asked" \
	    "$("$FIND" "$T/needles" --memory "$pid")"
	kill -CONT "$pid"
	wait "$pid"
}

server
mkdir -p "$T/pam"
pam_named rc debug
syslog_start
enroll ann
: >"$T/needles"
secrets
bad=$(logins; errors)
say_ok "the logins end as they should" "$bad"
check "something was logged" grep -q 'authentication failure' "$T/syslog"
check "debug says more" grep -q '\.debug .*verdict=' "$T/syslog"
"$FIND" "$T/needles" "$T/whole" >"$T/found"
check "the search finds a code where module and verifier speak" \
    grep -q '^right in' "$T/found"
say_ok "no secret is in the log" "$("$FIND" "$T/needles" "$T/syslog")"
say_ok "nor in what was executed, sent, written and said" \
    "$("$FIND" "$T/needles" "$T/said")"
say_ok "nor in what the person was told" \
    "$("$FIND" "$T/needles" "$T/told")"
say_ok "nor open in the store" \
    "$("$FIND" "$T/needles" "$T"/store/users/*)"
memory
exit 0
