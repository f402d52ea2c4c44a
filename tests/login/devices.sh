#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# devices.sh - a user with a phone, a laptop and a key, from their enrolment to
# a login: each token for itself, none before it has given a code if that is
# wanted, and a laptop's store that was put back from a copy.
# shellcheck disable=SC2317	# called by name
. "$(dirname "$0")/../support/lib.sh"
need_root
need python3
private_machine
. "$TREE/tests/support/pam.sh"

# app LINE: in $app, the codes that an app shows which has read the line
app() {
	mapfile -t app < <(python3 -S - "$1" <<-'PYTHON'
	import base64, hashlib, hmac, struct, sys, urllib.parse
	query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(sys.argv[1]).query))
	secret = query["secret"]
	key = base64.b32decode(secret + "=" * (-len(secret) % 8))
	for n in range(64):
	    mac = hmac.new(key, struct.pack(">Q", int(query["counter"]) + n),
	        getattr(hashlib, query["algorithm"].lower())).digest()
	    at = mac[-1] & 15
	    number = struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff
	    print(str(number)[-int(query["digits"]):].zfill(int(query["digits"])))
	PYTHON
	)
}

seed() {	# TEXT: as a line of --secret-file
	printf hex:
	printf %s "$1" | od -An -v -tx1 | tr -d ' \n'
}

results() {	# USER CODE...
	local code
	for code in "${@:2}"; do login "$1" "$code"; done | xargs
}
counters() (	# USER LABEL...
	local label shown
	shown=$(admin show "$1" --json)
	admin() { echo "$shown"; }
	for label in "${@:2}"; do counter "$1" "$label"; echo; done | xargs
)

server
pam_place

# --- three tokens -----------------------------------------------------------

add_user ann
admin enroll ann --label laptop 2>"$T/out" | token ann add laptop >"$T/out"
# One in a thousand secrets has a code of six digits twice among the next
# thousand, and wants three presses below; this one has not.
seed seed-of-the-phone... |
    admin enroll ann --label phone --phone --secret-file - >"$T/uri" \
	2>"$T/out"
app "$(cat "$T/uri")"
phone=("${app[@]}")
seed bought-with-its-seed |
    admin enroll ann --label key --algorithm SHA1 --digits 6 --counter 50 \
	--secret-file - >"$T/uri" 2>"$T/out"
app "$(cat "$T/uri")"
key=("${app[@]}")

equal "phone, laptop and key each let in, whoever comes first" \
    "$(results ann "${phone[0]}" "$(code ann)" "${key[0]}" \
    "${key[1]}" "${phone[1]}" "$(code ann)")" \
    "SUCCESS SUCCESS SUCCESS SUCCESS SUCCESS SUCCESS"
equal "each counts for itself" "$(counters ann phone laptop key)" "2 2 52"
equal "no code of any of them works again" \
    "$(results ann "${phone[1]}" "${key[1]}")" \
    "AUTH_ERR AUTH_ERR"

sshd_start
for device in phone laptop key; do
	case $device in
	phone) code=${phone[3]} ;;
	laptop) code=$(code ann) ;;
	key) code=${key[3]} ;;
	esac
	equal "ssh: a code of the $device lets in" "$(ssh_as ann "$code")" ann
done
equal "and each has moved over the one it skipped" \
    "$(counters ann phone laptop key)" "4 3 54"

admin disable ann --label phone >"$T/out"
equal "a lost phone that is disabled lets nobody in, the others do" \
    "$(results ann "${phone[4]}" "$(code ann)" "${key[4]}")" \
    "AUTH_ERR SUCCESS SUCCESS"
admin enable ann --label phone >"$T/out"
equal "the phone ran ahead: it comes back by pressing twice" \
    "$(results ann "${phone[60]}" "${phone[61]}")" \
    "AUTH_ERR SUCCESS"
equal "and the others stay where they are" "$(counters ann laptop key)" "4 55"

# --- not before a code ------------------------------------------------------

store_sum() {
	(cd "$T/store" && find . -type f ! -name '*-wal' -exec sha256sum {} + |
	    sort | sha256sum; find . | sort | sha256sum)
}

mkfifo "$T/keys"
# asked USER OPTION...: an enrolment that waits for a code, which stand in $app;
# what is written to descriptor 9 is typed
asked() {
	start admin_asked "$@"
	exec 9>"$T/keys"
	wait_for grep -q . "$T/line" || echo "no line was printed"
	app "$(cat "$T/line")"
}
admin_asked() {
	: >"$T/line"
	exec rollcode-admin --conf "$CONF" enroll "$@" --confirm <"$T/keys" \
	    >"$T/line" 2>"$T/asked.log"
}
typed() {	# CODE...
	printf '%s\n' "$@" >&9
	exec 9>&-
	wait "$started"
}


enrols() {	# NAME CODE...
	typed "${@:2}"
	equal "$1" "$?" 0
}

admin_fails() {	# WANTED COMMAND...: it says so, and the store is untouched
	local before status
	before=$(store_sum)
	"${@:2}"
	status=$?
	[ "$status" -ne 0 ] || { echo "it succeeded"; return 1; }
	[ "$before" = "$(store_sum)" ] || { echo "something is left"; return 1; }
	[ -z "$1" ] || grep -qE -- "$1" "$T/asked.log" && return 0
	echo "not said: $1"
	cat "$T/asked.log"
	return 1
}
wrong_thrice() {
	asked bob --no-account "$@"
	typed "$(wrong "${app[0]}")" "${app[9]}" nonsense "${app[0]}"
}
check "three wrong codes: nobody is enrolled, and nothing is left" \
    admin_fails 'nothing was enrolled' wrong_thrice
nothing_typed() {
	asked bob --no-account --phone
	typed 123456
}
check "an end of what is typed: the same" \
    admin_fails 'nothing was enrolled' nothing_typed
interrupted() {
	asked bob --no-account
	kill -INT "$started"
	exec 9>&-
	wait "$started"
} 2>/dev/null
check "an interrupt: the same" admin_fails '' interrupted
no_terminal() {
	echo text:a-secret-that-is-long-enough |
	    setsid -w rollcode-admin --conf "$CONF" enroll bob --no-account \
		--secret-file - --confirm >"$T/line" 2>"$T/asked.log"
}
check "the secret from standard input and no terminal for the code: the same" \
    admin_fails 'no terminal' no_terminal
before_all() {
	admin enroll ann --confirm </dev/null >"$T/line" 2>"$T/asked.log"
	local status=$?
	[ ! -s "$T/line" ] || { echo "a secret was shown"; return 0; }
	return "$status"
}
check "who cannot be enrolled is told before a secret is shown" \
    admin_fails 'already enrolled' before_all

asked bob --no-account --phone
enrols "a right code enrols" "$(wrong "${app[0]}")" \
    "${app[0]}"
equal "and does not work at a login, while the next one does" \
    "$(results bob "${app[0]}" "${app[1]}")" "AUTH_ERR SUCCESS"
asked carol --no-account
enrols "so does one a little ahead" "${app[3]}"
equal "and nothing before it works" \
    "$(results carol "${app[2]}" "${app[4]}")" \
    "AUTH_ERR SUCCESS"

kept=${app[5]}
replaced() {
	asked carol --no-account --replace
	typed 12345678
}
check "a token that is to be replaced stays till then" \
    admin_fails 'nothing was enrolled' replaced
equal "and lets in" "$(login carol "$kept")" SUCCESS

asked ann --label tablet --phone
equal "while a code is waited for, its user logs in" \
    "$(login ann "$(code ann)")" SUCCESS
before=$(counters ann laptop)
enrols "and what is then enrolled stands beside that" "${app[0]}"
equal "the other counter is where that login left it" \
    "$(counters ann laptop tablet)" "$before 1"

# --- a store that was put back ----------------------------------------------

cp "$(wallet ann)" "$T/copy"
results ann "$(code ann)" "$(code ann)" "$(code ann)" >"$T/out"
at=$(counters ann laptop)
behind=$(token ann list | awk '/laptop/ { print $6 }')
cp "$T/copy" "$(wallet ann)"
equal "list shows how far a store behind its copy is" \
    "$behind $(token ann list | awk '/laptop/ { print $6 }')" \
    "$at $((at - 3))"
equal "a store that was put back gives codes that are spent" \
    "$(login ann "$(code ann 2>"$T/out")")" AUTH_ERR
token ann skip laptop -n 2 >"$T/out"
equal "skip moves it to where it was" \
    "$(token ann list | awk '/laptop/ { print $6 }')" "$at"
equal "and the next code lets in" "$(login ann "$(code ann)")" SUCCESS
cp "$T/copy" "$(wallet ann)"
token ann skip -n 100 >"$T/out"
equal "skipped too far, two codes one after the other let in" \
    "$(login ann "$(code ann 2>"$T/out")") $(login ann "$(code ann)")" \
    "AUTH_ERR SUCCESS"
check "list shows when a token was used last" \
    grep -q "laptop .* $(date +%Y-%m-%d)T" <<<"$(token ann list)"
