#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# import.sh - tokens of other programs, used there for some logins, are taken
# over: the next code of the original is accepted, the used ones are not.  What
# is malformed is refused by its line, and what was exported comes back.
# limit: 180
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/pam.sh"
need_root
need python3 oathtool
scratch
server
pam_place

HEX=3132333435363738393031323334353637383930
B32=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
TEXT=open-sesame-with-a-long-secret-text

echo "a passphrase" >"$T/pass"
echo "another one" >"$T/other"

import() {
	admin import --no-account "$@"
}

# followed NAME USER USED NEXT: the used code is refused, the next accepted once
followed() {
	equal "$1: the last code used there is refused" "$(login "$2" "$3")" \
	    AUTH_ERR
	equal "$1: the next code of the original is accepted" \
	    "$(login "$2" "$4")" SUCCESS
	equal "$1: and no second time" "$(login "$2" "$4")" AUTH_ERR
}

# --- whose a line is ----------------------------------------------------------

printf 'HOTP/E/8 %s - %s 5\n' ann "$HEX" an "${HEX/31/32}" anna "${HEX/31/34}" |
    import >"$T/out"
equal "each of three whose names begin alike has a token, their own" \
    "$(for user in an ann anna; do
	admin verify "$user" <<<"$(oathtool -d 8 -c 5 "$(
	    case $user in
	    an) echo "${HEX/31/32}" ;;
	    ann) echo "$HEX" ;;
	    anna) echo "${HEX/31/34}" ;;
	    esac)")"; done 2>&1 | grep -c ^accepted)" 3

# --- oathtool ---------------------------------------------------------------

for digits in 6 8; do
	echo "otpauth://hotp/o$digits?secret=$B32&digits=$digits&counter=5" |
	    import >/dev/null
	followed "oathtool, $digits digits" "o$digits" \
	    "$(oathtool -d $digits -c 4 $HEX)" "$(oathtool -d $digits -c 5 $HEX)"
done

# --- pam_oath ---------------------------------------------------------------

# The program itself moves the counter in its file, in its own way.
oath_login() {	# CODE
	printf 'auth required pam_oath.so usersfile=%s window=20 digits=%s\n' \
	    "$T/users.oath" "${#1}" >"$T/pam/oath"
	echo "account required pam_permit.so" >>"$T/pam/oath"
	login root "$1" oath
}

for digits in 6 8; do
	name="pam_oath, $digits digits"
	printf 'HOTP/E/%s root - %s 3\n' $digits $HEX >"$T/users.oath"
	chmod 600 "$T/users.oath"
	last=$(oathtool -d $digits -c 9 $HEX)
	if [ "$(oath_login "$(oathtool -d $digits -c 3 $HEX)")" != SUCCESS ] ||
	    [ "$(oath_login "$last")" != SUCCESS ]; then
		skip "$name" "there is no pam_oath that works"
		continue
	fi
	sed "s/root/po$digits/" "$T/users.oath" >"$T/oath"
	import "$T/oath" >/dev/null
	followed "$name" po$digits "$last" "$(oathtool -d $digits -c 10 $HEX)"
done

# --- google-authenticator ---------------------------------------------------

google_file() {
	printf '%s\n" HOTP_COUNTER %s\n" WINDOW_SIZE 17\n12345678\n' "$B32" 3
}

if command -v google-authenticator >/dev/null &&
    google-authenticator -c -C -f -w 17 -r 3 -R 30 -e 2 -q -s "$T/google" \
    </dev/null >/dev/null 2>&1; then
	secret=$(head -n 1 "$T/google")
	echo "auth required pam_google_authenticator.so secret=$T/google user=root" \
	    >"$T/pam/google"
	echo "account required pam_permit.so" >>"$T/pam/google"
	last=$(oathtool -b -c 2 "$secret")
	login root "$(oathtool -b -c 1 "$secret")" google >/dev/null
	equal "google-authenticator: it lets in with its own file" \
	    "$(login root "$last" google)" SUCCESS
	import --user google "$T/google" >"$T/out" 2>&1
	check "google-authenticator: new codes are to be issued" \
	    grep -q "2 scratch codes of 8 digits" "$T/out"
	followed google-authenticator google "$last" \
	    "$(oathtool -b -c 3 "$secret")"
else
	skip google-authenticator "there is no google-authenticator"
fi

# --- the original demo ------------------------------------------------------

# Its arithmetic on both sides, and a database of one counter.
demo() {
	python3 - "$T" "$TEXT" "$@" <<-'PYTHON'
	import hashlib, sqlite3, sys
	place, secret, what, counter = sys.argv[1:5]
	def code(c):
	    return hashlib.sha256((secret + str(c)).encode()).hexdigest()
	if what == "code":
	    print(code(int(counter)))
	elif what == "accepts":
	    at = [c for c in range(int(counter), int(counter) + 5)
	          if code(c) == sys.argv[5]]
	    sys.exit(0 if at else 1)
	else:
	    db = sqlite3.connect(place + "/" + what)
	    db.execute("CREATE TABLE state (id INTEGER PRIMARY KEY, counter INTEGER)")
	    db.execute("INSERT INTO state (counter) VALUES (?)", (int(counter),))
	    db.commit()
	    open(place + "/.env", "w").write("PORT=8000\nSECRET_KEY=" + secret + "\n")
	PYTHON
}

demo opener.db 7
demo remote.db 7
import --user demo "$T/.env" "$T/opener.db" >/dev/null
followed demo demo "$(demo code 7)" "$(demo code 8)"
token demo import "$T/.env" "$T/remote.db" >/dev/null
check "demo: its server accepts what our client prints" \
    demo accepts 8 "$(code demo)"
equal "demo: our server, too" "$(login demo "$(code demo)")" SUCCESS

for journal in opener.db-wal opener.db-journal; do
	echo x >"$T/$journal"
	import --user demo2 "$T/.env" "$T/opener.db" 2>&1 |
	    grep -q "a journal beside the database" || echo "$journal"
	rm "$T/$journal"
done >"$T/wrong"
equal "demo: a database with a journal, which has a part of it, is refused" \
    "$(cat "$T/wrong")" ""

# --- PSKC --------------------------------------------------------------------

# key_package SERIAL USER SECRET COUNTER ALGORITHM
key_package() {
	cat <<-XML
	<KeyPackage>
	 <DeviceInfo><Manufacturer>oath.Test</Manufacturer>
	  <SerialNo>$1</SerialNo></DeviceInfo>
	 <Key Id="$1" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:${5:-hotp}">
	  <Issuer>Batch</Issuer>
	  <AlgorithmParameters><ResponseFormat Length="8" Encoding="DECIMAL"/>
	  </AlgorithmParameters>
	  <Data><Secret><PlainValue>$3</PlainValue></Secret>
	   <Counter><PlainValue>$4</PlainValue></Counter></Data>
	  <UserId>$2</UserId>
	 </Key>
	</KeyPackage>
	XML
}

container() {
	echo '<?xml version="1.0" encoding="UTF-8"?>'
	echo '<KeyContainer Version="1.0"' \
	    'xmlns="urn:ietf:params:xml:ns:keyprov:pskc">'
	cat
	echo '</KeyContainer>'
}

BASE64=$(printf 12345678901234567890 | base64)
{
	key_package 1001 CN=pskc1,DC=example "$BASE64" 5
	key_package 1002 pskc2 AAAA 5
	key_package 1003 pskc3 "$BASE64" 5 totp
	key_package 1004 pskc4 "$BASE64" 0
} | container >"$T/batch.xml"
import "$T/batch.xml" >"$T/out" 2>&1
if grep -q "libxml2, which is not here" "$T/out"; then
	skip PSKC "needs libxml2"
else
	if command -v pskctool >/dev/null; then
		equal "PSKC: pskctool reads the batch too" \
		    "$(pskctool --info "$T/batch.xml" 2>/dev/null |
		    grep -c 'Key Secret')" 4
	else
		skip "PSKC: pskctool reads the batch too" "needs pskctool"
	fi
	followed PSKC pskc1 "$(oathtool -d 8 -c 4 $HEX)" \
	    "$(oathtool -d 8 -c 5 $HEX)"
	check "PSKC: the serial number is the label" \
	    grep -q 1001 <(admin show pskc1)
	check "PSKC: a key with too short a secret is named" \
	    grep -q "key 2: pskc2: .*16" "$T/out"
	check "PSKC: and one that counts time" \
	    grep -q "key 3: pskc3: .*HOTP profile" "$T/out"
	head -c 900 "$T/batch.xml" >"$T/torn.xml"
	import "$T/torn.xml" >"$T/out" 2>&1
	equal "PSKC: one that is torn is refused" \
	    "$? $(grep -c "line 2.: it is not well-formed XML" "$T/out")" "1 1"
	check "PSKC: and nothing of it is printed" \
	    test "$(grep -c "$BASE64" "$T/out")" = 0
fi

# --- counters ---------------------------------------------------------------

line() {	# USER COUNTER
	echo "otpauth://hotp/$1?secret=$B32&digits=8&counter=$2"
}

line alice 20 | import >/dev/null
line alice 20 | import >"$T/out"
equal "the same once more is here already" "$(cat "$T/out")" \
    "1 user, 0 tokens added, 1 already there"
line alice 10 | import >"$T/out" 2>&1
equal "a lower counter lowers none" "$(counter alice)" 20
check "and it is said" grep -q "alice: the counter here is higher" "$T/out"
line alice 30 | import >/dev/null
equal "a higher one moves it forward" "$(counter alice)" 30
line alice 10 | import --force >/dev/null
equal "by force it is lowered" "$(counter alice)" 10

line bob 20 | token bob import >/dev/null
line bob 10 | token bob import >"$T/out"
equal "a client's counter is not lowered" "$(code bob)" \
    "$(oathtool -d 8 -c 20 $HEX)"
line bob 40 | token bob import >/dev/null
equal "but moved forward" "$(code bob)" "$(oathtool -d 8 -c 40 $HEX)"
line bob 10 | token bob import --force >/dev/null
equal "and lowered by force" "$(code bob)" "$(oathtool -d 8 -c 10 $HEX)"

server TOLERANCE=50
refused "a token of 6 digits is refused where a login would refuse it" \
    import <<<"otpauth://hotp/six?secret=$B32&counter=1"
check "and not one of 8" import < <(line eight 1)
equal "so that one is enrolled" "$(admin list --json | grep -c '"user"')" 1
server

# --- what is refused --------------------------------------------------------

# malformed TEXT LINE REASON: and nobody is enrolled by it
malformed() {
	printf '%b' "$1" | import --seal-file "$T/pass" \
	    ${4:+--user mallory} >"$T/out" 2>&1 &&
	    { echo "accepted: $1"; return; }
	grep -F "$2: " "$T/out" | grep -qF "$3" ||
	    echo "$1: no \"$2: ... $3\" in: $(cat "$T/out")"
}

while IFS='|' read -r text place reason user; do
	[ -n "$text" ] || continue
	malformed "${text//HEX/$HEX}" "$place" "$reason" "$user"
done >"$T/wrong" <<'TABLE'
nonsense|standard input|the format is not known
\n|standard input|the format is not known
# nothing\n\nHOTP m|line 3|fewer than four fields
HOTP m - 00|line 1|16
HOTP m - HEX0|line 1|hexadecimal
HOTP m - zz|line 1|hexadecimal
HOTP m 1234 HEX|line 1|PIN
HOTP/T30 m - HEX|line 1|counts time
HOTP/E/9 m - HEX|line 1|the type is not
HOTP m - HEX -1|line 1|counter is not a number
HOTP m - HEX 9223372036854775808|line 1|counter is not a number
HOTP m - HEX 9223372036854775807 123456|line 1|counter is not a number
HOTP m - HEX 1 xyz|line 1|last code is not digits
HOTP m - HEX 1 123456 now more|line 1|more than seven
HOTP m\0001 - HEX|line 1|control character
HOTP m - HEX 1\nHOTP m - zz|line 1|line 2 of the same user was refused
otpauth://totp/m?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ|line 1|totp
m otpauth://hotp/m?secret=GEZDGNBVGY3TQOJQ&counter=1|line 1|16
m otpauth://hotp/m?counter=1|line 1|no secret
m otpauth://hotp/m?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ|line 1|no counter
m otpauth://hotp/m?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=9223372036854775807|line 1|exhausted
HOTP m - HEX 9223372036854775807|line 1|exhausted
a b otpauth://hotp/m|line 1|not a line
a%00 otpauth://hotp/m?secret=A|line 1|not a line
otpauth://hotp/?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=1|line 1|names no user
GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n" TOTP_AUTH\n|line 2|counts time|u
GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n" RATE_LIMIT 3 30\n|standard input|counts time|u
GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n" HOTP_COUNTER x\n|line 2|counter is not a number|u
GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n" HOTP_COUNTER 1\n" HOTP_COUNTER 2\n|line 3|a second|u
GEZDGNBVGY3TQOJQ\n" HOTP_COUNTER 1\n|standard input|16|u
GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n" HOTP_COUNTER 1\n1234\n|line 3|neither an option|u
0000\n" HOTP_COUNTER 1\n|line 1|base32|u
SECRET_KEY=x\n|standard input|database
rollcode-export 2\n|standard input|does not start
TABLE
equal "each malformed file is refused by line and reason" \
    "$(cat "$T/wrong")" ""
equal "and nobody was enrolled by one" \
    "$(admin list | grep -cE '^(m|mallory|a|u) ')" 0

printf 'HOTP good1 - %s\nHOTP bad - 00\nHOTP good2 - %s 4\n' $HEX $HEX |
    import >"$T/out" 2>&1
equal "lines beside a refused one are taken over, and the command fails" \
    "$? $(grep -c ^ "$T/out") $(admin list | grep -cE '^good[12] ')" "1 5 2"
check "no sentence repeats a secret" \
    test "$(grep -c "$HEX" "$T/out")" = 0

demo_refused() {	# SQL REASON
	rm -f "$T/odd.db"
	sqlite3 "$T/odd.db" "$1"
	import --user odd "$T/.env" "$T/odd.db" 2>&1 |
	    grep -q "the database: .*$2" || echo "$1"
}

if command -v sqlite3 >/dev/null; then
	{
		demo_refused "CREATE TABLE t(x)" "column"
		demo_refused "CREATE TABLE t(counter)" "one row"
		demo_refused "CREATE TABLE t(counter); INSERT INTO t VALUES(1),(2)" "one row"
		demo_refused "CREATE TABLE t(counter); INSERT INTO t VALUES('7')" "whole number"
		demo_refused "CREATE TABLE t(counter); INSERT INTO t VALUES(-1)" "from 0"
		demo_refused "CREATE TABLE t(counter); CREATE TABLE u(counter)" "column"
		demo_refused "CREATE VIEW t AS SELECT 1 AS counter" "column"
		echo garbage >"$T/odd.db"
		import --user odd "$T/.env" "$T/odd.db" 2>&1 |
		    grep -q "not an SQLite database" || echo garbage
	} >"$T/wrong"
	equal "a database that is not the demo's is refused" \
	    "$(cat "$T/wrong")" ""
else
	skip "a database that is not the demo's is refused" "needs sqlite3"
fi

# --- export -----------------------------------------------------------------

echo "spaced%20name otpauth://hotp/x?secret=$B32&digits=8&counter=7" |
    import >/dev/null
admin disable good2 >/dev/null
# Sorted: the order of users is the store's own.
admin export --plain 2>/dev/null | sort >"$T/plain"
admin export --seal-file "$T/pass" >"$T/sealed" 2>/dev/null
check "a sealed export shows no secret, user or counter" \
    test "$(grep -cE "otpauth|alice|$B32" "$T/sealed")" = 0
refused "another passphrase does not open it" \
    admin import --no-account --seal-file "$T/other" "$T/sealed"
last=$(tail -n 1 "$T/sealed")
case $last in 0*) digit=1 ;; *) digit=0 ;; esac
sed "\$s/./$digit/" "$T/sealed" >"$T/changed"
refused "nor does any after a change" \
    admin import --no-account --seal-file "$T/pass" "$T/changed"
server
import --seal-file "$T/pass" "$T/sealed" >/dev/null
equal "what was exported is imported, all of it" \
    "$(admin export --plain 2>/dev/null | sort)" "$(cat "$T/plain")"
equal "who was disabled is so" "$(login good2 "$(oathtool -c 4 $HEX)")" AUTH_ERR
check "a name with a space is itself" admin show "spaced name"

chmod 644 "$T/store/users/good2.db"
echo "otpauth://hotp/good2?secret=$B32&digits=8&counter=9" |
    import >"$T/out" 2>&1
check "a user's file that is open to others: import says what fixes it" \
    grep -qF "fix: chmod 600 $T/store/users/good2.db" "$T/out"
chmod 600 "$T/store/users/good2.db"

{ line web 3 | sed s/8/6/; line web 5 | sed s/GEZD/AAAA/; } |
    token carol import >/dev/null
token carol export --seal-file "$T/pass" >"$T/sealed" 2>/dev/null
token dave import --seal-file "$T/pass" "$T/sealed" >/dev/null
equal "a client's tokens move to another store by name and counter" \
    "$(token dave export --plain 2>/dev/null)" \
    "$(token carol export --plain 2>/dev/null)"

no_terminal() {	# COMMAND...
	! "$@" </dev/null >"$T/out" 2>&1 &&
	    grep -q 'no terminal .*give --seal-file FILE$' "$T/out"
}
check "without a terminal an export names the option that helps" \
    no_terminal setsid -w rollcode-admin --conf "$CONF" export
check "so does an import of one" \
    no_terminal setsid -w rollcode-admin --conf "$CONF" import "$T/sealed"

# --- an export in a file ------------------------------------------------------

# written COMMAND...: the export is whole, in a file of mode 0600 whatever the
# umask is, and does not replace a file or follow a link
written() {
	rm -f "$T/new" "$T/link" "$T/nowhere"
	(umask 0 && "$@" --plain -o "$T/new" >"$T/out" 2>&1) ||
	    { cat "$T/out"; return 1; }
	[ "$(stat -c %a "$T/new")" = 600 ] && grep -q otpauth "$T/new" &&
	    ! grep -q otpauth "$T/out" || return 1
	cp "$T/new" "$T/kept"
	"$@" --plain -o "$T/new" >"$T/out" 2>&1 && return 1
	grep -q 'new: exists already' "$T/out" && cmp "$T/new" "$T/kept" ||
	    return 1
	ln -s nowhere "$T/link"
	! "$@" --plain -o "$T/link" >"$T/out" 2>&1 && [ ! -e "$T/nowhere" ] &&
	    ! "$@" --plain -o "$T/none/new" >"$T/out" 2>&1 &&
	    grep -q 'new: cannot be created' "$T/out"
}
check "an export in a file is its owner's alone: rollcode-admin" \
    written admin export
check "an export in a file is its owner's alone: rollcode-token" \
    written token carol export
full() {	# what does not fit is not left there
	(ulimit -f 0; token carol export --plain -o "$T/torn") >"$T/out" 2>&1 &&
	    return 1
	[ ! -e "$T/torn" ]
}
check "an export that cannot be written leaves no file" full
