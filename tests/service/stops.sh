#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# stops.sh [long] [resident] - mallory stops and kills the logins he started,
# at one system call and then at another one, and reaches for the verifier: other
# people's logins do not wait, and he learns nothing.
# limit: 240
# long: 600	at more of its calls
# long resident: 240
# shellcheck disable=SC2317	# some functions are called by name
. "$(dirname "$0")/../support/lib.sh"
need strace setpriv python3
private_machine "$@"
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/hosts.sh"

FIND=$TREE/tests/tools/find_secrets.py
# Where he can read it: the tree may be in root's home.
REACH=$T/out_of_reach.py
cp "$TREE/tests/tools/out_of_reach.py" "$REACH"
VERIFIER=$T/bin/rollcode-verify
step=20 rounds=1
# Who asks the service makes fewer calls.
[ "$mode" = spawned ] || step=12
[ -z "$long" ] || step=8 rounds=2

# --- stopped ------------------------------------------------------------------

# The first of the processes of that name; the copy between host and verifier has
# the host's.
first_of() {
	local file name
	for file in /proc/[0-9]*/comm; do
		read -r name 2>/dev/null <"$file" || continue
		[ "$name" != "$1" ] || { file=${file#/proc/}; echo "${file%/comm}"; }
	done | sort -n | head -n 1
}

# traced OPTIONS COMMAND...: mallory's host under strace, in the background
traced() {
	press ann
	: >"$T/trace"
	typed "$pressed" >"$T/typed"
	# shellcheck disable=SC2086	# words
	strace -u mallory -o "$T/trace" $1 "${@:2}" <"$T/typed" >"$T/out" \
	    2>"$T/err" &
	tracer=$!
	servers+=("$tracer")
}

stopped() {
	grep -q 'stopped by SIG' "$T/trace"
}

stopped_or_ended() {
	grep -qE 'stopped by SIG|exited with|killed by' "$T/trace"
}

# Of the calls in $T/trace, one in N, as options that stop there.
every() {
	sed -nE '2,$s/^([a-z][a-z0-9_]*)\(.*/\1/p' "$T/trace" |
	    awk -v step="$1" '
		{ n[$1]++ }
		NR % step == 0 {
			print "-e inject=" $1 ":signal=STOP:when=" n[$1]
		}'
}

# in_time WHO WHEN: the next code opens within a second
in_time() {
	local got ms
	press "$1"
	read -r _ got ms _ < <(printf '%s\t%s\n' "$1" "$pressed" |
	    "$PAMRUN" "$T/pam" rc)
	[ "$got" = SUCCESS ] && [ "$ms" -lt 1000 ] ||
	    found+="$2: $1: $got after $ms ms"$'\n'
	[ "$ms" -le "$slowest" ] || slowest=$ms
}

# The host goes on, or is killed, by turns.
let_go() {
	local way=CONT
	[ $((tried % 2)) -eq 0 ] || way=KILL
	as mallory kill -"$way" "$(first_of host)" 2>"$T/err" ||
	    found+="$1: mallory cannot $way: $(cat "$T/err")"$'\n'
	wait "$tracer" 2>/dev/null
	[ "$way" = KILL ] || grep -qE '^(SUCCESS|AUTH_ERR) ' "$T/out" ||
	    found+="$1, then CONT: $(cat "$T/out")"$'\n'
}

stops() {
	local inject slowest=0
	traced "-e trace=all" "$HOST" -q "$T/pam" rc ann
	wait "$tracer"
	every "$step" >"$T/plan"
	while read -r inject; do
		traced "$inject" "$HOST" -q "$T/pam" rc ann
		wait_for stopped_or_ended
		if ! stopped; then continue; fi
		tried=$((tried + 1))
		in_time bob "$inject"
		in_time ann "$inject"
		let_go "$inject" </dev/null
	done <"$T/plan"
	[ "$tried" -ge 8 ] || found+="only $tried points"
	echo "# the slowest of the others' logins: $slowest ms"
	said "mallory's login stopped at $tried system calls: others' end in \
a second"
}

# Nobody traces this one.
signalled() {
	local i way slowest=0 pid
	for ((i = 0; i < rounds; i++)); do
		for way in STOP TSTP KILL TERM; do
			press ann
			typed "$pressed" >"$T/typed"
			host "$T/pam" rc ann <"$T/typed" >"$T/out" 2>"$T/err" &
			sleep "0.0$((RANDOM % 60 + 10))"
			pid=$(first_of host)
			tried=$((tried + 1))
			[ -z "$pid" ] ||
			    as mallory kill "-$way" "$pid" 2>"$T/err"
			in_time bob "$way"
			in_time ann "$way"
			[ -z "$pid" ] ||
			    as mallory kill -KILL "$pid" 2>"$T/err"
			wait $! 2>/dev/null
		done
	done
	said "stopped, told to stop, killed and ended at $tried other moments too"
}

# --- out of reach -------------------------------------------------------------

# The verifier waits for ann's file, and is kept there: that is no more than a
# moment.
waiting_verifier() {
	hold ann
	press ann
	typed "$pressed" >"$T/typed"
	as mallory nice -n 19 ionice -c 3 chrt -i 0 "$HOST" -q "$T/pam" \
	    rc ann <"$T/typed" >"$T/out" 2>"$T/err" &
	asking=$!
	servers+=("$asking")
	wait_for met
	kill -STOP "$verifier"
	check "a verifier can be met while it waits for a user's file" met
	between=$(awk '/^PPid:/ { print $2 }' "/proc/$verifier/status")
}

# The verifier's number, once it is the account's.
met() {
	verifier=$(first_of rollcode-verify)
	grep -q "^Uid:.$(id -u rollcode)" "/proc/$verifier/status"
}

out_of_reach() {
	local verifier between asking
	waiting_verifier
	equal "mallory can do nothing to it, nor to the process between" \
	    "$(as mallory setsid -w "$REACH" "$verifier" "$between")" ""
	equal "none of both leaves a core" "$(awk '/^Max core/ { print $5, $6 }' \
	    "/proc/$verifier/limits" "/proc/$between/limits")" $'0 0\n0 0'
	equal "his priority, policy and place in the queues are not the verifier's" \
	    "$(ps -o ni=,cls= -p "$verifier" | xargs) $(ionice -p "$verifier")" \
	    "0 TS none: prio 0"
	as mallory setsid -w "$REACH" "$(first_of host)" >"$T/reached" 2>"$T/err"
	check "the host he may stop and end, so it would have been seen" \
	    grep -q '^signal 15' "$T/reached"
	refused "but not look into it, for it is set-user-ID" \
	    grep -qE '^(mem|maps|seize|attach)' "$T/reached"
	wait "$asking" 2>/dev/null
	kill -CONT "$verifier"
	release
	opens ann
	tried=1
	said "and after all that the next code opens"
}

# Everything that mallory may kill dies while the verifier holds the store.
slow_service() {
	cat >"$T/bin/slow" <<-SLOW
	#!/bin/sh
	exec env -i $(command -v strace) -DDD -q -o $T/slow.log -e trace=fdatasync \
	    -e inject=fdatasync:delay_enter=1000000:when=1 $VERIFIER "\$@"
	SLOW
	chmod 755 "$T/bin/slow"
	pam_named slow
	sed -i "s,helper=[^ ]*,helper=$T/bin/slow," "$T/pam/slow"
}

massacre() {
	local code
	slow_service
	press ann
	code=$pressed
	typed "$code" >"$T/typed"
	host "$T/pam" slow ann <"$T/typed" >"$T/out" 2>"$T/err" &
	wait_for grep -q fdatasync "$T/slow.log"
	as mallory sh -c 'kill -KILL -1' 2>"$T/err"
	wait $! 2>/dev/null
	equal "killed with all that is mallory's, his login tells nothing" \
	    "$(cat "$T/out")" ""
	check "the verifier ends what it began" \
	    wait_for grep -q 'exited with' "$T/slow.log"
	equal "so the code is spent" "$(login ann "$code")" AUTH_ERR
	tried=1
	opens ann
	said "and the next one opens"
}

# --- by hand ------------------------------------------------------------------

# What mallory may start himself, he starts in every wrong way.
by_hand() {
	local before
	cat >"$T/home/mallory/own.env" <<-OWN
	ACCOUNT=mallory
	DATABASE=sqlite:$T/store
	SECRET_KEY=$(printf %064d 7)
	OWN
	chown mallory "$T/home/mallory/own.env"
	before=$(md5sum "$T"/store/users/*)
	as mallory strace -f -qq -e trace=%file -o "$T/home/mallory/trace" \
	    python3 "$(tool by_hand.py)" "$VERIFIER" "$CONF" \
	    "$T/home/mallory/own.env" >"$T/out" 2>"$T/err"
	equal "rollcode-verify, started by mallory in wrong ways, refuses" \
	    "$(grep -c ': refused$' "$T/out") $(grep -v ': refused$' "$T/out")" \
	    "$(wc -l <"$T/out") "
	check "there are at least 16 of them" \
	    test "$(wc -l <"$T/out")" -ge 16 || cat "$T/err"
	say_ok "and opens nothing of the store, nor the env file" \
	    "$(grep -E "\"($T/store|$CONF)" "$T/home/mallory/trace" |
	    grep -vE 'EACCES|execve')"
	equal "the store is untouched" "$(md5sum "$T"/store/users/*)" "$before"
}

# --- what is left in memory -----------------------------------------------------

# remembers SERVICE TYPED: where the host still has it, after its login
remembers() {
	local pid
	printf 'ann\t%s%s\n' "$(printf %040d 0 | tr 0 -)" "$2" >"$T/in"
	printf 'typed %s\n' "$2" >"$T/needles"
	"$PAMRUN" -s "$T/pam" "$1" <"$T/in" >"$T/run" &
	pid=$!
	servers+=("$pid")
	wait_for grep -q '^State:.T' "/proc/$pid/status"
	tried=$((tried + 1))
	found+=$("$FIND" "$T/needles" --memory "$pid" | sed "s/^/$1: /;\$s/\$/;/")
	kill -CONT "$pid"
	wait "$pid"
}

memory() {
	local what
	for what in crash ${long:+answer bad deaf garbage}; do
		as_faulty "$what" "$what"
		remembers "$what" 31415926
	done
	press ann
	remembers rc "$pressed"
	remembers rc 48151623
	if [ -n "$long" ]; then
		remembers rc "$pressed"
		remembers rc words-that-make-no-code
	fi
	echo "auth required $BUILD/tests/tools/pam_item.so set=$pressed" \
	    >"$T/pam/keeps"
	said "after each of $tried ends of a login the host holds no code"
	remembers keeps "$pressed"
	tried=0
	check "a module that keeps one would be found" test -n "$found"
	found=
}

# --- no core ------------------------------------------------------------------

# dies CALL NAME: the process that makes it ends by SIGSEGV there
dies() {
	press ann
	typed "$pressed" | (
		ulimit -c unlimited
		strace -f -u mallory -o "$T/trace" -e "trace=$1" \
		    -e "inject=$1:signal=SEGV:when=1" \
		    "$HOST" -q "$T/pam" rc ann
	) >"$T/out" 2>"$T/err"
	equal "$2" "$(how_it_ended) $(results <"$T/out")" \
	    "killed by SIGSEGV SYSTEM_ERR"
}

how_it_ended() {
	sed -n 's/.*+++ \(killed by SIGSEGV.*\) +++/\1/p' "$T/trace"
}

no_core() {
	local control
	control=$(
		ulimit -c unlimited
		cd "$T/home/mallory" || exit
		strace -u mallory -o "$T/trace" sh -c "kill -SEGV \$\$" \
		    2>"$T/err"
		how_it_ended
	)
	if [ "$control" != "killed by SIGSEGV (core dumped)" ]; then
		skip "a verifier that crashes leaves no core" \
		    "nothing leaves one on this machine"
		return
	fi
	dies fdatasync "a verifier that crashes leaves no core, and lets nobody in"
	tried=1
	opens ann
	said "and after a crash the next code opens"
}

hosts_place
stops
signalled
[ "$mode" = resident ] || out_of_reach
[ "$mode" = resident ] || massacre
by_hand
memory
[ "$mode" = resident ] || no_core
exit 0
