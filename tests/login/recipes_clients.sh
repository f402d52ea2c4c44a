#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# recipes_clients.sh - the clients of rollcode-handbook(7), as they stand there:
# PuTTY's plink, paramiko, asyncssh and Ansible log in to a real sshd.  WinSCP
# is for Windows alone.  Arguments name some of them: putty, paramiko, asyncssh,
# ansible.
# shellcheck disable=SC2317	# some functions are called by name
# long
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
need sshd ssh ssh-keygen chpasswd python3
private_machine "$@"
. "$TREE/tests/support/logins.sh"
. "$TREE/tests/support/recipes.sh"
HANDBOOK=$TREE/pam_rollcode/rollcode-handbook.7
DENIED='Access denied|Authentication failed|Permission denied|UNREACHABLE'

arrange() {
	recipe_machine
	recipe_users alice
	rollcode-admin enroll alice 2>"$T/log" |
	    as alice rollcode-token add server >"$T/log" 2>&1
	sshd_start "$(recipe 'sshd: password and code' /etc/ssh/sshd_config)"
	stack_of 'sshd: password and code' sshd
	install -d -m 700 -o alice -g alice "$T/home/alice/.ssh"
	echo "[127.0.0.1]:$SSHD_PORT $(cut -d' ' -f1,2 "$T/host_key.pub")" \
	    >"$T/home/alice/.ssh/known_hosts"
	chown alice "$T/home/alice/.ssh/known_hosts"
	rm -f "$T/bin/rollcode-askpass"
	ln -s rollcode-token /usr/local/bin/rollcode-askpass
}

mine() {
	as alice rollcode-token next server
}

# script TITLE FILE: a program of the handbook, where anybody can run it
script() {
	RECIPES=$HANDBOOK recipe "$1" "$2" >"$T/${2##*/}"
	chmod 644 "$T/${2##*/}"
}

# --- PuTTY ------------------------------------------------------------------

door_putty() {
	local key
	key=$(ssh-keygen -l -f "$T/host_key.pub" | awk '{ print $2 }')
	printf '%s\n' "$2" | as "$1" "$(tool console.py)" \
	    plink -ssh -P "$SSHD_PORT" -no-antispoof \
	    -hostkey "$key" \
	    "$1@127.0.0.1" id -un >"$T/screen"
	set -- $?
	cat "$T/screen" >&2
	tail -n 1 "$T/screen"
	return "$1"
}

client_putty() {
	local code
	need_client plink PuTTY || return
	code=$(mine)
	let_in "PuTTY: password and code let in" putty alice "$(both "$code")"
	check "PuTTY: it shows what the handbook says" grep -q \
	    'Keyboard-interactive authentication prompts from server:' "$T/told"
	kept_out "PuTTY: a replay does not" putty alice "$(both "$code")"
	refused "PuTTY: with -batch it cannot ask" as alice plink -ssh -batch \
	    -P "$SSHD_PORT" alice@127.0.0.1 id
}

need_client() {	# PROGRAM NAME
	command -v "$1" >/dev/null && return
	skip "$2" "needs $1"
	return 1
}

need_python() {	# MODULE
	python3 -c "import $1" 2>/dev/null && return
	skip "$1" "needs python3-$1"
	return 1
}

# --- paramiko, asyncssh -----------------------------------------------------

client_paramiko() {
	local code
	need_python paramiko || return
	script paramiko /opt/rollcode/paramiko_login.py
	equal "paramiko: password and code let in" \
	    "$(by_paramiko <<<"sesam alice")" alice
	refused "paramiko: another password does not" by_paramiko <<<wrong
	stack_of 'sshd: code alone' sshd
	code=$(mine)
	equal "paramiko: a code alone is a password to it" \
	    "$(code_alone "$code")" alice
	refused "paramiko: a replay is refused" code_alone "$code"
	stack_of 'sshd: password and code' sshd
}

by_paramiko() {
	as alice python3 "$T/paramiko_login.py" 127.0.0.1 "$SSHD_PORT" alice \
	    server
}

code_alone() {
	as alice python3 -c 'import paramiko, sys
client = paramiko.SSHClient()
client.load_system_host_keys()
client.connect("127.0.0.1", int(sys.argv[1]), "alice", password=sys.argv[2])
print(client.exec_command("id -un")[1].read().decode().strip())' \
	    "$SSHD_PORT" "$1"
}

client_asyncssh() {
	need_python asyncssh || return
	script asyncssh /opt/rollcode/asyncssh_login.py
	RECIPES=$HANDBOOK stack_of asyncssh sshd
	equal "asyncssh: a code lets in" "$(as alice python3 \
	    "$T/asyncssh_login.py" 127.0.0.1 "$SSHD_PORT" alice server)" alice
	stack_of 'sshd: code alone' sshd
	refused "asyncssh: with the usual prompt it does not answer" as alice \
	    python3 "$T/asyncssh_login.py" 127.0.0.1 "$SSHD_PORT" alice server
	stack_of 'sshd: password and code' sshd
}

# --- Ansible ----------------------------------------------------------------

# ping_by_ansible CONFIGURATION
ping_by_ansible() {
	as alice env "$(RECIPES=$HANDBOOK typed 'export SSH_ASKPASS=/usr/local/bin/rollcode-askpass' |
	    sed -n '1s/export \([^ ]*\) .*/\1/p')" SSH_ASKPASS_REQUIRE=force \
	    LC_ALL=C.UTF-8 ANSIBLE_CONFIG="$1" timeout 60 ansible all -i "127.0.0.1," \
	    -e "ansible_port=$SSHD_PORT ansible_user=alice" \
	    -e ansible_python_interpreter=/usr/bin/python3 -m ping
}

accepted() {
	grep -c 'code accepted for alice' "$T/syslog"
}

client_ansible() {
	local before
	need_client ansible Ansible || return
	stack_of 'sshd: code alone' sshd
	as alice rollcode-token bind server "alice@127.0.0.1:$SSHD_PORT"
	RECIPES=$HANDBOOK recipe Ansible /etc/ansible/ansible.cfg \
	    >"$T/ansible.cfg"
	before=$(accepted)
	check "Ansible: with rollcode-askpass it is let in" \
	    ping_by_ansible "$T/ansible.cfg"
	equal "Ansible: with one code" "$(($(accepted) - before))" 1
	check "Ansible: the next one uses the connection" \
	    ping_by_ansible "$T/ansible.cfg"
	equal "Ansible: and no code" "$(($(accepted) - before))" 1
	: >"$T/empty.cfg"
	pkill -u alice -x ssh	# in this machine's own processes
	rm -rf "$T/home/alice/.ansible/cp"
	refused "Ansible: without those lines it asks for no code" \
	    ping_by_ansible "$T/empty.cfg"
}

arrange
[ $# -gt 0 ] || set -- putty paramiko asyncssh ansible
for part in "$@"; do
	"client_$part"
done
exit 0
