#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# overview.sh - what an administrator sees of users and logins, and what asks
# before it is done.
. "$(dirname "$0")/../support/lib.sh"
need python3 sqlite3
private_machine
installed >"$T/log"

# value EXPRESSION: of the JSON on standard input, which is called j
value() {
	python3 -c 'import json, sys
j = json.load(sys.stdin)
print(eval(" ".join(sys.argv[1].split())))' "$1"
}

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
    grep -q '^....-..-..T..:..:..+05:30 ' <(TZ=XXX-5:30 admin log eve)
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
    grep -q '^refusals .*only in the system log' "$T/out"
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

# --- what asks -----------------------------------------------------------------

# at_terminal ANSWER ARGUMENT...: the status of rollcode-admin at a terminal;
# what it shows there is left in $T/out, its standard output in $T/stdout
at_terminal() {
	python3 - "$T/out" "$T/stdout" "$@" <<-'PYTHON'
	import os, pty, sys
	shown, output, answer, *words = sys.argv[1:]
	pid, fd = pty.fork()
	if pid == 0:
	    os.dup2(os.open(output, os.O_CREAT | os.O_TRUNC | os.O_WRONLY), 1)
	    os.execvp("rollcode-admin", ["rollcode-admin", *words])
	text = b""
	try:
	    while chunk := os.read(fd, 4096):
	        if b"Type yes:" in chunk:
	            os.write(fd, answer.encode() + b"\n")
	        text += chunk
	except OSError:
	    pass
	with open(shown, "wb") as out:
	    out.write(text.replace(b"\r", b""))
	sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	PYTHON
}
question() {	# what was asked, on one line
	tr '\n' ' ' <"$T/out" | grep -oE '.*Type yes' | sed 's/ Type yes$//'
}
tokens_of() {
	admin show "$1" --json | value '[t["created"] for t in j["tokens"]]'
}
unused_of() {
	admin show "$1" --json | value 'j["recovery_left"]'
}

admin recovery eve >"$T/out" 2>&1
had=$(tokens_of eve)
nap 1.1
at_terminal no enroll eve --replace
equal "enroll --replace at a terminal does nothing without a yes" \
    "$? $(tokens_of eve)" "1 $had"
equal "it says what will be gone" "$(question)" "eve has 1 token, which will be\
 removed for good with all recovery codes and events.  Replace?"
at_terminal no recovery eve
equal "recovery neither, while codes are unused" "$? $(unused_of eve)" "1 10"
equal "it says how many" "$(question)" "eve has 10 unused recovery codes, which\
 cannot be shown again and will be void.  Issue new ones?"
at_terminal no recovery eve --void
equal "nor --void" "$? $(unused_of eve) $(question | grep -c 'Make them void')" \
    "1 10 1"
at_terminal no recovery eve --once
equal "a single code takes none away, and is not asked for" \
    "$? $(question)" "0 "
at_terminal yes recovery eve
equal "with yes there are new ones" "$? $(wc -l <"$T/stdout")" "0 10"
at_terminal yes enroll eve --replace
check "and a new token" test "$?" = 0 -a "$(tokens_of eve)" != "$had"
at_terminal no recovery eve
equal "where no code is left, nothing is asked" "$? $(question)" "0 "
at_terminal no recovery eve -f
equal "nor with -f" "$? $(question)" "0 "
at_terminal no enroll eve --replace --force
equal "nor with --force" "$? $(question)" "0 "
at_terminal no enroll nobody --replace --no-account
equal "nor where there is nothing to replace" "$? $(question)" "0 "
at_terminal yes remove carl
equal "remove looks first, and asks about nobody who is not enrolled" \
    "$? $(question)" "1 "
at_terminal yes remove eve --label nope
equal "nor about a token that is not there" "$? $(question)" "1 "
at_terminal no remove eve --label token
equal "it asks about one that is" "$? $(question)" \
    "1 Remove token of eve for good?"
at_terminal yes remove eve
equal "and removes it after a yes" "$? $(cat "$T/stdout")" "0 removed eve"

# --- what enrolment says ----------------------------------------------------------

# warned OPTION...: whether enrolment says that apps cannot use the token
warned() {
	admin enroll phone --no-account --replace "$@" >"$T/out" 2>"$T/said"
	grep -q 'most authenticator apps know only SHA1 with 6 digits' "$T/said" &&
	    echo warned
}
named_apps() {
	grep -q 'give the URI to rollcode-token add or an authenticator app' \
	    "$T/said" && echo apps
}
equal "a QR code that most apps cannot use has a warning" \
    "$(warned --qr; warned --qr --digits 6; warned --qr --form hex
    warned --qr --algorithm SHA1 | xargs)" "warned
warned
warned
warned"
equal "that of --phone has none" "$(warned --phone --qr)" ""
check "qr has the same" grep -q '^most authenticator apps' \
    <(admin enroll ann --label other >"$T/out" 2>&1
    admin qr ann --label other 2>&1 >"$T/out")
equal "an app is named only where it can use the token" \
    "$(warned; named_apps; warned --phone; named_apps)" apps
check "recovery codes are the next step" \
    grep -q '^next: rollcode-admin recovery phone' "$T/said"
admin recovery phone >"$T/out" 2>&1
admin enroll phone --no-account --label second >"$T/out" 2>"$T/said"
equal "but not where there are some" "$(grep -c ^next "$T/said")" 0
token big add big <"$T/out" >"$T/log" 2>&1
check "rollcode-token qr warns too" grep -q '^most authenticator apps' \
    <(token big qr big 2>&1 >"$T/log")

# --- many users ---------------------------------------------------------------------

sed -i '/:x:[1-9][0-9][0-9][0-9]:/d' /etc/passwd
for user in $(admin list --json | value '" ".join(u["user"] for u in j)'); do
	admin remove -f "$user"
done >"$T/out"
for user in anna bert first.last; do add_user "$user"; done
out=$T/handed
uri_of() {	# USER [LABEL]
	admin uri "$1" ${2:+--label "$2"}
}
status=0
admin enroll bert --out "$out" >"$T/out" 2>"$T/said" || status=$?
equal "enroll --out prints nothing and makes a file" \
    "$status $(wc -c <"$T/out") $(ls "$out")" "0 0 bert.uri"
equal "which only root can read, as the directory" \
    "$(stat -c '%U %a' "$out" "$out"/* | xargs)" "root 700 root 600"
equal "and which has the URI" "$(cat "$out/bert.uri")" "$(uri_of bert)"
admin enroll --all-missing --out "$out" >"$T/out" 2>"$T/said"
equal "--all-missing enrols who has no token, and nobody else" \
    "$? $(ls "$out" | xargs)" "0 anna.uri bert.uri first%2Elast.uri"
check "and says how many, and what to do" \
    grep -q "^enrolled 2 users; the URI of each is a file in $out: give" "$T/said"
equal "then nobody is missing" "$(admin list --missing 2>"$T/log")" ""
equal "each has the token of the file" "$(cat "$out"/*)" \
    "$(uri_of anna; uri_of bert; uri_of first.last)"
check "which is good" token fresh add mine <"$out/anna.uri"
check "for a login" admin verify anna <<<"$(code fresh)"
admin enroll --all-missing --out "$out" >"$T/out" 2>"$T/said"
equal "again, it has nothing to do" "$? $(cat "$T/said")" "0 enrolled 0 users"
before=$(cat "$out"/*)
admin enroll anna nosuch bert --out "$out" >"$T/out" 2>"$T/said"
equal "of some users each that cannot be enrolled is named" \
    "$? $(grep -cE '(anna|nosuch|bert): ' "$T/said")" "1 3"
equal "and no file was changed" "$(cat "$out"/*)" "$before"
admin enroll anna bert --label 'a b' --phone --out "$out" >"$T/out" 2>&1
equal "with a label there is a file of its own" \
    "$? $(cat "$out/anna.a%20b.uri")" "0 $(uri_of anna 'a b')"

while IFS='|' read -r words says; do
	# shellcheck disable=SC2086	# words
	admin enroll $words >"$T/out" 2>&1
	[ "$?" = 2 ] && grep -qF -- "$says" "$T/out" || echo "$words"
done >"$T/wrong" <<TABLE
|USER is missing
a b|--out DIR is needed
--all-missing|--out DIR is needed
a --all-missing --out $out|give one of them
a --if-missing --replace|give one of them
a --out $out --qr|leave --qr
a --out $out --confirm|leave --qr
a --out $out --secret-file -|leave --qr
TABLE
equal "what does not go together is a wrong call" "$(cat "$T/wrong")" ""

add_user carl
for place in "$T/open" "$T/link" "$T/file/x" "$T/bad/x"; do
	install -d -m 777 "$T/open"
	install -d -o mallory "$T/bad" 2>"$T/log" || install -d -o 4242 "$T/bad"
	ln -sfn "$T/open" "$T/link"
	: >"$T/file"
	admin enroll carl --out "$place" >"$T/out" 2>&1
	equal "a place that others can change, or that is none, is refused" \
	    "$? $(find "$T/open" "$T/bad" -type f)" "1 "
done
equal "and nobody was enrolled for it" "$(admin list --missing)" carl
ln -s /etc/passwd "$out/carl.uri"
before=$(cksum </etc/passwd)
admin enroll carl --out "$out" >"$T/out" 2>&1
equal "a link in the place of the file is replaced, not followed" \
    "$? $(stat -c %F "$out/carl.uri") $(cksum </etc/passwd)" \
    "0 regular file $before"

# A full disk: the token is enrolled, and that is said.
mkdir "$T/full"
mount -n -t tmpfs -o size=4k,mode=0700 full "$T/full"
head -c 4096 /dev/zero >"$T/full/zero" 2>"$T/log"
add_user dave
admin enroll dave --out "$T/full" >"$T/out" 2>&1
equal "where the file cannot be written, it is said what to do" \
    "$? $(grep -c 'enrolled nevertheless; rollcode-admin uri' "$T/out")
    $(find "$T/full" -name 'dave*')" "1 1
    "
umount "$T/full"

# --- to be repeated --------------------------------------------------------------------

had=$(tokens_of anna)
admin enroll anna --if-missing >"$T/out" 2>"$T/said"
equal "--if-missing leaves a token alone, and succeeds without a word on stdout" \
    "$? $(wc -c <"$T/out") $(tokens_of anna)" "0 0 $had"
admin enroll anna --if-missing --label laptop >"$T/out" 2>"$T/log"
equal "one with another label is missing" "$? $(wc -l <"$T/out")" "0 1"
admin enroll anna --if-missing --label laptop >"$T/out" 2>"$T/log"
equal "and then is not" "$? $(wc -l <"$T/out")" "0 0"
add_user erna
admin enroll erna --if-missing >"$T/out" 2>"$T/log"
equal "who has none is enrolled" "$? $(grep -c ^otpauth: "$T/out")" "0 1"
admin enroll anna bert erna nils --no-account --if-missing --out "$out" \
    >"$T/out" 2>"$T/said"
equal "of many too" "$? $(head -n 1 "$T/said" | cut -d';' -f1)" "0 enrolled 1 user"
