#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# ansible.sh - the role of packaging/ansible, on a copy of this machine: it
# installs a package and enrols, and run again it changes nothing.
# shellcheck disable=SC2317	# some functions are called by name
# long
# limit: 400
. "$(dirname "$0")/../support/lib.sh"
need ansible-playbook dpkg-deb make sshd pamtester chpasswd
/usr/bin/python3 -c 'import apt' 2>/dev/null || {
	skip "$SCRIPT" "needs python3-apt"
	exit 0
}
private_machine
. "$TREE/tests/support/copy.sh"

# The files that make install puts into a package, and no more.
package() {
	make -s -C "$TREE" install DESTDIR="$T/tree" PARTS=server \
	    >"$T/log" 2>&1 || { cat "$T/log"; return 1; }
	mkdir "$T/tree/DEBIAN"
	printf '%s\n' "Package: libpam-rollcode" "Version: 0.1.0" \
	    "Architecture: $(dpkg --print-architecture)" \
	    "Maintainer: nobody <nobody@rollcode.invalid>" \
	    "Description: the server's part" >"$T/tree/DEBIAN/control"
	cat >"$T/tree/DEBIAN/postinst" <<-'POST'
	#!/bin/sh
	adduser --system --group --quiet --no-create-home \
	    --home /var/lib/rollcode rollcode
	install -d -m 700 /etc/rollcode
	install -d -m 700 -o rollcode -g rollcode /var/lib/rollcode
	POST
	chmod 755 "$T/tree/DEBIAN/postinst"
	dpkg-deb --root-owner-group -b "$T/tree" "$T/rollcode.deb"
}

fill_machine() {
	mkdir -p "$T/root/run/sshd" "$T/root/tmp/ansible"
	cp -r "$TREE/packaging/ansible/." "$T/root/tmp/ansible"
	cp "$T/rollcode.deb" "$T/root/tmp"
}

there() {
	chroot "$T/root" env -i HOME=/root \
	    PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
	    LC_ALL=C.UTF-8 "$@"
}

play() {
	there ansible-playbook -i localhost, -c local \
	    -e rollcode_deb=/tmp/rollcode.deb "$@" /tmp/ansible/site.yml
}

changed() {
	sed -n 's/.*changed=\([0-9]*\) .*failed=\([0-9]*\).*/\1 \2/p' "$T/play"
}

check "a package is made" package || exit
if ! copy_machine; then
	skip "$SCRIPT" "no overlay can be mounted over /: $(tail -n 1 "$T/log")"
	exit 0
fi
fill_machine
there useradd -m alice
echo "alice:sesam alice" | there chpasswd -c SHA256
there ssh-keygen -A >"$T/log" 2>&1
play >"$T/play" 2>&1
check "the role installs and enrols" grep -q 'failed=0' "$T/play" ||
    cat "$T/play"
equal "alice has a token" "$(there rollcode-admin list | tail -n 1 |
    cut -d' ' -f1)" alice
equal "its URI is for root alone" \
    "$(stat -c '%U %a' "$T/root/root/tokens/alice.uri")" "root 600"
token alice add <"$T/root/root/tokens/alice.uri" >"$T/log" 2>&1
check "PAM asks for a code after the password" grep -q -A1 \
    '^@include common-auth' <(grep -B1 '^auth required pam_rollcode.so nullok' \
    "$T/root/etc/pam.d/sshd")
play >"$T/play" 2>&1
equal "run again it changes nothing" "$(changed)" "0 0"
play -e rollcode_arguments= >"$T/play" 2>&1
equal "without nullok one line changes" "$(changed)" "1 0"
equal "and there is one line of ours" \
    "$(grep pam_rollcode "$T/root/etc/pam.d/sshd")" \
    "auth required pam_rollcode.so"
code=$(code alice)
check "password and code let alice in" there pamtester sshd alice authenticate \
    < <(printf 'sesam alice\n%s\n' "$code")
refused "a replay does not" there pamtester sshd alice authenticate \
    < <(printf 'sesam alice\n%s\n' "$code")
exit 0
