#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# witness.sh [long] - a store that was put back, by whatever program, or has lost
# a log is seen at the next login: no used code is accepted again, and the owner
# notices nothing.  long: a log that is cut behind each fourth of its frames, or
# each of ROLLCODE_STEP.
# limit: 240
# long: 900
# shellcheck disable=SC2317	# what puts a store back is called by its name
. "$(dirname "$0")/../support/lib.sh"
need python3 sqlite3 rsync tar strace
private_machine "$@"
. "$TREE/tests/support/pam.sh"

LOGINS=25
FRAME=1048	# bytes of one in a log, and of what is before the first
HEADER=32
WITNESS=$T/store-witness
FILE=$T/store/users/ann.db

# --- arrangement ------------------------------------------------------------

log_in() {	# N: prints the codes
	local codes
	codes=$(codes ann "$1")
	echo "$codes"
	echo "$codes" | sed 's/^/ann\t/' | pam_run >"$T/out"
	! grep -v SUCCESS "$T/out" >&2
}

# ann has logged in once, and that is kept in $T/old; then LOGINS times, with the
# codes in $T/used.  All that there is then is in $T/good.
arrange() {
	server GUARD_AFTER=100 GUESSES=1000
	mkdir -m 700 "$WITNESS"
	rm -f "$(wallet ann)"
	enroll ann
	log_in 1 >"$T/first"
	cp -a "$T/store" "$T/old"
	log_in "$LOGINS" >"$T/used"
	mkdir "$T/good"
	cp -a "$T/store" "$WITNESS" "$T/good"
	NEXT=$(code ann)
	AFTER=$(code ann)
}

again() {
	rm -rf "$T/store" "$WITNESS"
	cp -a "$T/good/." "$T"
	: >"$T/syslog"
}

# Every used code alone, in pairs and in threes.
replays() {
	awk '{ print "ann\t" $1 }
	NR > 1 { print "ann\t" b " " $1 }
	NR > 2 { print "ann\t" a " " b " " $1 }
	{ a = b; b = $1 }' "$T/used"
}

accepted() {
	pam_run | grep -c SUCCESS
}

alarms() {
	grep -cE '\.alert .*older than its witness: restored, or a log was lost' \
	    "$T/syslog"
}

events() {	# OUTCOME
	admin log ann --json | grep -o "\"$1\"" | wc -l
}

# What is wrong of a store that was put back: by replays, and then by the owner.
healed() {
	local got
	got="$(replays | accepted) $(login ann "$NEXT") $(alarms) $(events raised)"
	got+=" $(counter ann) $(login ann "$AFTER")"
	[ "$got" = "0 SUCCESS 1 1 $((LOGINS + 2)) SUCCESS" ] ||
	    echo "$1: replays, owner, alarms, events, counter, next: $got"
}

# --- ways to put a store back -----------------------------------------------

by_cp() {
	rm -rf "$T/store"
	cp -a "$T/old" "$T/store"
}

by_cat() {
	local name
	for name in ann.db ann.db-wal; do
		cat "$T/old/users/$name" >"$T/store/users/$name"
	done
}

by_rsync() {
	rsync -a --delete "$T/old/" "$T/store/"
}

by_tar() {
	tar -C "$T/old" -cf - . | tar -C "$T/store" -xf -
}

by_restore() {
	cp -a "$T/old/users" "$T/backup"
	sqlite3 "$FILE" ".restore $T/backup/ann.db" && rm -r "$T/backup"
}

by_mv() {
	mv "$T/store" "$T/away"
	cp -a "$T/old" "$T/beside"
	mv "$T/beside" "$T/store"
	rm -r "$T/away"
}

log_lost() {
	rm "$FILE-wal"
}

log_empty() {
	: >"$FILE-wal"
}

way() {	# NAME COMMAND
	again
	"$2" >"$T/back.log" 2>&1 || cat "$T/back.log"
	say_ok "$1: no used code works, and the owner notices nothing" \
	    "$(healed "$2")"
}

ways() {
	way "cp -a" by_cp
	way "cat into the files" by_cat
	way "rsync" by_rsync
	way "tar" by_tar
	way "sqlite3's .restore" by_restore
	way "another directory in its place" by_mv
	way "a log that is lost" log_lost
	way "a log that is emptied" log_empty
}

# The owner comes first, and then whoever has the codes.
owner_first() {
	again
	by_cp
	equal "the owner logs in first: at once" "$(login ann "$NEXT")" SUCCESS
	equal "and then no used code works" "$(replays | accepted)" 0
	equal "it is said once" "$(alarms) $(events raised)" "1 1"
}

# Behind each frame, or behind every Nth.
cut_logs() {	# N
	local frames bad='' n
	frames=$((($(stat -c %s "$T/good/store/users/ann.db-wal") - HEADER) / FRAME))
	[ "$frames" -gt "$LOGINS" ] || bad="the log has $frames frames"
	for ((n = 0; n < frames; n += $1)); do
		again
		truncate -s $((HEADER + n * FRAME)) "$FILE-wal"
		bad+=$(healed "cut behind frame $n of $frames")
	done
	say_ok "a log that is cut behind a frame: the same" "$bad"
}

without() {
	again
	by_cp
	rm -r "$WITNESS"
	check "without a witness used codes work again" \
	    test "$(replays | accepted)" -gt 5
	equal "and nothing is said" "$(alarms)" 0
}

# --- what else went back ----------------------------------------------------

refused_by_error() {	# NAME PATTERN: every used code, the next one too
	: >"$T/syslog"
	equal "$1: no used code works" "$(replays | accepted)" 0
	equal "nor the next one" "$(login ann "$NEXT")" SYSTEM_ERR
	check "the log says what to do" logged "$2"
}

replaced() {
	again
	admin enroll ann --no-account --replace >"$T/uri" 2>"$T/enroll.log"
	refused "the witness of the old token is gone" \
	    cmp -s "$T/good/store-witness/ann.witness" "$WITNESS/ann.witness"
	by_cp
	refused_by_error "put back from before a replacement" \
	    'ann.db: was put back: .*has other tokens; put the newer file back, or run rollcode-admin enroll ann --replace'
	admin enroll ann --no-account --replace >"$T/uri" 2>"$T/enroll.log"
	mv "$(wallet ann)" "$T/kept"
	token ann add <"$T/uri" >"$T/add.log" 2>&1
	equal "what it says helps" "$(login ann "$(code ann)")" SUCCESS
	mv "$T/kept" "$(wallet ann)"
}

removed() {
	again
	admin remove ann --force >"$T/log"
	by_cp
	refused_by_error "put back from before a removal" \
	    'ann.db: was put back: its user was removed since;'
	admin remove ann --force >"$T/log"
	equal "who is not there is not enrolled" "$(login ann "$NEXT")" AUTH_ERR
	admin enroll ann --no-account >"$T/uri" 2>"$T/enroll.log"
	mv "$(wallet ann)" "$T/kept"
	token ann add <"$T/uri" >"$T/add.log" 2>&1
	equal "and can be enrolled again" "$(login ann "$(code ann)")" SUCCESS
	mv "$T/kept" "$(wallet ann)"
}

missing() {
	sed 's/$/ nullok/' "$T/pam/rc" >"$T/pam/nullok"
	echo "auth required pam_permit.so" >>"$T/pam/nullok"
	add_user ann
	again
	rm "$T/store/users/ann.db"*
	refused_by_error "put back from before an enrolment" \
	    'ann.db: is missing, and ann was enrolled: put the file back, or run rollcode-admin remove ann'
	equal "nor is she let through as one without a token" \
	    "$(login ann "$NEXT" nullok)" SYSTEM_ERR
	refused "nor enrolled again by mistake" \
	    admin enroll ann --no-account
	check "what it says ends that" admin remove ann --force
	equal "and she is not enrolled" "$(login ann "$NEXT" nullok)" SUCCESS
}

recovery() {
	local code
	again
	admin recovery ann >"$T/recovery" 2>"$T/admin.log"
	code=$(grep -oE '^ *[A-Z2-7]{4}(-[A-Z2-7]{4}){3}' "$T/recovery" | head -n 1)
	rm -rf "$T/old2"
	cp -a "$T/store" "$T/old2"
	equal "a recovery code works" "$(login ann "${code// /}")" SUCCESS
	rm -r "$T/store"
	mv "$T/old2" "$T/store"
	equal "and not again in a store that was put back" \
	    "$(login ann "${code// /}")" AUTH_ERR
	equal "which has nine left" "$(field ann recovery_left)" 9
}

# A token that was lost is disabled; putting its file back changes nothing.
disabled() {
	again
	admin disable ann >"$T/log"
	by_cp
	equal "a token that was disabled stays so" "$(login ann "$NEXT")" AUTH_ERR
	check "and that is why" logged 'reason=disabled'
}

# Nothing is written for a refusal of a guarded account.
guarded() {
	again
	sed -i 's/^GUARD_AFTER=.*/GUARD_AFTER=1/' "$CONF"
	login ann 00000000 >"$T/out"
	rm -rf "$T/old2"
	cp -a "$T/store" "$T/old2"
	LAST=$(code ann)
	login ann "$NEXT $AFTER $LAST" >"$T/out"
	login ann 00000000 >"$T/out"
	rm -r "$T/store"
	mv "$T/old2" "$T/store"
	: >"$T/syslog"
	before=$(sha256sum "$T"/store/users/* "$WITNESS"/*)
	login ann 00000000 >"$T/out"
	login ann 00000000 >"$T/out"
	equal "a guarded account that was put back: a refusal writes nothing" \
	    "$(sha256sum "$T"/store/users/* "$WITNESS"/*)" "$before"
	equal "and each is said, as a warning" "$(alarms) $(grep -cE \
	    '\.warning .*ann is 2 changes older than its witness' \
	    "$T/syslog")" "0 2"
	equal "three used codes are refused" \
	    "$(login ann "$NEXT $AFTER $LAST")" AUTH_ERR
	code=$(code ann -n 3)
	equal "what lets in writes it, and that is the alarm" \
	    "$(login ann "$code") $(alarms)" "SUCCESS 1"
	equal "which is the only one" \
	    "$(login ann "$(code ann -n 3)") $(alarms)" "SUCCESS 1"
	sed -i 's/^GUARD_AFTER=.*/GUARD_AFTER=100/' "$CONF"
}

# --- the file itself --------------------------------------------------------

syncs() {	# the number of calls that sync, in a login by a spawned verifier
	cat >"$T/bin/traced" <<-TRACED
	#!/bin/sh
	exec $(command -v strace) -DDD -q -o $T/trace \
	    -e trace=fsync,fdatasync,sync_file_range,syncfs,msync \
	    $T/bin/rollcode-verify "\$@"
	TRACED
	chmod 755 "$T/bin/traced"
	pam_named traced
	sed -i "s,helper=[^ ]*,helper=$T/bin/traced," "$T/pam/traced"
	login ann "$1" traced >"$T/out"
	wait_for grep -q exited "$T/trace"
	grep -c sync "$T/trace"
}

same_syncs() {
	local with
	again
	with=$(syncs "$NEXT")
	equal "a login syncs as often as without" "$with" "$(again
	    rm -r "$WITNESS"; syncs "$NEXT")"
	check "which is once or more" test "$with" -ge 1
}

# unusable NAME COMMAND...: then it is as without one.
unusable() {
	again
	by_cp
	rm -f "$T/witness.log"
	"${@:2}" >"$T/witness.log" 2>&1 || cat "$T/witness.log"
	equal "$1: logins go on as without" \
	    "$(timeout 5 "$PAMRUN" "$T/pam" rc <<<"ann"$'\t'"$(head -n 1 "$T/used")" |
	    cut -d' ' -f2) $(alarms)" "SUCCESS 0"
}

another_kind() {
	rm "$WITNESS/ann.witness"
	"$@" "$WITNESS/ann.witness"
}

of_another_store() {
	sed -i 's/^STORE_ID=.*/STORE_ID=00112233445566778899aabbccddeeff/' \
	    "$T/store/users/marker"
}

of_another_user() {
	admin enroll bob --no-account >"$T/uri" 2>"$T/enroll.log"
	mv "$WITNESS/bob.witness" "$WITNESS/ann.witness"
}

kinds() {
	unusable "a FIFO in its place" another_kind mkfifo
	unusable "a link to it" eval "mv '$WITNESS/ann.witness' '$T/there' &&
	    ln -s '$T/there' '$WITNESS/ann.witness'"
	unusable "a directory in its place" another_kind mkdir
	unusable "a socket in its place" another_kind python3 -c '
import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])'
	unusable "another name of it" ln "$WITNESS/ann.witness" "$T/name"
	unusable "a file that others may read" \
	    chmod 644 "$WITNESS/ann.witness"
	unusable "a file of somebody else" chown 4000 "$WITNESS/ann.witness"
	unusable "the witness of another user" of_another_user
	unusable "a directory that others may enter" chmod 755 "$WITNESS"
	unusable "a directory of somebody else" chown 4000 "$WITNESS"
	unusable "a link to the directory" eval "mv '$WITNESS' '$T/place' &&
	    ln -s '$T/place' '$WITNESS'"
	rm -rf "$T/place" "$WITNESS"
	unusable "no directory" rm -r "$WITNESS"
}

# A login that was killed behind its commit leaves a file of the sequence that
# another login takes, after an older file was put back.
forked() {
	again
	cp -a "$WITNESS" "$T/before"
	login ann "$(wrong "$NEXT")" >"$T/out"
	cp -a "$T/store" "$T/forked"
	rm -rf "$T/store" "$WITNESS"
	mv "$T/before" "$WITNESS"
	cp -a "$T/old" "$T/store"
	equal "two files of one sequence: the owner is in by one" \
	    "$(login ann "$NEXT")" SUCCESS
	rm -rf "$T/store"
	mv "$T/forked" "$T/store"
	equal "and not by the same code in the other" \
	    "$(login ann "$NEXT")" AUTH_ERR
	equal "but by the next one" "$(login ann "$AFTER")" SUCCESS
}

# Where it cannot be written a login is none the worse.
unwritten() {
	again
	rm -r "$WITNESS"
	mkdir "$WITNESS"
	mount -n -t tmpfs -o mode=0700,size=4k full "$WITNESS"
	head -c 4096 /dev/zero >"$WITNESS/full" 2>/dev/null
	equal "its disk is full: logins go on" "$(login ann "$NEXT")" SUCCESS
	mount -n -o remount,ro "$WITNESS"
	equal "it can only be read: logins go on" "$(login ann "$AFTER")" SUCCESS
	check "and somebody new is enrolled" admin enroll bob --no-account
	umount "$WITNESS"
}

# --- all of it --------------------------------------------------------------

syslog_start
pam_place
arrange
if [ "${1-}" = long ]; then
	cut_logs "${ROLLCODE_STEP:-4}"
else
	ways
	owner_first
	cut_logs 11
	without
	replaced
	removed
	missing
	recovery
	disabled
	guarded
	same_syncs
	kinds
	forked
	unwritten
fi
exit 0
