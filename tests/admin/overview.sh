#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# overview.sh - what an administrator sees of users and logins.
# limit: 300
. "$(dirname "$0")/../support/lib.sh"
need python3 sqlite3
private_machine
installed >"$T/log"

# --- columns and dates ----------------------------------------------------------

for user in alice jörg 日本 "$(printf '%040d' 7)"; do
	admin enroll "$user" --no-account >"$T/out" 2>"$T/log"
done
admin list >"$T/list"
equal "the columns of list are aligned, whatever is in them" \
    "$(python3 -c 'import sys, unicodedata
def width(s):
    return sum(2 if unicodedata.east_asian_width(c) == "W" else 1 for c in s)
print(*{width(line[:line.index(word)])
    for line in open(sys.argv[1], encoding="utf-8")
    for word in ("STATE", "normal") if word in line})' "$T/list")" 41
equal "JSON has null for what never happened" \
    "$(admin show alice --json | value 'j["last_success"], j["last_failure"],
	j["tokens"][0]["used"], j["recovery_issued"], j["once_expires"]')" \
    "(None, None, None, None, None)"
equal "and so has that of list" \
    "$(admin list --json | value '{u["last_success"] for u in j}')" "{None}"

# --- who has a token, and who has an account -----------------------------------

for user in alice jörg 日本 "$(printf '%040d' 7)"; do
	admin remove -f "$user" >"$T/log"
done
equal "a list of nobody says what to do, and has no header" \
    "$(admin list 2>&1)" \
    "nobody is enrolled; rollcode-admin enroll USER adds a token"
equal "in JSON it is an empty list" "$(admin list --json 2>/dev/null)" "[]"

# Those of the machine itself are people too.
sed -i '/:x:[1-9][0-9][0-9][0-9]:/d' /etc/passwd
for user in zoe ann bob; do add_user "$user"; done
echo 'daemon2:x:998:998::/:/bin/bash' >>/etc/passwd
echo 'nologin:x:4321:4321::/:/usr/sbin/nologin' >>/etc/passwd
admin enroll bob >"$T/out" 2>"$T/log"
admin enroll radius --no-account >"$T/out" 2>"$T/log"
equal "list --missing: who can log in and has no token, by name" \
    "$(admin list --missing | xargs)" "ann zoe"
equal "in JSON too" "$(admin list --missing --json | value j)" "['ann', 'zoe']"
equal "list --stale: who has a token and no account" \
    "$(admin list --stale)" radius
admin enroll ann >"$T/out" 2>"$T/log"
admin enroll zoe >"$T/out" 2>"$T/log"
admin remove -f radius >"$T/log"
equal "where nobody is missing, nothing is printed but a note" \
    "$(admin list --missing 2>&1 >"$T/out"; cat "$T/out")" \
    "everybody who can log in has a token"
equal "nor where nobody is stale" \
    "$(admin list --stale 2>&1 >"$T/out"; cat "$T/out")" \
    "every user with a token has an account"
sed -i /^bob:/d /etc/passwd
equal "the token of an account that was deleted is stale" \
    "$(admin list --stale)" bob
admin list --missing --stale >"$T/out" 2>&1
equal "both at once is a wrong call" "$?" 2

# --- the log --------------------------------------------------------------------

rfc3339='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}'
add_user eve
enroll eve
admin recovery eve >"$T/codes" 2>"$T/log"
admin verify eve <<<"$(code eve)" >"$T/out"
admin verify eve <<<"$(head -n 1 "$T/codes")" >"$T/out"
check "a line of the log begins with a time of RFC 3339" \
    test "$(admin log eve | grep -cE "^$rfc3339  eve  ")" = 4
check "the offset is that of the place" \
    grep -q '^....-..-..T..:..:..+05:30 ' <(TZ=IST-5:30 admin log eve)
equal "a login by a recovery code is told apart" \
    "$(admin log eve | awk '$3 == "accepted" { print $5 }' | xargs)" \
    "token=token recovery-code"
equal "in JSON too" "$(admin log eve --json |
    value '[e["recovery_code"] for e in j if e["outcome"] == "accepted"]')" \
    "[False, True]"

# seconds TIME...: the events of eve, whose times are these
seconds() {
	as rollcode sqlite3 "$T/store/users/eve.db" "$(i=0
	    for time in "$@"; do
		i=$((i + 1))
		echo "UPDATE event SET time=$time WHERE sequence=(SELECT sequence
		    FROM event ORDER BY sequence LIMIT 1 OFFSET $((i - 1)));"
	    done)"
}
day=$(date -d '2026-11-28 00:00:00Z' +%s)
seconds "$day" "$((day + 3600))" "$((day + 7200))" "$((day + 86400))"
# between ARGUMENT...: how many lines
between() {
	TZ=UTC admin log eve "$@" | wc -l
}
while IFS='|' read -r wanted since until; do
	got=$(between ${since:+--since "$since"} ${until:+--until "$until"})
	[ "$got" = "$wanted" ] || echo "$since to $until: $got, not $wanted"
done >"$T/wrong" <<'TABLE'
4||
4|2026-11-28|
3|2026-11-28T00:00:01Z|
3|2026-11-28 01:00|
2|2026-11-28T01:00:01|
2|2026-11-28T02:00:01+01:00|
2|2026-11-28 03:00:01+02:00|
1||2026-11-28T00:00:00Z
2||2026-11-28 01:00
2|2026-11-28 01:00|2026-11-28 02:00:00
1|2026-11-29|2026-11-29T00:00:00
TABLE
equal "--since and --until take each form of a time" "$(cat "$T/wrong")" ""
now=$(date +%s)
seconds "$((now - 7300))" "$((now - 7100))" "$((now - 800))" "$((now - 10))"
equal "and how long ago it was" \
    "$(between --since 1d) $(between --since 2h) $(between --since 15m)
    $(between --until 15m)" "4 3 2
    2"
for time in 2026-02-30 2026-13-01 yesterday 15 15x 0m 28.11.2026 \
    '2026-11-28 25:00' '2026-11-28 ' 2026-11-28T17:50:31+01:00x; do
	admin log eve --since "$time" >"$T/out" 2>&1
	[ "$?" = 2 ] && grep -q -- '--since must be a time' "$T/out" ||
	    echo "$time"
done >"$T/wrong"
equal "what is no time is a wrong call" "$(cat "$T/wrong")" ""
admin log eve --since 1h --until 2h >"$T/out" 2>&1
equal "nor is there one between a later and an earlier" \
    "$? $(grep -c -- '--since is later than --until' "$T/out")" "2 1"

for i in 1 2 3 4 5 6 7 8 9; do admin unlock eve; done >"$T/out"
follow() {	# ARGUMENT...: the number of lines before the next event
	admin log eve -f "$@" >"$T/followed" 2>"$T/log" &
	wait_for grep -q . "$T/followed" || nap 1
	nap 0.2
	kill "$!"
	wait "$!" 2>/dev/null
	wc -l <"$T/followed"
}
equal "log -f begins with the last 10, -n and --since choose others" \
    "$(follow) $(follow -n 3) $(follow -n 0) $(follow --since 1d)" "10 3 0 13"

# --- a guarded account ------------------------------------------------------------

before=$(date +%s)
for i in 1 2 3 4 5; do
	admin verify eve <<<"$(wrong "$(code eve)")" >"$T/out" 2>&1
done
after=$(date +%s)
since=$(admin show eve --json | value 'j["guarded_since"]')
check "show --json says since when an account is guarded" \
    test "$before" -le "$since" -a "$since" -le "$after"
for i in 1 2; do
	nap 1.1
	admin verify eve <<<"$(code eve)" >"$T/out" 2>&1
done
equal "refusals meanwhile do not change that" \
    "$(admin show eve --json | value 'j["guarded_since"]')" "$since"
said=$(date -d "@$since" +%FT%T%:z)
admin show eve >"$T/out"
check "show says since when" grep -q "^state  *guarded since $said$" "$T/out"
check "what opens it" grep -q "^opened by  *three consecutive codes on one line,\
 a recovery code, rollcode-admin unlock eve$" "$T/out"
check "and where the refusals are" \
    grep -q '^refusals .*only in the system log: journalctl -g reason=$' \
    "$T/out"
admin log eve >"$T/out" 2>"$T/said"
check "log says it too, beside the events" grep -q "^eve is guarded since $said,\
.*only in the system log; opened by: three .* a recovery code, .*unlock eve$" \
    "$T/said"
check "so does the log of everybody" \
    grep -q "^eve is guarded since $said" <(admin log 2>&1 >"$T/out")
admin recovery eve --void >"$T/out" 2>&1
check "a recovery code is named only if there is one" \
    grep -q '^opened by  *three consecutive codes on one line, rollcode-admin' \
    <(admin show eve)
for user in ann zoe; do
	for i in 1 2 3 4 5; do admin verify "$user" <<<00000000; done
done >"$T/out" 2>&1
check "of many one line is said" \
    grep -qx '3 users are guarded, .*: ann, eve, zoe; see: .*' \
    <(admin log 2>&1 >"$T/out")
: >"$T/said"
admin log -f >"$T/followed" 2>"$T/said" &
wait_for test -s "$T/said"
admin unlock zoe >"$T/out"
nap 2.2
for i in 1 2 3 4 5; do
	admin verify zoe <<<00000000 >"$T/out" 2>&1
done
wait_for grep -q '^zoe is guarded' "$T/said"
kill "$!"
wait "$!" 2>/dev/null
equal "log -f says it once for each time that it begins" \
    "$(sed -E 's/ guarded.*//' "$T/said")" "3 users are
zoe is"
admin unlock eve >"$T/out"
equal "then nothing is said of it" \
    "$(admin show eve | grep -c guarded\ since)$(admin log eve 2>&1 >"$T/out")" 0
touch "$T/store/users/ann.db"
equal "log -n looks at whoever may have one of the last events" \
    "$(admin log -n 1 2>"$T/log" | tr -s ' ')" \
    "$(admin log 2>"$T/log" | tail -n 1 | tr -s ' ')"
touch -d '2 days ago' "$T"/store/users/eve.db*
equal "and at nobody whose files are older than that" \
    "$(admin log -n 1 2>"$T/log" | grep -c ' eve ')" 0

# --- one, or many -----------------------------------------------------------------

install -d -m 700 -o rollcode "$T/copies"
equal "one is one, and two are two" "$(admin export --plain eve 2>&1 >"$T/out")
$(admin export --plain ann eve 2>&1 >"$T/out")
$(admin backup "$T/copies/one" | head -n 1)" \
    "exported 1 token of 1 user; the export does not know about codes used\
 from now on
exported 2 tokens of 2 users; the export does not know about codes used from now on
copied 4 users to $T/copies/one"
