#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# import_files.sh - files as makers, apps and other servers write them: each is
# imported with the right counter, or refused with the place and the reason.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
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
	    sort
	admin list 2>/dev/null | awk 'NR > 1 { print $1 }' |
	    while read -r user; do admin remove --force "$user" >/dev/null; done
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
if grep -q "libxml2, which is not here" "$T/out"; then
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
	wrong="file: key 1: x: the key or passphrase is not that of the file"
	say_ok "what is not decrypted by a checked key is refused by its reason" "$(
		refused_file "no key" "encrypted; give .* --key-file" \
		    --user x "${FIGURE}6.xml"
		refused_file "another key" "is not that of the file" \
		    --user x --key-file "$T/other-key" "${FIGURE}6.xml"
		refused_file "a passphrase for a key" "--key-file" \
		    --user x --passphrase-file "$T/pass" "${FIGURE}6.xml"
		refused_file "no passphrase" "passphrase; .* --passphrase-file" \
		    --user x "$T/figure7"
		refused_file "another passphrase" "is not that of the file" \
		    --user x --passphrase-file "$T/other-pass" "$T/figure7"
		refused_file "a passphrase, and no counter" "key 1: x: .*counter" \
		    --user x --passphrase-file "$T/pass" "${FIGURE}7.xml"
		changed s/AAECAwQ/AAECAwU/ "$wrong"
		changed s/JqoLRExc/JqoLRExd/ "$wrong"
		changed s/OD+cIHI/OD+cIHJ/ "$wrong"
		changed s/FVmd4iZ/FVmd4ia/ "is not that of the file"
		changed '/<ValueMAC>/,/<.ValueMAC>/d' "ValueMAC is missing"
		changed s/hmac-sha1/hmac-md5/ "no MAC of a known method"
		changed '/<MACMethod/,/<.MACMethod>/d' "no MAC"
		changed s/aes128-cbc/aes256-cbc/ "16 bytes, which the method"
		changed s/aes128-cbc/tripledes-cbc/ "not AES in CBC mode"
		changed s/aes128-cbc/kw-aes128/ "not AES in CBC mode"
		changed '/<EncryptionKey>/,/<.EncryptionKey>/d' \
		    "key 1: x: .*does not say before them how"
		changed 's|<ds:KeyName>.*|<ds:X509Data/>|' \
		    "encrypted as KeyContainer/EncryptionKey/X509Data says"
		changed 's|<Secret>|&<PlainValue>AAAA</PlainValue>|' \
		    "key 1: x: it has no secret of"
		changed s/ESIzRFVmd4iZABEiM0RVZg/AAAA/ "is not that of the file"
		changed 's/ESIzR.*/@@@/' "the key of their MAC cannot be read"
	)"
	refused "a key and a passphrase are not given together" \
	    admin import --key-file "$T/key" --passphrase-file "$T/pass" \
	    "${FIGURE}6.xml"
fi
