#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# outsiders.sh [long] - callers of everybody's socket: one refusal for every
# reason, a line in the log for each, and the owner gets in meanwhile.
# long: more requests, and ROLLCODE_LINES lines of the owner's.
# long: 600
# shellcheck disable=SC2317	# some functions are called by name
# limit: 150
. "$(dirname "$0")/../support/lib.sh"
need python3 setpriv
private_machine "$@"
. "$TREE/tests/support/pam.sh"

if [ "${1-}" = long ]; then
	requests=10000 replays=500 lines=${ROLLCODE_LINES:-20}
else
	requests=1000 replays=100 lines=3
fi
REFUSED=55555555
KINDS=(wrong far replayed guarded malformed disabled unenrolled)

arrange() {
	local name
	for name in www stranger ann "${KINDS[@]}"; do
		add_user "$name"
	done
	installed CALLERS=www
	pam_place
	pam_named own "conf=$CONF"
	install -m 755 "$PAMRUN" "$T/bin/pamrun"
	install -m 755 "$BUILD/tests/tools/hammer" "$T/bin/hammer"
	install -m 755 "$TREE/tests/tools/ask_service.py" "$T/bin/ask_service"
	PAMRUN=$T/bin/pamrun
	syslog_start
	resident_start
}

# answer CALLER USER CODE [OTHERWISE]: its bytes
answer() {
	as "$1" "$T/bin/ask_service" bytes "${@:2}"
}

# verdict_in ANSWER: the verdict, of four bytes, the least first
verdict_in() {
	echo "${1:22:2}${1:20:2}${1:18:2}${1:16:2}"
}

# An account for each reason to refuse; its code for that in $code.
each_its_own() {
	local kind
	declare -gA code
	for kind in wrong far replayed guarded malformed disabled; do
		enroll "$kind"
		code[$kind]=00000000
	done
	code[unenrolled]=00000000
	code[malformed]=x1
	token far skip -n 300 >"$T/out"
	code[far]=$(code far)
	code[replayed]=$(code replayed)
	login replayed "${code[replayed]}" >"$T/out"
	printf 'guarded\t00000000\n' | pam_run -n 5 >"$T/out"
	code[disabled]=$(code disabled)
	admin disable disabled >"$T/out"
}

# The second as whoever may ask about others.
refusals() {
	local kind pids=()
	for kind in "${KINDS[@]}"; do
		answer "$kind" "$kind" "${code[$kind]}" >"$T/own.$kind" &
		pids+=("$!")
	done
	wait "${pids[@]}"
	token far skip -n 300 >"$T/out"
	code[far]=$(code far)
	for kind in "${KINDS[@]}"; do
		answer www "$kind" "${code[$kind]}" >"$T/callers.$kind"
	done
	answer www nobody-there 00000000 >"$T/callers.nobody"
	for kind in "${KINDS[@]}"; do
		check "about its own account: $kind is in the log" \
		    logged "uid=$(id -u "$kind") .*reason=$kind\\b"
		check "an account of CALLERS: $kind is in the log" \
		    logged "uid=$(id -u www) .*reason=$kind\\b"
	done
	equal "about its own account: the same bytes for every refusal" \
	    "$(sort -u "$T"/own.* | wc -l)" 1
	equal "an account of CALLERS: the same bytes for every refusal, also \
where there is no account" "$(sort -u "$T"/callers.* | wc -l)" 1
	equal "both get the same" "$(cat "$T/own.far")" "$(cat "$T/callers.far")"
	equal "and that is a refusal" "$(verdict_in "$(cat "$T/own.far")")" \
	    "$REFUSED"
}

strangers() {
	local about
	for about in wrong unenrolled root nobody-there; do
		answer stranger "$about" 00000000 >"$T/stranger.$about"
	done
	equal "about others: the same bytes, enrolled or not, an account or not" \
	    "$(sort -u "$T"/stranger.* | wc -l)" 1
}

# otherwise_is NAME TEXT: refused and counted once, the code is still good
otherwise_is() {
	local said next
	admin unlock ann >"$T/out"
	next=$(code ann)
	said=$(answer www ann "$2" "$next")
	equal "$1: refused" "$(verdict_in "$said")" "$REFUSED"
	equal "$1: counted once" \
	    "$(field ann failures) $(field ann spent)" "1 1"
	equal "$1: the code is not spent" "$(login ann "$next")" SUCCESS
}

otherwises() {
	local next
	enroll ann
	otherwise_is "a second code behind a single one" 00000000
	otherwise_is "a second code that is not the last of a pair" \
	    "00000000 99999999"
	otherwise_is "a second code that is none of three" \
	    "00000000 99999999 00000000"
	next=$(code ann)
	equal "one that is the last of a pair is accepted" \
	    "$(verdict_in "$(answer www ann "00000000$next" "$next")")" \
	    3333cccc
	admin unlock ann >"$T/out"
}

# --- the log and the events ------------------------------------------------------

# Refusals that the log has or stands for, of www.
lines_sum() {
	sed -nE -e "s/.* asked by uid=$1 .*: reason=.*/1/p" \
	    -e 's/.*requests refused beside those that have a line: ([0-9]+), .*/\1/p' \
	    "$T/syslog" | awk '{ n += $1 } END { print n + 0 }'
}

sums_to() {	# UID COUNT
	[ "$(lines_sum "$1")" -eq "$2" ]
}

# asking USER COMMAND...: in the background, and can be ended
asking() {
	start setpriv --reuid "$1" --regid "$1" --init-groups "${@:2}"
}

# ask_often NAME USER CODE COUNT: each refusal stands in the log
ask_often() {
	local got began=${EPOCHREALTIME/./}
	wait_for no_store_files
	: >"$T/syslog"
	as www "$T/bin/hammer" $(($4 * 10 / 8 + 10)) "$2" "$3" >"$T/asked"
	got=$(sed -n 's/^refused //p' "$T/asked")
	echo "# $got refused, $((got * 1000000 / (${EPOCHREALTIME/./} - began))) a \
second, $(grep -c 'asked by' "$T/syslog") with a line of their own"
	check "$1: as many as were asked" test "$got" -ge "$4"
	wait_for sums_to "$(id -u www)" "$got"
	equal "$1: the log has a line for each, or says how many it stands for" \
	    "$(lines_sum "$(id -u www)")" "$got"
}

# owner_logs_in USER COUNT [REPLAYS]: counters in $T/counters
owner_logs_in() {
	local i used
	for ((i = 0; i < $2; i++)); do
		used=$(code "$1")
		[ "$(login "$1" "$used")" = SUCCESS ] ||
		    echo "login $i was refused"
		[ -z "${3-}" ] || as www "$T/bin/hammer" \
		    $(($3 * 10 / 8 + 2)) "$1" "$used" >"$T/asked"
		counter "$1"
		echo
	done >"$T/counters"
}

# The last twenty logins are in the ring, each with its counter.
still_listed() {	# NAME USER
	admin log "$2" >"$T/events"
	equal "$1: the events have the owner's last 20 logins" \
	    "$(sed -nE 's/.* accepted .* counter=([0-9]+) .*/\1/p' \
		"$T/events" | tail -n 20 | xargs)" \
	    "$(tail -n 20 "$T/counters" | awk '{ print $1 - 1 }' | xargs)"
}

requests_are_logged() {
	local used
	rm -f "$(wallet ann)"
	enroll ann --replace
	owner_logs_in ann 20
	used=$(code ann)
	[ "$(login ann "$used")" = SUCCESS ] || echo "login was refused"
	{ counter ann && echo; } >>"$T/counters"
	ask_often "$replays replays" ann "$used" "$replays"
	still_listed "$replays replays" ann
	ask_often "$requests requests" ann 00000000 "$requests"
	still_listed "$requests requests" ann
	admin unlock ann >"$T/out"
	rm -f "$(wallet ann)"
	enroll ann --replace
	owner_logs_in ann 25 20
	still_listed "25 logins with 20 replays behind each" ann
}

# --- the owner meanwhile -----------------------------------------------------------

owner_lines() {
	local i
	for ((i = 0; i < lines; i++)); do
		printf 'ann\t%s\n' "$(code ann -n 3)"
	done
}

# gets_in NAME COMMAND...: that logs in with the lines on its input
gets_in() {
	local bad
	owner_lines >"$T/lines"
	"${@:2}" <"$T/lines" >"$T/out"
	bad=$(awk '$2 != "SUCCESS" || $3 >= 3000' "$T/out")
	[ "$(wc -l <"$T/out")" -eq "$lines" ] || bad+=$'\n'"not $lines answers"
	echo "# the slowest: $(sort -k 3,3nr "$T/out" | head -n 1 |
	    cut -d' ' -f3) ms"
	say_ok "$1, the owner's three codes open within 3 s, $lines of $lines" \
	    "$bad"
}

is_guarded() {
	[ "$(field ann failures)" -ge 5 ]
}

under_flood() {
	local hammers=() wrong
	for wrong in 00000000 99999999; do
		asking www "$T/bin/hammer" 1000000 ann "$wrong" \
		    >>"$T/flooded"
		hammers+=("$started")
	done
	wait_for is_guarded
	gets_in "asked in the owner's name, under as many wrong inputs as can be \
sent" as ann "$PAMRUN" "$T/pam" rc
	check "the flood went on all the while" kill "${hammers[@]}"
	wait "${hammers[@]}"
	refused "and each of them was refused" \
	    grep -qE '^(accepted|resynced|lost) ' "$T/flooded"
}

under_steady() {
	local steady
	: >"$T/ready"
	asking www "$T/bin/ask_service" steady ann 50 >"$T/ready"
	steady=$started
	wait_for grep -q ready "$T/ready"
	wait_for is_guarded
	gets_in "asked in the owner's name, under 50 wrong inputs a second" \
	    as ann "$PAMRUN" "$T/pam" rc
	gets_in "at root's socket, under 50 wrong inputs a second" pam_run
	gets_in "with a verifier of its own, under 50 wrong inputs a second" \
	    "$PAMRUN" "$T/pam" own
	check "they went on all the while" kill "$steady"
	wait "$steady" 2>/dev/null
}

# --- what is no refusal ------------------------------------------------------------

other() {	# PID
	[ "$(serving all)" != "$1" ]
}

# A policy that is too generous for six digits.
errors() {
	local before said
	admin enroll ann --no-account --label six --phone >"$T/uri" \
	    2>"$T/enroll.log"
	admin unlock ann >"$T/out"
	before=$(serving all)
	echo TOLERANCE=50 >>"$CONF"
	kill -HUP "$resident"
	wait_for other "$before"
	said=$(answer www ann 00000000)
	equal "an error gives no verdict" "$(verdict_in "$said")" 00000000
	refused "and is not a refusal" test "${said:8:8}" = 00000000
	check "its sentence is in the log" logged 'TOLERANCE=50 is too much for'
	refused "and not in the answer" \
	    grep -q "$(printf TOLERANCE | od -An -tx1 | tr -d ' ')" <<<"$said"
	equal "nothing is counted" "$(field ann failures)" 0
}

arrange
each_its_own
refusals
strangers
otherwises
requests_are_logged
under_flood
under_steady
errors
exit 0
