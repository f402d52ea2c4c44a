#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# import_others.sh - root imports a file that somebody else made: it gives
# nobody else a token, and takes neither root's rights nor the memory.
# limit: 400
. "$(dirname "$0")/../support/lib.sh"
need python3 setpriv
private_machine
installed
. "$(dirname "$0")/../support/pam.sh"
add_user alice
add_user bob

. "$(dirname "$0")/../support/formats.sh"

import() {
	admin import --seal-file "$T/pass" "$@" </dev/null
}

enrolled() {
	admin list | awk 'NR > 1 { print $1 }' | sort | tr '\n' ' '
}

# --- whose a token is -------------------------------------------------------

pskc=yes
if ! pskc_there; then
	skip "PSKC" "needs libxml2"
	pskc=
	FORMATS=$(without_pskc "$FORMATS")
	SILENT=$(without_pskc "$SILENT")
fi

server ACCOUNT=rollcode
# imported FORMAT USER WANTED OUTPUT OPTION...: who is enrolled, what is said
imported() {
	local who user
	format_file "$1" "$2"
	import "${@:5}" "${FILES[@]}" >"$T/out" 2>&1
	who=$(enrolled)
	if [ "$who" != "$3" ] || ! grep -q "$4" "$T/out"; then
		echo "$1 of \"$2\" ${*:5}: enrolled is \"$who\""
		cat "$T/out"
	fi
	for user in $who; do admin remove --force "$user" >/dev/null; done
}

say_ok "with --user every entry that names somebody else is refused" "$(
	for format in $FORMATS; do
		imported "$format" root "" "root: it is not alice's" --user alice
		imported "$format" bob "" "bob: it is not alice's" --user alice
	done)"
say_ok "and every entry that names that user, or nobody, is taken over" "$(
	for format in $FORMATS; do
		imported "$format" alice "alice " "^alice: .* added$" --user alice
	done
	for format in $SILENT; do
		imported "$format" "" "alice " "^alice: .* added$" --user alice
	done)"
say_ok "without --user the file says, and who is not named is refused" "$(
	for format in $FORMATS; do
		imported "$format" bob "bob " "^bob: .* added$"
	done
	for format in $SILENT; do
		imported "$format" "" "" "the entry names no user"
	done)"
say_ok "a PSKC user's name that is no name is refused, not passed over" "$(
	if [ -n "$pskc" ]; then
		imported pskc-key "ali&#10;ce" "" "not printable" --user alice
		imported pskc-key "$(printf 'x%.0s' {1..250})" "" "200 bytes" \
		    --user alice
	fi)"

server ACCOUNT=rollcode
as alice rollcode-token add root < <(otpauth alice) >/dev/null 2>&1
as alice rollcode-token export --plain >"$T/file" 2>/dev/null
import "$T/file" >/dev/null 2>&1
equal "what a client calls a token is no user of the server" "$(enrolled)" \
    "alice "
echo "web $(otpauth alice)" | token old import >/dev/null
check "but a client reads the name in a file of an earlier version" \
    token old show web
token old export --plain 2>/dev/null | token new import >/dev/null
check "and its own name in one of this" token new show web

# --- limits -----------------------------------------------------------------

server ACCOUNT=rollcode
{ otpauth bob; yes x | head -c 1000000; } >"$T/junk"
small=$([ "${SAN-}" = 1 ] && echo 512 || echo 64)
check "the process that reads 1 MB of junk lines stays small" python3 - "$small" \
    "$T/out" rollcode-admin --conf "$CONF" import "$T/junk" <<-'PYTHON'
	import resource, subprocess, sys
	with open(sys.argv[2], "w") as out:
	    subprocess.run(sys.argv[3:], stderr=out)
	peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
	sys.exit(peak > int(sys.argv[1]) and f"{peak} MiB")
PYTHON
check "reading stops after a hundred refusals" test "$(wc -l <"$T/out")" = 101
check "and it is said how much was not read" \
    grep -q "499900 more lines or keys" "$T/out"
equal "and nothing of such a file is taken over" "$(enrolled)" ""
{ yes "# $B32" | head -c 17000000; otpauth bob; } >"$T/large"
refused "a file over 16 MiB is refused" admin import "$T/large"
check "by a sentence that says so" grep -q "larger than 16 MiB; split it" \
    <(admin import - <"$T/large" 2>&1)
for i in {1..1000}; do
	echo "HOTP/E/8 alice - $(printf '%040x' "$i") 5"
done >"$T/many"
admin import "$T/many" >/dev/null 2>"$T/out"
equal "a thousand tokens of one user are refused by a hundred sentences" \
    "$(grep -c "many: line" "$T/out") $(grep -c "900 more of" "$T/out")" "100 1"

if [ -n "$pskc" ]; then
	{
		printf '<KeyContainer xmlns="urn:ietf:params:xml:ns:keyprov:pskc"'
		seq -f ' a%.0f=""' 200000 | tr -d '\n'
		echo '><KeyPackage/></KeyContainer>'
	} >"$T/wide"
	# The limit is a minute of the processor, unless there is a smaller one.
	python3 -c 'if True:
	    import os, signal, sys
	    signal.setitimer(signal.ITIMER_PROF, 2)
	    os.execvp(sys.argv[1], sys.argv[1:])' rollcode-admin --conf "$CONF" \
	    import --user alice "$T/wide" >"$T/out" 2>&1
	equal "XML that would take hours is not read to its end" \
	    "$? $(enrolled)" "1 "
	check "and it is said why" grep -qE "takes too long|HOTP profile" "$T/out"
fi

# --- who reads --------------------------------------------------------------

large_file() {	# FORMAT: so large that reading it takes a while
	FILES=("$T/file")
	python3 - "$1" "$T/big.db" "$B32" <<-'PYTHON' >"$T/file"
	import sqlite3, sys
	kind, big, b32 = sys.argv[1:]
	secret = lambda i: f"{i:040x}"
	if kind == "oath":
	    for i in range(50000):
	        print(f"HOTP/E/8 alice - {secret(i)} 1")
	elif kind == "csv":
	    for i in range(50000):
	        print(f"S{i},{secret(i)},hotp,8,1")
	elif kind == "json":
	    print("[", ",\n".join(
	        f'{{"type": "HOTP", "secret": "{b32}", "counter": {i}}}'
	        for i in range(50000)), "]")
	elif kind == "migration":
	    data = "Ch4KFDEyMzQ1Njc4OTAxMjM0NTY3ODkwIAEoAjABOAc="
	    print(f"otpauth-migration://offline?data={data}\n" * 50000)
	elif kind == "otpauth":
	    for i in range(50000):
	        print(f"otpauth://hotp/alice?secret={b32}&counter={i}")
	elif kind == "google":
	    print(f"{b32}\n\" HOTP_COUNTER 5")
	    print("12345678\n" * 1500000, end="")
	elif kind == "demo":
	    db = sqlite3.connect(big)
	    db.execute("CREATE TABLE state (counter INTEGER)")
	    db.execute("INSERT INTO state VALUES (7)")
	    for i in range(2000):
	        db.execute(f"CREATE TABLE t{i} (a, b, c, d, e, f, g)")
	    db.commit()
	    print("SECRET_KEY=open-sesame-with-a-long-secret-text")
	    print("A=b\n" * 1000000)
	PYTHON
	case $1 in
	demo) FILES+=("$T/big.db") ;;
	sealed) sealed "$(otpauth alice)" ;;
	pskc)
		container alice "" >"$T/one"
		head -n 2 "$T/one"
		yes "$(sed '1,2d; $d' "$T/one")" |
		    head -n $((($(wc -l <"$T/one") - 3) * 8000))
		echo "</KeyContainer>"
		;;
	esac >>"$T/file"
}

account=$(id -u rollcode)
WANTED="uid $account $account $account $account caps 0 0 0 0"
WANTED="$WANTED new-privileges no memory limited"
json=
ldconfig -p | grep -q libjansson.so.4 && json=json
for format in otpauth oath google demo sealed csv migration $json \
    ${pskc:+pskc}; do
	server ACCOUNT=rollcode
	large_file "$format"
	"$TREE/tests/tools/sample.py" "$T/file" rollcode-admin --conf "$CONF" \
	    import --user alice --seal-file "$T/pass" "${FILES[@]}" >"$T/seen"
	equal "$format: it is read as the account, without rights, in bounds" \
	    "$(sed '$d' "$T/seen")" "$WANTED"
	peak=$(tail -n 1 "$T/seen")
	echo "# $format: peak $peak MiB"
	[ "${SAN-}" = 1 ] ||
	    check "$format: within 768 MiB" test "$peak" -lt 768
done

# --- numbers ----------------------------------------------------------------

counter_element() {
	container alice "" "<Counter><PlainValue>$1</PlainValue>${2-}</Counter>"
}
length_element() {
	container alice "" "<Counter><PlainValue>5</PlainValue></Counter>" \
	    "<ResponseFormat Length=\"$1\" Encoding=\"DECIMAL\"/>${2-}"
}

# number_refused REASON: of the container on standard input
number_refused() {
	cat >"$T/file"
	import --user alice "$T/file" >"$T/out" 2>&1 && echo "accepted: $2"
	grep -q "key 1: alice: .*$1" "$T/out" || { echo "$2"; cat "$T/out"; }
}

if [ -n "$pskc" ]; then
	server ACCOUNT=rollcode
	{
		for n in 5x 1,000 1.000 "1 000" 0x10 abc "" -1 +5 1e3 '&#65;' ٣ \
		    5.0 18446744073709551621 99999999999999999999999999 \
		    00000010 0000000000000123 MTIzNDU2 NTY3OA== MTIzNDU2Nzg= \
		    AAUAAA AAU= "5<!-- -->0" "<![CDATA[5]]>0" "5<x/>" \
		    "$(printf '0%.0s' {1..80})5"; do
			counter_element "$n" | number_refused Counter "$n"
		done
		counter_element 50 "<PlainValue>5</PlainValue>" |
		    number_refused Counter "two values"
		container alice "" "<Counter><PlainValue>50</PlainValue></Counter>
		    <Counter><PlainValue>5</PlainValue></Counter>" |
		    number_refused Counter "two counters"
		container alice "" "" | number_refused "no counter" none
		counter_element 9223372036854775808 |
		    number_refused "counter" "2^63"
		for n in 4294967302 6x 0x6 " 6 7" -6 abc; do
			length_element "$n" | number_refused Length "$n"
		done
		length_element 8 '<ResponseFormat Length="6" Encoding="DECIMAL"/>' |
		    number_refused Length "two lengths"
		length_element 9 | number_refused "" 9
	} >"$T/wrong" 2>&1
	say_ok "a number of a PSKC file that is none is refused by name" \
	    "$(cat "$T/wrong")"
	equal "and nobody was enrolled by one" "$(enrolled)" ""
	counter_element " 0050
	    " >"$T/file"
	import --user alice "$T/file" >/dev/null
	equal "one with space around it is that number" \
	    "$(counter alice 1001)" 50
	for n in AAAANw== AAAAAAAAADg=; do
		counter_element "$n" >"$T/file"
		import --user alice "$T/file" >/dev/null
		counter alice 1001
		echo
	done >"$T/seen"
	equal "so is one of four or eight bytes in base64" \
	    "$(cat "$T/seen")" "55
56"
	counter_element '<![CDATA[60]]>' |
	    sed 's|<UserId>.*</UserId>|<UserId/>|' >"$T/file"
	import --user alice "$T/file" >/dev/null
	equal "so is one in CDATA, and a user's name that is empty is none" \
	    "$(counter alice 1001)" 60

	# put WHAT BEFORE: a container with that text put before an element
	put() {
		container alice "" | sed "s|$2|$1&|"
	}
	key_end="</Key>"
	ns=urn:ietf:params:xml:ns:keyprov:pskc
	server ACCOUNT=rollcode
	{
		for name in StartDate ExpiryDate PINPolicy KeyUsage \
		    NumberOfTransactions; do
			put "<Policy><$name>1</$name></Policy>" "$key_end" |
			    number_refused "element .*/$name," "$name"
		done
		put "<Policy><x:a xmlns:x='urn:x'/></Policy>" "$key_end" |
		    number_refused "element .*/Policy/" "a policy of others"
		usage="<KeyUsage>OTP</KeyUsage><KeyUsage>Encrypt</KeyUsage>"
		put "<Policy>$usage</Policy>" "$key_end" |
		    number_refused "element .*/KeyUsage," "two usages"
		put "<ExpiryDate>2020-01-01T00:00:00Z</ExpiryDate>" \
		    "</DeviceInfo>" |
		    number_refused "element .*/ExpiryDate," "of the device"
		for name in KeyProfileId KeyReference Unheard Suite; do
			put "<$name>1</$name>" "$key_end" |
			    number_refused "element .*/$name," "$name"
		done
		put "<ChallengeFormat/>" "</AlgorithmParameters>" |
		    number_refused "element .*/ChallengeFormat," ChallengeFormat
		put "<Time><PlainValue>1</PlainValue></Time>" "</Data>" |
		    number_refused "element .*/PlainValue," Time
		put "<p:KeyUsage xmlns:p='$ns'/>" "$key_end" |
		    number_refused "element .*/KeyUsage," "with a prefix"
		put "<KeyUsage xmlns=''/>" "$key_end" |
		    number_refused "element .*/KeyUsage," "without a namespace"
		put "<Suite>MD5</Suite>" "</AlgorithmParameters>" |
		    number_refused Suite "a Suite of another algorithm"
		container alice "" | sed 's/"DECIMAL"/"BASE64"/' |
		    number_refused Encoding "an Encoding"
		container alice "" | sed 's/"DECIMAL"/& CheckDigits="true"/' |
		    number_refused CheckDigits "check digits"
		put "<Secret><PlainValue>AAAA</PlainValue></Secret>" "</Data>" |
		    number_refused "no secret of" "two secrets"
		put "<Unheard/>" "<KeyPackage>" >"$T/file"
		import "$T/file" 2>&1 | grep -q "element .*/Unheard," ||
		    echo "in the container"
	} >"$T/wrong" 2>&1
	say_ok "what a PSKC file says of a code or its use is refused by name" \
	    "$(cat "$T/wrong")"
	equal "so that nobody was enrolled" "$(enrolled)" ""
	foreign="<x:Counter xmlns:x='urn:x'><x:PlainValue>9</x:PlainValue>"
	foreign="$foreign<KeyUsage/></x:Counter>"
	put "<Extensions>$foreign</Extensions>$foreign" "</Data>" |
	    sed 's/"DECIMAL"/& CheckDigits="false"/' >"$T/file"
	import --user alice "$T/file" >/dev/null
	equal "what it has of other namespaces is not read" \
	    "$(counter alice 1001)" 5
	put "<Policy><KeyUsage>OTP</KeyUsage></Policy>" "$key_end" |
	    sed 's/>5</>9</' >"$T/file"
	import --user alice "$T/file" >/dev/null
	equal "a policy that says what a token is for restricts nothing" \
	    "$(counter alice 1001)" 9
fi
