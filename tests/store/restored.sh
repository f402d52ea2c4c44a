#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# restored.sh - a store that went back in time: who gets in, who waits, and how
# it ends.
. "$(dirname "$0")/../support/lib.sh"
need python3
private_machine "$@"
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/ahead.sh"

users=$T/store/users
later=600 # seconds: behind what was used before, and its two steps

# On a machine that has no witnesses of what was used since.
put_back() {	# COPY
	rm -rf "$T/store"
	cp -a "$1" "$T/store"
	rm -f "$T"/store-witness/*
}

# Each of a file's codes by itself, and each two that follow each other.
used_again() {	# USER FILE
	local before='' one
	while read -r one; do
		login "$1" "$one"
		[ -z "$before" ] || login "$1" "$before$one"
		before=$one
	done <"$2" | grep -c SUCCESS
}

use_codes() {	# USER FILE
	while read -r one; do
		login "$1" "$one"
	done <"$2" | grep -c SUCCESS
}

# What they hold; an empty log is made by whoever looks.
files() {
	cat "$users"/*.db "$users"/*.db-wal "$users/marker" 2>/dev/null | md5sum
}

ends() {
	off "$later" rollcode-admin --conf "$CONF" restored --end "$@" 2>&1
}

# --- a backup in the place of the store ---------------------------------------

installed GUARD_AFTER=100 GUESSES=1000
syslog_start
pam_place
pam_named nullok nullok
echo "auth required pam_permit.so" >>"$T/pam/nullok"
add_user eve
install -d -m 700 -o rollcode "$T/copies"
enroll hal
enroll tim --form timed
enroll mix
admin enroll mix --label clock --form timed --no-account \
    2>"$T/out" | token mix add clock >"$T/out"
for user in hal tim mix; do
	admin recovery "$user" >"$T/sheet.$user" 2>"$T/out"
done
admin backup "$T/copies/b" >"$T/out"
nap 1.1
for user in hal tim mix; do
	codes "$user" 5 >"$T/used.$user"
	head -n 1 "$T/sheet.$user" >>"$T/used.$user"
	equal "$user uses codes behind the backup" \
	    "$(use_codes "$user" "$T/used.$user")" 6
done

put_back "$T/copies/b"
before=$(files)
: >"$T/syslog"
equal "who has no timed token is denied as in error" \
    "$(login hal "$(code hal)")" SYSTEM_ERR
check "with the remedy in the log" logged 'rollcode-admin resync or enroll'
equal "so is who is not enrolled in it, also where that is allowed" \
    "$(login eve 12345678 nullok)" SYSTEM_ERR
equal "a code that does not expire is refused" \
    "$(login mix "$(code mix)")" AUTH_ERR
check "and the log says why, and what ends it" \
    logged 'reason=restored.*rollcode-admin'
equal "so is a recovery code" "$(login mix "$(sed -n 2p "$T/sheet.mix")")" \
    AUTH_ERR
equal "and a timed code of these two steps" "$(login tim "$(code tim)")" \
    AUTH_ERR
equal "nothing of that is written" "$(files)" "$before"
for user in hal tim mix; do
	equal "no used code of $user works again" \
	    "$(used_again "$user" "$T/used.$user")" 0
done

server_ahead "$later"
equal "behind them timed codes let in, two where one is far ahead now" \
    "$(login tim "$(codes_ahead "$later" tim -n 2)")" SUCCESS
equal "and so for who has other tokens too" \
    "$(login mix "$(codes_ahead "$later" mix clock)")" SUCCESS
equal "whose other codes go on being refused" \
    "$(login mix "$(code mix)")" AUTH_ERR
for user in hal tim mix; do
	equal "no used code of $user works again then" \
	    "$(used_again "$user" "$T/used.$user")" 0
done
server_ahead 0

# --- what is said of it -------------------------------------------------------

check "show says that it is restored" grep -q 'the store *was restored' \
    <<<"$(admin show tim)"
equal "so does its JSON" "$(admin show tim --json | value 'j["restored"]')" True
check "list does" grep -q 'the store was restored' <<<"$(admin list 2>&1)"
equal "and stats" "$(admin stats --json | value 'j["store_restored"]')" True
check "check names who waits" grep -q '2 users wait for a resync: hal, mix' \
    <<<"$(admin check 2>&1)"

# --- how it ends --------------------------------------------------------------

output=$(ends)
equal "it does not end while codes would work again" "$? $(grep -c \
    'restored any more' <<<"$output")" "1 0"
equal "who has such a token is named" \
    "$(grep -oE '(hal|tim|mix): the token "[a-z]*"' <<<"$output" | tr '\n' ' ')" \
    'hal: the token "token" mix: the token "token" '
admin disable hal >"$T/out"
check "a disabled one, that may be enabled again, is as well" \
    grep -q 'hal: the token "token"' <<<"$(ends)"
admin enable hal >"$T/out"
code hal -n 2 | admin resync hal >"$T/out"
check "resync says what comes next" grep -q 'restored --end' "$T/out"
check "a timed token can be resynced, too" admin resync mix --label clock \
    <<<"$(token mix next clock -n 2 2>"$T/out")"
check "the codes of one token do not speak for another" \
    grep -q 'mix: the token "token"' <<<"$(ends)"
code mix -n 2 | admin resync mix --label token >"$T/out"
check "it does not end while timed codes of before could be typed" \
    grep -q 'would be accepted until' <<<"$(admin restored --end 2>&1)"
check "then it ends" ends
for user in hal tim mix; do
	equal "and no used code of $user works again" \
	    "$(used_again "$user" "$T/used.$user")" 0
	equal "nor is a recovery code of before left to $user" \
	    "$(field "$user" recovery_left)" 0
done
equal "the next code lets in" "$(login hal "$(code hal)")" SUCCESS
check "and the store is as any other" \
    grep -q 'was not restored' <<<"$(admin restored --end)"

# --- what changes while a backup is made --------------------------------------

cp -a "$T/store" "$T/settled"
hold hal
admin backup "$T/copies/during" >"$T/backup.log" 2>&1 &
backup=$!
wait_for test -d "$T/copies/during.new"
nap 2.5
rm "$(wallet mix)"
enroll mix --replace --force
release
wait "$backup"
equal "a backup waits for a login, and says nothing of it" \
    "$? $(grep -c rollcode-admin: "$T/backup.log")" "0 0"
code mix >"$T/used.mix"
equal "a token that was enrolled meanwhile is used behind the backup" \
    "$(use_codes mix "$T/used.mix")" 1
put_back "$T/copies/during"
check "it waits, for the copy may be older than its logins" \
    grep -q 'mix: the token "token"' <<<"$(ends)"
put_back "$T/settled"

# --- said by hand -------------------------------------------------------------

code hal -n 3 | tr ' ' '\n' >"$T/used.hal"
cp -a "$T/store" "$T/then"
use_codes hal "$T/used.hal" >"$T/out"
put_back "$T/then"
check "a store that was put back by other means is marked" admin restored
equal "then no used code of it works again" \
    "$(used_again hal "$T/used.hal")" 0
refused "it does not end by itself" ends
check "but it does where somebody takes that on" ends --force
equal "who is not asked to wait any more gets in with a used code" \
    "$(login hal "$(head -n 1 "$T/used.hal")")" SUCCESS
cp "$users/marker" "$T/marked"
refused "not by a clock that stands before 1970" \
    off -$(($(date +%s) + 10)) rollcode-admin --conf "$CONF" restored
refused "nor by one that was never set" \
    off -$(($(date +%s) - 60)) rollcode-admin --conf "$CONF" restored
check "and then nothing is written" cmp "$users/marker" "$T/marked"
check "it can be said again" admin restored
nap 1.1
check "a new token need not wait" \
    admin enroll hal --replace --force --no-account
check "nor need new tokens of others" \
    admin enroll mix --replace --force --no-account
check "and then it ends" ends

sed -i '/^EVENTS_KEPT=/d;$a EVENTS_KEPT=0' "$CONF"
rm "$(wallet hal)" "$(wallet mix)"
enroll hal --replace --force
enroll mix --replace --force
nap 1.1
admin restored >"$T/out"
nap 1.1
code hal -n 2 | admin resync hal >"$T/out"
echo "$(date '+%b %e %T') host sshd[7]: pam_rollcode(sshd:auth): code" \
    "accepted for mix; token=token counter=3 skipped=0" |
    admin resync --from-log - >"$T/out"
check "it is known who was resynced where no events are kept" ends
login hal "$(code hal)" >"$T/out"
equal "none are when it has ended" "$(admin log hal | grep -c resynced)" 0
sed -i '/^EVENTS_KEPT=/d' "$CONF"

# --- another machine ----------------------------------------------------------

machine() {	# ID
	printf '%s' "$1" >/etc/machine-id
}

here=$(printf '%032x\n' 77)
there=$(printf '%032x\n' 78)
machine "$here"
server ACCOUNT=rollcode
enroll ann
enroll tam --form timed
check "a store says on which machine it was made" \
    grep -qxE 'HOST=[0-9a-f]{32}' "$users/marker"
equal "and not what that is called" "$(grep -rF "${here%?}" "$T/store")" ""
equal "there it is used" "$(login ann "$(code ann)")" SUCCESS

machine "$there"
equal "on another one codes that do not expire are refused" \
    "$(login ann "$(code ann)")" SYSTEM_ERR
equal "and timed ones of these two steps" "$(login tam "$(code tam)")" AUTH_ERR
server_ahead "$later"
equal "later ones let in" "$(login tam "$(codes_ahead "$later" tam)")" SUCCESS
server_ahead 0
check "check says that it is a clone" grep -q 'clone.*1 user waits' \
    <<<"$(admin check 2>&1 | tr '\n' ' ')"
check "the first machine may use its own, so who has another token waits" \
    grep -q 'ann: the token "token".*only after rollcode-admin restored' \
    <<<"$(ends | tr '\n' ' ')"
admin restored >"$T/out"
nap 1.1
code ann -n 2 | admin resync ann >"$T/out"
check "once that is resynced, this machine takes it over" ends
equal "and uses it" "$(login ann "$(code ann)")" SUCCESS
machine "$here"
equal "which the first one sees" "$(login ann "$(code ann)")" SYSTEM_ERR
for id in '' uninitialized "$(printf '%031x' 78)" \
    "$(printf '%032x' 78 | tr 0 g)"; do
	machine "$id"
	equal "a machine without an id is not compared: $id" \
	    "$(login ann "$(code ann)")" SUCCESS
done
rm /etc/machine-id
equal "nor is one without the file" "$(login ann "$(code ann)")" SUCCESS
machine "$here"
sed -i '/^HOST=/d' "$users/marker"
equal "nor a store of an older version" "$(login ann "$(code ann)")" SUCCESS
admin restored --end >"$T/out"
check "restored --end says on which machine that is" \
    grep -qxE 'HOST=[0-9a-f]{32}' "$users/marker"
machine "$there"
check "check says how to go on where only the id of a machine changed" \
    grep -q "only this machine's id changed, .*restored --end --force" \
    <<<"$(admin check 2>&1)"
check "which takes its store over at once" admin restored --end --force
equal "and all tokens go on" "$(login ann "$(code ann)")" SUCCESS
