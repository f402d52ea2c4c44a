#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# sshd_matrix.sh - every rule with a key first, other kinds of tokens, many
# logins at once, and what somebody does to keep the owner out.
# long
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
need sshd ssh ssh-keygen pamtester openssl
private_machine
. "$TREE/tests/support/logins.sh"
doors
server
pam_service sshd nodelay debug
syslog_start
ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/key"

# person NAME [OPTION...]: an account with a key, and a token of that kind
person() {
	add_user "$1"
	install -d -m 700 -o "$1" -g "$1" "$T/home/$1/.ssh"
	install -m 600 -o "$1" -g "$1" "$T/key.pub" \
	    "$T/home/$1/.ssh/authorized_keys"
	enroll "$@"
}

# --- a key first, and the kinds of tokens ---------------------------------------

person alice
person phone --phone
person seven --digits 7
person sha512 --algorithm SHA512
person hex --form hex
person hash --form hash

sshd_start "AuthenticationMethods publickey,keyboard-interactive:pam"
every_login key alice
owner_returns key alice 8
owner_returns key phone 6
admin unlock alice >/dev/null
for i in 1 2 3 4; do try key alice 00000000; done
token alice skip -n 5 >/dev/null 2>&1
kept_out "key: the fifth failure, a code far ahead, guards the account" \
    key alice "$(code alice)"
equal "key: it does" "$(state alice state)" guarded
kept_out "key: there pressing again is not enough" key alice "$(code alice)"
let_in "key: but three consecutive codes are" key alice "$(code alice -n 3)"
try key alice ''
equal "key: an empty line is refused" "$result" 255

sshd_start
owner_returns ssh phone 6
for user in phone seven sha512 hex hash; do
	admin unlock "$user" >/dev/null
	code=$(code "$user")
	let_in "$user: the next code lets in" ssh "$user" "$code"
	kept_out "$user: not twice" ssh "$user" "$code"
	kept_out "$user: a wrong one does not" ssh "$user" "$(wrong "$code")"
	token "$user" skip -n 20 >/dev/null 2>&1
	let_in "$user: two on one line resynchronise" ssh "$user" \
	    "$(code "$user" -n 2)"
done
equal "hex and hash: a wrong code is not counted" \
    "$(state hex failures) $(state hash failures)" "0 0"

code=$(code alice)
let_in "a code may be typed with a space in it" ssh alice \
    "${code:0:4} ${code:4}"
code=$(code alice)
let_in "or with a dash" ssh alice "${code:0:4}-${code:4}"
kept_out "a code is not good for more than its own digits" ssh alice \
    "$(code alice)0"
read -r one two <<<"$(code alice -n 2)"
kept_out "two codes in the wrong order are refused" ssh alice "$two $one"
kept_out "and one code twice" ssh alice "$one $one"
let_in "in the right order they let in" ssh alice "$one $two"

# --- the method that sshd calls password ------------------------------------------

door_password() {
	ssh_answered "$2" -- -o PreferredAuthentications=password "$1@127.0.0.1"
}
code_port=$SSHD_PORT
sshd_start "AuthenticationMethods password" "PasswordAuthentication yes"
enroll root
code=$(code alice)
let_in "password: the next code lets in" password alice "$code"
try password alice "$code"
equal "password: not twice" "$result" 255
try password alice "$(wrong "$code")"
equal "password: a wrong one does not, and is counted once" \
    "$result $(state alice failures)" "255 1"
for i in 1 2 3; do try password root "$(code root)"; done
equal "password: nothing is counted against a root who is not permitted" \
    "$result $(state root failures) $(state root counter)" "255 0 0"
SSHD_PORT=$code_port

# --- many at once -----------------------------------------------------------------

# at_once N USER LINE: how many of N logins with the same line come in
at_once() {
	local i
	rm -f "$T"/out.*
	for ((i = 0; i < $1; i++)); do
		ssh_as "$2" "$3" >"$T/out.$i" 2>/dev/null &
		at_once_pids[i]=$!
	done
	wait "${at_once_pids[@]}"
	cat "$T"/out.* | grep -cx "$2"
}
declare -a at_once_pids
admin unlock alice >/dev/null
for round in 1 2 3; do
	equal "of ten logins with one code at once, one comes in ($round)" \
	    "$(at_once 10 alice "$(code alice)")" 1
done
equal "and of ten with one pair" \
    "$(at_once 10 alice "$(code alice -n 2)")" 1

# --- to keep the owner out ----------------------------------------------------------

admin unlock alice >/dev/null
before="$(state alice failures) $(state alice spent) $(state alice counter)"
for line in '' ' ' 1 123456789 $'\u0663\u0663\u0663\u0663\u0663\u0663\u0663\u0663' \
    'INCORRECT' "' OR 1=1 --" '%n%n%n%n' '0x123456' '+1234567' '1e7' \
    "$(printf '%0600d' 0)" '12345678,12345678' '123456' '1234567'; do
	try ssh alice "$line"
	[ "$result" -eq 255 ] || not_ok "a malformed line" "$line: $said"
done
equal "what has not the shape of alice's codes counts nothing" \
    "$(state alice failures) $(state alice spent) $(state alice counter)" \
    "$before"

flood() {
	while :; do
		pamtester rollcode-guard alice authenticate <<<00000000
	done >/dev/null 2>&1
}
guard alice
start flood
first=$started
start flood
for i in 1 2 3 4 5 6 7 8; do
	let_in "under a flood of wrong codes three let the owner in ($i)" \
	    ssh alice "$(code alice -n 3)"
done
kill "$first" "$started"

# An ssh that stays at the prompt holds no lock.
cat >"$T/bin/never" <<-'NEVER'
	#!/bin/sh
	echo asked >"$ANSWERS"
	exec sleep 60
NEVER
chmod 755 "$T/bin/never"
start env ANSWERS="$T/asked" SSH_ASKPASS="$T/bin/never" \
    SSH_ASKPASS_REQUIRE=force ssh -F none -p "$SSHD_PORT" \
    -o "UserKnownHostsFile=$T/known_hosts" \
    -o PreferredAuthentications=keyboard-interactive alice@127.0.0.1 id
wait_for test -s "$T/asked"
admin unlock alice >/dev/null
let_in "while somebody sits at the prompt the owner comes in" ssh alice \
    "$(code alice)"

admin unlock alice >/dev/null
for round in 1 2 3 4 5; do
	for i in 1 2 3 4; do
		pamtester rollcode-guard alice authenticate <<<00000000
	done >/dev/null 2>&1
	[ "$round" -eq 5 ] || try ssh alice "$(code alice)"
done
equal "twenty guesses guard an account whose owner logs in between" \
    "$(state alice failures) $(state alice spent) $(state alice state)" \
    "4 20 guarded"
kept_out "its owner then needs more than one code" ssh alice "$(code alice)"
let_in "and comes in with three" ssh alice "$(code alice -n 3)"
equal "which gives no guess back" "$(state alice state)" guarded
check "no code is in any log" never_logged "$T/syslog" "$T/sshd.log"
