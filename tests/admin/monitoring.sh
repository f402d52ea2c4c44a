#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# monitoring.sh - figures for monitoring, and the examples that use them.
# limit: 300
. "$(dirname "$0")/../support/lib.sh"
need python3
private_machine
installed >"$T/log"
# Those of the machine itself are people too.
sed -i '/:x:[1-9][0-9][0-9][0-9]:/d' /etc/passwd

# --- figures for monitoring -------------------------------------------------------------

figures() {	# NAME...
	admin stats --json | value "[j[n] for n in '$*'.split()]"
}
equal "without users, what never was is null" \
    "$(figures users tokens accounts_missing last_success_timestamp_seconds
    )" "[0, 0, 0, None]"
for user in ann bob cat; do add_user "$user"; done
enroll ann
admin enroll ann --label other >"$T/out" 2>&1
admin recovery ann >"$T/codes" 2>"$T/log"
enroll bob
enroll gone
admin disable gone >"$T/out"
used=$(code ann)
before=$(date +%s)
admin verify ann <<<"$used" >"$T/out"
after=$(date +%s)
admin verify ann <<<"$used" >"$T/out" 2>&1
for _ in 1 2 3 4 5; do admin verify bob <<<"$(wrong "$(code bob)")"; done \
    >"$T/out" 2>&1
equal "users and accounts are counted" \
    "$(figures users users_guarded users_disabled users_unusable users_stale \
    users_without_recovery accounts_missing)" "[3, 1, 1, 0, 1, 2, 1]"
equal "so are tokens, wrong codes and replays" \
    "$(figures tokens tokens_disabled failures replays)" "[4, 1, 5, 1]"
last=$(admin stats --json | value 'j["last_success_timestamp_seconds"]')
check "the last login is that of anybody" \
    test "$before" -le "$last" -a "$last" -le "$after"
equal "store and verifier are up; a service is not expected" \
    "$(figures store_up store_restored verifier_up service_up)" \
    "[True, False, True, None]"
resident_start
equal "a service that answers is up" "$(figures service_up)" "[True]"
kill -STOP "$(serving)"
kill -STOP "$resident"
equal "one that does not is down" "$(figures service_up)" "[False]"
kill -CONT "$resident"
resident_stop

# prometheus: what is wrong with the format, whose parser is not here
prometheus() {
	admin stats --prometheus | python3 -c '
import re, sys
seen, about = set(), {}
for line in sys.stdin.read().split("\n")[:-1]:
    if m := re.fullmatch(r"# (HELP|TYPE) (rollcode_[a-z_]+) (.+)", line):
        about.setdefault(m[2], {})[m[1]] = m[3]
    elif m := re.fullmatch(r"(rollcode_[a-z_]+) (-?[0-9]+)", line):
        if m[1] in seen or set(about.get(m[1], ())) != {"HELP", "TYPE"} or \
            about[m[1]]["TYPE"] != "gauge":
            print("wrong:", line)
        seen.add(m[1])
    else:
        print("wrong:", line)
print(len(seen))'
}
rm -rf /run/rollcode
equal "--prometheus has its format, and what is known" "$(prometheus)" 17
equal "the values are those of JSON" \
    "$(admin stats --prometheus | sed -n 's/^rollcode_tokens //p')" 4
check "as text each has a line" test "$(admin stats | wc -l)" = 18
refused "no name is in any of them" grep -qE 'ann|bob|gone|cat|/' \
    <(admin stats --prometheus; admin stats --json; admin stats)

# example WORDS: the example of the man page after a line with these
example() {
	sed -n "/^\.Sh EXAMPLES/,/^\.Sh/p" "$TREE/pam_rollcode/rollcode-admin.8" |
	    sed "0,/$1/d" | sed '0,/^\.Bd/d; /^\.Ed/,$d' | sed 's/\\e/\\/g'
}
example "is run as root:" >"$T/nagios"
nagios() {
	env -i sh "$T/nagios"
	echo "$?"
}
admin verify bob <<<"$(code bob -n 3)" >"$T/out" 2>&1
equal "the check of the man page warns of a replay" "$(nagios)" \
    "ROLLCODE WARNING - 3 users, 1 replays
1"
admin verify ann <<<"$(code ann)" >"$T/out"
equal "is content when nothing is wrong" "$(nagios)" \
    "ROLLCODE OK - 3 users, 0 replays
0"
mv "$T/store" "$T/away"
equal "and says when the store is gone" "$(nagios)" \
    "ROLLCODE CRITICAL - 0 users, 0 replays
2"
admin stats --json >"$T/stats" 2>"$T/said"
equal "stats fails then, and prints what it knows" \
    "$? $(value '[j["store_up"], j["users"], j["verifier_up"]]' <"$T/stats")" \
    "1 [False, None, False]"
check "it says why" grep -q 'there is no store' "$T/said"
mv "$T/away" "$T/store"
add_service prometheus
install -d -m 755 -o prometheus "$T/exporter"
example "textfile collector" | sed -n '/^#!/,$p' |
    sed "s|/var/lib/prometheus/node-exporter|$T/exporter|" >"$T/metrics"
metrics() {
	env -i PATH=/usr/bin:/bin sh "$T/metrics"
}
install -m 600 /dev/null "$T/roots"
ln -s "$T/roots" "$T/exporter/rollcode.new"
refused "the script for node_exporter writes through no link" metrics
equal "and changes nothing of root's" \
    "$(stat -c '%U %a %s' "$T/roots")" "root 600 0"
rm "$T/exporter/rollcode.new"
check "else it runs" metrics
equal "and leaves one file that only its owner can read" \
    "$(ls "$T/exporter") $(stat -c %a "$T/exporter/rollcode.prom") $(
    grep -c ^rollcode_users "$T/exporter/rollcode.prom")" "rollcode.prom 600 6"
