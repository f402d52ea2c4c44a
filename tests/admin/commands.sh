#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# commands.sh - what single commands of rollcode-admin do to an account, what
# they ask before it, and what they say behind it.
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/pam.sh"
need_root
need python3 oathtool script
scratch
server GUARD_AFTER=3 GUESSES=100
HEX=3132333435363738393031323334353637383930

state() {
	admin show "$1" --json | sed -nE 's/.*"state": ?"([a-z]*)".*/\1/p'
}
labels() {	# those that are enabled have a plus
	admin show "$1" --json | python3 -c 'import json, sys
print(*(t["label"] + "+" * t["enabled"] for t in json.load(sys.stdin)["tokens"]))'
}
enrolled() {
	admin show "$1" >"$T/out" 2>&1
}

# --- resync -------------------------------------------------------------------

guard() {	# USER
	local code
	code=$(wrong "$(code "$1")")
	for _ in 1 2 3; do
		admin verify "$1" <<<"$code"
	done >"$T/out" 2>&1
	[ "$(state "$1")" = guarded ]
}

enroll ann
check "three wrong codes guard an account" guard ann
for _ in 1 2 3; do code ann -n 100; done >"$T/skipped"
refused "a pair beyond --window resynchronises nothing" \
    admin resync ann --window 100 <<<"$(code ann -n 2)"
before=$(counter ann)
said=$(admin resync ann <<<"$(code ann -n 2)" 2>&1)
equal "two codes far ahead resynchronise a guarded account" $? 0
after=$(counter ann)
equal "and it says how far" "$said" "resynced ann: $((after - 2 - before))\
 codes were skipped, and the next counter is $after"
equal "also if it is one" "$(admin resync ann <<<"$(code ann -n 3 |
    cut -d' ' -f2-)" 2>&1 | cut -d' ' -f3-6)" "1 code was skipped,"
equal "which is guarded no longer" "$(state ann)" normal
check "somebody at a terminal is asked for more than one code" \
    grep -q '^Two or three consecutive codes: ' \
    <<<"$(script -qec "rollcode-admin --conf '$CONF' resync ann" /dev/null \
    <<<x)"
check "its counter is behind them" test "$(counter ann)" -gt $((before + 300))
refused "one code resynchronises nothing" admin resync ann <<<"$(code ann)"
first=$(code ann)
code ann >"$T/skipped"
refused "nor do two that are not consecutive" \
    admin resync ann <<<"$first $(code ann)"
check "and a code opens" admin verify ann <<<"$(code ann)"

# --- verify -------------------------------------------------------------------

admin backup "$T/copy" >"$T/out"
sed "s,^DATABASE=.*,DATABASE=sqlite:$T/copy," "$CONF" >"$T/copy.env"
chmod 600 "$T/copy.env"
rollcode-admin --conf "$T/copy.env" verify ann <<<"$(code ann)" >"$T/out" 2>&1
equal "verify takes no backup for a store" \
    "$? $(grep -c 'was restored' "$T/out")" "1 1"
enroll bea
used=$(code bea)
admin verify bea <<<"$used" >"$T/out"
admin verify bea <<<"$used" >"$T/out" 2>&1
admin verify bea <<<"$used" >"$T/out" 2>&1
admin verify bea <<<"$(wrong "$(code bea)")" >"$T/out" 2>&1
equal "show tells used codes from wrong ones" \
    "$(field bea replayed) $(field bea spent)" "2 1"
verified() {	# USER CODE
	admin verify "$1" <<<"$2" 2>&1
}
check "verify says what helps after a used code" grep -q \
    'refused: replayed; .*try the next one$' <<<"$(verified bea "$used")"
check "after a wrong one" grep -q \
    'refused: wrong; .*resync' <<<"$(verified bea "$(wrong "$used")")"
admin unlock bea >"$T/out"
token bea skip -n 50 >"$T/out"
check "after one that is far ahead" grep -q \
    'refused: far; .*two consecutive' <<<"$(verified bea "$(code bea)")"
check "and that is so" admin verify bea <<<"$(code bea -n 2)"
admin disable bea >"$T/out"
check "and where the tokens are disabled" grep -q \
    'refused: disabled; rollcode-admin enroll .*only if none was lost' \
    <<<"$(verified bea "$(code bea)")"
admin enable bea >"$T/out"
check "an account is guarded once more" guard bea
admin unlock bea >"$T/out"
equal "unlock ends that" "$(state bea)" normal

# --- remove, disable ----------------------------------------------------------

enroll bob
for label in desk web; do
	admin enroll bob --no-account --label "$label"
done >"$T/uri" 2>&1
refused "nobody is removed without an answer" admin remove bob </dev/null
refused "nor where it is not yes" admin remove bob <<<y
check "so that nobody is gone" enrolled bob
refused "no token is removed without an answer" \
    admin remove bob --label desk </dev/null
equal "so that each is there" "$(labels bob)" "token+ desk+ web+"
admin disable bob >"$T/out"
equal "disable without a label disables every token" "$(labels bob)" \
    "token desk web"
equal "so that the account is disabled" "$(state bob)" disabled
admin enable bob --label desk >"$T/out"
equal "with a label it is of one token" "$(labels bob)" "token desk+ web"
equal "the URI of a token has its label, and that of the first has none" \
    "$(for label in token web; do admin uri bob --label "$label"; done |
	grep -o 'label=[a-z]*')" label=web
refused "a label that begins like one of the tokens' is none" \
    admin enable bob --label we
admin remove bob --label token <<<yes >"$T/out"
equal "the first of three tokens is removed, and no other" "$(labels bob)" \
    "desk+ web"
check "with a yes a user is removed" admin remove bob <<<yes
refused "and is gone then" enrolled bob

# --- enroll -------------------------------------------------------------------

echo "hex:$HEX" >"$T/secret"
admin enroll cora --no-account --secret-file "$T/secret" --counter 7 \
    --algorithm SHA1 >"$T/uri" 2>&1
admin enroll cora --no-account --replace --secret-file "$T/secret" --counter 3 \
    --algorithm SHA1 >"$T/out" 2>&1
equal "who would lower a counter is told the one that is right" \
    "$? $(grep -c 'give --counter 7$' "$T/out")" "1 1"
name=$(printf 'n%.0s' {1..200})
check "a name of 200 bytes is enrolled" enroll "$name"
refused "and one of 201 is none" admin enroll "${name}n" --no-account
far_pair() {
	oathtool -d 8 -c 300 -w 1 "$HEX" | xargs |
	    admin enroll dan --no-account --secret-file "$T/secret" \
		--algorithm SHA1 --confirm
}
refused "codes far from its counter confirm no token" far_pair
refused "so that nobody is enrolled" enrolled dan
mkfifo "$T/keys"
asks() {
	exec rollcode-admin --conf "$CONF" enroll ann --no-account \
	    --label more --confirm <"$T/keys" >"$T/line" 2>"$T/asked"
}
start asks
exec 9>"$T/keys"
wait_for test -s "$T/line"
began=${EPOCHREALTIME/./}
check "a code opens while one of a new token is typed" \
    admin verify ann <<<"$(code ann)"
check "and does not wait for it" \
    test $((${EPOCHREALTIME/./} - began)) -lt 1500000
exec 9>&-
wait "$started"
equal "which ends where none is typed, with nothing enrolled" \
    "$? $(labels ann)" "1 token+"

# --- recovery -----------------------------------------------------------------

for pair in 15m=900 2h=7200 3d=259200; do
	admin recovery ann --once --expires "${pair%=*}" >"$T/out" 2>&1
	left=$(($(field ann once_expires) - $(date +%s)))
	[ "$left" -le "${pair#*=}" ] && [ "$left" -gt $((${pair#*=} - 60)) ] ||
	    echo "$pair: $left"
done >"$T/wrong"
say_ok "a one-time code is good as long as was said" "$(cat "$T/wrong")"
no_room() {
	(ulimit -f 0; admin recovery ann) 2>"$T/out" | tee "$T/sheet"
	[ "${PIPESTATUS[0]}" -ne 0 ] && [ ! -s "$T/sheet" ]
}
check "a recovery code that is not on disk is not shown" no_room

# --- log ----------------------------------------------------------------------

names=(an anna ann)
server
for name in "${names[@]}"; do
	rm -f "$T/wallet/$name.db"
	enroll "$name"
	admin verify "$name" <<<"$(code "$name")" >"$T/out"
done
users_of_log() {
	admin log "$@" --json | python3 -c 'import collections, json, sys
for name, count in sorted(collections.Counter(
    e["user"] for e in json.load(sys.stdin)).items()):
    print(name, count)' | xargs
}
equal "the log of all gives each its own events, also where names begin alike" \
    "$(users_of_log)" "an 2 ann 2 anna 2"
equal "that of one has no others" "$(users_of_log an)" "an 2"
refused "that of nobody is an error" admin log nobody
start rollcode-admin --conf "$CONF" log --follow >"$T/followed" 2>&1
wait_for test -s "$T/followed"
for name in "${names[@]}"; do
	admin unlock "$name" >"$T/out"
	wait_for grep -q " $name  *unlocked" "$T/followed"
done
kill "$started"
wait "$started"
equal "log --follow shows each event once" \
    "$(sort "$T/followed" | uniq -d) $(wc -l <"$T/followed")" " 9"

# --- what is unusable ---------------------------------------------------------

cp "$T/store/users/anna.db" "$T/kept"
: >"$T/store/users/anna.db"
refused "a backup with an unusable user is a failure" admin backup "$T/copy2"
refused "an export with one is one, too" admin export --plain -o "$T/file"
check "and leaves no file" test ! -e "$T/file"
refused "so is a change of key" admin rekey --wait 5
check "which leaves the previous key there" \
    grep -q ^SECRET_KEY_PREVIOUS "$CONF"
cat "$T/kept" >"$T/store/users/anna.db"
rm -f "$T/store/users/anna.db-"*
check "once it is put back a second run ends that" admin rekey --wait 5
refused "so that no previous key is left" grep -q ^SECRET_KEY_PREVIOUS "$CONF"
refused "an export of who is not enrolled is a failure" \
    admin export --plain ann nobody

# --- import --from ------------------------------------------------------------

# A second store, which has a token of its own for an.
new_store() {
	mkdir -m 700 "$T/new"
	sed "s,^DATABASE=.*,DATABASE=sqlite:$T/new," "$CONF" >"$T/new.env"
	chmod 600 "$T/new.env"
	there init && there enroll anna --no-account
}
there() {
	rollcode-admin --conf "$T/new.env" "$@"
}
from() {
	there import --from "sqlite:$T/store" "$@"
}
admin recovery ann >"$T/sheet" 2>"$T/out"
admin disable an >"$T/out"
sqlite3 "$T/store/users/ann.db" "UPDATE account SET late=3"
new_store >"$T/out" 2>&1
while read -r -a options; do
	from "${options[@]}" >"$T/out" 2>&1
	[ $? -eq 2 ] || echo "${options[*]}"
done >"$T/wrong" <<-OPTIONS
	--user ann
	--format oath
	--seal-file $T/secret
	--key-file $T/secret
	--serial 1
	--owners $T/secret
	--no-account
	--force
	--add
	$T/secret
OPTIONS
say_ok "nothing is passed over that stands beside --from" "$(cat "$T/wrong")"
refused "users with other tokens are not moved, which is a failure" from
used=$(code ann)
before=$(counter ann)
equal "the others are moved, with their counters" \
    "$(CONF=$T/new.env counter ann)" "$before"
equal "and with what is to be told to them" \
    "$(sqlite3 "$T/new/users/ann.db" "SELECT late FROM account")" 3
equal "and are disabled where they were" "$(state ann)" disabled
equal "who was disabled is so" \
    "$(CONF=$T/new.env state an) $(CONF=$T/new.env state ann)" \
    "disabled normal"
check "a code opens in the new store" there verify ann <<<"$used"
check "so does a recovery code" there verify ann <<<"$(head -n 1 "$T/sheet")"
admin enable ann >"$T/out"
from >"$T/out" 2>&1
check "who logged in here meanwhile is moved again" \
    grep -q '^rollcode-admin: 1 user was not moved' "$T/out"
refused "and a used code stays used" there verify ann <<<"$used"
refused "so does the recovery code" \
    there verify ann <<<"$(head -n 1 "$T/sheet")"
check "a store is not moved into itself" \
    grep -q "name the one that the users come from" \
    <(admin import --from "sqlite:$T/store" 2>&1)
check "and its users are as they were" test "$(state anna)" = normal

# --- rekey --------------------------------------------------------------------

if command -v strace >/dev/null; then
	# The store is written to with pwrite64, and the env file is not.
	strace -f -qq -o "$T/trace" -e trace=pwrite64 \
	    -e inject=pwrite64:signal=KILL rollcode-admin --conf "$CONF" \
	    rekey --wait 5 >"$T/out" 2>&1
	equal "where the process that encrypts anew crashes rekey fails" \
	    "$? $(grep -c 'ended early' "$T/out")" "1 1"
	check "and the previous key stays" grep -q ^SECRET_KEY_PREVIOUS "$CONF"
	check "so that a second run ends it" admin rekey --wait 5
else
	skip "where the process that encrypts anew crashes rekey fails" \
	    "needs strace"
fi
