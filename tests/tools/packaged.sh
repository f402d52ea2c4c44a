#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# packaged.sh DEBS PAMRUN [UPGRADES] - the life of the Debian packages in the
# folder DEBS, on the machine that it runs on: a root to throw away, which has
# sshd, and where nothing else names the module.
#
# Installed; the README's lines up to a login; chosen in the dialog of
# pam-auth-update; upgraded while people log in; removed, purged, and nothing is
# left.
export BUILD=/nonexistent
. "$(dirname "$0")/../support/lib.sh"
scratch
DEBS=$1 PAMRUN=$2 UPGRADES=${3:-4}
CONF=/etc/rollcode/rollcode.env
PACKAGES=(libpam-rollcode rollcode-token)
export DEBIAN_FRONTEND=noninteractive
# Only packages put programs of these names into the path.
PATH=/usr/sbin:/usr/bin:/sbin:/bin

# What dpkg says, and nothing to answer.
dpkg_does() {
	dpkg --force-unsafe-io "$@" >"$T/dpkg.log" 2>&1 </dev/null && return 0
	cat "$T/dpkg.log"
	return 1
}

deb() {
	echo "$DEBS/$1"_[0-9]*.deb
}

both() {
	deb libpam-rollcode
	deb rollcode-token
}

# Every file where one could be left, or of that name, and every account.
files() {
	{
		find /etc /home /var -xdev \( -path /var/lib/dpkg \
		    -o -path /var/cache -o -path /var/log -o -path /var/tmp \
		    -o -path "$TREE" -o -path '/etc/*-' \) -prune \
		    -o ! -type d -printf '%p %M %U %G %l\n'
		find /etc /run /usr /var -xdev \( -path "$TREE" \
		    -o -path /var/tmp \) -prune -o -name '*rollcode*' -print
	} | sort
}

accounts() {
	getent passwd
	getent group
}

of() {
	stat -c '%U %a' "$@"
}

# --- from nothing to a protected sshd ------------------------------------------

useradd -m -s /bin/sh alice
echo alice:blue-heron-42 | chpasswd

alices() {
	(cd / && setpriv --reuid alice --regid alice --init-groups env -i \
	    HOME=/home/alice PATH="$PATH" "$@")
}

# The service of PAM that asks for the code; a name of its own if sshd can.
SERVICE=sshd
# Without a folder and a key sshd tells nothing.
mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/host_key"
if /usr/sbin/sshd -T -h "$T/host_key" -o PAMServiceName=x 2>&1 |
    grep -q '^pamservicename x$'; then
	SERVICE=sshd-code
fi

echo "# sshd asks the service $SERVICE"

# As in the README: behind the password, and three lines of sshd's own.
protect() {
	cp /etc/pam.d/sshd "$T/pam-sshd"
	sed '/^@include common-auth/a auth required pam_rollcode.so' \
	    "$T/pam-sshd" >"$T/pam-code"
	cp "$T/pam-code" "/etc/pam.d/$SERVICE"
	{
		printf '%s\n' "UsePAM yes" "KbdInteractiveAuthentication yes" \
		    "PasswordAuthentication no"
		cat /etc/ssh/sshd_config
	} >"$T/sshd_config"
	[ "$SERVICE" = sshd ] ||
	    sed -i "1i PAMServiceName $SERVICE" "$T/sshd_config"
}

unprotect() {
	cp "$T/pam-sshd" "/etc/pam.d/$SERVICE"
}

sshd_run() {
	local options=()
	SSHD_PORT=$(free_port)
	! /usr/sbin/sshd -T -h "$T/host_key" -o PerSourcePenalties=no \
	    >"$T/log" 2>&1 || options=(-o PerSourcePenalties=no)
	start /usr/sbin/sshd -D -f "$T/sshd_config" -p "$SSHD_PORT" \
	    -o ListenAddress=127.0.0.1 -h "$T/host_key" -o PidFile=none \
	    -E "$T/sshd.log" "${options[@]}"
	wait_for listening "$SSHD_PORT" && return 0
	not_ok "sshd starts with the three lines" "see below"
	cat "$T/sshd.log"
	exit 1
}

# With the password, and what else is given.
log_in() {
	ssh_as alice blue-heron-42 "$@" 2>"$T/ssh.log"
}

next() {
	alices rollcode-token next "$@"
}

files >"$T/files"
accounts >"$T/accounts"
cat /etc/pam.d/common-* >"$T/common"

# --- what somebody else made before ---------------------------------------------

# foreign NAME PATTERN COMMAND...: what was planted by the command is not taken
# over, and the remedy is said.
foreign() {
	"${@:3}"
	files >"$T/before"
	accounts >>"$T/before"
	refused "it is not installed over $1" dpkg_does -i "$(deb libpam-rollcode)"
	check "which is said" grep -q "$2" "$T/dpkg.log"
	check "and what to do" grep -qE '^  (usermod|mv) ' "$T/dpkg.log"
	files >"$T/after"
	accounts >>"$T/after"
	equal "and nothing is changed" "$(diff "$T/before" "$T/after")" ""
}

foreign "a person's account rollcode" "account rollcode exists" \
    useradd --create-home --shell /bin/bash rollcode
userdel --remove rollcode 2>"$T/log"
foreign "alice's /etc/rollcode" "/etc/rollcode exists" \
    install -d -o alice /etc/rollcode
rmdir /etc/rollcode
foreign "alice's /var/lib/rollcode" "/var/lib/rollcode exists" \
    install -d -o alice /var/lib/rollcode
rmdir /var/lib/rollcode
foreign "a symbolic link" "/var/lib/rollcode exists" \
    ln -s /home/alice /var/lib/rollcode
rm /var/lib/rollcode

# shellcheck disable=SC2046	# two names
umask_0() {
	(umask 0 && dpkg_does -i $(both))
}
check "the packages can be installed" umask_0 || exit
equal "and whatever the umask is, others can write nothing of them" \
    "$(find /etc /usr /var -xdev \( -path "$TREE" -o -path /var/tmp \) -prune \
    -o -name '*rollcode*' ! -type l \( -perm -020 -o -perm -002 \) -print)" ""
check "which makes the account" getent passwd rollcode
equal "the store's folder is the account's alone" "$(of /var/lib/rollcode)" \
    "rollcode 700"
equal "so is that of the witnesses" "$(of /var/lib/rollcode-witness)" \
    "rollcode 700"
equal "the key's folder is root's alone" "$(of /etc/rollcode)" "root 700"
equal "no login changes by that" "$(cat /etc/pam.d/common-*)" \
    "$(cat "$T/common")"
equal "the service's sockets are enabled" \
    "$(find /etc/systemd/system -name '*rollcode*' -printf '%f ' | xargs -n 1 |
    sort -u | xargs)" "rollcode-verify-root.socket rollcode-verify.socket"
equal "the programs are where the others look for them" \
    "$(alices rollcode-askpass --version)" "$(alices rollcode-token --version)"

enroll_alice() {
	rollcode-admin init && rollcode-admin enroll alice |
	    alices rollcode-token add
}
check "init, and enroll into the token program" enroll_alice
protect
sshd_run
code=$(next)
equal "the password and the next code let in" "$(log_in "$code")" alice
check "both were asked for, the password first" \
    test "$(grep -oE 'Password|Rolling code' "$T/prompts" | xargs)" = \
    "Password Rolling code"
refused "the same code does not let in again" log_in "$code"
refused "nor does the password with a wrong one" log_in 00000000

# --- everywhere, by pam-auth-update ----------------------------------------------

# A dialog as people see it; what it changes is what the command does.
profiles() {
	sed -n 's/^Name: //p' /usr/share/pam-configs/* | sort
}
screen() {
	tmux -L rollcode capture-pane -p -t dialog
}
rows() {
	screen | sed -nE 's/.*\[[ *]\] (.*[^ ]) *(│|x).*/\1/p'
}
shown() {
	screen | grep -q '<Ok>'
}
closed() {
	! tmux -L rollcode has-session -t dialog 2>"$T/log"
}

# toggle PROFILE: in the dialog; sets $rows to what it shows
rows=
toggle() {
	local i at
	tmux -L rollcode new-session -d -s dialog -x 120 -y 40 env \
	    DEBIAN_FRONTEND=dialog TERM=screen LC_ALL=C.UTF-8 pam-auth-update
	wait_for shown || screen
	rows=$(rows)
	at=$(grep -nxF "$1" <<<"$rows" | cut -d: -f1)
	for ((i = 1; i < ${at:-1}; i++)); do
		tmux -L rollcode send-keys -t dialog Down
	done
	tmux -L rollcode send-keys -t dialog Space Tab Enter
	wait_for closed || screen
}

ROW=$(sed -n 's/^Name: //p' /usr/share/pam-configs/rollcode)
pam-auth-update --enable rollcode
cat /etc/pam.d/common-* >"$T/chosen"
pam-auth-update --disable rollcode
toggle "$ROW"
equal "the dialog of pam-auth-update has a row for each profile" \
    "$(sort <<<"$rows")" "$(profiles)"
equal "the profile can be chosen there, and nothing else changes" \
    "$(cat /etc/pam.d/common-*)" "$(cat "$T/chosen")"
toggle "$ROW"
equal "and left again" "$(cat /etc/pam.d/common-*)" "$(cat "$T/common")"
check "the profile can be chosen" pam-auth-update --enable rollcode
check "it asks behind the password" \
    test "$(grep -oE 'pam_(unix|deny|rollcode)\.so' /etc/pam.d/common-auth |
    xargs)" = "pam_unix.so pam_deny.so pam_rollcode.so"

# --- upgraded while people log in --------------------------------------------------

# The same package with a higher version.
newer() {
	rm -rf "$T/newer"
	dpkg-deb -R "$(deb libpam-rollcode)" "$T/newer"
	sed -i "s/^Version: .*/&+$1/" "$T/newer/DEBIAN/control"
	dpkg-deb -Znone -b "$T/newer" "$T/newer_$1.deb" >"$T/log"
}

upgrades() {
	local i
	for ((i = 0; i < UPGRADES; i++)); do
		# shellcheck disable=SC2046	# two names
		case $((i % 3)) in
		0) dpkg_does --no-triggers -i "$T/newer_1.deb" ;;
		1) dpkg_does --no-triggers -i "$T/newer_1.deb" ;;
		2) dpkg_does --no-triggers -i $(both) ;;
		esac || echo failed
	done >"$T/upgrades"
	touch "$T/enough"
}

# A right code of alice's and a wrong one for bob, again and again.
logins() {
	local code
	until [ -e "$T/enough" ]; do
		next -n 20 | tr -s ' ' '\n' | while read -r code; do
			printf 'alice\t%s\nbob\t00000000\n' "$code"
		done | "$PAMRUN" "$T/pam.d" code
	done
}

mkdir "$T/pam.d"
printf '%s\n' "auth required pam_rollcode.so nodelay quiet" \
    "account required pam_permit.so" >"$T/pam.d/code"
rollcode-admin enroll bob --no-account >"$T/log" 2>&1
newer 1
start upgrades
upgrader=$started
logins >"$T/logins" 2>&1
wait "$upgrader"
right=$(grep -c ' alice$' "$T/logins")
equal "$UPGRADES upgrades and reinstallations end well" \
    "$(cat "$T/upgrades")" ""
check "people logged in all the while" test "$right" -ge "$UPGRADES"
equal "no right code is refused by that" \
    "$(grep -c ' SUCCESS .* alice$' "$T/logins")" "$right"
equal "and no wrong one lets in" "$(grep -c ' SUCCESS .* bob$' "$T/logins")" 0
equal "an upgrade leaves the chosen profile" \
    "$(grep -c pam_rollcode /etc/pam.d/common-auth)" 1

# --- removed -----------------------------------------------------------------------

pam-auth-update --disable rollcode
equal "the profile can be left again" "$(cat /etc/pam.d/common-*)" \
    "$(cat "$T/common")"
# may_remove ANSWER
may_remove() {
	echo "libpam-rollcode libpam-rollcode/remove-named boolean $1" |
	    debconf-set-selections
}
may_remove false
refused "the module is not removed while a service asks for codes" \
    dpkg_does -r libpam-rollcode
check "which is said, and how to go on" grep -qF \
    "  sed -i '/pam_rollcode\.so/d' /etc/pam.d/$SERVICE" "$T/dpkg.log"
equal "and then the next code lets in" "$(log_in "$(next)")" alice
pam-auth-update --enable rollcode
refused "nor if a profile is chosen besides" dpkg_does -r libpam-rollcode
equal "which stays" "$(cat /etc/pam.d/common-*)" "$(cat "$T/chosen")"
may_remove true
check "the packages can be removed" dpkg_does -r "${PACKAGES[@]}"
equal "but no chosen profile" "$(cat /etc/pam.d/common-*)" \
    "$(cat "$T/common")"
refused "a service that asks for codes refuses then" log_in 00000000
unprotect
equal "and lets in without that line" "$(log_in)" alice
check "the key is kept" test -s "$CONF"
check "so are the tokens" test -s /var/lib/rollcode/users/alice.db

# --- purged -------------------------------------------------------------------------

check "a purge that nobody answers" dpkg_does -P "${PACKAGES[@]}"
check "keeps them too" test -s "$CONF" -a -s /var/lib/rollcode/users/alice.db
check "and says so" grep -q '^Kept, for you to delete' "$T/dpkg.log"
# shellcheck disable=SC2046	# two names
check "the packages can be installed again" dpkg_does -i $(both)
install -D -m 755 /bin/true /usr/local/sbin/rollcode-admin
check "also where Rollcode was installed by hand" \
    dpkg_does -i "$(deb libpam-rollcode)"
check "which is said" grep -q "installed by hand" "$T/dpkg.log"
check "make uninstall removes that one" make -s -C "$TREE" uninstall
refused "all of it" test -e /usr/local/sbin/rollcode-admin
equal "and nothing of the package" "$(dpkg -V libpam-rollcode)" ""
protect
equal "and the next code lets in" "$(log_in "$(next)")" alice
unprotect
[ "$SERVICE" = sshd ] || rm "/etc/pam.d/$SERVICE"
echo "libpam-rollcode libpam-rollcode/delete-store boolean true" |
    debconf-set-selections
check "a purge that may delete them" dpkg_does -P "${PACKAGES[@]}"
rm -rf /home/alice/.local
files >"$T/files.after"
accounts >"$T/accounts.after"
equal "leaves no file" "$(diff "$T/files" "$T/files.after")" ""
equal "and no account" "$(cat "$T/accounts.after")" "$(cat "$T/accounts")"

# purged_elsewhere ANSWER: whose the store is, in a place of DATABASE's
purged_elsewhere() {
	local elsewhere
	dpkg_does -i "$(deb libpam-rollcode)" || return
	elsewhere=$(mktemp -d /srv/store.XXXXXX) || return
	chown rollcode: "$elsewhere"
	echo "DATABASE=sqlite:$elsewhere" >"$CONF"
	chmod 600 "$CONF"
	rollcode-admin init >"$T/log" 2>&1
	echo "libpam-rollcode libpam-rollcode/delete-store boolean $1" |
	    debconf-set-selections
	dpkg_does -P libpam-rollcode || return
	of "$elsewhere"
	rm -r "$elsewhere"
}
for answer in false true; do
	equal "a store elsewhere keeps its account (delete-store $answer)" \
	    "$(purged_elsewhere "$answer")" "rollcode 700"
done
