#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# askpass.sh - ssh, scp, sftp, rsync, git and sudo, whose codes rollcode-askpass
# types; and the prompts that it leaves to the person.
. "$(dirname "$0")/lib.sh"
need sshd ssh scp sftp rsync git ssh-keygen sudo setpriv openssl python3
private_machine
. "$TREE/tests/tools/logins.sh"
doors
add_user alice
server
syslog_start
ln -s rollcode-token "$T/bin/rollcode-askpass"
HERE=127.0.0.1 THERE=127.0.0.2

# The person: a program of theirs that notes each prompt, and answers passwords.
cat >"$T/bin/person" <<'PERSON'
#!/bin/sh
printf '%s\n' "$1" >>"$HOME/asked"
case $1 in
*Password*) echo "alice's password" ;;
*Passphrase*) echo "a long passphrase" ;;
*) echo 00000000 ;;
esac
PERSON
chmod 755 "$T/bin/person"

wallet() {
	as alice rollcode-token "$@"
}

# give TOKEN [OPTION...]: enrol alice's TOKEN and put it into her wallet
give() {
	admin enroll alice --label "$1" "${@:2}" 2>>"$T/enroll.log" |
	    wallet add "$1" >>"$T/enroll.log" 2>&1
}

# COMMAND... as alice, with rollcode-askpass
by_askpass() {
	rm -f "$T/home/alice/asked"
	as alice SSH_ASKPASS="$T/bin/rollcode-askpass" \
	    SSH_ASKPASS_REQUIRE=force SUDO_ASKPASS="$T/bin/rollcode-askpass" \
	    ROLLCODE_ASKPASS="$T/bin/person" GIT_SSH_COMMAND="$T/bin/as_ssh" \
	    timeout 60 "$@" </dev/null
}

asked() {
	cat "$T/home/alice/asked" 2>/dev/null
}

# spent TOKEN: the next counter of alice's wallet
spent() {
	wallet show --json "$1" | sed -n 's/.*"counter": \([0-9]*\).*/\1/p'
}

# reach HOST COMMAND...: ssh to there
reach() {
	by_askpass "$T/bin/as_ssh" "$1" "${@:2}" 2>"$T/told"
}

# --- bindings ---------------------------------------------------------------

give here
give there
check "bind says which prompts a token answers" \
    wallet bind here "alice@$HERE" local
check "so does another one's" wallet bind there "alice@$THERE"
check "show has it" grep -qx "binding     alice@$HERE local" \
    <<<"$(wallet show here)"
check "list has it" grep -q "bound to alice@$THERE" <<<"$(wallet list)"
refused "one binding does not mean two tokens" \
    wallet bind there "alice@$HERE"
for odd in alice "alice@" "@$HERE" "(alice@$HERE)" "alice@a b" "a) (b@c"; do
	refused "\"$odd\" is no binding" wallet bind there "$odd"
done
check "and what was bound stays" grep -qx "binding     alice@$THERE" \
    <<<"$(wallet show there)"

# --- what it is for -----------------------------------------------------------

pam_service sshd nodelay quiet
sshd_start "ListenAddress $THERE" "Subsystem sftp internal-sftp"
for host in "$HERE" "$THERE"; do
	echo "[$host]:$SSHD_PORT $(cut -d' ' -f1,2 "$T/host_key.pub")"
done >"$T/known_hosts"
cat >"$T/bin/as_ssh" <<SSH
#!/bin/sh
exec ssh -F none -p $SSHD_PORT -o LogLevel=ERROR -o GlobalKnownHostsFile=none \
    -o UserKnownHostsFile=$T/known_hosts -o StrictHostKeyChecking=yes \
    -o PreferredAuthentications=keyboard-interactive "\$@"
SSH
chmod 755 "$T/bin/as_ssh"

equal "ssh is answered with a code" "$(reach "$HERE" id -un)" alice
equal "of the token that is bound there" "$(spent here) $(spent there)" "1 0"
equal "another host gets another token's" \
    "$(reach "$THERE" id -un) $(spent here) $(spent there)" "alice 1 1"
equal "and nobody was asked" "$(asked)" ""
echo text >"$T/home/alice/file"
check "scp is answered" by_askpass scp -q -S "$T/bin/as_ssh" \
    "$T/home/alice/file" "$HERE:copy"
check "and copies" cmp "$T/home/alice/file" "$T/home/alice/copy"
check "rsync is answered" by_askpass rsync -e "$T/bin/as_ssh" \
    "$T/home/alice/file" "$HERE:copy2"
check "and copies too" cmp "$T/home/alice/file" "$T/home/alice/copy2"
check "sftp is answered" by_askpass sftp -q -S "$T/bin/as_ssh" \
    "$HERE:file" "$T/home/alice/copy3"
check "and copies as well" cmp "$T/home/alice/file" "$T/home/alice/copy3"
as alice git init -q "$T/home/alice/repository"
as alice git -C "$T/home/alice/repository" -c user.name=a -c user.email=a@b \
    commit -q --allow-empty -m first
as alice git init -q "$T/home/alice/clone"
check "git fetch is answered" by_askpass git -C "$T/home/alice/clone" fetch \
    "alice@$THERE:repository"
pam_service sudo nodelay quiet
equal "sudo -A is answered, of the token bound to local" \
    "$(by_askpass sudo -k -A id -un) $(spent here) $(spent there)" "root 5 2"
equal "still nobody was asked" "$(asked)" ""

# --- a password first -----------------------------------------------------------

hash=$(openssl passwd -6 "alice's password")
sed -i "s,^alice:[^:]*:,alice:$hash:," /etc/shadow
{
	echo "auth required pam_unix.so"
	pam_line nodelay quiet
	echo "account required pam_permit.so"
	echo "session required pam_permit.so"
} >/etc/pam.d/sshd
equal "where a password is asked for first, ssh is let in" \
    "$(reach "$HERE" id -un)" alice
equal "the password is asked of the person, the code is not" "$(asked)" \
    "(alice@$HERE) Password: "

# --- a server that wants more than its code -------------------------------------

# stack LINE...: each an argument of one more prompt, and then a refusal
stack() {
	for prompt in "$@"; do
		pam_line nodelay quiet ${prompt:+"$prompt"} | sed 's/required/optional/'
	done
	echo "auth requisite pam_deny.so"
	echo "account required pam_permit.so"
}
before="$(spent here) $(spent there)"
stack "" "" "" "" >/etc/pam.d/sshd
reach "$HERE" id -un >"$T/out"
equal "a server that asks again and again gets one code, its own" \
    "$((${before% *} + 1)) ${before#* }" "$(spent here) $(spent there)"
check "what else it asks is put to the person" \
    grep -qx "(alice@$HERE) Rolling code: " <<<"$(asked)"
before="$(spent here) $(spent there)"
stack "[prompt=(alice@$THERE) Rolling code: ]" \
    "[prompt=x) (alice@$THERE) Rolling code: ]" \
    "[prompt=Rolling code: for $THERE]" "[prompt=rolling code: ]" \
    >/etc/pam.d/sshd
reach "$HERE" id -un >"$T/out"
equal "no words of a server's own get any" \
    "$(spent here) $(spent there)" "$before"
check "they are put to the person as they came" grep -qxF \
    "(alice@$HERE) (alice@$THERE) Rolling code: " <<<"$(asked)"

# --- others who ask ---------------------------------------------------------------

# leaves PROMPT COMMAND...: the person is asked, and no code is spent
leaves() {
	local before now
	before="$(spent here) $(spent there)"
	by_askpass "${@:2}" >"$T/out" 2>&1
	now="$(spent here) $(spent there)"
	[ "$now:$(asked | head -n 1)" != "$before:$1" ] || return 0
	echo "was $before, is $now; asked:"
	asked
	return 1
}
check "another program than ssh is not answered" \
    leaves "(alice@$HERE) Rolling code: " \
    rollcode-askpass "(alice@$HERE) Rolling code: "
check "another one than sudo is not answered for local" \
    leaves "Rolling code: " rollcode-askpass "Rolling code: "
mkdir "$T/false" && cp "$(command -v bash)" "$T/false/sudo"
check "nor one that calls itself sudo and is not root's" \
    leaves "Rolling code: " "$T/false/sudo" -c \
    "$T/bin/rollcode-askpass 'Rolling code: '; true"
cat >"$T/bin/feign" <<'PYTHON'
#!/usr/bin/python3
# feign NAME PROMPT: ask as a process of that name whose files in /proc are
# root's, since it is not dumpable.
import ctypes, os, subprocess, sys

prctl = ctypes.CDLL(None).prctl
prctl(15, sys.argv[1].encode(), 0, 0, 0)  # PR_SET_NAME
prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
assert os.stat("/proc/self/stat").st_uid == 0
subprocess.run(["rollcode-askpass", sys.argv[2]])
PYTHON
chmod 755 "$T/bin/feign"
check "nor one whose files in /proc are root's, and that is not root" \
    leaves "Rolling code: " feign sudo "Rolling code: "
pam_service sshd nodelay quiet
wallet bind there
check "without a binding a host is not answered" \
    leaves "(alice@$THERE) Rolling code: " "$T/bin/as_ssh" "$THERE" true
wallet bind here "alice@$HERE"
check "without local sudo is not answered" \
    leaves "Rolling code: " sudo -k -A id -un
refused "without a terminal and a program of the person it fails" \
    as alice setsid rollcode-askpass "Password: "

# --- a passphrase -------------------------------------------------------------------

echo "a long passphrase" >"$T/home/alice/passphrase"
chmod 644 "$T/home/alice/passphrase"
admin unlock alice >"$T/out"
wallet passwd --new-passphrase-file "$T/home/alice/passphrase"
equal "with a passphrase ssh is answered" "$(reach "$HERE" id -un)" alice
equal "when the person has given it, which is once" "$(asked)" \
    "Passphrase of the token store, for here: "
