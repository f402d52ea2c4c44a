#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# resync_log.sh - counters from the log of the system, which anybody may have
# written to.
. "$(dirname "$0")/../support/lib.sh"
need python3
private_machine "$@"
. "$TREE/tests/support/pam.sh"

# By the log on standard input; what is printed is left in $T/out.
by_log() {
	admin resync --from-log - "$@" >"$T/out" 2>&1
}

counters() {
	local user
	for user in hal bob tim; do
		counter "$user"
	done | tr '\n' ' '
}

# On a machine that has no witnesses of what was used since.
put_back() {
	rm -rf "$T/store"
	cp -a "$T/copies/b" "$T/store"
	rm -f "$T"/store-witness/*
}

# line USER COUNTER [TOKEN]: as if a code had been accepted
line() {
	echo "$(date '+%b %e %T') host sshd[7]: pam_rollcode(sshd:auth): code" \
	    "accepted for $1; token=${3:-token} counter=$2 skipped=0"
}

installed
pam_place
syslog_start
install -d -m 700 -o rollcode "$T/copies"
enroll hal
enroll bob
enroll tim --form timed
enroll cyd
for user in hal cyd; do
	admin recovery "$user" >"$T/sheet.$user" 2>"$T/out"
done
admin backup "$T/copies/b" >"$T/out"
nap 1.1
for _ in 1 2 3; do
	for user in hal bob tim; do login "$user" "$(code "$user")"; done
done >"$T/out"
code hal -n 2 >"$T/skipped"
login hal "$(code hal)" >"$T/out"
login bob "$(code bob -n 90 | tr ' ' '\n' | tail -n 2 | tr -d '\n')" >"$T/out"
logged 'code resynced for bob' >"$T/out"
before=$(counters)

# --- the lines of a log -------------------------------------------------------

put_back
cp "$T/syslog" "$T/log"
chmod 600 "$T/log"
check "a log that only root can read is read" \
    admin resync --from-log "$T/log"
equal "each counter is what it was, whoever is asked for" "$(counters)" \
    "$before"
equal "recovery codes of who was raised are void" \
    "$(field hal recovery_left)" 0
equal "those of others are not" "$(field cyd recovery_left)" 10
files=$(cat "$T"/store/users/*.db* | md5sum)
check "again it has nothing to do" by_log <"$T/log"
check "and says so" grep -q '^0 tokens raised, 3 unchanged; 0 of 11' "$T/out"
equal "nor does it write" "$(cat "$T"/store/users/*.db* | md5sum)" "$files"
equal "who was raised waits for nothing more" "$(admin restored --end 2>&1 |
    grep -o '^[a-z]*: the token')" "cyd: the token"
admin restored --end --force >"$T/out"
equal "the next code lets in" "$(login hal "$(code hal)")" SUCCESS
put_back
check "a log with other times and hosts is read" by_log < <(sed -E \
    "s/^[a-z.]+ (.{15}) /$(TZ=XYZ-5 date +%FT%T.123456%:z) host.example /" \
    "$T/log")
equal "with the same result" "$(counters)" "$before"
put_back
check "the newest lines may come first" by_log < <(tac "$T/log")
equal "with the same result, too" "$(counters)" "$before"

put_back
line hal 3 | by_log
nap 1.1
admin restored --force >"$T/out"
nap 1.1
waiting() {
	admin restored --end 2>&1 | grep -o '^hal: the token'
}
equal "who was raised before it was marked waits" "$(waiting)" \
    "hal: the token"
check "a log that ends as the store does is read" by_log < <(line hal 3)
equal "and waited for no more" "$(waiting)" ""
equal "by which nothing moved" "$(counter hal)" 4

put_back
nap 1.1
line hal 70 >"$T/older"
TZ=XYZ-5 date +"%FT%T%z host sshd[7]: $(line hal 71 | sed 's/.*: pam/pam/')" \
    >>"$T/older"
line hal 72 | sed "s/^.\{15\}/$(date +%s.123456)/" >>"$T/older"
nap 1.1
rm "$(wallet hal)"
enroll hal --replace --force
check "lines from before a token was replaced say nothing of the new one" \
    by_log <"$T/older"
equal "which stays as it is" "$(counter hal) $(grep -c \
    'hal, token "token": lines from before it was enrolled' "$T/out")" "0 1"
by_log < <(cat "$T/older"; line hal 3)
equal "but what was written since counts" "$(counter hal)" 4
by_log < <(line hal 5 | sed 's/^.\{15\}/soon/')
equal "and so does a line without a time" "$(counter hal)" 6
by_log --force <"$T/older"
equal "with --force older lines count, too" "$(counter hal)" 73

# --- what is forged -----------------------------------------------------------

put_back
line hal 99999 | by_log
equal "a counter 100000 ahead is taken" "$(counter hal)" 100000
put_back
refused "one more is not" by_log < <(line hal 100000)
check "it is named with the way on" grep -q 'hal, token "token".*--force' \
    "$T/out"
equal "and nothing moves" "$(counter hal)" 0
refused "it does not hide what the log says otherwise" \
    by_log < <(line hal 5; line hal 9223372036854775806; line hal 3)
equal "which counts" "$(counter hal)" 6
check "with --force it is taken" by_log --force < <(line hal 200000)
equal "as far as it says" "$(counter hal)" 200001
check "no counter moves backward" by_log --force < <(line hal 7)
equal "whatever is asked for" "$(counter hal)" 200001
put_back
check "lines about others are counted and left alone" \
    by_log < <(line hal 3; line eve 5; line hal 5 other; line ../hal 5
    line hal 1)
check "and told" grep -q '^1 token raised, 0 unchanged; 3 of 5' "$T/out"
put_back
refused "a log without such a line is not taken for one" \
    by_log < <(sed 's/accepted/refused/; s/resynced/refused/' "$T/log")
refused "nor is an empty one" by_log </dev/null
check "bytes of every kind, and a last line without its end, do no harm" \
    by_log < <(line hal 3; head -c 300000 /dev/urandom; echo; line bob 4 |
	tr -d '\n')
equal "the lines around them count" "$(counter hal) $(counter bob)" "4 5"
endless() {
	(ulimit -v 150000; head -c 400M /dev/zero | tr '\0' x |
	    admin resync --from-log -)
}
refused "a line without an end takes no memory" endless

# --- how it is called ---------------------------------------------------------

refused "a user and a log are not asked for at once" \
    admin resync hal --from-log "$T/log"
refused "one of them is" admin resync
refused "the label is of a user's" \
    admin resync --from-log "$T/log" --label token
