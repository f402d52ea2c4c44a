#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# timed.sh - tokens whose codes expire: how they are enrolled, shown, moved and
# set right, by rollcode-admin and rollcode-token.
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/pam.sh"
need_root
need python3 sqlite3 sha256sum
scratch
server GUARD_AFTER=3 GUESSES=100
STORE=$T/wallet/ann.db
. "$TREE/tests/support/wallet.sh"

# --- what is refused ------------------------------------------------------------

by_form() {	# OPTION...
	admin enroll ann --no-account "$@"
}
check "a phone cannot have it: say so, and what to do" says 2 \
    'no authenticator app makes codes .* leave --phone out.* rollcode-token add' \
    by_form --form timed --phone
check "nor does a QR code help" says 2 \
    'no authenticator app makes codes .* leave --qr out' \
    by_form --form timed --qr
for digits in 6 7 32; do
	check "nor has it $digits digits" says 2 \
	    'form timed has 8 digits, or 64 for programs' \
	    by_form --form timed --digits "$digits"
done
for algorithm in SHA1 SHA512; do
	check "nor $algorithm" says 2 'form timed has SHA256' \
	    by_form --form timed --algorithm "$algorithm"
done
check "an ordinary token has no 64 digits" says 2 \
    '--digits must be 6 to 8, or 64 for timed' by_form --digits 64
check "an unknown form is refused with those that there are" says 2 \
    'form must be hotp, hash, hex or timed' by_form --form later
refused "and nobody was enrolled" admin show ann

# --- enrolling and showing ----------------------------------------------------------

enroll ann --form timed
check "enrolment says what such codes do" grep -qx \
    'its codes expire two to four minutes after they were made' "$T/enroll.log"
refused "and nothing of an app" grep -q 'or an authenticator app' "$T/enroll.log"
enroll eve --form timed --algorithm sha-256 --digits 64
check "a code has 8 digits" grep -qE '^[0-9]{8}$' <<<"$(code ann)"
check "or 64, for programs" grep -qE '^[0-9a-f]{64}$' <<<"$(code eve)"
admin verify eve <<<"$(code eve)" >"$T/out"
equal "which is accepted as well" "$?" 0
check "show says what the token is" grep -qx \
    '  kind           timed SHA256, 8 digits' <<<"$(admin show ann)"
check "and what that means" grep -qx \
    '  codes          expire two to four minutes after they were made' \
    <<<"$(admin show ann)"
check "so does the wallet's" grep -qx \
    'codes       expire two to four minutes after they were made' \
    <<<"$(rt show)"
equal "programs are told the form" \
    "$(rt show --json | value 'j["form"]') $(
    admin show ann --json | value 'j["tokens"][0]["form"]')" "timed timed"
check "the list has room for it" grep -qE '^\* ann +timed  SHA256 +8 ' \
    <<<"$(rt list | sed "s/^\\* [^ ]*/* ann/")"
enroll old
refused "an ordinary token has no such line" grep -q expire <<<"$(admin show old
    token old show)"

check "many are enrolled at once, and apps are warned of" grep -q \
    'authenticator apps cannot use them: they are for rollcode-token add' \
    <<<"$(admin enroll a b --no-account --form timed --out "$T/many" 2>&1)"
check "each in a file" grep -q 'form=timed' "$T/many/a.uri" "$T/many/b.uri"
refused "ordinary ones are handed out without that" grep -q 'cannot use' \
    <<<"$(admin enroll c --no-account --out "$T/many" 2>&1)"

# --- from place to place -----------------------------------------------------------

check "rollcode-admin qr is refused: an app would make wrong codes" says 1 \
    'would make wrong ones: use the command uri' admin qr ann
check "so is rollcode-token qr" says 1 'would make wrong ones' rt qr
admin verify ann <<<"$(code ann)" >"$T/out"
there=$(rt uri | sed 's/&name=[^&]*//')
equal "both print the same URI" "$(admin uri ann)" "$there"
check "with the form in it" grep -q '&digits=8&counter=[0-9]*&form=timed' \
    <<<"$there"
rt export --plain -o "$T/exported" 2>"$T/log"
STORE=$T/wallet/other.db
check "a wallet takes an export of another" rt import "$T/exported"
equal "with form and counter" "$(rt show --json | value 'j["form"], j["counter"]')" \
    "('timed', 2)"
admin export --plain ann eve >"$T/exported" 2>"$T/log"
before=$(admin uri ann; admin uri eve)
admin remove ann --force >"$T/out"
admin remove eve --force >"$T/out"
check "a server takes an export of another" \
    admin import --no-account "$T/exported"
equal "and has the same tokens" "$(admin uri ann; admin uri eve)" "$before"
admin import --add --no-account "$T/exported" >"$T/out" 2>&1
equal "twice is once" "$(admin show ann --json | value 'len(j["tokens"])')" 1
STORE=$T/wallet/ann.db
check "and the code of the wallet is accepted" admin verify ann <<<"$(code ann)"

# --- codes that come too late --------------------------------------------------------

verified() {	# USER CODE
	admin verify "$1" <<<"$2" 2>&1
}
counter_of() {
	admin show "$1" --json | value 'j["tokens"][0]["counter"]'
}
at=$(counter_of ann)
late=$(off -600 code ann)
check "verify says how old a late code is, and what helps" grep -qE \
    'refused: expired; by the clock here it was made [567][0-9][0-9] seconds ago: check the clock of the device, and make a new one$' \
    <<<"$(verified ann "$late")"
check "or how far ahead" grep -qE 'it was made [567][0-9][0-9] seconds ahead: ' \
    <<<"$(verified ann "$(off 600 code ann)")"
check "it never works again" test "$(counter_of ann)" -gt "$at"
check "also not where the clock is set back to its time" grep -q \
    'refused: ' <<<"$(off -600 verified ann "$late")"
equal "both are told to the owner, and nothing else is counted" \
    "$(field ann late) $(field ann failures) $(field ann spent)" "2 0 0"
check "show has them" grep -qx 'came too late    2' <<<"$(admin show ann)"
equal "so have the figures" "$(admin stats --json | value 'j["late_codes"]')" 2
check "and the log" grep -q ' ann .*expired .* token=token counter=' \
    <<<"$(admin log ann)"
check "the next code is accepted" admin verify ann <<<"$(code ann)"
equal "and clears that" "$(field ann late)" 0

check "resync wants fresh codes, and says how old these are" grep -qE \
    'not fresh: by the clock here .* [567][0-9][0-9] seconds ago' \
    <<<"$(admin resync ann <<<"$(off -600 code ann -n 2)" 2>&1)"
rt skip -n 2000 >"$T/out"
check "also far ahead, where no age is known" grep -q \
    'not consecutive codes .*its codes expire, so make new ones' \
    <<<"$(admin resync ann <<<"$(off -600 code ann -n 2)" 2>&1)"
check "two new ones are enough" admin resync ann <<<"$(code ann -n 2)"
check "pair is as good" admin verify ann <<<"$(rt pair)"
for _ in 1 2 3; do verified ann 00000000; done >"$T/out"
equal "an account with such a token is guarded, too" "$(admin show ann --json | value 'j["state"]')" \
    guarded
check "and three of its codes end that" admin verify ann <<<"$(code ann -n 3)"

slowly() {	# CODES: a file with what is typed at the question
	admin enroll new --no-account --form timed --secret-file "$T/secret" \
	    --confirm <"$1" 2>&1
}
printf 'hex:%064d\n' 7 >"$T/secret"
admin enroll draft --no-account --form timed --secret-file "$T/secret" \
    2>"$T/log" | token new add new >"$T/out"
off -600 code new >"$T/typed"
code new >>"$T/typed"
slowly "$T/typed" >"$T/out"
equal "--confirm says that a code came too late, and takes a new one" \
    "$? $(grep -cE 'not one of its next codes: .* [567][0-9][0-9] seconds ago' \
    "$T/out") $(counter_of new)" "0 1 2"

# --- the clock of the device ----------------------------------------------------------

warned() {	# COMMAND...: what is said of the clock
	"$@" 2>&1 >"$T/out" | grep -c 'clock of this machine stands before'
}
rt next >"$T/out"
equal "a clock that is as it was is not mentioned" "$(warned rt next)" 0
equal "nor one that is a little behind" "$(warned off -100 rt next)" 0
equal "one that was set back is" "$(warned off -600 rt next)" 1
check "and a code is given all the same" grep -qE '^[0-9]{8}$' "$T/out"
token old next >"$T/out"
equal "tokens without a clock do not care" "$(warned off -600 token old next)" 0

# --- a form that is not known ------------------------------------------------------------

later=$(admin uri ann | sed 's/form=timed/form=later/')
check "a wallet refuses the URI of a form that it does not know" grep -q \
    'the form must be hotp, hash, hex or timed' <<<"$(rt add later <<<"$later" 2>&1)"
refused "and has no such token" rt show later
admin import --no-account --user fay - <<<"$later" >"$T/out" 2>&1
check "so does a server" grep -q 'the form must be' "$T/out"
refused "and enrols nobody" admin show fay
sqlite3 "$T/store/users/ann.db" "UPDATE token SET form = 'later'"
before=$(sha256sum "$T/store/users/ann.db")
code=$(code ann)
check "a store with a form that is not known denies" grep -q \
    'has a token of unknown form' <<<"$(verified ann "$code")"
equal "and is left as it is" "$(sha256sum "$T/store/users/ann.db")" "$before"
