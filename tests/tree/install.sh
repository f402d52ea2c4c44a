#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# install.sh - make install and make uninstall
# limit: 240
#
# The places are compiled in, so `make install` runs with the usual ones and a
# DESTDIR; what it calls runs with places in the scratch directory.
. "$(dirname "$0")/../support/lib.sh"
private_machine
cd "$TREE" || exit 1
BUILD=${BUILD#"$TREE"/}

# --- as a package does it ---------------------------------------------------

check "make install into DESTDIR" make install DESTDIR="$T/dest" BUILD="$BUILD"
equal "it installs one module" "$(find "$T/dest" -name pam_rollcode.so | wc -l)" 1
refused "and makes no account" getent passwd rollcode
check "make uninstall from DESTDIR" \
    make uninstall DESTDIR="$T/dest" BUILD="$BUILD"
equal "it leaves no file" "$(find "$T/dest" ! -type d)" ""
# part NAME: the files of one part
part() {
	rm -rf "$T/dest"
	make install PARTS="$1" DESTDIR="$T/dest" BUILD="$BUILD" >"$T/log" 2>&1
	(cd "$T/dest" && find . ! -type d | sort)
}
client=$(part client)
server=$(part server)
check "a client's part is the token program and its pages" \
    grep -qx ./usr/local/bin/rollcode-token <<<"$client"
refused "and none of a server" grep -qE 'admin|verify|pam' <<<"$client"
equal "no file belongs to both parts" \
    "$(comm -12 <(echo "$client") <(echo "$server"))" ""
rm -rf "$T/dest"
check "make install-token needs nothing of the server" make install-token \
    DESTDIR="$T/dest" BUILD="$BUILD" \
    LIBS_PAM=-lnone LIBS_PGSQL=
equal "and installs the client's part" \
    "$(cd "$T/dest" && find . ! -type d | sort)" "$client"
make -Bn install-token BUILD="$BUILD" >"$T/log" 2>&1
refused "of the server it compiles nothing" \
    grep -qE 'pam_rollcode/|rollcode-admin' "$T/log"
refused "nor does make bench link what only unit tests need" \
    grep -q -e '-lcheck' <(make -Bn benched BUILD="$BUILD")
check "make uninstall-token" \
    make uninstall-token DESTDIR="$T/dest" BUILD="$BUILD"
equal "removes it" "$(find "$T/dest" ! -type d)" ""
# What a laptop needs, as a machine that lacks everything would install it.
packages_of() {	# GROUP: as Debian calls them
	sed -n "s/^\t$1 [a-z]*:[^ ]* \([^ ]*\).*/\1/p" \
	    packaging/install-dependencies | sort
}
refused "the group client of install-dependencies has no package of PAM" \
    grep -q pam <(packages_of client)
equal "and none that the server does not need to be built" \
    "$(comm -23 <(packages_of client) <(packages_of build))" ""
equal "and together they are all but the PostgreSQL store" \
    "$(part "pgsql server client" | grep -v pgsql)" \
    "$(sort <<<"$client"$'\n'"$server")"

# --- for real ---------------------------------------------------------------

export BUILD PAMDIR="$T/pam" BINDIR="$T/usr/bin" SBINDIR="$T/usr/sbin"
export MANDIR="$T/usr/man" LIBEXECDIR="$T/usr/libexec/rollcode"
export SYSCONFDIR="$T/sysconf" STATEDIR="$T/state" RUNDIR=/run
export UNITDIR="$T/usr/units" SYSUSERSDIR="$T/usr/sysusers"
export TMPFILESDIR="$T/usr/tmpfiles" EXAMPLEDIR="$T/sysconf/rollcode"
export BASHDIR="$T/usr/bash" ZSHDIR="$T/usr/zsh" FISHDIR="$T/usr/fish"

of() {
	stat -c '%U %a' "$@"
}

files() {
	(cd "$T" && find usr pam sysconf state ! -type d | sort)
}

check "an installation" packaging/install
check "it makes the account" getent passwd rollcode
equal "the store belongs to the account alone" \
    "$(of "$STATEDIR/rollcode")" "rollcode 700"
equal "so do its witnesses" \
    "$(of "$STATEDIR/rollcode-witness")" "rollcode 700"
equal "the folder of the env file belongs to root alone" \
    "$(of "$SYSCONFDIR/rollcode")" "root 700"
equal "the verifier can be changed by root alone" \
    "$(of "$LIBEXECDIR/rollcode-verify")" "root 755"
equal "so can the module" "$(of "$PAMDIR/pam_rollcode.so")" "root 644"
check "the token program runs from there" "$BINDIR/rollcode-token" --version
check "and under the name that answers ssh and sudo" \
    "$BINDIR/rollcode-askpass" --version
check "so does the administrator's" "$SBINDIR/rollcode-admin" --version
check "the env file's model lies beside it" \
    cmp example.env "$SYSCONFDIR/rollcode/rollcode.env.example"
check "the filter is where fail2ban reads it" cmp packaging/fail2ban/rollcode.conf \
    "$SYSCONFDIR/fail2ban/filter.d/rollcode.conf"
for page in pam_rollcode/*.[1-8] rollcode-token/*.[1-8]; do
	[ -f "$MANDIR/man${page##*.}/${page##*/}" ] || echo "$page"
done >"$T/missing"
equal "every man page is installed" "$(cat "$T/missing")" ""
equal "and names the places of this installation" \
    "$(grep -rhoE '/usr/local/[a-z/-]*|/etc/rollcode/[a-z.]*example' \
    "$MANDIR")" ""
check "also where the program that answers ssh is" \
    grep -qF "SSH_ASKPASS=$BINDIR/rollcode-askpass" \
    "$MANDIR/man1/rollcode-token.1"

equal "and what each shell completes" \
    "$(cd "$T/usr" && echo bash/* fish/* zsh/*)" \
    "bash/rollcode-admin bash/rollcode-token fish/rollcode-admin.fish \
fish/rollcode-token.fish zsh/_rollcode-admin zsh/_rollcode-token"
check "the units name the places of this installation" \
    grep -qx "ExecStart=$LIBEXECDIR/rollcode-verify serve" \
    "$UNITDIR/rollcode-verify.service"
equal "each socket is handed over under its name" \
    "$(sed -n 's/^FileDescriptorName=//p' "$UNITDIR"/*.socket | xargs)" \
    "verify-root verify"
equal "all of them" \
    "$(grep -ho '@[A-Z]*@' "$UNITDIR"/* "$SYSUSERSDIR"/* "$TMPFILESDIR"/*)" ""

inode=$(stat -c %i "$PAMDIR/pam_rollcode.so")
echo precious >"$STATEDIR/rollcode/kept"
echo precious >"$SYSCONFDIR/rollcode/rollcode.env"
check "an installation over another" packaging/install
refused "the old module's file is replaced, not written into" \
    test "$inode" -eq "$(stat -c %i "$PAMDIR/pam_rollcode.so")"
equal "no half-written file is left" "$(files | grep -F .new.)" ""

# --- while people log in ----------------------------------------------------

. "$TREE/tests/support/pam.sh"
mkdir "$T/pam.d"
printf '%s\n' "auth required $PAMDIR/pam_rollcode.so conf=$CONF nodelay quiet \
helper=$LIBEXECDIR/rollcode-verify" "account required pam_permit.so" \
    >"$T/pam.d/rc"
server
enroll ann

again_and_again() {
	until [ -e "$T/enough" ]; do
		packaging/install || return
		echo again
	done
}

logins() {
	local i
	start again_and_again
	for ((i = 0; i < 3; i++)); do
		code ann -n 40 | tr -s ' ' '\n' | sed 's/^/ann\t/' |
		    "$PAMRUN" "$T/pam.d" rc
	done
	touch "$T/enough"
	wait "$started"
}
logins >"$T/out" 2>&1
equal "logins go on while it is installed again and again" \
    "$(grep -c ' SUCCESS ' "$T/out")" 120
check "which it was" test "$(grep -c '^again' "$T/out")" -ge 2

mv "$PAMDIR/pam_rollcode.so" "$PAMDIR/gone"
code=$(code ann)
gone() {
	printf 'ann\t%s\n' "$code" | "$PAMRUN" "$T/pam.d" rc | cut -d' ' -f2
}
refused "a module that is gone denies" test "$(gone)" = SUCCESS
mv "$PAMDIR/gone" "$PAMDIR/pam_rollcode.so"
equal "and opens when it is there again" "$(gone)" SUCCESS

# Where systemd runs, the service is stopped before its files go.
mkdir -p /run/systemd/system
cat >"$T/fake" <<-SYSTEMCTL
	#!/bin/sh
	[ -f "$LIBEXECDIR/rollcode-verify" ] && echo "\$*" >>"$T/systemctl"
SYSTEMCTL
chmod 755 "$T/fake"
# One in a folder that others can write is not run.
mkdir -p /usr/local
mount -n -t tmpfs -o mode=0755 local /usr/local
install -d -m 2775 /usr/local/bin
printf '%s\n' '#!/bin/sh' "touch $T/owned" >/usr/local/bin/systemctl
chmod 755 /usr/local/bin/systemctl
if [ -e /usr/bin/systemctl ]; then
	mount -n --bind "$T/fake" /usr/bin/systemctl
else
	install -D "$T/fake" /usr/local/sbin/systemctl
fi

# A service that names the module would refuse everybody without it.
mkdir -p /etc/pam.d
echo "auth required pam_rollcode.so" >/etc/pam.d/rollcode-named
echo "auth required pam_rollcode.so" >/etc/pam.d/rollcode-named.bak
before=$(files)
packaging/install --remove >"$T/log" 2>&1
equal "a removal is refused while a PAM service names the module" "$?" 1
equal "and then nothing is removed" "$(files)" "$before"
check "it says which service does, and how to go on" grep -qE \
    "name pam_rollcode.so: (/[^ ]*)? ?/etc/pam.d/rollcode-named;.*: sed -i '/pam_rollcode\\\\.so/d' /" \
    "$T/log"
rm /etc/pam.d/rollcode-named*

# What dpkg or rpm knows: the module, as on a machine that has the package too.
fake_package() {	# COMMAND TEXT
	printf '%s\n' '#!/bin/sh' "case \$* in *$PAMDIR/pam_rollcode.so*)" \
	    "echo $2; exit 0 ;; esac" 'echo "file is owned by nobody"; exit 1' \
	    >"$T/$1"
	chmod 755 "$T/$1"
	mount -n --bind "$T/$1" "$(command -v "$1")"
}
# Each is there where it is the machine's own.
if command -v dpkg-query >/dev/null; then
	package=libpam-rollcode
	fake_package dpkg-query "libpam-rollcode:amd64: $PAMDIR/pam_rollcode.so"
else
	package=pam_rollcode
	fake_package rpm pam_rollcode
fi
before=$(files)
packaging/install >"$T/log" 2>&1
equal "no installation replaces a file that belongs to a package" "$?" 1
check "it says to which" grep -q \
    "belong to a package: $package: $PAMDIR/pam_rollcode.so;" "$T/log"
equal "and then nothing is installed" "$(files)" "$before"
check "with FORCE=1 it does" env FORCE=1 packaging/install
check "a removal, where a package has the module" packaging/install --remove
equal "leaves it what it has" "$(cd "$T" && find usr pam ! -type d)" \
    pam/pam_rollcode.so
umount "$(command -v dpkg-query || command -v rpm)"
check "an installation once more" packaging/install
rm -f "$T/systemctl"

check "a removal" env "PATH=/usr/local/bin:$PATH" packaging/install --remove
equal "it stops the service first" "$(xargs <"$T/systemctl")" \
    "disable --now rollcode-verify.socket disable --now \
rollcode-verify-root.socket disable --now rollcode-verify.service"
equal "it removes every file but the store and the env file" \
    "$(files | xargs)" "state/rollcode/kept sysconf/rollcode/rollcode.env"
equal "and no folder of its own" "$(cd "$T/usr" && find . -type d | sort |
    xargs)" ". ./bin ./man ./sbin"
refused "and runs no program that others could have put there" \
    test -e "$T/owned"
check "it keeps the account" getent passwd rollcode
check "a removal of nothing" packaging/install --remove
