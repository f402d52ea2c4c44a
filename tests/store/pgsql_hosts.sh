#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# pgsql_hosts.sh - four hosts, each a network namespace with an sshd of its own,
# and one database: one code typed at all of them at once, for 10 rounds or
# ROLLCODE_ROUNDS; and the way in that needs no database.
# long
. "$(dirname "$0")/../support/lib.sh"
need sshd ssh ssh-keygen ip openssl
. "$TREE/tests/support/pgsql.sh"
pgsql_machine "$@"
rounds=${ROLLCODE_ROUNDS:-10}
HOSTS=(h1 h2 h3 h4)

address() {
	echo "10.99.0.${1#h}"
}

# The answer is given when all have been asked for one.
answer_program() {
	cat >"$T/bin/answer" <<-'ANSWER'
	#!/bin/sh
	: >"$PLACE.asked"
	read -r code <"$PLACE.code"
	printf '%s\n' "$code"
	ANSWER
	chmod 755 "$T/bin/answer"
}

sshd_at() {
	SSHD_PORT=22
	{
		sshd_config |
		    sed "s/^ListenAddress.*/ListenAddress $(address "$1")/"
		printf '%s\n' "AuthorizedKeysFile $T/%u.keys" \
		    "Match User breakglass" "AuthenticationMethods publickey"
	} >"$T/$1.sshd"
	start ip netns exec "$1" /usr/sbin/sshd -D -f "$T/$1.sshd" -E "$T/$1.log"
	echo "$(address "$1") $(cut -d' ' -f1,2 "$T/host_key.pub")" \
	    >>"$T/known_hosts"
	mkfifo "$T/$1.code"
	wait_for grep -q 'Server listening' "$T/$1.log"
}

arrange() {
	pgsql_server one
	server=$started
	pgsql_place
	env_file \
	    "$(uri rollcode_login one | sed 's/127.0.0.1/10.99.0.254/')" \
	    "$(uri rollcode_admin one)"
	admin init >"$T/out"
	enroll ann
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/host_key"
	pam_service sshd nodelay quiet
	add_user breakglass
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/glass"
	for user in ann breakglass; do
		install -m 644 "$T/glass.pub" "$T/$user.keys"
	done
	mkdir -p /run/sshd
	answer_program
	for host in "${HOSTS[@]}"; do
		sshd_at "$host" || {
			cat "$T/$host.log"
			exit 1
		}
	done
}

# ssh_to HOST USER OPTION...
ssh_to() {
	timeout 30 ssh -F none -o LogLevel=ERROR \
	    -o "UserKnownHostsFile=$T/known_hosts" \
	    -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes \
	    "${@:3}" "$2@$(address "$1")" id -un </dev/null
}

typed_at() {
	PLACE=$T/$1 SSH_ASKPASS=$T/bin/answer SSH_ASKPASS_REQUIRE=force \
	    ssh_to "$1" ann -o NumberOfPasswordPrompts=1 \
	    -o PreferredAuthentications=keyboard-interactive
}

key_at() {
	ssh_to "$1" "$2" -o BatchMode=yes -i "$T/glass"
}

# in_at CODE HOST...: at how many of them it lets in, all at once
in_at() {
	local host pids=() outs=("${@:2}")
	for host in "${@:2}"; do
		rm -f "$T/$host.asked"
		typed_at "$host" >"$T/$host.out" 2>"$T/$host.err" &
		pids+=("$!")
	done
	for host in "${@:2}"; do
		wait_for test -e "$T/$host.asked"
	done
	for host in "${@:2}"; do
		printf '%s\n' "$1" >"$T/$host.code" &
		pids+=("$!")
	done
	wait "${pids[@]}"
	(cd "$T" && cat "${outs[@]/%/.out}") | grep -cx ann
}

all_rounds() {
	local typed
	for ((typed = 0; typed < rounds; typed++)); do
		in_at "$(code ann)" "${HOSTS[@]}"
	done >"$T/rounds"
	equal "one code at four hosts at once, $rounds rounds: one login each" \
	    "$(sort "$T/rounds" | uniq -c | xargs)" "$rounds 1"
	equal "and its counter went on by one each time" \
	    "$(counter ann)" $((rounds + 1))
}

# A stack as rollcode-admin(8) has it, and passwords that look like codes.
console() {
	local user
	for user in ann breakglass; do
		sed -i "s,^$user:[^:]*,$user:$(openssl passwd -6 12345678)," \
		    /etc/shadow
	done
	cat >"$T/pam/console" <<-STACK
	auth requisite pam_unix.so nodelay
	auth [success=1 default=ignore] pam_succeed_if.so quiet user = breakglass
	$(pam_line nodelay quiet)
	auth required pam_permit.so
	account required pam_permit.so
	STACK
}

break_glass() {
	console
	equal "with the database a password alone does not let in" \
	    "$(login ann 12345678 console)" AUTH_ERR
	kill -9 "$server"
	env_file "$(uri rollcode_login one)"
	equal "without it nobody's code does" "$(login ann "$(code ann)")" \
	    AUTHINFO_UNAVAIL
	equal "nor a password" "$(login ann 12345678 console)" AUTHINFO_UNAVAIL
	equal "nor a key" "$(key_at h1 ann 2>"$T/out")" ""
	equal "but the one account's password does, on the console" \
	    "$(login breakglass 12345678 console)" SUCCESS
	equal "the right one" "$(login breakglass 12345670 console)" AUTH_ERR
	equal "and its key" "$(key_at h1 breakglass)" breakglass
}

if [ -z "${ROLLCODE_PGSQL_NET-}" ] ||
    ! pgsql_hosts "${HOSTS[@]}" >"$T/hosts.log" 2>&1; then
	skip "$SCRIPT" "needs network namespaces"
	exit 0
fi
arrange
first=$(code ann)
equal "a code lets in at one host" "$(in_at "$first" h1)" 1
equal "and is spent at the other three" "$(in_at "$first" h2 h3 h4)" 0
all_rounds
break_glass
