# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# logins.sh - what every login must do, whatever door it comes through.  For
# scripts that have read lib.sh and called private_machine.
#
# A door is a function door_NAME USER LINE that logs in with one typed line and
# prints who one has become; $into is who that must be ("" is USER).  The
# doors here: ssh, key (ssh with a key first), sudo, su.
#
#   let_in NAME DOOR USER LINE      ok if the door opens
#   kept_out NAME DOOR USER LINE    ok if the code was asked for and refused
#   try DOOR USER LINE              sets $result, $said and $told
#   guard USER                      five wrong codes, quickly
#   state USER KEY                  from rollcode-admin show
#   at_terminal USER CODE           what ssh shows at a terminal until the shell
#                                   has ended; behind a login by ssh
#   every_login DOOR USER           the rules for a token of 8 digits
#   guarding_press DOOR USER        a far code as the last wrong one
#   owner_returns DOOR USER DIGITS  the guarded owner who keeps on pressing
#   never_logged FILE...            no code that was typed is in these files
#
# What was typed is kept in $T/typed.
DENIED='Permission denied|incorrect password|Authentication failure'

door_ssh() {
	ssh_answered "$2" -- -o PreferredAuthentications=keyboard-interactive \
	    "$1@127.0.0.1"
}

door_key() {
	ssh_answered "$2" -- -o IdentitiesOnly=yes -i "$T/key" \
	    -o PreferredAuthentications=publickey,keyboard-interactive \
	    "$1@127.0.0.1"
}

door_sudo() {
	printf '%s\n' "$2" | as "$1" sudo -k -S -p 'Rolling code: ' id -un
}

door_su() {
	printf '%s\n' "$2" | as visitor su "$1" -c 'id -un'
}

# A visitor for su, and files of the private /etc that the doors need.
doors() {
	add_user visitor
	sed -i '/^FAIL_DELAY/d' /etc/login.defs 2>/dev/null
	echo 'FAIL_DELAY 0' >>/etc/login.defs
	mkdir -p /etc/sudoers.d
	(umask 227 && cat >/etc/sudoers) <<-SUDOERS
	Defaults timestamp_timeout=0, passwd_tries=1, !fqdn
	ALL ALL=(ALL) ALL
	SUDOERS
	: >"$T/typed"
}

try() {
	printf '%s\n' "${3// /$'\n'}" >>"$T/typed"
	: >"$T/prompts"
	said=$("door_$1" "$2" "$3" 2>"$T/told")
	result=$?
	said=${said##*$'\n'}
	told=$(<"$T/prompts")$'\n'$(<"$T/told")
}

# A line with the place in the script for what went wrong.
wrong_way() {	# NAME WHY
	not_ok "$1" "$2"
	show "status $result, said: $said"
	show "$told"
	return 1
}

let_in() {
	try "${@:2}"
	if [ "$result" -eq 0 ] && [ "$said" = "${into:-$3}" ]; then
		ok "$1"
	else
		wrong_way "$1" "not let in"
	fi
}

kept_out() {
	try "${@:2}"
	if [ "$result" -eq 0 ] || [ "$said" = "${into:-$3}" ]; then
		wrong_way "$1" "let in"
	elif ! [[ $told =~ 'Rolling code: ' && $told =~ $DENIED ]]; then
		wrong_way "$1" "not asked for a code, or not refused"
	else
		ok "$1"
	fi
}

state() {
	admin show --json "$1" |
	    sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/;T;p;q"
}

at_terminal() {
	python3 - "$2" ssh -F none -p "$SSHD_PORT" -o LogLevel=ERROR \
	    -o "UserKnownHostsFile=$T/known_hosts" \
	    -o PreferredAuthentications=keyboard-interactive \
	    "$1@127.0.0.1" <<-'PYTHON'
	import os, pty, sys
	pid, fd = pty.fork()
	if pid == 0:
	    os.execvp(sys.argv[2], sys.argv[2:])
	shown = b""
	try:
	    while chunk := os.read(fd, 4096):
	        shown += chunk
	        if b"code: " in chunk:
	            os.write(fd, sys.argv[1].encode() + b"\n")
	        if b"$ " in chunk:
	            os.write(fd, b"exit\n")
	except OSError:
	    pass
	os.waitpid(pid, 0)
	print(shown.decode())
	PYTHON
}

guard() {
	local i
	pam_service rollcode-guard nodelay quiet
	for ((i = 0; i < 5; i++)); do
		printf '%s\t%s\n' "$1" "${2:-00000000}"
	done | "$BUILD/tests/tools/pamrun" /etc/pam.d rollcode-guard \
	    >"$T/guarding" 2>&1
	[ "$(state "$1" state)" = guarded ] || echo "$1 is not guarded"
}

every_login() {
	local code i
	code=$(code "$2")
	let_in "$1: the next code lets in" "$1" "$2" "$code"
	kept_out "$1: the same code does not let in again" "$1" "$2" "$code"
	kept_out "$1: a wrong code does not let in" "$1" "$2" \
	    "$(wrong "$code")"
	equal "$1: a wrong code moves no counter" "$(state "$2" counter)" 1
	token "$2" skip -n 4 >/dev/null 2>&1
	let_in "$1: a code four ahead lets in" "$1" "$2" "$(code "$2")"
	token "$2" skip -n 5 >/dev/null 2>&1
	kept_out "$1: a code five ahead does not let in" "$1" "$2" \
	    "$(code "$2")"
	let_in "$1: but press again, and the next one does" "$1" "$2" \
	    "$(code "$2")"

	for ((i = 1; i <= 5; i++)); do
		try "$1" "$2" "$(wrong "$code")"
	done
	equal "$1: five wrong codes guard the account" \
	    "$(state "$2" state)" guarded
	code=$(code "$2")
	kept_out "$1: guarded, the right code does not let in" "$1" "$2" \
	    "$code"
	kept_out "$1: nor do two consecutive codes on one line" "$1" \
	    "$2" "$(code "$2" -n 2)"
	let_in "$1: guarded, three consecutive codes on one line let in" "$1" \
	    "$2" "$(code "$2" -n 3)"
	kept_out "$1: what was refused while guarded is behind now" "$1" "$2" \
	    "$code"
	let_in "$1: after that one code is enough again" "$1" "$2" \
	    "$(code "$2")"
}

# guarding_press DOOR USER: the press that guards, and those after it
guarding_press() {
	local code i
	admin unlock "$2" >/dev/null
	code=$(code "$2")
	for ((i = 1; i <= 4; i++)); do
		try "$1" "$2" "$(wrong "$code")"
	done
	token "$2" skip -n 5 >/dev/null 2>&1
	kept_out "$1: a far code that guards the account does not let in" \
	    "$1" "$2" "$(code "$2")"
	equal "$1: it guards the account" "$(state "$2" state)" guarded
	kept_out "$1: nor does the next press then" "$1" "$2" "$(code "$2")"
	let_in "$1: but three consecutive codes on one line do" \
	    "$1" "$2" "$(code "$2" -n 3)"
}

presses() {	# DOOR USER N: single codes, all refused
	local i
	for ((i = 0; i < $3; i++)); do
		try "$1" "$2" "$(code "$2")"
		[ "$result" -ne 0 ] || { echo "press $i let in"; return 1; }
	done
}

owner_returns() {
	admin unlock "$2" >/dev/null
	guard "$2" "$(printf '%0*d' "$3" 0)"
	check "$1: guarded, six single codes of $3 digits are refused" \
	    presses "$1" "$2" 6
	kept_out "$1: after them two codes of $3 digits are not enough" \
	    "$1" "$2" "$(code "$2" -n 2)"
	let_in "$1: but three codes of $3 digits let the owner in" \
	    "$1" "$2" "$(code "$2" -n 3)"
}

never_logged() {
	local found
	sed 's/[^0-9a-f]//g' "$T/typed" | grep -E '.{6}' | sort -u \
	    >"$T/typed.once"
	[ -s "$T/typed.once" ] || { echo "nothing was typed"; return 1; }
	found=$(grep -hF -f "$T/typed.once" "$@" | head -n 5)
	[ -z "$found" ] || { echo "$found"; return 1; }
}
