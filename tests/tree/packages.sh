#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# packages.sh - the packages are built, and the Debian ones live and die in a
# copy of this machine.  In fresh ones: .ci/fresh --packages.  With
# ROLLCODE_ALL=1 those of RPM are built too.
# long
# limit: 400
. "$(dirname "$0")/../support/lib.sh"
private_machine
. "$TREE/tests/support/copy.sh"
cd "$TREE" || exit 1

need dh dpkg-buildpackage lintian rpmbuild debconf-set-selections \
    pam-auth-update setpriv sshd ssh tmux whiptail

# --- built ------------------------------------------------------------------

# Not in the tree's own build/, which others read.
mkdir "$T/tree"
tar --exclude=./build --exclude=./.git -cf - . | tar -C "$T/tree" -xf -
cd "$T/tree" || exit 1

version=$(sed -n 's/^VERSION[[:space:]]*= //p' Makefile)
equal "the changelog has the version of the Makefile" \
    "$(sed -n '1s/.*(\(.*\)).*/\1/p' packaging/debian/changelog)" "$version"
equal "so has the spec" \
    "$(sed -n 's/^Version:[[:space:]]*//p' packaging/rollcode.spec)" "$version"

# As make deb and make rpm do it, but nothing may be installed from here, where
# only a part of the machine is the real one.  How fast the programs are, and
# what a debugger knows of them, is not looked at.
export DEB_BUILD_OPTIONS=noautodbgsym DEB_CFLAGS_APPEND="-O1 -g0"
check "the Debian packages are built" packaging/package deb "$version" || exit
equal "lintian finds nothing in the packages" \
    "$(lintian --allow-root --info --display-info build/deb/all/*.changes 2>&1 |
	grep -v '^N:')" ""
contents() {
	sed 's,^/lib/,/usr/lib/,' | grep -E 'rollcode' |
	    sed -e 's/\.gz$//' -e '/\/doc\//d; /licenses/d; /pam-configs/d' \
	    -e 's,/zsh/vendor-completions,/zsh/site-functions,' \
	    -e '/build-id/d; /lintian/d; /^\/etc/d; /^\/var/d' | sort -u
}
rpm_packages() {
	check "the RPM packages are built" packaging/package rpm "$version"
	equal "the RPM packages hold what the Debian ones do" \
	    "$(rpm -qpl build/rpm/RPMS/*/*.rpm | contents)" \
	    "$(for deb in build/deb/all/{*rollcode,rollcode-{token,pgsql}}_*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -t |
		    sed 's,^\.,,; s,/$,,'
	    done | contents)"
}
# The script that runs first, in this machine's private /etc.
rpm_begins() {	# HOW MANY THERE WILL BE
	sh "$T/prein" "$1" 2>"$T/log"
}
rpm_refuses() {
	rpm -qp --queryformat '%{PREIN}' \
	    build/rpm/RPMS/*/pam_rollcode-[0-9]*.rpm >"$T/prein"
	cp -a /etc/passwd /etc/shadow /etc/group /etc/gshadow "$T"
	add_user rollcode
	refused "the RPM package is not installed over a person's account" \
	    rpm_begins 1
	check "which is said" grep -q "account rollcode exists" "$T/log"
	check "an upgrade goes on" rpm_begins 2
	cp -a "$T/passwd" "$T/shadow" "$T/group" "$T/gshadow" /etc
	check "and from nothing it begins" rpm_begins 1
	check "with an account" getent passwd rollcode
	cp -a "$T/passwd" "$T/shadow" "$T/group" "$T/gshadow" /etc
}
rpm_stays() {
	rpm -qp --queryformat '%{PREUN}' \
	    build/rpm/RPMS/*/pam_rollcode-[0-9]*.rpm >"$T/preun"
	echo "auth required pam_rollcode.so" >/etc/pam.d/named.rpmsave
	check "a file that rpm left aside does not keep the RPM package" \
	    sh "$T/preun" 0
	mv /etc/pam.d/named.rpmsave /etc/pam.d/named
	refused "a service that names the module does" sh "$T/preun" 0
	check "but not at an upgrade" sh "$T/preun" 1
	rm /etc/pam.d/named
}
if [ -n "${ROLLCODE_ALL-}" ]; then
	rpm_packages
	rpm_refuses
	rpm_stays
fi
equal "the PostgreSQL store is a package of its own" \
    "$(for deb in build/deb/all/*.deb; do
	! dpkg-deb -c "$deb" | grep 'rollcode-pgsql\.so$' >"$T/log" ||
	    basename "${deb%%_*}"
    done)" rollcode-pgsql
each_deb() {
	for deb in build/deb/*.deb; do
		dpkg-deb -x "$deb" "$T/unpacked"
	done
	zgrep -ho '/usr/local/[a-z/-]*' "$T"/unpacked/usr/share/man/man*/*
}
equal "man pages name the places of the package" "$(each_deb)" ""
check "the server's has the README" \
    compgen -G "$T/unpacked/usr/share/doc/libpam-rollcode/README.md*"
equal "what is installed with *.deb is the server's and the user's" \
    "$(basename -a build/deb/*.deb | cut -d_ -f1 | xargs)" \
    "libpam-rollcode rollcode-token"

# --- in a copy of this machine -----------------------------------------------

fill_machine() {
	rm -rf "$T/root/etc/rollcode" "$T/root/var/lib/rollcode"
	mkdir -p "$T/root$TREE" "$T/root/tmp/debs"
	mount -n --bind "$TREE" "$T/root$TREE"
	mount -n -o remount,bind,ro "$T/root$TREE"
	cp build/deb/{libpam-rollcode,rollcode-token}_*.deb "$T/root/tmp/debs"
	cp "$BUILD/tests/tools/pamrun" "$T/root/tmp/pamrun"
}

if ! copy_machine; then
	skip "the packages in a copy of this machine" \
	    "no overlay can be mounted over /: $(tail -n 1 "$T/log")"
elif grep -qsE pam_rollcode /etc/pam.d/* || getent passwd rollcode >"$T/log"
then
	skip "the packages in a copy of this machine" \
	    "rollcode is installed here"
else
	fill_machine
	chroot "$T/root" env -i PATH="$PATH" HOME=/root LC_ALL=C \
	    "$TREE/tests/tools/packaged.sh" /tmp/debs /tmp/pamrun 2 ||
	    failures=$((failures + 1))
fi
