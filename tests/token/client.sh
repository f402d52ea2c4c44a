#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# client.sh - what rollcode-token makes of odd words, and what it leaves behind.
. "$(dirname "$0")/../support/lib.sh"
scratch
. "$TREE/tests/support/wallet.sh"
unset XDG_DATA_HOME ROLLCODE_ASKPASS SSH_ASKPASS_PROMPT

URI="otpauth://hotp/web:ann?secret=$BASE32&algorithm=SHA256&digits=8&counter=0"

store() {	# NAME URI: a new wallet with that token
	STORE=$(mktemp -d "$T/store.XXXXXX")/token.db
	rt add "$1" <<<"$2" >"$T/added"
}

# --- words --------------------------------------------------------------------

store web "$URI"
check "a URI in capitals is no argument either" says 2 \
    'standard input or at the prompt' rt next "OTPAUTH${URI#otpauth}"
check "nor is one behind another name" says 2 \
    'standard input or at the prompt' rt export web "$URI"
check "more codes than are promised are refused" says 2 'from 1 to 100' \
    rt next -n 101
check "a removal that nobody confirms is refused" says 1 'not removed' \
    rt remove web
equal "and nothing was spent" "$(counter)" 0
equal "the first token that is added is the default, and that is said" \
    "$(cat "$T/added")" "added web, the default token"
equal "the second is not" "$(rt add two <<<"${URI/$BASE32/$OTHER32}")" \
    "added two; it is not the default token"

(umask 077; echo "correct horse" >"$T/phrase"; echo "other horse" >"$T/phrase2")
store web "$URI"
rt passwd --new-passphrase-file "$T/phrase"
check "a passphrase is not set and removed at once" says 2 \
    'give one of them' rt --passphrase-file "$T/phrase" passwd --remove \
    --new-passphrase-file "$T/phrase2"
check "and it stays" says 1 'Passphrase of the wallet' \
    setsid -w rollcode-token --store "$STORE" next
check "a list needs no passphrase" grep -q '^\* web ' <<<"$(rt list)"

ln -s rollcode-token "$T/bin/rollcode-askpass"
cat >"$T/bin/person" <<'PERSON'
#!/bin/sh
echo "asked $1"
PERSON
chmod 755 "$T/bin/person"
for prompt in --json -n --passphrase-file=x -- ''; do
	equal "a prompt is no option: $prompt" \
	    "$(ROLLCODE_ASKPASS="$T/bin/person" rollcode-askpass "$prompt")" \
	    "asked $prompt"
done
check "but --help is" grep -q '^usage' <<<"$(rollcode-askpass --help)"

# --- output -------------------------------------------------------------------

store web "$URI"
read -r one two < <(rt pair)
equal "a pair is the next two codes" "$one $two" \
    "$(awk '$1 == 0 || $1 == 1 { print $2 }' \
    "$TREE/tests/vectors/hotp-sha256-8.txt" | xargs)"
store web "$URI"
to_full() { rt next >/dev/full; }
check "a code that could not be printed is said to be used up" says 1 \
    'used up; ask for the next code' to_full
equal "and is" "$(counter)" 1

store ä "$URI"
rt add bbb <<<"${URI/$BASE32/$OTHER32}" >"$T/added"
columns() {
	rt list | sed 's/ä/a/g' | awk '{ print index($0, "FORM") + index($0, "hotp") }'
}
equal "a list has straight columns whatever the names are" \
    "$(columns | sort -u | wc -l)" 1
rt skip ä -n 123456 >"$T/out"
check "and a counter of its own length" grep -q '  123456  ' <<<"$(rt list)"

store phone "${URI/ann/}"
check "a URI without an account has the token's name there" \
    grep -q '^otpauth://hotp/web:phone?' <<<"$(rt uri)"
store web "$URI"
check "one with an account keeps it" \
    grep -q '^otpauth://hotp/web:ann?' <<<"$(rt uri)"

# --- what comes and goes ------------------------------------------------------

store web "${URI/counter=0/counter=7}"
echo "$URI" >"$T/line"
rt import "$T/line" >"$T/out" 2>&1
equal "an import moves no counter back" "$(counter)" 7
rt import --force "$T/line" >"$T/out" 2>&1
equal "but by force" "$(counter)" 0
printf '%s\n' "${URI/$BASE32/$OTHER32}" "${URI}x" >"$T/line"
check "of a file with a bad line nothing is imported" says 1 \
    'nothing was imported' rt import "$T/line"
equal "neither is the good one" "$(rt list --json | grep -c '"name"')" 1
STORE=$T/none/token.db
refused "nor is a wallet made for it" rt import "$T/line"
refused "nor for a bad line" rt add <<<"${URI}x"
refused "so that there is none" test -e "$T/none"

store web "$URI"
rt add two <<<"${URI/$BASE32/$OTHER32}" >"$T/added"
equal "an export has the tokens that are named" \
    "$(rt export --plain two 2>"$T/err" | grep -o 'secret=[^&]*')" \
    "secret=$OTHER32"
check "it says that a token is for one place" grep -q 'one place only' "$T/err"
equal "or all of them" "$(rt export --plain 2>"$T/err" | wc -l)" 2
(umask 0; rt export --plain -o "$T/exported" 2>"$T/err")
equal "its file is one's own under any umask" \
    "$(stat -c %a "$T/exported")" 600
check "and is not written over" says 1 'exists already' \
    rt export --plain -o "$T/exported" web
rt --passphrase-file "$T/phrase" export --seal-file "$T/phrase" web \
    >"$T/sealed" 2>"$T/err"
refused "without --plain no secret can be read in it" \
    grep -q "$BASE32" "$T/sealed"
(umask 0; rollcode-token --store "$T/open/deep/token.db" add web <<<"$URI" \
    >"$T/added")
equal "so are a new wallet and the directories made for it" \
    "$(stat -c %a "$T/open" "$T/open/deep" "$T/open/deep/token.db" | xargs)" \
    "700 700 600"

# --- the process --------------------------------------------------------------

mkfifo "$T/fifo"
exec {typed}<>"$T/fifo"
rollcode-token --store "$STORE" add three <&"$typed" >"$T/out" 2>&1 &
started=$!
servers+=("$started")
no_core() {
	grep -qE 'Max core file size +0 +0 ' "/proc/$started/limits"
}
wait_for no_core
check "no core file has what it holds" no_core
echo >&"$typed"
wait "$started" || :
