#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# fail2ban.sh - what fail2ban makes of failed logins: its own filter as much as
# of pam_unix's, ours by the reason, and neither of them somebody else's address.
# long
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
need sshd ssh ssh-keygen pamtester python3 logger pgrep fail2ban-regex
private_machine
. "$TREE/tests/support/logins.sh"
doors
[ -f /etc/fail2ban/filter.d/sshd.conf ] || {
	skip "$SCRIPT" "needs fail2ban's own filter.d/sshd.conf"
	exit 0
}
SSHD=$(command -v sshd)
cp "$TREE/packaging/fail2ban/rollcode.conf" /etc/fail2ban/filter.d/

# A syslog daemon as rsyslog is by default: one line for each message, control
# characters as #ooo, other bytes as they are.
cat >"$T/catch.py" <<'PYTHON'
import re, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
with open(sys.argv[1], "ab", 0) as out:
    while True:
        text = re.sub(rb"^<\d+>", b"", s.recv(65536)).rstrip(b"\n\0")
        text = re.sub(rb"[\0-\x1f\x7f]",
                      lambda c: b"#%03o" % ord(c.group()), text)
        out.write(re.sub(rb"^(.{15}) ", rb"\1 host ", text) + b"\n")
PYTHON
start python3 "$T/catch.py" "$T/auth.log"
wait_for test -S /dev/log
chmod 666 /dev/log

marks=0
settled() {	# all that was logged is in the file
	marks=$((marks + 1))
	logger -u /dev/log "mark $marks."
	wait_for grep -q "mark $marks\\." "$T/auth.log"
}

for user in alice bob carol carla; do add_user "$user"; done
server
for user in alice carol root; do enroll "$user"; done
spent=$(code alice)
pam_service plain nodelay
pamtester plain alice authenticate <<<"$spent" >/dev/null 2>&1

ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/host_key"
SSHD_PORT=$(free_port)
sshd_config >"$T/sshd_config"
# Without -E it logs as it does in service.
start "$SSHD" -D -f "$T/sshd_config"
wait_for listening "$SSHD_PORT"
sshd_pid=$started
alone() {	# sshd has ended every connection
	! pgrep -P "$sshd_pid" >/dev/null
}
wait_for alone

service() {	# WHICH: what decides behind sshd
	case $1 in
	unix)
		printf '%s\n' "auth required pam_unix.so nodelay" \
		    "account required pam_permit.so" \
		    "session required pam_permit.so" >/etc/pam.d/sshd ;;
	rollcode) pam_service sshd nodelay ;;
	*) pam_service sshd nodelay "$1" ;;
	esac
}

# Each case comes from an address of its own, so that fail2ban reads all logs of
# a kind at once, at the end.
cases=0 expected=()
next_case() {
	cases=$((cases + 1))
	address=127.0.1.$cases
	ssh_options=(-o "BindAddress=$address")
}

# logged_by WHICH COMMAND...: the log of a command, in $T/log.WHICH, and behind
# those of the commands before in $T/all.WHICH
logged_by() {
	service "$1"
	settled
	: >"$T/auth.log"
	"${@:2}" >"$T/out" 2>&1
	wait_for alone
	settled
	grep -v ' mark [0-9]*\.$' "$T/auth.log" >"$T/log.$1"
	cat "$T/log.$1" >>"$T/all.$1"
}

# like_unix NAME COMMAND...: a new case, in which as many are counted as with
# pam_unix
like_unix() {
	local which
	next_case
	for which in unix rollcode; do
		logged_by "$which" "${@:2}"
	done
	expected+=("like_unix_now $address $1")
}

# once NAME WHICH MODE COUNT, by_reason NAME NORMAL AGGRESSIVE: of the last case,
# how often its address is counted by fail2ban's own filter, and by ours
once() {
	expected+=("once_now $address $2 $3 $4 $1")
}
by_reason() {
	expected+=("by_reason_now $address $2 $3 $1")
}

# counted FILE FILTER MODE: "COUNT ADDRESS" lines of a log that fail2ban counts
counted() {
	fail2ban-regex -o '<ip>' "$1" "$2[mode=$3]" 2>&1 | sort | uniq -c
}

# times ADDRESS WHICH FILTER MODE
times() {
	awk -v a="$1" '$2 == a { n = $1 } END { print n + 0 }' "$T/$2.$3.$4"
}
like_unix_now() {	# ADDRESS NAME
	local mode
	for mode in normal aggressive; do
		equal "${*:2}: counted as with pam_unix ($mode)" \
		    "$(times "$1" rollcode sshd "$mode")" \
		    "$(times "$1" unix sshd "$mode")"
	done
}
once_now() {	# ADDRESS WHICH MODE COUNT NAME
	equal "${*:5} ($2)" "$(times "$1" "$2" sshd "$3")" "$4"
}
by_reason_now() {	# ADDRESS NORMAL AGGRESSIVE NAME
	equal "${*:4}: the filter by reason counts $2 (normal)" \
	    "$(times "$1" rollcode rollcode normal)" "$2"
	equal "${*:4}: the filter by reason counts $3 (aggressive)" \
	    "$(times "$1" rollcode rollcode aggressive)" "$3"
}

# --- failed logins ------------------------------------------------------------

like_unix "one wrong code" ssh_as alice 00000000
by_reason "one wrong code" 1 1
logged_by quiet ssh_as alice 00000000
once "one wrong code is counted exactly once" rollcode normal 1
once "one wrong code is counted exactly once" quiet normal 1
like_unix "three wrong codes" ssh_as alice 00000000 11111111 22222222
once "each of three wrong codes is counted once" rollcode normal 3
by_reason "three wrong codes" 3 3
like_unix "a used code" ssh_as alice "$spent"
by_reason "a used code" 1 1
like_unix "a malformed code" ssh_as alice 1234
by_reason "a malformed code" 0 1
enroll carla --form timed
like_unix "a code that came too late" ssh_as carla "$(off -600 code carla)"
by_reason "a code that came too late" 0 1
admin unlock alice >/dev/null
guard alice
like_unix "a guarded user" ssh_as alice 00000000
by_reason "a guarded user" 1 1
like_unix "a user without a token" ssh_as bob 00000000
by_reason "a user without a token" 1 1
like_unix "a user who does not exist" ssh_as nosuchuser 00000000
by_reason "a user who does not exist, for whom sshd answers" 0 1
like_unix "root, where it is not permitted" ssh_as root "$(code root)"
like_unix "a connection that ends at the prompt" ssh_as alice
by_reason "a connection that ends at the prompt" 0 0
next_case
mv "$T/store" "$T/elsewhere"
logged_by rollcode ssh_as alice 00000000
by_reason "a store that is gone" 0 0
mv "$T/elsewhere" "$T/store"

next_case
logged_by rollcode ssh_as carol "$(code carol)"
equal "carol is in" "$(cat "$T/out")" carol
once "a login counts nothing" rollcode aggressive 0
by_reason "a login" 0 0

# --- names ----------------------------------------------------------------------

# Most of them have an account, and a token.
names=(
	'x rhost=1.2.3.4 user=root'
	'root from 1.2.3.4 port 22 ssh2'
	' ' '%n%s%n' $'\xff\xfe' $'a\tb' $'a\e[2Jb'
	'x  user=root' 'authentication failure; rhost=1.2.3.4'
	'[preauth] from 1.2.3.4'
)
uid=5000
for name in "${names[@]}"; do
	[ "$name" != ' ' ] || continue
	uid=$((uid + 1))
	printf '%s:x:%s:%s::/:/bin/sh\n' "$name" "$uid" "$uid" >>/etc/passwd
	printf '%s:*:20000:0:99999:7:::\n' "$name" >>/etc/shadow
	admin enroll "$name" --no-account >/dev/null 2>&1
done

# A name from a file, since ssh refuses some on its command line.
ssh_named() {
	printf 'User "%s"\n' "$1" >"$T/ssh_config"
	ssh_answered "$2" -- -F "$T/ssh_config" \
	    -o PreferredAuthentications=keyboard-interactive 127.0.0.1
}
ours() {
	grep -a 'pam_rollcode(sshd:auth): ' "$T/log.rollcode"
}
for name in "${names[@]}"; do
	shown=$(printf %q "$name")
	like_unix "the name $shown" ssh_named "$name" 00000000
	equal "the name $shown: two lines of ours" "$(ours | wc -l)" 2
	equal "the name $shown: it stays one word of printable text" \
	    "$(ours | grep -cE "logname=[^ ]* uid=0 euid=0 tty=ssh ruser= rhost=$address  user=[!-~]*\$")" 1
done

# What other programs may put into the items of a service called sshd.
cp "$(command -v pamtester)" "$T/bin/sshd"
line='Nov 23 03:23:35 host sshd[1]: error: PAM: Authentication failure for root from 1.2.3.4'
forged() {
	local item
	for item in "ruser=x rhost=1.2.3.4" "ruser=1.2.3.4  user=root" \
	    "tty=x ruser= rhost=1.2.3.4  user=root" "ruser=x"$'\n'"$line" \
	    "rhost=127.0.0.1  user=root from 1.2.3.4" \
	    "rhost=127.0.0.1"$'\n'"$line" "tty="$'\r\n'"$line"; do
		"$T/bin/sshd" -I "$item" sshd alice authenticate
		"$T/bin/sshd" -I "$item" sshd "x $line" authenticate
		"$T/bin/sshd" -I "$item" sshd "x"$'\n'"$line" authenticate
	done <<<00000000
}
logged_by rollcode forged
equal "forged items make no line of their own" "$(wc -l <"$T/log.rollcode")" 42
echo "$line" >"$T/log.forged"
check "but the filter counts such a line where it is real" \
    test "$(counted "$T/log.forged" sshd normal | xargs)" = "1 1.2.3.4"

# --- what fail2ban reads ------------------------------------------------------

for mode in normal aggressive; do
	for which in unix rollcode quiet; do
		counted "$T/all.$which" sshd "$mode" >"$T/$which.sshd.$mode"
	done
	counted "$T/all.rollcode" rollcode "$mode" \
	    >"$T/rollcode.rollcode.$mode"
done
set -f
for what in "${expected[@]}"; do
	# shellcheck disable=SC2086	# a function, an address, counts, a name
	$what
done
set +f
equal "no forged item and no name has another address counted" \
    "$(cat "$T"/*.normal "$T"/*.aggressive | grep -vc ' 127\.0\.1\.[0-9]*$')" 0
