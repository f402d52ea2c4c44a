#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# enrolling.sh - enrolment, of one and of many, and what asks before it is done.
# limit: 300
. "$(dirname "$0")/../support/lib.sh"
need python3
private_machine
installed >"$T/log"
# Those of the machine itself are people too.
sed -i '/:x:[1-9][0-9][0-9][0-9]:/d' /etc/passwd
for user in ann eve; do
	add_user "$user"
	enroll "$user"
done

# --- by a user -----------------------------------------------------------------

by_ann() {
	as ann /usr/local/sbin/rollcode-admin "$@" 2>&1 | tail -n 1
}
for command in init list "enroll eve" "check eve" "export eve"; do
	# shellcheck disable=SC2086	# it is words
	check "a user is told who may: $command" \
	    grep -q 'run the command as root$' <<<"$(by_ann $command)"
done
mv /etc/rollcode "$T/rollcode"
check "also before there is anything" \
    grep -q 'make install .* as root$' <<<"$(by_ann init)"
mv "$T/rollcode" /etc/rollcode

# --- an export where only root may write ----------------------------------------

(umask 077; echo "correct horse" >"$T/pass"; mkdir "$T/mine")
exported=$T/mine/tokens
check "an export goes where only root may write" \
    rollcode-admin export --seal-file "$T/pass" -o "$exported"
equal "and is root's alone" "$(stat -c '%U %a' "$exported")" "root 600"
check "all of it" grep -q '^rollcode-export' "$exported"
mv "$exported" "$T/kept"
check "a plain one, too" rollcode-admin export --plain -o "$exported"
equal "all of it: a line for each token" "$(grep -c otpauth "$exported")" 2
refused "it goes over no file" rollcode-admin export --plain -o "$exported"
refused "a failure writes nothing" \
    rollcode-admin export --plain -o "$T/mine/none" ann nobody
check "not even a part" test ! -e "$T/mine/none"
# --- what asks -----------------------------------------------------------------

# at_terminal ANSWER ARGUMENT...: the status of rollcode-admin at a terminal;
# what it shows there is left in $T/out, its standard output in $T/stdout
at_terminal() {
	"$TREE/tests/tools/confirm.py" "$1" "$T/stdout" rollcode-admin \
	    "${@:2}" >"$T/shown"
	local status=$?
	tr -d '
' <"$T/shown" >"$T/out"
	return "$status"
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
admin enroll ed --no-account >"$T/out" 2>&1
: >"$T/store/users/ed.db"
at_terminal no enroll ed --replace --no-account
equal "where tokens cannot be read it says so, and no number" "$? $(question)" \
    "1 the tokens of ed cannot be read, and will be removed for good with all\
 recovery codes and events.  Replace?"
admin remove ed --force >"$T/out"

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
admin enroll phone --no-account >"$T/out" 2>"$T/again"
equal "who is enrolled already is told what prints the URI again" \
    "$? $(grep -c 'already enrolled; rollcode-admin uri ' "$T/again")" "1 1"
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
    "$? $(cd "$out" && echo ./*)" "0 ./anna.uri ./bert.uri ./first%2Elast.uri"
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
equal "what to do leaves somebody else's directory to its owner" \
    "$(grep -c "$T/bad: belongs to .*; name a directory of root's$" \
    "$T/out") $(grep -c 'fix:' "$T/out")" "1 0"
install -d -m 1777 "$T/sticky"
install -d -m 755 "$T/roots"
ln -s "$T/roots" "$T/sticky/link"
ln -s "$T/roots" "$T/bad/link"
for place in sticky sticky/link sticky/link/x bad/link bad/link/x bad/x; do
	admin enroll carl --out "$T/$place" >"$T/out" 2>&1
	equal "nobody else says where the files are: $place" \
	    "$? $(ls "$T/roots") $(find "$T/sticky" "$T/bad" ! -type l -mindepth 1)" \
	    "1  "
done
check "a directory that root makes there is root's" \
    admin enroll carl --if-missing --out "$T/sticky/made/"
equal "and only root can enter it" "$(stat -c '%U %a' "$T/sticky/made")" "root 700"
admin remove --force carl >"$T/log"
(cd "$T/roots" && admin enroll carl --out here) >"$T/out" 2>&1
equal "a place may be named from here" "$? $(ls "$T/roots/here")" "0 carl.uri"
admin remove --force carl >"$T/log"
ln -s /etc/passwd "$out/carl.uri"
before=$(cksum </etc/passwd)
admin enroll carl --out "$out" >"$T/out" 2>&1
equal "a link in the place of the file is replaced, not followed" \
    "$? $(stat -c %F "$out/carl.uri") $(cksum </etc/passwd)" \
    "0 regular file $before"

# What a kill leaves of a file has the secret in it.
: >"$out/gone.uri.new"
: >"$out/gone.uri.newer"
admin enroll anna --if-missing --out "$out" >"$T/out" 2>&1
equal "a file that a kill left half written is removed by the next command" \
    "$? $(cd "$out" && echo gone*)" "0 gone.uri.newer"
: >"$out/gone.uri.new"
flock -s "$out" rollcode-admin enroll anna --if-missing --out "$out" \
    >"$T/out" 2>&1
equal "but not while another one writes there" \
    "$? $(cd "$out" && echo gone*)" "0 gone.uri.new gone.uri.newer"
rm "$out"/gone*
flock "$out" timeout 20 rollcode-admin enroll anna --if-missing --out "$out" \
    >"$T/out" 2>&1
equal "who locks the place of the files keeps no command from its end" \
    "$? $(grep -o 'has locked it; try again' "$T/out")" \
    "1 has locked it; try again"

admin enroll ../../etc/x .hidden --no-account --out "$out" >"$T/out" 2>&1
equal "the process that writes takes no name for a path" \
    "$? $(cd "$out" && find . -newer carl.uri -name '*.uri' | sort | xargs)" \
    "0 ./%2E%2E%2F%2E%2E%2Fetc%2Fx.uri ./%2Ehidden.uri"

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

# --- a thousand -------------------------------------------------------------------------

for i in {1..1000}; do
	echo "user$i:x:$((5000 + i)):$((5000 + i))::/home/user$i:/bin/sh"
done >>/etc/passwd
before=$(admin list --json | value 'len(j)')
admin enroll --all-missing --out "$T/thousand" >"$T/out" 2>"$T/said"
equal "1,000 users are enrolled by one command" \
    "$? $(find "$T/thousand" -name 'user*.uri' | wc -l) $(admin list --json |
    value 'len(j)') $(admin list --missing 2>"$T/log")" \
    "0 1000 $((before + 1000)) "
equal "each has a secret of its own" \
    "$(sed 's/.*secret=//; s/&.*//' "$T"/thousand/*.uri | sort -u | wc -l)" \
    "$(find "$T/thousand" -type f | wc -l)"
equal "stats has all of them" \
    "$(admin stats --json | value 'j["users"]')" "$((before + 1000))"
# Of the processor, so that it is the same on a machine that has others to serve:
# that of both programs, if one reads the store for the other.
seconds_of() {
	local TIMEFORMAT='%U %S'
	{ time admin "$@" >"$T/out" 2>"$T/said"; } 2>&1 |
	    awk '{ print $1 + $2 }'
}
for command in list "list --missing" stats "log -n 20"; do
	# shellcheck disable=SC2086	# it is words
	took=$(seconds_of $command)
	echo "# $command: $took s"
	awk -v took="$took" 'BEGIN { exit !(took > 0 && took < 2) }' ||
	    echo "$command: $took s"
done >"$T/slow"
grep '^#' "$T/slow"
[ "${SAN-}" = 1 ] || equal "each of what an administrator asks takes under 2 s" \
    "$(grep -v '^#' "$T/slow")" ""
equal "the log has the last 20 of all" "$(admin log -n 20 | tr -s ' ')" \
    "$(admin log | tail -n 20 | tr -s ' ')"
