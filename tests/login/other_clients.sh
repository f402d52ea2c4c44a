#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# other_clients.sh - ssh clients that need no recipe, at a real sshd: dropbear's
# dbclient and the library libssh, with a code alone and with password and code.
# Arguments name some of them: dbclient, libssh.
# shellcheck disable=SC2317	# some functions are called by name
# long
# limit: 120
. "$(dirname "$0")/../support/lib.sh"
need sshd ssh-keygen chpasswd python3
private_machine "$@"
. "$TREE/tests/support/logins.sh"
. "$TREE/tests/support/recipes.sh"
# dbclient only asks again.
DENIED='Permission denied|Rolling code:[[:space:]]+Login for'

arrange() {
	recipe_machine
	recipe_users alice
	enroll alice
	sshd_start "$(recipe 'sshd: password and code' /etc/ssh/sshd_config)"
	stack_of 'sshd: code alone' sshd
}

# both_ways CLIENT DOOR
both_ways() {
	local code
	stack_of 'sshd: code alone' sshd
	code=$(code alice)
	let_in "$1: a code lets in" "$2" alice "$code"
	kept_out "$1: a replay does not" "$2" alice "$code"
	kept_out "$1: nor does a wrong code" "$2" alice "$(wrong "$code")"
	stack_of 'sshd: password and code' sshd
	code=$(code alice)
	let_in "$1: password and code let in" "$2" alice "$(both "$code")"
	kept_out "$1: a replay behind the password does not" "$2" alice \
	    "$(both "$code")"
}

# --- dropbear ---------------------------------------------------------------


door_dbclient() {
	printf '%s\n' "$2" | as "$1" "$(tool console.py)" \
	    dbclient -y -y -p "$SSHD_PORT" "$1@127.0.0.1" id -un >"$T/screen"
	set -- $?
	cat "$T/screen" >&2
	tail -n 1 "$T/screen"
	return "$1"
}

# It answers every prompt with that, as often as it is asked.
by_environment() {
	as alice env DROPBEAR_PASSWORD="$1" \
	    dbclient -y -y -p "$SSHD_PORT" alice@127.0.0.1 id -un </dev/null
}

client_dbclient() {
	local code
	has /usr/bin/dbclient dbclient || return
	both_ways dbclient dbclient
	stack_of 'sshd: code alone' sshd
	code=$(code alice)
	equal "dbclient: a code in DROPBEAR_PASSWORD lets in" \
	    "$(by_environment "$code" 2>"$T/log")" alice
	# Its status is 0 all the same.
	equal "dbclient: a replay does not, as often as it is sent" \
	    "$(by_environment "$code" 2>"$T/log")" ""
	equal "dbclient: and the next code lets in" \
	    "$(by_environment "$(code alice)" 2>"$T/log")" alice
}

# --- libssh -----------------------------------------------------------------

door_libssh() {
	printf '%s\n' "$2" |
	    as "$1" "$(tool libssh_login.py)" "$SSHD_PORT" "$1"
}

client_libssh() {
	"$TREE/tests/tools/libssh_login.py" "$SSHD_PORT" alice \
	    </dev/null 2>"$T/log"
	[ $? -ne 2 ] || {
		skip libssh "needs libssh.so.4"
		return
	}
	both_ways libssh libssh
}

arrange
[ $# -gt 0 ] || set -- dbclient libssh
for part in "$@"; do
	"client_$part"
done
exit 0
