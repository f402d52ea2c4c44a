# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# pam.sh - logging in through libpam without touching /etc.  Source it behind
# lib.sh, after private_machine.
#
#   pam_place [ARGUMENT...]    the service rc in $T/pam, with these arguments
#   pam_run [OPTION...]        pamrun with that service, rounds on its input
#   login USER CODE [SERVICE]  the name of the result
#   codes USER N               the token's next N codes, one a line
#   one_each ROUNDS AT_ONCE    of pamrun's results on its input: each round that
#                              has not one success and refusals beside it
#   field USER NAME            a number of `rollcode-admin show --json`
#   counter USER [LABEL]       the next counter the server expects
#   hold USER, release         somebody else has the user's file, and no more
#   say_ok NAME WRONG          ok if WRONG, what was found, is empty

PAMRUN=$BUILD/tests/tools/pamrun

pam_place() {
	mkdir -p "$T/pam"
	pam_named rc "$@"
}

pam_named() {
	{
		pam_line nodelay quiet "${@:2}"
		echo "account required pam_permit.so"
	} >"$T/pam/$1"
}

pam_run() {
	"$PAMRUN" "$@" "$T/pam" rc
}

login() {
	local result
	read -r _ result _ < <(
	    exec "$PAMRUN" "$T/pam" "${3:-rc}" <<<"$1"$'\t'"$2")
	echo "$result"
}

hold() {
	python3 - "$T/store/users/$1.db" <<-'PYTHON' >"$T/held" &
	import sqlite3, sys, time
	db = sqlite3.connect(f"file:{sys.argv[1]}?vfs=unix-excl", uri=True,
	                     isolation_level=None)
	db.execute("BEGIN IMMEDIATE")
	print("held", flush=True)
	time.sleep(60)
	PYTHON
	holder=$!
	servers+=("$holder")
	wait_for grep -q held "$T/held"
}

release() {
	kill -9 "$holder"
	wait "$holder" 2>/dev/null
}

# `next` gives a hundred at most.
codes() {
	local left
	for ((left = $2; left > 0; left -= 100)); do
		code "$1" -n "$((left < 100 ? left : 100))" | tr -s ' ' '\n'
	done
}

one_each() {
	awk -v rounds="$1" -v at_once="$2" '
	$2 == "SUCCESS" { yes[$1]++; next }
	$2 != "AUTH_ERR" { print "round " $1 ": " $2 }
	{ no[$1]++ }
	END {
		for (r = 1; r <= rounds; r++)
			if (yes[r] != 1 || no[r] != at_once - 1)
				print "round " r ": " yes[r] + 0 " successes, " \
				    no[r] + 0 " refusals"
	}'
}

field() {
	admin show "$1" --json |
	    sed -nE "s/^[{, \"]*.*\"$2\": ?(-?[0-9]+).*/\\1/p" | head -n 1
}

counter() {
	admin show "$1" --json | tr -d ' \n' |
	    sed -nE "s/.*\"label\":\"${2:-token}\"[^}]*\"counter\":([0-9]+).*/\\1/p"
}

say_ok() {
	if [ -z "$2" ]; then
		ok "$1"
	else
		not_ok "$1" "see below"
		show "$(printf '%s\n' "$2" | head -n 20)"
	fi
}
