#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# races.sh [long] - many logins at once.  long: what takes longer; of what is in
# `make check` more only if ROLLCODE_ROUNDS says how much; ROLLCODE_LINES is how
# often the owner types under a flood.
# limit: 180
# long: 900
. "$(dirname "$0")/../support/lib.sh"
need python3 strace
private_machine "$@"
. "$TREE/tests/support/pam.sh"

if [ "${1-}" = long ]; then
	one=${ROLLCODE_ROUNDS:-15} two=$((one / 3)) users=$((one / 5))
	threads=$((one / 5)) lines=${ROLLCODE_LINES:-$((one / 5))}
	many=$(((one + 24) / 25))
else
	one=6 threads=5 two=5 users=4 lines=4 many=1
fi

one_code() {	# ROUNDS WHO [OPTION...]
	local name="one code, 16 $2 at once, $1 rounds: one success each"
	enroll ann
	codes ann "$1" | sed 's/^/ann\t/' | pam_run -n 16 "${@:3}" >"$T/out"
	say_ok "$name" "$(one_each "$1" 16 <"$T/out")"
	equal "$name: the counter moved once for each" "$(counter ann)" "$1"
	admin remove ann --force >"$T/remove.log"
	rm -f "$(wallet ann)"
}

two_tokens() {
	local label digit=0
	for label in one other; do
		digit=$((digit + 1))
		printf 'hex:%040d\n' 0 | sed "s/00/0$digit/g" >"$T/$label"
		admin enroll ann --no-account --label "$label" --phone \
		    --secret-file "$T/$label" >"$T/uri" 2>"$T/enroll.log"
	done
	say_ok "a code of two tokens, 16 at once, is spent for both" \
	    "$("$TREE/tests/tools/coincide.py" "$PAMRUN" "$T/pam" \
	    "$T/store/users/ann.db" "$two" 2>&1)"
	admin remove ann --force >"$T/remove.log"
}

many_users() {
	local i bad=''
	for ((i = 0; i < 16; i++)); do
		enroll "user$i"
		codes "user$i" "$users" | sed "s/^/user$i\\t/" >"$T/codes.$i"
	done
	paste "$T"/codes.* | pam_run >"$T/out"
	bad=$(grep -v ' SUCCESS ' "$T/out")
	equal "16 users at once: each of them gets in, every time" \
	    "$(grep -c ' SUCCESS ' "$T/out")$bad" "$((16 * users))"
	bad=
	for ((i = 0; i < 16; i++)); do
		[ "$(counter "user$i")" -eq "$users" ] ||
		    bad+="user$i: $(counter "user$i")"$'\n'
	done
	say_ok "16 users at once: no counter is lost" "$bad"
}

# The verifier itself is the module's child (-D), and stops with its lock held.
stopped_helper() {
	cat >"$T/bin/stopped" <<-STOPPED
	#!/bin/sh
	exec $(command -v strace) -DDD -qq -o $T/stopped.log -e trace=fdatasync \
	    -e inject=fdatasync:signal=STOP:when=1 \
	    $T/bin/rollcode-verify "\$@"
	STOPPED
	chmod 755 "$T/bin/stopped"
	pam_named stopped
	sed -i "s,helper=[^ ]*,helper=$T/bin/stopped," "$T/pam/stopped"
}

stopped_verifier() {
	grep -lsE '^State:.[Tt] ' /proc/[0-9]*/status | cut -d/ -f3
}

one_stopped() {
	local ms result
	enroll ann
	enroll bob
	stopped_helper
	printf 'bob\t%s\n' "$(code bob)" >"$T/bob"
	"$PAMRUN" "$T/pam" stopped <"$T/bob" >"$T/bob.out" &
	servers+=("$!")
	check "a verifier can be stopped while it holds a lock" \
	    wait_for grep -q 'stopped by SIGSTOP' "$T/stopped.log"
	read -r _ result ms _ < <(printf 'ann\t%s\n' "$(code ann)" | pam_run)
	equal "while bob's store is held, ann gets in" "$result" SUCCESS
	check "in under a second" test "$ms" -lt 1000
	read -r _ result ms _ < <(printf 'bob\t%s\n' "$(code bob)" | pam_run)
	equal "and bob is denied, for the store is busy" \
	    "$result" AUTHINFO_UNAVAIL
	check "in under 3 seconds" test "$ms" -lt 3000
	if [ "${1-}" = long ]; then
		wait_for grep -q . "$T/bob.out" || wait_for grep -q . "$T/bob.out"
		equal "after 10 seconds the stopped verifier is killed" \
		    "$(cut -d' ' -f2 "$T/bob.out")" SYSTEM_ERR
	else
		kill -CONT "$(stopped_verifier)"
		wait_for grep -q . "$T/bob.out"
		equal "the stopped login goes on where it was" \
		    "$(cut -d' ' -f2 "$T/bob.out")" SUCCESS
	fi
	equal "and then bob gets in again" "$(login bob "$(code bob)")" SUCCESS
	equal "no stopped process is left" "$(stopped_verifier)" ""
}

# The code that a flood tries is never one of the token's.
flood() {
	"$PAMRUN" "$T/pam" rc >>"$T/flood" \
	    < <(yes "$(printf 'ann\t%s' "$1")") &
	servers+=("$!")
}

flooded() {
	local began took guesses bad floods=()
	codes ann $((3 * lines)) | paste -d ' ' - - - |
	    sed 's/^/ann\t/' >"$T/lines"
	: >"$T/flood"
	began=${EPOCHREALTIME/./}
	flood 00000000
	floods+=("$!")
	flood 99999999
	floods+=("$!")
	wait_for test -s "$T/flood"
	pam_run <"$T/lines" >"$T/out"
	guesses=$(wc -l <"$T/flood")
	took=$(((${EPOCHREALTIME/./} - began) / 1000))
	kill "${floods[@]}"
	wait "${floods[@]}" 2>/dev/null
	bad=$(awk '$2 != "SUCCESS" || $3 >= 3000' "$T/out")
	[ "$(wc -l <"$T/out")" -eq "$lines" ] || bad+=$'\n'"not $lines answers"
	echo "# $((guesses * 1000 / took)) guesses a second"
	say_ok "the owner's three codes open within 3 s, $lines of $lines, under \
as many wrong guesses as can be spawned" "$bad"
}

different_codes() {
	local i bad='' codes
	server TOLERANCE=16
	rm -f "$(wallet ann)"
	enroll ann
	for ((i = 1; i <= many; i++)); do
		mapfile -t codes < <(codes ann 16)
		printf 'ann\t%s\t' "${codes[@]}" | sed 's/\t$/\n/' |
		    pam_run >"$T/out"
		[ "$(sed -n 16p "$T/out" | cut -d' ' -f2)" = SUCCESS ] ||
		    bad+="round $i: the highest code was refused"$'\n'
		bad+=$(awk '$2 != "SUCCESS" && $2 != "AUTH_ERR"' "$T/out")
		[ "$(counter ann)" -eq $((16 * i)) ] ||
		    bad+="round $i: the counter is $(counter ann)"$'\n'
		printf 'ann\t%s\n' "${codes[@]}" | pam_run >"$T/again"
		bad+=$(awk '$2 != "AUTH_ERR" { print "again: " $0 }' \
		    "$T/again")
	done
	say_ok "16 valid codes at once: the highest gets in, none twice" "$bad"
}

wrong_guesses() {
	local i next bad=''
	server
	for ((i = 1; i <= many; i++)); do
		rm -f "$(wallet ann)"
		enroll ann --replace
		next=$(code ann)
		printf 'ann\t%s\n' "$(wrong "$next")" | pam_run -n 50 >"$T/out"
		bad+=$(awk '$2 != "AUTH_ERR"' "$T/out")
		[ "$(field ann failures) $(field ann spent)" = "5 5" ] ||
		    bad+="counted: $(field ann failures) $(field ann spent)"
		[ "$(login ann "$next")" = AUTH_ERR ] ||
		    bad+="a single code was taken while guarded"$'\n'
		[ "$(counter ann)" -eq 0 ] || bad+="a code was spent"$'\n'
		[ "$(login ann "$next $(code ann -n 2)")" = SUCCESS ] ||
		    bad+="three codes were refused"$'\n'
	done
	say_ok "50 wrong guesses at once: no more than GUARD_AFTER are looked at" \
	    "$bad"
}

# Whether there are more rounds of the others than in `make check`.
more() {
	[ "${1-}" != long ] || [ -n "${ROLLCODE_ROUNDS-}" ]
}

server
pam_place
one_code "$one" processes
if more "$@"; then
	one_code "$threads" threads -t
	two_tokens
	many_users
fi
one_stopped "$@"
more "$@" || exit 0
flooded
different_codes
wrong_guesses
exit 0
