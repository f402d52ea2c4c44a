#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# guard.sh [long|guess] - nobody can see what of an input was right while an account
# is guarded: the same system calls, waits, times and answers for inputs with
# no, one and two valid codes, and no file of the store changes.
# long: the whole number of inputs.  guess: only the attack, with
# ROLLCODE_GUESSES inputs.
# shellcheck disable=SC2317	# some functions are called by name
# limit: 240
# long: 1800
# long guess: 7200
. "$(dirname "$0")/../support/lib.sh"
need python3 strace setpriv
private_machine "$@"
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/logins.sh"

SOCKET=/run/rollcode/verify.sock
ROOTS=/run/rollcode/root/verify.sock
KINDS=$TREE/tests/tools/guard_kinds.py
FIGURES=$TREE/tests/tools/guard_figures.py
long=
[ "${1-}" != long ] || long=yes
if [ -n "$long" ]; then
	samples=${ROLLCODE_SAMPLES:-150} traced=20 starts=1 rounds=6 states=6
	# Chance alone would break the bound with fewer.
	strict=
	[ "$samples" -lt 2500 ] || strict=strict
else
	samples=24 traced=5 starts=1 rounds=4 states=5 strict=
fi

# A sync that waits for nothing would not show.
on_disk() {
	remove=$(mktemp -d -p /var/tmp rollcode-guard.XXXXXX) || exit 1
	chmod 755 "$remove"
	cp -a "$T/store" "$remove/store"
	mount -n --bind "$remove/store" "$T/store"
}

arrange() {
	doors
	add_user www
	installed CALLERS=www GUARD_AFTER=100 GUESSES=1000
	pam_service su nodelay
	on_disk
	pam_place "conf=$CONF"
	install -m 755 "$BUILD/tests/tools/guard_probe" \
	    "$BUILD/tests/tools/guess_guarded" "$T/bin/"
	syslog_start
	resident_start
}

# tokens USER COUNT DIGITS TABLE...: enrolled; what guard_kinds says of them
tokens() {
	local i
	for ((i = 0; i < $2; i++)); do
		admin enroll "$1" --no-account --label "t$i" --digits "$3" \
		    --counter 200 2>>"$T/enroll.log"
	done >"$T/$1.lines"
	for i in "${@:4}"; do
		"$KINDS" 100 "$i" <"$T/$1.lines" >"$T/$1.$i"
	done
}

probe() {	# USER COUNT FILE
	"$T/bin/guard_probe" "$ROOTS" "$@"
}

probe_as_www() {	# USER COUNT FILE
	as www "$T/bin/guard_probe" "$SOCKET" "$@"
}

guard_by_guessing() {
	sed -n 's/^1.none/wrong/p' "$T/$1.guarded" >"$T/wrong"
	probe "$1" 100 "$T/wrong" >"$T/out"
	[ "$(field "$1" failures)" -eq 100 ] || echo "$1 is not guarded"
}

# What lies in the store, and when it was last written.
files() {
	find "$T/store" -type f -printf '%p %s %T@\n' -exec sha256sum {} + |
	    sort
}

# told WHO SAMPLES: figures are printed, what is wrong is left in $bad
told() {
	"$FIGURES" told "$@" ${strict:+strict} >"$T/told"
	grep '^# ' "$T/told"
	bad+=$(grep -v '^# ' "$T/told")
}

# traced all|root COMMAND...: its output is $T/samples, and $T/trace.* are the
# traces of the processes of that socket
traced() {
	local tracer pid pids=()
	rm -f "$T"/trace.*
	for pid in $(serving "$1") $(workers "$1"); do
		pids+=(-p "$pid")
	done
	strace -qq -f -ff -ttt -y -o "$T/trace" "${pids[@]}" 2>"$T/strace.log" &
	tracer=$!
	for pid in $(serving "$1") $(workers "$1"); do
		wait_for grep -q "^TracerPid:.$tracer" "/proc/$pid/status"
	done
	"${@:2}" >"$T/samples"
	kill "$tracer"
	wait "$tracer" 2>/dev/null
}

same_calls() {	# WHO [normal]
	"$FIGURES" calls "$1" "$T/samples" "$T/trace" "${@:2}" >"$T/told"
	grep '^# ' "$T/told"
	bad+=$(grep -v '^# ' "$T/told")
}

# spawned WHO USER TEXT TRACE: with a verifier of its own
spawned() {
	printf '%s\t%s\n' "$2" "$3" |
	    strace -qq -f -ff -ttt -y -o "$4" "$PAMRUN" "$T/pam" rc >"$T/out"
	grep -q ' AUTH_ERR ' "$T/out" || bad+="$1: $(cat "$T/out")"$'\n'
}

same_starts() {	# WHO
	"$FIGURES" spawned "$1" "$T/spawn" >"$T/told"
	grep '^# ' "$T/told"
	bad+=$(grep -v '^# ' "$T/told")
}

# spawned_calls WHO USER: inputs of each kind
spawned_calls() {
	local kind text i
	rm -rf "$T/spawn"
	mkdir "$T/spawn"
	for ((i = 0; i < starts; i++)); do
		while read -r kind text; do
			spawned "$1" "$2" "$text" "$T/spawn/$kind+$i"
		done < <(shuf "$T/$2.guarded" | sort -s -u -k 1,1 | shuf)
	done
	same_starts "$1"
}

# guarded COUNT DIGITS
guarded() {
	local user=u$1$2 who="$2 digits, $1 tokens" bad before
	local several=$((samples * ($1 == 1 && samples < 100 ? 4 : 1)))
	tokens "$user" "$1" "$2" guarded
	guard_by_guessing "$user"
	before=$(files)
	bad=
	probe "$user" "$several" "$T/$user.guarded" >"$T/samples"
	told "$who, root" "$T/samples"
	probe_as_www "$user" "$several" "$T/$user.guarded" >"$T/samples"
	told "$who, CALLERS" "$T/samples"
	say_ok "guarded, $who: time, waits and answers are the same whatever \
is right" "$bad"
	bad=
	traced root probe "$user" "$traced" "$T/$user.guarded"
	same_calls "$who, root"
	if [ "$1" -eq 1 ] || [ -n "$long" ]; then
		traced all probe_as_www "$user" "$traced" "$T/$user.guarded"
		same_calls "$who, CALLERS"
	fi
	say_ok "guarded, $who: the service makes the same system calls" "$bad"
	bad=
	spawned_calls "$who, spawned" "$user"
	say_ok "guarded, $who: so does a verifier of its own" "$bad"
	equal "guarded, $who: no file of the store changed" "$(files)" "$before"
}

# A success, and then a few of each kind.
after_success() {	# USER ROUND COUNT
	local code
	read -r code _ < <(sed -n "$(($2 + 1))p" "$T/$1.next")
	login "$1" "$code" >"$T/out"
	grep -qx SUCCESS "$T/out" || bad+="no success to begin with"$'\n'
	probe "$1" "$3" "$T/$1.normal"
}

# Replays are listed until the fourth after a success.
normal_rounds() {	# USER
	local round
	for ((round = 0; round < rounds; round++)); do
		after_success "$1" "$round" 4
	done
	for ((; round < rounds + (rounds + 3) / 4; round++)); do
		after_success "$1" "$round" 30
		admin unlock "$1" >"$T/out"
	done
}

# The same store for each kind, and then another one.
normal_starts() {	# WHO USER
	local kind text i
	rm -rf "$T/spawn"
	mkdir "$T/spawn"
	for ((i = 0; i < states; i++)); do
		wait_for no_store_files
		rm -rf "$T/kept"
		cp -a "$T/store/users" "$T/kept"
		while read -r kind text; do
			cp -a "$T/kept/." "$T/store/users"
			spawned "$1" "$2" "$text" "$T/spawn/$kind+$i"
		done < <(grep -v '^replayed' "$T/$2.normal" | shuf |
		    sort -s -u -k 1,1 | shuf)
	done
	admin unlock "$2" >"$T/out"
	same_starts "$1"
}

# normal COUNT DIGITS
normal() {
	local user=n$1$2 who="not guarded, $2 digits, $1 tokens" bad='' i
	tokens "$user" "$1" "$2" normal next
	grep '^wrong' "$T/$user.normal" >"$T/wrong"
	for i in 1 2 3; do
		probe "$user" 80 "$T/wrong" >"$T/out"
		admin unlock "$user" >"$T/out"
	done
	traced root normal_rounds "$user"
	same_calls "$who" commits
	say_ok "$who: wrong, far and used codes write as often" "$bad"
	bad=
	normal_starts "$who, spawned" "$user"
	say_ok "$who: in the same store they are the same system calls" "$bad"
}

# some_valid COUNT: candidates, the next codes and some far ones among them
some_valid() {
	sed -n -e '1,5p' -e '6~50p' "$T/victim.all" | cut -d' ' -f1
	sed -n 's/^3.none //p' "$T/victim.guarded" | tr ' ' '\n' |
	    head -n "$1"
}

# attacked WHO INPUTS [OPTION...] COMMAND...: what it believes is no better
# than chance
attacked() {
	local who=$1 bad inputs=$2
	local -a given=()
	[ ! -s "$T/candidates" ] || given=(-c "$T/candidates")
	"${@:3}" "${given[@]}" "$SOCKET" victim 6 "$inputs" >"$T/said" \
	    2>"$T/attack.log" || cat "$T/attack.log"
	"$FIGURES" believed "$who" "$T/said" "$T/victim.all" \
	    ${given[1]:+"${given[1]}"} >"$T/told"
	grep '^# ' "$T/told"
	bad=$(grep -v '^# ' "$T/told")
	grep -q '^# .* inputs' "$T/told" || bad+="it did not end"
	say_ok "$who learns nothing of a guarded account's codes by time, waits \
and answers" "$bad"
}

# Of the whole space, or of candidates that are few.
attacks() {	# INPUTS BY-SU
	add_user victim
	tokens victim 1 6 guarded
	"$KINDS" all <"$T/victim.lines" >"$T/victim.all"
	guard_by_guessing victim
	: >"$T/candidates"
	[ -n "${ROLLCODE_GUESSES-}" ] || some_valid 300 | shuf >"$T/candidates"
	attacked "an account of CALLERS" "$1" as www "$T/bin/guess_guarded"
	attacked "somebody who runs su" "$2" as visitor \
	    "$T/bin/guess_guarded" -u
}

arrange
if [ "${1-}" = guess ]; then
	attacks "${ROLLCODE_GUESSES:-3000}" \
	    "$((${ROLLCODE_GUESSES:-3000} / 50))"
	exit 0
fi
guarded 1 6
guarded 8 8
if [ -n "$long" ]; then
	guarded 1 8
	guarded 8 6
fi
normal 1 6
normal 8 8
[ -n "$long" ] || attacks 1500 30
exit 0
