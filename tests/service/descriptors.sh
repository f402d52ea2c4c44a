#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# descriptors.sh - an account without privileges sends the service what
# cannot be closed in time: nobody else waits for that, and nothing of it stays.
# Once as the kernel is, and once as one before 6.16, in which descriptors
# cannot be kept out of a message.  ROLLCODE_ROUNDS of each (20).
# shellcheck disable=SC2317	# some functions are called by name
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
need python3 setpriv unshare pgrep
private_machine "$@"
. "$TREE/tests/support/pam.sh"

SOCKET=/run/rollcode/verify.sock
SERVE=/usr/local/libexec/rollcode/rollcode-verify
FUSECTL=$T/fusectl
ROUNDS=${ROLLCODE_ROUNDS:-20}
LOGINS=20	# of each at least, while one kind is sent
declare -A limit_ms=([root]=500 [other]=2000) tries=([root]=1 [other]=1)
SENDER_FILES=100000
WORKERS=6		# two verify for root, two for everybody, two check who asks

arrange() {
	add_user ann
	add_user bob
	add_user mallory
	installed
	pam_place
	for program in "$PAMRUN" "$BUILD/tests/tools/fuse_hang" \
	    "$BUILD/tests/tools/libno_passrights.so"; do
		install -m 755 "$program" "$T/bin/"
	done
	PAMRUN=$T/bin/pamrun
	as mallory mkdir "$T/home/mallory/hang"
	syslog_start
	enroll ann
	enroll bob
}

# A node of the device for everybody, as machines with a desktop have it.
fuse_arrange() {
	mkdir "$FUSECTL"
	mknod -m 666 /dev/fuse c 10 229 2>"$T/out" &&
	    mount -n -t fusectl fusectl "$FUSECTL" 2>"$T/out" &&
	    as mallory unshare -U -m sh -c ': <>/dev/fuse' 2>"$T/out"
}

kernel_refuses() {
	python3 -c "import socket
socket.socket(socket.AF_UNIX).setsockopt(socket.SOL_SOCKET, 83, 0)" \
	    2>/dev/null
}

# --- what is measured ---------------------------------------------------------

# login_ms USER CODE [COMMAND...]: RESULT MILLISECONDS
login_ms() {
	printf '%s\t%s\n' "$1" "$2" | "${@:3}" "$PAMRUN" "$T/pam" rc |
	    cut -d' ' -f2,3
}

# What the service holds: processes, descriptors, kilobytes.
held() {
	local pid processes=0 files=0 kilobytes=0
	for pid in $(pgrep -f "^$SERVE serve"); do
		processes=$((processes + 1))
		files=$((files + $(find "/proc/$pid/fd" -type l | wc -l)))
		kilobytes=$((kilobytes + $(sed -nE \
		    's/^Private_Dirty: *([0-9]+) .*/\1/p' \
		    "/proc/$pid/smaps_rollup" || echo 0)))
	done 2>/dev/null
	echo "$processes $files $kilobytes"
}

no_more() {	# PROCESSES FILES KILOBYTES: than these
	local is
	read -r -a is < <(held)
	[ "${is[0]}" -le "$1" ] && [ "${is[1]}" -le "$2" ] &&
	    [ "${is[2]}" -le "$3" ]
}

# as_before NAME [PROCESSES FILES]: not more, or these more at most.  Each of
# them may have opened the log meanwhile; workers with nothing to do end after
# 10 seconds.
as_before() {
	set -- "$1" "$((before[0] + ${2-0}))" \
	    "$((before[0] + before[1] + ${3-0}))" "$((before[2] + 300))"
	if wait_for no_more "${@:2}" || wait_for no_more "${@:2}"; then
		ok "$1"
		return
	fi
	not_ok "$1" "processes, descriptors, kilobytes:"
	show "before: ${before[*]}"
	show "now:    $(held)"
}

# --- the attack ---------------------------------------------------------------

# attack ROUNDS KIND [OPTION...]: until `release`
attack() {
	mkfifo "$T/held"
	(
	# What is on its way counts against it.
	ulimit -n "$SENDER_FILES" 2>"$T/out"
	as mallory "$T/bin/fuse_hang" -n "$1" "${@:3}" "$2" "$SOCKET" \
	    "$T/home/mallory/hang"
	) <"$T/held" >"$T/sent" 2>&1 &
	servers+=("$!")
	attacker=$!
	exec 5>"$T/held"
}

# Whoever waits for a file is let go.
abort() {
	local number
	number=$(sed -n 's/^connection //p' "$T/sent")
	[ -z "$number" ] || echo 1 >"$FUSECTL/$number/abort"
}

release() {
	exec 5>&-
	wait "$attacker"
	rm "$T/held"
}

all_sent() {
	grep -q '^ready' "$T/sent" || ! kill -0 "$attacker" 2>/dev/null
}

# good_login WHO USER [COMMAND...]: prints WHO RESULT MILLISECONDS, these of
# as many tries as there may be.
good_login() {
	local got=() ms=0 try
	for ((try = 0; try < tries[$1]; try++)); do
		read -r -a got < <(login_ms "$2" "$(code "$2")" "${@:3}")
		ms=$((ms + ${got[1]-99999}))
		[ "${got[0]-}" != SUCCESS ] || break
	done
	echo "$1 ${got[0]-none} $ms"
	[ "${got[0]-}" = SUCCESS ] && [ "$ms" -lt "${limit_ms[$1]}" ]
}

# Logins until all is sent and one behind that, or up to one that is not good.
logins() {
	local n last=0
	for ((n = 0; n < LOGINS || last == 0; n++)); do
		! all_sent || last=1
		good_login root ann && good_login other bob as bob || return
	done
}

# every_login NAME WHO
every_login() {
	awk -v who="$2" '$1 == who && $3 > slowest { slowest = $3 }
	END { print "# the slowest: " slowest + 0 " ms" }' "$T/logins"
	say_ok "$1, in under ${limit_ms[$2]} ms each time" "$(
	    awk -v who="$2" -v limit="${limit_ms[$2]}" '
		$1 == who { n++ }
		$1 == who && ($2 != "SUCCESS" || $3 >= limit)
		END { if (n == 0) print "there was none" }' "$T/logins")"
}

# attacked NAME KIND [OPTION...]
attacked() {
	local sent
	attack "$ROUNDS" "${@:2}"
	logins >"$T/logins"
	every_login "$1: root gets in" root
	every_login "$1: another account gets in" other
	wait_for all_sent
	was_sent_or_refused "$1"
	sent=$(sed -n 's/^sent //p' "$T/sent")
	as_before "$1: meanwhile no more is held than was sent" \
	    "$((${sent:-0} > 0))" "${sent:-0}"
	abort
	release
	as_before "$1: and nothing stays"
}

was_sent_or_refused() {	# NAME
	sed 's/^/# /' "$T/sent"
	if [ -n "$refuses" ]; then
		refused "$1: the kernel takes no such message" \
		    grep '^sent ' "$T/sent"
	else
		check "$1: the kernel takes such messages" \
		    grep '^sent ' "$T/sent"
	fi
}

# --- the end ------------------------------------------------------------------

has_begun() {
	grep -q '^connection' "$T/sent"
}

ended() {
	! grep -q '^State:.[^Z]' "/proc/$resident/status"
} 2>/dev/null

no_service() {
	[ "$(held)" = "0 0 0" ]
}

# stopped NAME KIND [WHEN]: as soon as it has sent all, or begun
stopped() {
	local began took
	attack "$ROUNDS" "$2"
	wait_for "${3:-all_sent}"
	began=${EPOCHREALTIME/./}
	kill "$resident"
	wait_for ended || wait_for ended
	took=$(((${EPOCHREALTIME/./} - began) / 1000))
	echo "# it took $took ms"
	check "$1: told to stop it ends within 15 s" test "$took" -lt 15000
	abort
	release
	wait "$resident"
	equal "$1: and well" "$?" 0
	check "$1: no process is left" wait_for no_service
}

# --- all of it ----------------------------------------------------------------

old_kernel_start() {
	resident_of env LD_PRELOAD="$T/bin/libno_passrights.so" "$SERVE" serve
}

each_kind() {	# NAME-BEGINNING
	attacked "$1a lingering socket" lingering
	if [ -z "$fuse" ]; then
		skip "${1}files that hang" "needs /dev/fuse and user namespaces"
		stopped "$1a lingering socket" lingering
		return
	fi
	attacked "$1a hidden file" hidden
	attacked "$1a hidden file in a request" hidden -u mallory
	attacked "$1a file behind a request" file -u mallory
	attacked "$1nested descriptors" nested
	attacked "${1}253 descriptors" many
	attacked "$1a sender who does not wait" hasty
	# Where no more can be kept, the serving process ends and another one
	# starts: who was connected to it is denied, and the next login works.
	[ -n "$refuses" ] || tries[other]=2
	attacked "${1}64 connections at once" crowd
	tries[other]=1
	stopped "$1a hidden file" hidden
	[ -z "$refuses" ] || return
	old_kernel_start
	stopped "${1}64 connections at once, not all yet" crowd has_begun
}

all_workers() {	# the processes of those that serve
	local pid
	for pid in $(pgrep -P "$resident"); do
		pgrep -P "$pid"
	done
}

worker_count_is() {	# COUNT at least
	[ "$(all_workers | wc -l)" -ge "$1" ]
}

# Two workers stay for each kind of work: where one is at rest, a second one is
# started.  Whether a second one verifies for everybody depends on who is quicker:
# it may come later.
warm_up() {
	local pids=() serving begun absent
	codes ann 100 | sed 's/^/ann\t/' | pam_run >"$T/out"
	login_ms bob "$(code bob)" as bob >"$T/out"
	serving=$(pgrep -P "$resident" | wc -l)
	begun=$(all_workers | wc -l)
	all_workers | xargs kill -STOP
	for user in ann mallory; do
		login_ms "$user" "$(code ann)" >"$T/out" &
		pids+=("$!")
	done
	for user in bob mallory; do
		login_ms "$user" "$(code bob)" as "$user" >"$T/out" &
		pids+=("$!")
	done
	wait_for worker_count_is $((begun + serving))
	all_workers | xargs kill -CONT
	wait "${pids[@]}"
	wait_for no_store_files
	read -r -a before < <(held)
	absent=$((WORKERS - $(all_workers | wc -l)))
	[ "$absent" -le 0 ] ||
	    before=($((before[0] + absent)) $((before[1] + 8 * absent))
		$((before[2] + 400 * absent)))
	echo "# processes, descriptors, kilobytes: ${before[*]}"
}

arrange
fuse=1
fuse_arrange || fuse=
refuses=1
kernel_refuses || refuses=
resident_start
warm_up
each_kind ''
refuses=
old_kernel_start
warm_up
each_kind 'an older kernel: '
exit 0
