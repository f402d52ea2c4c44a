#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# import_files.sh - files as makers, apps and other servers write them: each is
# imported with the right counter, or refused with the place and the reason.
# limit: 480
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/pam.sh"
need_root
need python3
scratch
server
FIGURE=$TREE/tests/vectors/rfc6030-figure
SECRET=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ

import() {
	admin import --no-account "$@" </dev/null
}

# kept: what is in the store, "USER COUNTER DIGITS ALGORITHM", and that goes
kept() {
	admin export --plain 2>/dev/null |
	    sed -E "s/^.*:(.*)\?secret=$SECRET&.*algorithm=(.*)&digits=(.*)&counter=([0-9]*).*/\1 \4 \3 \2/" |
	    sort | while read -r user rest; do
		echo "$user $rest"
		admin remove --force "$user" </dev/null >/dev/null
	done
}

# refused_file NAME REASON OPTION... FILE: and nothing is kept
refused_file() {
	import "${@:3}" >"$T/out" 2>&1
	result=$?
	if [ "$result" = 1 ] && grep -qE "$2" "$T/out" && [ -z "$(kept)" ]; then
		return
	fi
	echo "$1: status $result, and no \"$2\":"
	cat "$T/out"
}

# --- encrypted key containers -------------------------------------------------

echo hex:12345678901234567890123456789012 >"$T/key"
echo 12345678901234567890123456789012 >"$T/plain-hex"
echo hex:12345678901234567890123456789013 >"$T/other-key"
echo qwerty >"$T/pass"
echo qwertz >"$T/other-pass"
counter="<pskc:Counter><pskc:PlainValue>7</pskc:PlainValue></pskc:Counter>"
sed "s|</pskc:Data>|$counter&|" "${FIGURE}7.xml" >"$T/figure7"

import --user key --key-file "$T/key" "${FIGURE}6.xml" >"$T/out" 2>&1
pskc=yes jansson=yes
if grep -q "libxml2, which is not here" "$T/out"; then
	pskc=
	skip "key containers" "needs libxml2"
else
	equal "RFC 6030, figure 6: a key that both have" "$(kept)" "key 0 8 SHA1"
	import --user key --key-file "$T/plain-hex" "${FIGURE}6.xml" >/dev/null
	equal "the key may be in hexadecimal alone" "$(kept)" "key 0 8 SHA1"
	import --user pass --passphrase-file "$T/pass" "$T/figure7" >/dev/null
	equal "RFC 6030, figure 7: a passphrase" "$(kept)" "pass 7 8 SHA1"
	# changed SED REASON [FIGURE]: once something in it is another thing
	changed() {
		sed "$1" "${FIGURE}6.xml" >"$T/file"
		cmp -s "$T/file" "${FIGURE}6.xml" && echo "$1: changes nothing"
		refused_file "$1" "$2" --user x --key-file "$T/key" "$T/file"
	}
	plain="<PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue>"
	clear="/<Secret>/,/<.Secret>/{/Secret/!d;s|<Secret>|&$plain|}"
	sed "$clear;/<EncryptionKey>/,/<.MACMethod>/d" "${FIGURE}6.xml" \
	    >"$T/clear"
	import --user key "$T/clear" >"$T/out" 2>&1
	equal "a container that is not encrypted needs no key" "$(kept)" \
	    "key 0 8 SHA1"
	echo "otpauth://hotp/x?secret=$SECRET&counter=1" >"$T/uri"
	wrong="file: key 1: x: the key or passphrase is not that of the file"
	say_ok "what is not decrypted by a checked key is refused by its reason" "$(
		refused_file "no key" "encrypted; give .* --key-file" \
		    --user x "${FIGURE}6.xml"
		refused_file "another key" "is not that of the file" \
		    --user x --key-file "$T/other-key" "${FIGURE}6.xml"
		refused_file "a passphrase for a key" "give .* --key-file" \
		    --user x --passphrase-file "$T/pass" "${FIGURE}6.xml"
		refused_file "no passphrase" "passphrase; .* --passphrase-file" \
		    --user x "$T/figure7"
		refused_file "another passphrase" "is not that of the file" \
		    --user x --passphrase-file "$T/other-pass" "$T/figure7"
		refused_file "a passphrase, and no counter" "key 1: x: .*counter" \
		    --user x --passphrase-file "$T/pass" "${FIGURE}7.xml"
		changed s/AAECAwQ/AAECAwU/ "$wrong"
		changed s/JqoLREx/JqoLREy/ "$wrong"
		changed s/OD+cIHI/OD+cIHJ/ "$wrong"
		changed s/FVmd4iZ/FVmd4ia/ "is not that of the file"
		changed '/<ValueMAC>/,/<.ValueMAC>/d' "ValueMAC is missing"
		changed s/hmac-sha1/hmac-md5/ "no MAC of a known method"
		changed '/<MACMethod/,/<.MACMethod>/d' "no MAC"
		changed s/aes128-cbc/aes256-cbc/ "16 bytes, which the method"
		changed s/aes128-cbc/tripledes-cbc/ "not AES in CBC mode"
		changed s/aes128-cbc/kw-aes128/ "not AES in CBC mode"
		changed '/<EncryptionKey>/,/<.EncryptionKey>/d' \
		    "does not say that it is encrypted"
		refused_file "not encrypted" "so that anybody can have made it" \
		    --user x --key-file "$T/key" "$T/clear"
		refused_file "no passphrase is needed" "can have made it" \
		    --user x --passphrase-file "$T/pass" "$T/clear"
		refused_file "no container" "not well-formed XML" \
		    --user x --key-file "$T/key" "$T/uri"
		refused_file "no container" "not well-formed XML" \
		    --user x --passphrase-file "$T/pass" "$T/uri"
		refused_file "a passphrase of an export" "give .*passphrase-file" \
		    --user x --seal-file "$T/pass" "$T/figure7"
		changed 's|<ds:KeyName>.*|<ds:X509Data/>|' \
		    "encrypted as KeyContainer/EncryptionKey/X509Data says"
		changed 's|<Secret>|&<PlainValue>AAAA</PlainValue>|' \
		    "key 1: x: its secret is not encrypted"
		changed "$clear" \
		    "key 1: x: its secret is not encrypted"
		changed s/ESIzRFVmd4iZABEiM0RVZg/AAAA/ \
		    "the key of their MAC cannot be read"
		changed 's/ESIzR.*/@@@/' "the key of their MAC cannot be read"
	)"
	for options in "--key-file $T/key --passphrase-file $T/pass" \
	    "--seal-file $T/pass --passphrase-file $T/pass" \
	    "--format otpauth --key-file $T/key"; do
		# shellcheck disable=SC2086	# words
		admin import $options "${FIGURE}6.xml" >"$T/out" 2>&1
		[ $? = 2 ] || echo "$options"
	done >"$T/wrong"
	equal "a key, a passphrase and another format are not given together" \
	    "$(cat "$T/wrong")" ""
fi
echo S5 ann >"$T/owners"
admin import --serial S5 --owners "$T/owners" /dev/null >"$T/out" 2>&1
equal "nor are a serial number and a list of them" \
    "$? $(grep -c 'give one of them' "$T/out")" "2 1"

# --- the corpus -----------------------------------------------------------------

if echo '{}' | admin import 2>&1 | grep -q "jansson, which is not here"; then
	jansson=
	skip "backups of phone apps" "needs jansson"
fi
mkdir "$T/files"
"$TREE/tests/tools/import_files.py" "$T/files" >"$T/table"
cd "$T/files" || exit 1

# tried NAME OPTIONS WANT: prints what was not as wanted
tried() {
	local options said
	read -ra options <<<"$2"
	import "${options[@]}" "$1" >"$T/out" 2>&1
	said=$?
	case $3 in
	ok\ *)
		said="$said, and then \"$(kept)\""
		[ "$said" = "0, and then \"${3#ok }\"" ] && return ;;
	*)
		[ "$said" = 1 ] &&
		    grep -qE "^rollcode-admin: ($1|the files): " "$T/out" &&
		    grep -qE "${3#no }" "$T/out" && return ;;
	esac
	echo "$1: wanted $3, got $said, and"
	cat "$T/out"
}

# Those that were made of a good one are read by one command, as far as it goes:
# it ends behind a hundred refusals.
many_tried() {
	python3 - "$@" <<-'PYTHON'
	import re, subprocess, sys
	rows = [line.rstrip("\n").split("\t") for line in open(sys.argv[1])]
	for options in sorted({row[1] for row in rows}):
	    these = [row for row in rows if row[1] == options]
	    for at in range(0, len(these), 90):
	        part = these[at:at + 90]
	        done = subprocess.run(
	            sys.argv[2:] + (options.split() if options != "-" else []) +
	            [row[0] for row in part], stdin=subprocess.DEVNULL,
	            capture_output=True, encoding="utf-8", errors="replace")
	        if done.returncode != 1:
	            print("status", done.returncode)
	        said = {}
	        for line in done.stderr.split("\n"):
	            if ": " in line and "of the same user" not in line:
	                said.setdefault(line.split(": ")[1], []).append(line)
	        for name, _, want, _ in part:
	            if not any(re.search(want.removeprefix("no "), line)
	                       for line in said.get(name, [])):
	                print(f"{name}: wanted {want}, got {said.get(name)}")
	PYTHON
}

while IFS=$'\t' read -r name options want made_of; do
	case $name in
	pskc*|many*|safenet) [ -n "$pskc" ] || continue ;;
	aegis*|andotp*|freeotp*|2fas*|json*) [ -n "$jansson" ] || continue ;;
	esac
	case $want:$made_of in
	ok*) file=good ;;
	*:) file=bad ;;
	*) file=spoilt ;;
	esac
	printf '%s\t%s\t%s\t%s\n' "$name" "$options" "$want" "$made_of" \
	    >>"$T/$file"
done <"$T/table"
# each WHICH: one command for each
each() {
	while IFS=$'\t' read -r name options want _; do
		[ "$options" != - ] || options=
		tried "$name" "$options" "$want"
	done <"$T/$1"
}
each bad >"$T/wrong-bad"
many_tried "$T/spoilt" rollcode-admin --conf "$CONF" import --no-account \
    >>"$T/wrong-bad"
kept >>"$T/wrong-bad"
each good >"$T/wrong-good"
cd "$TREE" || exit 1
echo "# $(wc -l <"$T/good") good files, $(cat "$T/bad" "$T/spoilt" | wc -l) bad ones"
cut -f4 "$T/table" | grep . | sort | uniq -c >"$T/made"
check "sixty good files and more are spoilt, each in ten ways and more" \
    test "$(awk '$1 >= 10' "$T/made" | wc -l)" -ge 60 -a \
    "$(awk '$1 < 10' "$T/made" | wc -l)" -eq 0
say_ok "every good file is imported with the right counter" \
    "$(cat "$T/wrong-good")"
say_ok "every bad file is refused by its place and reason, and gives nothing" \
    "$(cat "$T/wrong-bad")"

# --- a client ---------------------------------------------------------------------

if command -v oathtool >/dev/null; then
	next=$(oathtool -d 8 -c 8 3132333435363738393031323334353637383930)
	say_ok "a client reads what phone apps export" "$(
		for name in migration ${jansson:+aegis andotp freeotp 2fas}; do
			token "$name" import "$T/files/$name" >"$T/out" 2>&1
			[ "$(code "$name")" = "$next" ] ||
			    echo "$name: $(cat "$T/out")"
		done)"
else
	skip "a client reads what phone apps export" "needs oathtool"
fi
check "and a URI as zbarimg prints it" \
    token picture add web <"$T/files/otpauth-qr-code"
