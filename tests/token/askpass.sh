#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# askpass.sh - ssh, scp, sftp, rsync, git and sudo, whose codes rollcode-askpass
# types; and the prompts that it leaves to the person.
# limit: 150
. "$(dirname "$0")/../support/lib.sh"
need sshd ssh scp sftp rsync git ssh-keygen sudo setpriv openssl python3
private_machine
. "$TREE/tests/support/logins.sh"
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

# One server on two ports of two addresses: ssh cannot tell them from four.
pam_service sshd nodelay quiet
OTHER=$(free_port)
sshd_start "ListenAddress $THERE" "Port $OTHER" "Subsystem sftp internal-sftp"
for port in "$SSHD_PORT" "$OTHER"; do
	for host in "$HERE" "$THERE"; do
		echo "[$host]:$port $(cut -d' ' -f1,2 "$T/host_key.pub")"
	done
done >"$T/known_hosts"
echo "inner $(cut -d' ' -f1,2 "$T/host_key.pub")" >>"$T/known_hosts"
cat >"$T/ssh_config" <<CONFIG
LogLevel ERROR
GlobalKnownHostsFile none
UserKnownHostsFile $T/known_hosts
StrictHostKeyChecking yes
PreferredAuthentications keyboard-interactive
Host *
    Port $SSHD_PORT
CONFIG
printf '#!/bin/sh\nexec ssh -F %s "$@"\n' "$T/ssh_config" >"$T/bin/as_ssh"
chmod 755 "$T/bin/as_ssh"

# --- bindings ---------------------------------------------------------------

give here
give there
check "bind says which prompts a token answers" \
    wallet bind here "alice@$HERE:$SSHD_PORT" local
check "so does another one's" wallet bind there "alice@$THERE:$SSHD_PORT"
check "show has it" grep -qx "binding     alice@$HERE:$SSHD_PORT local" \
    <<<"$(wallet show here)"
check "list has it" grep -q "bound to alice@$THERE:$SSHD_PORT" \
    <<<"$(wallet list)"
refused "one binding does not mean two tokens" \
    wallet bind there "alice@$HERE:$SSHD_PORT"
for odd in alice "alice@" "@$HERE" "(alice@$HERE)" "alice@a b" "a) (b@c"; do
	refused "\"$odd\" is no binding" wallet bind there "$odd"
done
check "and what was bound stays" \
    grep -qx "binding     alice@$THERE:$SSHD_PORT" <<<"$(wallet show there)"

# --- what it is for -----------------------------------------------------------

equal "ssh is answered with a code" "$(reach "$HERE" id -un)" alice
equal "of the token that is bound there" "$(spent here) $(spent there)" "1 0"
equal "another host gets another token's" \
    "$(reach "$THERE" id -un) $(spent here) $(spent there)" "alice 1 1"
equal "and nobody was asked" "$(asked)" ""
check "and no secret is left in the wallet's journal" cmp \
    "$T/home/alice/.local/share/rollcode/token.db-journal" \
    <(head -c 28 /dev/zero)
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

# --- codes that expire, and the clock of a laptop ---------------------------------

cp "$BUILD/tests/tools/libfault.so" "$T/libfault.so"
cat >"$T/bin/laptop" <<LAPTOP
#!/bin/sh
# rollcode-askpass, with a clock that is off by what \$T/off says
read -r off <"$T/off"
FAULT_TIME=\$((\$(date +%s) + off)) LD_PRELOAD=$T/libfault.so
export FAULT_TIME LD_PRELOAD
exec "$T/bin/rollcode-askpass" "\$@"
LAPTOP
chmod 755 "$T/bin/laptop"

# by_laptop SECONDS COMMAND...: with a laptop whose clock is so far off
by_laptop() {
	echo "$1" >"$T/off"
	by_askpass env SSH_ASKPASS="$T/bin/laptop" \
	    SUDO_ASKPASS="$T/bin/laptop" "${@:2}"
}

give timed --form timed
wallet bind here
wallet bind timed "alice@$HERE:$SSHD_PORT" local
once=(-o NumberOfPasswordPrompts=1)
for off in 0 -90; do
	equal "a laptop $off seconds off: ssh is let in" \
	    "$(by_laptop "$off" as_ssh "$HERE" id -un)" alice
	rm -f "$T/home/alice/copy"
	by_laptop "$off" scp -q -S "$T/bin/as_ssh" "$T/home/alice/file" \
	    "$HERE:copy"
	check "a laptop $off seconds off: scp copies" \
	    cmp "$T/home/alice/file" "$T/home/alice/copy"
	equal "a laptop $off seconds off: sudo -A is let in" \
	    "$(by_laptop "$off" sudo -k -A id -un)" root
done
equal "nobody was asked, and each code was used" "$(asked)$(spent timed)" 6
refused "a laptop ten minutes slow: ssh is refused" \
    by_laptop -600 as_ssh "${once[@]}" "$HERE" id -un
check "and the log says how slow" \
    logged 'sshd:auth.: reason=expired token=timed counter=6 age=[567][0-9][0-9]:'
check "so is its person, by the next code" grep -q \
    'clock of this machine stands before the last use of timed' \
    <<<"$(by_laptop -600 as_ssh "${once[@]}" "$HERE" id -un 2>&1
    by_laptop -1200 as_ssh "${once[@]}" "$HERE" id -un 2>&1)"
refused "scp is refused" by_laptop -600 scp -q "${once[@]}" \
    -S "$T/bin/as_ssh" "$T/home/alice/file" "$HERE:copy"
refused "sudo -A is refused" by_laptop -600 sudo -k -A id -un
equal "once the clock is right, the next code lets in" \
    "$(by_laptop 0 as_ssh "$HERE" id -un)" alice
wallet bind timed
wallet bind here "alice@$HERE:$SSHD_PORT" local
admin remove alice --label timed --force >"$T/out"

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
#!/usr/bin/env python3
# feign NAME PROMPT STATEMENT: ask as a process of that name, once it has done
# what the statement says.
import ctypes, os, socket, subprocess, sys

prctl = ctypes.CDLL(None).prctl


def connect(port):
    return socket.create_connection(("127.0.0.1", port))


def left_alone(port):
    with socket.create_server(("127.0.0.1", port)) as server:
        left = connect(port)
        server.accept()[0].close()
    return left


def not_dumpable():
    prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
    assert os.stat("/proc/self/stat").st_uid == 0


prctl(15, sys.argv[1].encode(), 0, 0, 0)  # PR_SET_NAME
exec(sys.argv[3])
subprocess.run(["rollcode-askpass", sys.argv[2]])
PYTHON
chmod 755 "$T/bin/feign"
prompt="(alice@$HERE) Rolling code: "
check "nor one whose name begins like ssh" \
    leaves "$prompt" feign sshx "$prompt" "a = connect($SSHD_PORT)"
check "nor one whose files in /proc are root's, and that is not root" \
    leaves "Rolling code: " feign sudo "Rolling code: " "not_dumpable()"
# An old ssh puts nothing before a prompt, and a host may have any name.
for prompt in "Rolling code: " "(local) Rolling code: "; do
	check "no ssh is answered for local: $prompt" \
	    leaves "$prompt" feign ssh "$prompt" "pass"
done
for own in rollcode-askpass "$T/bin/rollcode-askpass"; do
	by_askpass env ROLLCODE_ASKPASS="$own" timeout 10 setsid \
	    rollcode-askpass "Password: " >"$T/out" 2>&1
	equal "a program of the person that is this one asks once: $own" \
	    "$?" 1
done
pam_service sshd nodelay quiet
wallet bind there
check "without a binding a host is not answered" \
    leaves "(alice@$THERE) Rolling code: " "$T/bin/as_ssh" "$THERE" true
wallet bind here "alice@$HERE:$SSHD_PORT"
check "without local sudo is not answered" \
    leaves "Rolling code: " sudo -k -A id -un
refused "without a terminal and a program of the person it fails" \
    as alice setsid rollcode-askpass "Password: "

# --- the port ---------------------------------------------------------------

# says PATTERN: what was told with the latest prompt
says() {
	grep -qE -- "$1" "$T/told" || { cat "$T/told"; return 1; }
}

# through OPTION...: how many codes of here and there an ssh to there is given,
# and who it has become
through() {
	local before now who
	admin unlock alice >"$T/out"
	before="$(spent here) $(spent there)"
	who=$(reach "$@" "$THERE" id -un)
	now="$(spent here) $(spent there)"
	echo "$((${now% *} - ${before% *})) $((${now#* } - ${before#* })) $who"
}
jump=(-J "alice@$HERE:$SSHD_PORT")
proxy=(-o HostKeyAlias=inner -o
    "ProxyCommand=bash -c 'exec 3<>/dev/tcp/%h/%p; cat <&3 & exec cat >&3'")

wallet bind there "alice@$THERE:$SSHD_PORT"
equal "at the port that is bound ssh is answered" "$(through)" "0 1 alice"
equal "another port of a bound host gets no code" \
    "$(through -p "$OTHER")" "0 0 "
equal "but is put to the person" "$(asked | sort -u)" \
    "(alice@$THERE) Rolling code: "
check "and how to bind it is said" says \
    "this is alice@$THERE:$OTHER; .*:$SSHD_PORT alice@$THERE:$OTHER\$"
equal "through a jump host no code is given for the port alone" \
    "$(through "${jump[@]}")" "1 0 "
check "and how to bind that is said" says \
    "this is alice@$THERE:proxy; .*:$SSHD_PORT alice@$THERE:proxy\$"
wallet bind there "alice@$THERE:$SSHD_PORT" "alice@$THERE:$OTHER" \
    "alice@$THERE:proxy"
equal "a second port that is bound is answered" \
    "$(through -p "$OTHER")" "0 1 alice"
equal "through a jump host each of both gets its own token's code" \
    "$(through "${jump[@]}")" "1 1 alice"
wallet bind there "alice@$THERE:proxy"
equal "a binding for a proxy is not answered without one" "$(through)" "0 0 "
equal "nor is the host's name where ssh has an alias" \
    "$(through "${proxy[@]}")" "0 0 "
wallet bind there "alice@inner:proxy"
equal "but the alias is" "$(through "${proxy[@]}")" "0 1 alice"
store=$T/home/alice/.local/share/rollcode/token.db
python3 - "$store" "alice@$THERE" <<'PYTHON'
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db:
    db.execute("UPDATE token SET binding = ? WHERE name = 'there'",
               sys.argv[2:])
PYTHON
equal "a binding of before there were ports is answered through a proxy" \
    "$(through "${jump[@]}")" "1 1 alice"
equal "and at no port but 22" "$(through)" "0 0 "

# sockets NAME CODES STATEMENT: how many codes an ssh of these sockets is given;
# the person is asked where it is none
sockets() {
	local before
	before=$(spent there)
	by_askpass feign ssh "(alice@feigned) Rolling code: " "$3" \
	    >"$T/out" 2>"$T/told"
	equal "$1" "$(($(spent there) - before)) $(asked | wc -l)" \
	    "$2 $((1 - $2))"
}
spare=$(free_port)
wallet bind there "alice@feigned:$SSHD_PORT" "alice@feigned:proxy" \
    "alice@feigned:$spare"
right="a = connect($SSHD_PORT)" wrong="b = connect($OTHER)"
sockets "one connection to the port is answered" 1 "$right"
sockets "a standard input that is one to elsewhere makes no difference" 1 \
    "$right; $wrong; os.dup2(b.fileno(), 0); b.close()"
sockets "nor does a socket that listens, or of another kind" 1 \
    "$right; b = socket.create_server(('127.0.0.1', 0));
c = socket.socketpair(); d = socket.socket(type=socket.SOCK_DGRAM)"
sockets "no connection at all is a proxy" 1 "b = socket.socketpair()"
sockets "connections to two ports are not answered" 0 "$right; $wrong"
check "and it is said that the port is not known" says \
    "cannot be determined .* rollcode-token next there\$"
sockets "nor is one that the other side has left" 0 "b = left_alone($spare)"
sockets "nor a socket that is not connected yet" 0 "b = socket.socket()"
sockets "nor more than can be looked at" 0 \
    "b = [connect($SSHD_PORT) for _ in range(65)]"
sockets "nor a process that cannot be looked into" 0 "$right; not_dumpable()"
mptcp="b = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)"
if python3 -c "import socket; $mptcp" 2>/dev/null; then
	sockets "nor TCP in another guise" 0 "$right; $mptcp"
else
	skip "nor TCP in another guise" "the kernel has no MPTCP"
fi
sixth="b = socket.create_server(('::1', $spare), family=socket.AF_INET6)"
if python3 -c "import socket; $sixth" 2>/dev/null; then
	sockets "but one by IPv6 is" 1 \
	    "$sixth; a = socket.create_connection(('::1', $spare))"
else
	skip "but one by IPv6 is" "the machine has no IPv6"
fi

# --- a passphrase -------------------------------------------------------------------

echo "a long passphrase" >"$T/home/alice/passphrase"
chmod 644 "$T/home/alice/passphrase"
admin unlock alice >"$T/out"
wallet passwd --new-passphrase-file "$T/home/alice/passphrase"
equal "with a passphrase ssh is answered" "$(reach "$HERE" id -un)" alice
equal "when the person has given it, which is once" "$(asked)" \
    "Passphrase of the wallet, for here: "
