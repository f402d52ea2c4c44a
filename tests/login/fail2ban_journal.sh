#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# fail2ban_journal.sh - the jail of pam_rollcode(8), as it stands in the page, with
# a real journal and a real fail2ban: an address with refused codes is banned,
# and no user can have another one banned.
# shellcheck disable=SC2317	# some functions are called by name
# long
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
JOURNALD=/lib/systemd/systemd-journald
need pamtester logger fail2ban-server fail2ban-client
need "$JOURNALD" python3
python3 -c 'import systemd.journal' 2>/dev/null || {
	skip "$SCRIPT" "needs python3-systemd"
	exit 0
}
private_machine
. "$TREE/tests/support/recipes.sh"

journal_start() {
	mkdir -p /run/systemd/journal "/run/log/journal/$(cat /etc/machine-id)"
	ln -sf /run/systemd/journal/dev-log /dev/log
	start "$JOURNALD" 2>"$T/journald.log"
	wait_for test -S /run/systemd/journal/dev-log && return
	cat "$T/journald.log"
	skip "$SCRIPT" "systemd-journald does not start here"
	exit 0
}

ban_start() {
	rm -f /etc/fail2ban/jail.d/*
	recipe_file DIAGNOSTICS /etc/fail2ban/jail.d/rollcode.conf
	# What would change the firewall of this machine.
	printf '[Definition]\nactionban = echo <ip> >>%s\n' "$T/banned" \
	    >/etc/fail2ban/action.d/note.conf
	printf '[DEFAULT]\nbanaction = note\n' >/etc/fail2ban/jail.local
	mkdir -p /run/fail2ban
	check "fail2ban accepts the jail of the page" fail2ban-client -t
	start fail2ban-server -f --logtarget "$T/fail2ban.log" start
	wait_for fail2ban-client status rollcode && return
	cat "$T/fail2ban.log"
}

attempt() {	# ADDRESS CODE
	pamtester -I "rhost=$1" door alice authenticate <<<"$2" >"$T/log" 2>&1
}

in_journal() {
	journalctl -D "/run/log/journal/$(cat /etc/machine-id)" | grep -q "$1"
}

banned() {
	grep -qx "$1" "$T/banned"
}

: >"$T/banned"
add_user alice
installed
enroll alice
pam_service door nodelay
journal_start
cp "$TREE/packaging/fail2ban/rollcode.conf" /etc/fail2ban/filter.d/
ban_start
attempt 192.0.2.8 "$(code alice)"
attempt 192.0.2.9 1234
for ((i = 0; i < 5; i++)); do
	attempt 192.0.2.7 00000000
	attempt 192.0.2.9 1234
	# What a user writes into the journal, in the words of the module.
	as alice logger -p authpriv.notice -t sshd "pam_rollcode(sshd:auth):" \
	    "authentication failure; logname= uid=0 euid=0 tty=ssh ruser=" \
	    "rhost=192.0.2.6  user=alice"
	as alice logger -p authpriv.notice -t sshd \
	    "pam_rollcode(sshd:auth): reason=wrong: the code is wrong"
done
patience=30 check "five wrong codes have their address banned" \
    wait_for banned 192.0.2.7
refused "a login has not" banned 192.0.2.8
refused "nor have typos" banned 192.0.2.9
refused "nor what a user writes into the journal" banned 192.0.2.6
check "which stands there" in_journal 'rhost=192\.0\.2\.6'
fail2ban-client stop >"$T/log" 2>&1
exit 0
