# shellcheck shell=bash disable=SC2034	# used where this is read
# SPDX-License-Identifier: Apache-2.0
#
# formats.sh - files of other programs for import, for scripts that have read
# lib.sh and have a place.
#
#   otpauth ACCOUNT [COUNTER] [SECRET]   prints a line
#   container KEY-USER DEVICE-USER [COUNTER-ELEMENT] [RESPONSE-FORMAT]
#                              prints a PSKC file; a user may be ""
#   sealed LINE                what a client exports, sealed by $T/pass
#   format_file FORMAT USER    a file of that format which names the user, or
#                              with "" nobody; FILES are its files then
#   FORMATS, SILENT            those that can name one, and that can name nobody
#   without_pskc LIST          prints it, less those that need libxml2
#   pskc_there                 whether this machine reads PSKC

B32=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
HEX=3132333435363738393031323334353637383930
BASE64=MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=
echo "a passphrase" >"$T/pass"

otpauth() {
	echo "otpauth://hotp/Server:$1?secret=${3:-$B32}&digits=8&counter=${2:-5}"
}

container() {
	local counter="<Counter><PlainValue>5</PlainValue></Counter>"
	local format='<ResponseFormat Length="8" Encoding="DECIMAL"/>'
	cat <<-XML
	<?xml version="1.0" encoding="UTF-8"?>
	<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc">
	 <KeyPackage>
	  <DeviceInfo><Manufacturer>oath.Test</Manufacturer>
	   <SerialNo>1001</SerialNo>${2:+<UserId>$2</UserId>}</DeviceInfo>
	  <Key Id="1" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp">
	   <Issuer>Batch</Issuer>
	   <AlgorithmParameters>${4-$format}
	   </AlgorithmParameters>
	   <Data><Secret><PlainValue>$BASE64</PlainValue></Secret>
	    ${3-$counter}</Data>
	   ${1:+<UserId>$1</UserId>}
	  </Key>
	 </KeyPackage>
	</KeyContainer>
	XML
}

sealed() {
	rm -f "$T/wallet/sealed.db"
	echo "$1" | token sealed import >/dev/null &&
	    token sealed export --seal-file "$T/pass" 2>/dev/null
}

database() {
	python3 - "$1" <<-'PYTHON'
	import sqlite3, sys
	db = sqlite3.connect(sys.argv[1])
	db.execute("CREATE TABLE state (id INTEGER PRIMARY KEY, counter INTEGER)")
	db.execute("INSERT INTO state (counter) VALUES (7)")
	db.commit()
	PYTHON
}
database "$T/opener.db"

FORMATS="otpauth-name otpauth-account oath pskc-key pskc-device pskc-cn sealed"
SILENT="otpauth-account pskc-key sealed google demo"
format_file() {
	FILES=("$T/file")
	case $1 in
	otpauth-name) echo "$2 $(otpauth "")" ;;
	otpauth-account) otpauth "$2" ;;
	oath) echo "HOTP/E/8 $2 - $HEX 5" ;;
	pskc-key) container "$2" "" ;;
	pskc-device) container "" "$2" ;;
	pskc-cn) container "" "cn=$2,dc=example" ;;
	sealed) sealed "$(otpauth "$2")" ;;
	google) printf '%s\n" HOTP_COUNTER 5\n' "$B32" ;;
	demo)
		echo "SECRET_KEY=open-sesame-with-a-long-secret-text"
		FILES+=("$T/opener.db")
		;;
	esac >"$T/file"
}

without_pskc() {
	tr ' ' '\n' <<<"$1" | grep -v pskc | tr '\n' ' '
}

pskc_there() {
	container alice "" >"$T/file"
	! admin import "$T/file" 2>&1 </dev/null |
	    grep -q "libxml2, which is not"
}
