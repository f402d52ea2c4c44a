#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# sshd.sh - logins through a real sshd, with the code alone and with a key.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
need sshd ssh ssh-keygen pamtester su setpriv python3
private_machine
. "$TREE/tests/support/logins.sh"
doors
for user in alice bob carol dave root; do
	[ "$user" = root ] || add_user "$user"
done
server
syslog_start
for user in alice carol root; do enroll "$user"; done

pam_service sshd nodelay debug
sshd_start

# --- the code alone ---------------------------------------------------------

every_login ssh alice
owner_returns ssh alice 8

admin unlock alice >/dev/null
for i in 1 2 3 4; do try ssh alice 00000000; done
token alice skip -n 5 >/dev/null 2>&1
kept_out "ssh: the fifth failure, a code far ahead, guards the account" \
    ssh alice "$(code alice)"
equal "ssh: it does" "$(state alice state)" guarded
kept_out "ssh: there pressing again is not enough" ssh alice "$(code alice)"
let_in "ssh: but three consecutive codes are" ssh alice "$(code alice -n 3)"

guard alice
kept_out "ssh: the owner of a guarded account is refused a single code" \
    ssh alice "$(code alice)"
admin unlock alice >/dev/null
let_in "ssh: rollcode-admin unlock ends the guard" ssh alice "$(code alice)"

# --- what a login says --------------------------------------------------------

code alice -n 3 >"$T/log"
try ssh alice 00000000
at_terminal alice "$(code alice)" >"$T/shown"
equal "ssh: at a terminal each notice is shown once" \
    "$(grep -cE '^3 codes were skipped' "$T/shown") $(
    grep -cE '^1 wrong code was tried' "$T/shown")" "1 1"

# --- who has no code --------------------------------------------------------

kept_out "ssh: another user's code does not let in" ssh alice \
    "$(code carol)"
kept_out "ssh: a user without a token is refused" ssh bob "$(code alice)"
kept_out "ssh: a user who does not exist is refused" ssh nosuchuser \
    "$(code alice)"
kept_out "ssh: an empty line is refused" ssh alice ""
admin disable carol >/dev/null 2>&1
kept_out "ssh: a disabled token is refused" ssh carol "$(code carol)"
admin enable carol >/dev/null 2>&1
let_in "ssh: once enabled it lets in again" ssh carol "$(code carol)"

# --- what a failure says ----------------------------------------------------

# says USER LINE: all that ssh shows of a refusal, without the name
says() {
	try ssh "$1" "$2"
	echo "${told//$1/USER}"
}
wanted=$(says alice 00000000)
refused "ssh: a refusal says nothing of its own, so that sshd logs it" \
    grep -q "the next three" <<<"$wanted"
equal "ssh: a malformed code is refused in the same words" \
    "$(says alice 1234)" "$wanted"
equal "ssh: so is a user without a token" "$(says bob 00000000)" "$wanted"
equal "ssh: so is a user who does not exist" \
    "$(says nosuchuser 00000000)" "$wanted"
guard carol
equal "ssh: so is a guarded one" "$(says carol 00000000)" "$wanted"

# --- maxtries ---------------------------------------------------------------

# asked USER: how often ssh is asked, which would answer three times
asked() {
	: >"$T/prompts"
	ssh_as "$1" 00000000 00000000 00000000 >"$T/out" 2>&1
	grep -c 'Rolling code' "$T/prompts"
}
pam_service sshd nodelay debug
equal "ssh: a guarded user may try on in one connection" "$(asked carol)" 3
pam_service sshd nodelay debug maxtries
equal "ssh: with maxtries the connection ends at the first refusal" \
    "$(asked carol)" 1
let_in "ssh: with maxtries consecutive codes let the guarded owner in" \
    ssh carol "$(code carol -n 3)"

# --- root, whom sshd feeds a password that nobody typed -----------------------

pam_service sshd nodelay debug
root_untouched() {
	[ "$(state root failures) $(state root spent) $(state root counter)" = \
	    "0 0 0" ] || admin show root
}
code=$(code root)
for i in 1 2 3; do try ssh root "$code"; done
kept_out "ssh: root is refused where sshd does not permit root" \
    ssh root "$code"
equal "ssh: and nothing of that is counted against root" \
    "$(root_untouched)" ""
check "ssh: the log says that it had not the shape of a code" \
    logged 'notice .*reason=malformed'
sshd_start "PermitRootLogin yes"
into=root let_in "ssh: root's code is still good where sshd permits root" \
    ssh root "$code"

# --- a key first ------------------------------------------------------------

ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/key"
for user in alice bob; do
	install -d -m 700 -o "$user" -g "$user" "$T/home/$user/.ssh"
	install -m 600 -o "$user" -g "$user" "$T/key.pub" \
	    "$T/home/$user/.ssh/authorized_keys"
done
sshd_start "AuthenticationMethods publickey,keyboard-interactive:pam"
code=$(code alice)
try ssh alice "$code"
equal "key: no code is asked for before the key" \
    "$result $(grep -c 'Rolling code' <<<"$told")" "255 0"
admin unlock alice >/dev/null
let_in "key: a key and the next code let in" key alice "$code"
kept_out "key: the same code does not let in again" key alice "$code"
kept_out "key: a key and a wrong code do not" key alice "$(wrong "$code")"
kept_out "key: a key without a token does not" key bob "$(code alice)"
token alice skip -n 3 >/dev/null 2>&1
let_in "key: a code four ahead lets in" key alice "$(code alice)"
token alice skip -n 5 >/dev/null 2>&1
kept_out "key: a code five ahead does not" key alice "$(code alice)"
let_in "key: but press again, and the next one does" key alice \
    "$(code alice)"
guard alice
kept_out "key: guarded, the right code does not let in" key alice \
    "$(code alice)"
let_in "key: guarded, three consecutive codes do" key alice \
    "$(code alice -n 3)"

# --- a directory that folds case, with nullok ---------------------------------

directory() {
	accounts_fold || return 1
	grep -E '^(alice|bob):' /etc/passwd >/etc/passwd.fold
	echo "dave:x:4999:4999::/:/bin/sh" | cat - /etc/passwd.fold \
	    >/etc/passwd.new
	mv /etc/passwd.new /etc/passwd.fold
	sed -i '/^dave:/d' /etc/passwd
	[ "$(getent passwd ALICE | cut -d: -f1)" = alice ]
}

UNAVAILABLE='Authentication service cannot retrieve authentication info'

# optional MODULE: a service where another module decides for the unenrolled
optional() {
	{
		pam_line nullok nodelay debug
		echo "auth required $1"
		echo "account required pam_permit.so"
		echo "session required pam_permit.so"
	} >/etc/pam.d/sshd
}
if ! directory; then
	skip "ssh: another spelling is no way around enrolment" \
	    "no directory that folds case could be set up here"
else
	optional pam_permit.so
	sshd_start
	try ssh bob unused
	equal "ssh: with nullok another module may let the unenrolled in" \
	    "$result $said $(grep -c 'Rolling code' <<<"$told")" "0 bob 0"
	kept_out "ssh: with nullok an enrolled user must type a code" \
	    ssh alice 00000000
	kept_out "ssh: with nullok another spelling is no way around it" \
	    ssh ALICE 00000000
	kept_out "ssh: with nullok a user who does not exist is refused" \
	    ssh nosuchuser 00000000
	code=$(code alice)
	into=alice let_in "ssh: another spelling lets in with alice's code" \
	    ssh ALICE "$code"
	kept_out "ssh: which is spent for every spelling" ssh alice "$code"
	optional pam_deny.so
	try ssh bob unused
	equal "ssh: with nullok another module may refuse them" \
	    "$result $said" "255 "

	echo "dave UNAVAIL 5" >/etc/passwd.fail
	optional pam_permit.so
	try ssh dave unused
	equal "ssh: a user whose account cannot be looked up is refused" \
	    "$result $said" "255 "
	check "ssh: the log says so, as an error" \
	    logged 'err .*no decision .*cannot be looked up: Input/output error'
	for how in "UNAVAIL 5" "UNAVAIL 111" "TRYAGAIN 11" "TRYAGAIN 34"; do
		echo "dave $how" >/etc/passwd.fail
		equal "a directory that answers $how: PAM_AUTHINFO_UNAVAIL" \
		    "$(pamtester sshd dave authenticate <<<00000000 2>&1)" \
		    "pamtester: $UNAVAILABLE"
	done
	for how in "UNAVAIL 0" "UNAVAIL 2" "NOTFOUND 2" "NOTFOUND 0"; do
		echo "dave $how" >/etc/passwd.fail
		refused "a directory that answers $how: refused with nullok" \
		    pamtester sshd dave authenticate <<<00000000
	done

	pam_service su nodelay
	into=alice kept_out "su: another spelling is no way around a code" \
	    su ALICE 00000000
	code=$(code alice)
	into=alice let_in "su: another spelling lets in with alice's code" \
	    su ALICE "$code"
	kept_out "su: which is spent for every spelling" su alice "$code"
fi

check "ssh: no code is in any log" never_logged "$T/syslog" "$T/sshd.log"
