#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# foreign.sh - what somebody else made before is not taken over: an account
# called rollcode, the directories, an env file.  By make install and by init;
# check finds it.  The packages are in tools/packaged.sh.
# shellcheck disable=SC2317,SC2016	# what plants it is called by name
. "$(dirname "$0")/../support/lib.sh"
private_machine

export PAMDIR="$T/pam" BINDIR="$T/usr/bin" SBINDIR="$T/usr/sbin"
export MANDIR="$T/usr/man" LIBEXECDIR="$T/usr/libexec/rollcode"
export SYSCONFDIR=/etc STATEDIR="$T/state" RUNDIR=/run
export UNITDIR="$T/usr/units" SYSUSERSDIR="$T/usr/sysusers"
export TMPFILESDIR="$T/usr/tmpfiles" EXAMPLEDIR=/etc/rollcode
export BASHDIR="$T/usr/bash" ZSHDIR="$T/usr/zsh" FISHDIR="$T/usr/fish"
PLACES=(/etc/rollcode "$T/state" "$T/usr" "$T/pam")
STORE=$T/state/rollcode

accounts() {	# what is wrong with each, and its line
	cat <<-ACCOUNTS
	uid|rollcode:x:4242:4242::/nonexistent:/usr/sbin/nologin|!
	shell|rollcode:x:942:942::/nonexistent:/bin/bash|!
	empty shell|rollcode:x:942:942::/nonexistent:|!
	password|rollcode:x:942:942::/nonexistent:/usr/sbin/nologin|\$y\$j9T\$x
	empty password|rollcode:x:942:942::/nonexistent:/bin/false|
	home directory|rollcode:x:942:942::$T/home/alice:/bin/false|*
	ACCOUNTS
}

forget_account() {
	sed -i '/^rollcode:/d' /etc/passwd /etc/shadow /etc/group
}

account() {	# LINE PASSWORD
	forget_account
	echo "$1" >>/etc/passwd
	echo "rollcode:$2:20000:0:99999:7:::" >>/etc/shadow
	echo "rollcode:x:$(cut -d: -f3 <<<"$1"):" >>/etc/group
}

# Everything that an installation or init could change.
state() {
	{
		find "${PLACES[@]}" -printf '%p %M %U %G %l\n' 2>/dev/null
		find "${PLACES[@]}" -type f -exec md5sum {} + 2>/dev/null
		cat /etc/passwd /etc/shadow /etc/group
	} | sort
}

install_it() {
	(cd "$TREE" && BUILD=${BUILD#"$TREE"/} packaging/install)
}

# refuses NAME PATTERN COMMAND...: with that sentence and a remedy, and
# nothing is changed by it, whatever the umask is.
refuses() {
	local before
	before=$(state)
	(umask 0 && "${@:3}") >"$T/out" 2>&1
	equal "$1: refused" "$?" 1
	check "$1: it says so" grep -q "$2" "$T/out"
	check "$1: and what to do" \
	    grep -qE 'usermod|  mv |chown|chmod|rm|inspect it' "$T/out"
	equal "$1: nothing is changed" "$(state)" "$before"
}

clean() {
	rm -rf "${PLACES[@]}"
	[ $# -eq 0 ] || forget_account
}

# --- the account ------------------------------------------------------------

each_account() {
	local name line password
	while IFS='|' read -r -u 3 name line password; do
		clean
		account "$line" "$password"
		refuses "install, an account with the $name of a person" \
		    "account rollcode exists.*${name#empty }\|uid 4242" install_it
		install -d -m 700 /etc/rollcode
		refuses "init, an account with the $name of a person" \
		    "ACCOUNT: rollcode.*\(${name#empty }\|uid 4242\)" \
		    rollcode-admin init
	done 3< <(accounts)
}

# Who had such an account before is told.
found() {
	local name line password
	clean all
	installed >"$T/out"
	while IFS='|' read -r -u 3 name line password; do
		account "$line" "$password"
		rollcode-admin check >"$T/found" 2>&1
		check "check finds an account with the $name of a person" \
		    grep -q '^warning  account-person' "$T/found"
		check "and says what to do" grep -q 'fix: usermod' "$T/found"
	done 3< <(accounts)
	forget_account
	add_service rollcode
	rollcode-admin check >"$T/found" 2>&1
	refused "and nothing in one that is a system account" \
	    grep -q account-person "$T/found"
	umount /usr/local
}

# --- directories ------------------------------------------------------------

directories() {
	local place
	for place in "$STORE" "$STORE-witness" /etc/rollcode; do
		clean
		mkdir -p "$place"
		chown alice "$place"
		refuses "install, alice's $place" "$place exists" install_it
		chown root "$place"
		chmod 777 "$place"
		refuses "install, $place that others can write" \
		    "$place exists" install_it
		rmdir "$place"
		ln -s "$T/home/alice" "$place"
		refuses "install, a link $place" "symbolic link" install_it
		ln -sfn "$T/nowhere" "$place"
		refuses "install, a link $place to nothing" \
		    "symbolic link" install_it
		rm "$place"
		touch "$place"
		refuses "install, a file $place" "not a directory" install_it
	done
	clean
	mkdir -p "$STORE/users"
	chown alice "$STORE/users"
	refuses "install, alice's users in the store" "users exists" install_it
	clean
	install -d -m 700 /etc/rollcode
	as alice touch "$T/home/alice/env"
	mv "$T/home/alice/env" /etc/rollcode/rollcode.env
	refuses "install, alice's env file" "rollcode.env" install_it
}

# --- what is in them ----------------------------------------------------------

env_files() {
	clean
	install_it >"$T/out"
	ENVFILE=/etc/rollcode/rollcode.env
	printf '%s\n' CALLERS=alice "DATABASE=sqlite:$STORE" >"$ENVFILE"
	chown alice "$ENVFILE"
	chmod 666 "$ENVFILE"
	refuses "init, an env file of alice's" "rollcode.env" rollcode-admin init
	chmod 600 "$ENVFILE"
	refuses "init, also one that she alone can read" \
	    "rollcode.env" rollcode-admin init
	chown root "$ENVFILE"
	chmod 644 "$ENVFILE"
	refuses "init, one that others can read" "chmod 600" rollcode-admin init
	chmod 600 "$ENVFILE"
	touch /etc/rollcode/rollcode.env.new
	chown alice /etc/rollcode/rollcode.env.new
	refuses "init, another file of alice's beside it" \
	    "env.new: is in the key's directory" rollcode-admin init
	chown root /etc/rollcode/rollcode.env.new
	chmod 620 /etc/rollcode/rollcode.env.new
	refuses "init, one that a group can change" \
	    "env.new: is in the key's directory" rollcode-admin init
	rm /etc/rollcode/rollcode.env.new
	chown alice /etc/rollcode
	refuses "init, a directory of alice's" "belongs to uid" \
	    rollcode-admin init
	chown root /etc/rollcode
	check "without any of that init makes key and store" rollcode-admin init
}

# --- and a right one ------------------------------------------------------------

right() {
	clean all
	check "from nothing it installs" install_it
	(umask 0 && install_it) >"$T/out" 2>&1
	equal "over itself too, and others can write none of it" "$(find \
	    "${PLACES[@]}" ! -type l \( -perm -020 -o -perm -002 \))" ""
	# What the programs of this build know as the store is another place.
	sed -i "/^rollcode:/s,$STORE,/var/lib/rollcode," /etc/passwd
	(umask 077 && echo "DATABASE=sqlite:$STORE" >/etc/rollcode/rollcode.env)
	check "init takes what it made" rollcode-admin init
	check "and an installation over a store in use" install_it
}

add_user alice
each_account
found
forget_account
add_service rollcode
directories
env_files
right
