#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usual_hosts.sh - programs that have no recipe, because what Debian gives them
# is enough: FTP servers with a code as the password, cron and at with the
# profile of the package in common-auth, chsh, vlock, and what asks for pkexec.
# Arguments name some of them: vsftpd, proftpd, jobs, chsh, vlock, pkexec.  Debian
# has one FTP server at a time.
# shellcheck disable=SC2317	# some functions are called by name
# long
# limit: 180
. "$(dirname "$0")/../support/lib.sh"
need curl chpasswd python3
private_machine "$@"
. "$TREE/tests/support/recipes.sh"
. "$TREE/tests/support/logins.sh"

arrange() {
	recipe_machine
	recipe_users ann bob
	enroll ann
	enroll bob
	sed -i '/^\(ann\|bob\):/s,:[^:]*$,:/bin/bash,' /etc/passwd
	resident_start
}

# asks_for_codes SERVICE: in place of a password
asks_for_codes() {
	echo 'auth required pam_rollcode.so nodelay' >"$T/stack"
	put_stack "$1"
}

# --- FTP --------------------------------------------------------------------

ask_ftp() {
	printf 'user = "%s:%s"\n' "$1" "$2" | curl -s -m 20 -K - -o "$T/page" \
	    "ftp://127.0.0.1:$port/"
	case $? in
	0) echo in ;;
	67) echo out ;;
	*) echo "neither: see $T/page" ;;
	esac
}

host_vsftpd() {
	has /usr/sbin/vsftpd vsftpd || return
	asks_for_codes vsftpd
	port=$(free_port)
	mkdir -p /run/vsftpd/empty
	cat >"$T/vsftpd.conf" <<-CONF
	listen=YES
	listen_address=127.0.0.1
	listen_port=$port
	background=NO
	anonymous_enable=NO
	local_enable=YES
	pam_service_name=vsftpd
	secure_chroot_dir=/run/vsftpd/empty
	xferlog_enable=NO
	delay_failed_login=0
	CONF
	start vsftpd "$T/vsftpd.conf" >"$T/vsftpd.log" 2>&1
	wait_for listening "$port" || cat "$T/vsftpd.log"
	basic_logins vsftpd ask_ftp
}

host_proftpd() {
	has /usr/sbin/proftpd proftpd || return
	asks_for_codes proftpd
	port=$(free_port)
	mkdir -p /run/proftpd
	cat >"$T/proftpd.conf" <<-CONF
	ServerType standalone
	DefaultAddress 127.0.0.1
	Port $port
	User nobody
	Group nogroup
	PidFile $T/proftpd.pid
	ScoreboardFile $T/proftpd.scoreboard
	SystemLog $T/proftpd.system
	WtmpLog off
	RequireValidShell off
	UseReverseDNS off
	MaxLoginAttempts 1
	AuthOrder mod_auth_pam.c* mod_auth_unix.c
	AuthPAMConfig proftpd
	CONF
	start proftpd -n -c "$T/proftpd.conf" >"$T/proftpd.log" 2>&1
	wait_for listening "$port" || cat "$T/proftpd.log"
	basic_logins proftpd ask_ftp
}

# --- cron and at ------------------------------------------------------------

# No job of this machine's own is run, nor sees what is here.
own_jobs() {
	mount -n -t tmpfs -o mode=0755 jobs /var/spool/cron
	install -d -m 1770 -o daemon -g daemon /var/spool/cron/atjobs \
	    /var/spool/cron/atspool
	install -m 600 -o daemon -g daemon /dev/null /var/spool/cron/atjobs/.SEQ
	install -d -m 1730 -g crontab /var/spool/cron/crontabs
	rm -rf /etc/cron.*/*
	: >/etc/crontab
}

# With the profile of the package, which asks everybody who is enrolled.
by_profile() {
	local profile=/usr/share/pam-configs
	mkdir "$T/configs"
	cp -a "$profile/." "$T/configs"
	cp "$TREE/packaging/debian/pam-config" "$T/configs/rollcode"
	mount -n --bind "$T/configs" "$profile"
	cp -a "$T/pam.d/." /etc/pam.d
	mkdir -p /var/lib/pam
	mount -n -t tmpfs -o mode=0755 pam /var/lib/pam
	pam-auth-update --force --enable rollcode >"$T/log" 2>&1 || cat "$T/log"
	check "jobs: the profile puts the module into common-auth" \
	    grep -q 'required.*pam_rollcode.so nullok' /etc/pam.d/common-auth
}

host_jobs() {
	local before
	has /usr/sbin/cron cron || return
	has /usr/sbin/atd at || return
	own_jobs
	by_profile
	before="$(state ann last_failure) $(state ann failures)"
	install -d -m 1777 "$T/jobs"
	echo "* * * * * ann id -un >$T/jobs/cron" >/etc/cron.d/rollcode
	start cron -f >"$T/cron.log" 2>&1
	start atd -f >"$T/atd.log" 2>&1
	check "at: a user's job is taken" \
	    as ann at -M now <<<"id -un >$T/jobs/at"
	check "at: it is run" wait_for test -s "$T/jobs/at"
	equal "at: as its user" "$(cat "$T/jobs/at")" ann
	patience=70 check "cron: a user's job is run" \
	    wait_for test -s "$T/jobs/cron"
	equal "cron: as its user" "$(cat "$T/jobs/cron")" ann
	equal "jobs: nobody was asked for a code" \
	    "$(state ann last_failure) $(state ann failures)" "$before"
	cp -a "$T/pam.d/." /etc/pam.d
}

# --- chsh, vlock ------------------------------------------------------------

shell_of() {
	getent passwd "$1" | cut -d: -f7
}

door_chsh() {
	printf '%s\n' "$2" | as "$1" "$(tool console.py)" \
	    chsh -s /bin/sh >"$T/screen"
	cat "$T/screen" >&2
	[ "$(shell_of "$1")" = /bin/sh ] && echo "$1"
}

host_chsh() {
	local code
	DENIED='Authentication failure'
	asks_for_codes chsh
	code=$(code ann)
	kept_out "chsh: a wrong code changes nothing" chsh ann "$(wrong "$code")"
	let_in "chsh: a code changes the shell" chsh ann "$code"
	sed -i '/^ann:/s,:[^:]*$,:/bin/bash,' /etc/passwd
	kept_out "chsh: a replay does not" chsh ann "$code"
}

# The first line, an empty one, is for the message.
door_vlock() {
	printf '\n%s\n' "$2" | as "$1" "$(tool console.py)" \
	    vlock >"$T/screen" || {
		cat "$T/screen" >&2
		return 1
	}
	cat "$T/screen" >&2
	echo "$1"
}

host_vlock() {
	local code
	has /usr/bin/vlock vlock || return
	DENIED='Authentication failure'
	asks_for_codes vlock
	code=$(code ann)
	kept_out "vlock: a wrong code unlocks nothing" vlock ann \
	    "$(wrong "$code")"
	let_in "vlock: a code unlocks" vlock ann "$code"
	kept_out "vlock: a replay does not" vlock ann "$code"
}

# --- pkexec -----------------------------------------------------------------

# What an agent of the user starts, to ask in its words; polkitd, whom it tells
# what came of it, and which knows only users of a desktop, is not there.
ask_pkexec() {	# CODE
	printf '%s\n' cookie "$(both "$1" ann)" |
	    timeout 20 "$helper" ann >"$T/asked" 2>&1
	! grep -q 'pam_authenticate failed' "$T/asked"
}

host_pkexec() {
	local code helper=/usr/lib/polkit-1/polkit-agent-helper-1
	has "$helper" pkexec || return
	printf '%s\n' '@include common-auth' \
	    'auth required pam_rollcode.so nodelay' \
	    'account required pam_permit.so' >/etc/pam.d/polkit-1
	code=$(code ann)
	refused "pkexec: a wrong code is refused" ask_pkexec "$(wrong "$code")"
	check "pkexec: password and code are right" ask_pkexec "$code"
	equal "pkexec: both were asked for, one after the other" \
	    "$(sed -n 's/^PAM_PROMPT_ECHO_OFF //p' "$T/asked" | xargs)" \
	    "Password: Rolling code:"
	refused "pkexec: a replay is refused" ask_pkexec "$code"
}

arrange
[ $# -gt 0 ] || {
	ftp=vsftpd
	[ ! -x /usr/sbin/proftpd ] || ftp=proftpd
	set -- "$ftp" jobs chsh vlock pkexec
}
for part in "$@"; do
	"host_$part"
done
exit 0
