#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# findings.sh - rollcode-admin check, finding by finding: each result that has to
# refuse is looked for alone, and each remedy names the right user, file, mode
# and command.  What following them does is in check.sh.
. "$(dirname "$0")/../support/lib.sh"
need python3 setpriv strace
private_machine
. "$TREE/tests/support/pam.sh"
ENVFILE=/etc/rollcode/rollcode.env
LIBEXEC=/usr/local/libexec/rollcode
VERIFIER=$LIBEXEC/rollcode-verify
OURS="auth required pam_rollcode.so"
UNIX="auth required pam_unix.so"

add_user an
add_user ann
installed GUARD_AFTER=3
module_installed
MODULE=$(realpath "$PAMDIR/pam_rollcode.so")
sed -i '/^\(an\|ann\|root\):/!s|:[^:]*$|:/usr/sbin/nologin|' /etc/passwd
enroll ann
rm -f /etc/pam.d/*

stack() {	# NAME LINE...
	printf '%s\n' "${@:2}" >"/etc/pam.d/$1"
}

# found NAME [ARGUMENT...]: each finding of that name, with what is to be done
found() {
	timeout 60 rollcode-admin ${CONF_OF:+--conf "$CONF_OF"} check --json \
	    "${@:2}" 2>"$T/sum" | python3 -c 'import json, sys
for f in json.load(sys.stdin)["findings"]:
    if f["name"] == sys.argv[1]:
        line = ":%d" % f["line"] if f["line"] else ""
        print(f["severity"], f["file"] + line, "-", f["command"] or f["fix"])
' "$1" || cat "$T/sum"
}
CONF_OF=

# --- each result of the module --------------------------------------------------

# A stack in which that result alone lets somebody in.
while read -r result name what; do
	stack odd "$UNIX" \
	    "auth [success=ok $result=ignore default=die] pam_rollcode.so"
	got=$(rollcode-admin check --json --service odd 2>"$T/sum" |
	    python3 -c 'import json, sys
for f in json.load(sys.stdin)["findings"]:
    if f["severity"] == "error":
        print(f["name"], f["file"], f["line"], f["what"], "-", f["fix"])')
	case $got in
	"$name /etc/pam.d/odd 2 $what does not refuse"*" - $OURS") ;;
	*) echo "$result: $got" ;;
	esac
done >"$T/wrong" <<'TABLE'
auth_err stack-refusal a refused code
maxtries stack-refusal a guarded account
authinfo_unavail stack-error a store that is not there
system_err stack-error a faulty store or verifier
service_err stack-error a bad argument or configuration file
cred_insufficient stack-error a caller without privileges
conv_err stack-error a program that cannot ask
buf_err stack-error a lack of memory
module_unknown stack-error a missing module
TABLE
say_ok "each result that has to refuse is found alone, by its name" \
    "$(cat "$T/wrong")"
stack odd "$UNIX" "auth [success=ok default=die] pam_rollcode.so"
equal "and nothing where none lets in" \
    "$(found stack-refusal --service odd; found stack-error --service odd)" ""

# --- lines of a stack -----------------------------------------------------------

stack odd "auth [success=3 default=ignore] pam_unix.so" \
    "auth requisite pam_deny.so" "auth required pam_env.so" "$OURS" \
    "auth required pam_permit.so"
equal "a jump that is too long: it says how long it may be" \
    "$(found stack-bypass --service odd)" \
    "error /etc/pam.d/odd:1 - write success=2 here, to end at the line of \
pam_rollcode.so"
stack odd "$UNIX" "$OURS" "auth required pam_env.so" "$OURS"
equal "two lines that ask: it is the second" \
    "$(found line-twice --service odd)" \
    "warning /etc/pam.d/odd:4 - take one of the two lines out"
stack shared "auth optional pam_env.so"
stack odd "@include shared" "@include shared" "$UNIX" "$OURS"
equal "a file that is included twice does not include itself" \
    "$(found pam-include --service odd)" ""
stack odd "$OURS use_first_pass" "$UNIX"
equal "use_first_pass before what asks" "$(found line-pass --service odd)" \
    "warning /etc/pam.d/odd:1 - take the word use_first_pass out"
stack odd "$UNIX" "$OURS use_first_pass"
equal "and not behind it" "$(found line-pass --service odd)" ""
stack odd "$UNIX" "$OURS forward_pass"
equal "forward_pass behind what asks" "$(found line-pass --service odd)" \
    "warning /etc/pam.d/odd:2 - take the word forward_pass out"
stack odd "auth required $LIBEXEC/rollcode-standin.so 0"
read -r _ result _ < <("$PAMRUN" /etc/pam.d odd <<<$'ann\t0')
equal "what stands in for modules opens no real service" "$result" SYSTEM_ERR
rm /etc/pam.d/*

# --- which files are services ----------------------------------------------------

looked_at() {
	rollcode-admin check 2>"$T/sum" | grep -oE ':[0-9]+$|^error.*|^warning.*' |
	    grep -oE '/etc/pam.d/[^:]*' | sort -u | xargs
}
for name in web web.bak web~ web.rpmsave .web web.dpkg-old; do
	stack "$name" "$UNIX" "auth optional pam_rollcode.so"
done
equal "what editors and packages leave is no service" "$(looked_at)" \
    /etc/pam.d/web
stack cobweb "$UNIX"
stack other "@include cobweb"
equal "a part of others does not hide a service that its name ends like" \
    "$(looked_at)" /etc/pam.d/web
rm /etc/pam.d/* /etc/pam.d/.web
stack sudo "$UNIX" "$OURS"

# --- the configuration file --------------------------------------------------------

chmod 644 "$ENVFILE"
equal "others may read the configuration file" "$(found env-file)" \
    "error $ENVFILE - chmod 600 $ENVFILE"
chmod 600 "$ENVFILE"
(umask 077 && { cat "$ENVFILE"; echo "SECRET_KEY_PREVIOUS=$(printf '%064d' 1)"; } \
    >"${ENVFILE}2")
CONF_OF=${ENVFILE}2
equal "a change of key of another configuration, whose name begins like ours" \
    "$(found env-previous)" \
    "warning ${ENVFILE}2 - rollcode-admin --conf ${ENVFILE}2 rekey"
sed -i 's/^ACCOUNT=.*/ACCOUNT=ghost/' "${ENVFILE}2"
equal "an account that is missing" "$(found account)" \
    "error ${ENVFILE}2 - useradd --system --user-group --no-create-home \
--home-dir /var/lib/rollcode --shell /usr/sbin/nologin ghost"
CONF_OF=
rm "${ENVFILE}2"

# --- the account ------------------------------------------------------------------

# person UID SHELL PASSWORD: what init says of such an account
person() {
	cp /etc/passwd "$T/passwd"
	cp /etc/shadow "$T/shadow"
	echo "keeper:x:$1:$1::/nonexistent:$2" >>/etc/passwd
	echo "keeper:$3:20000:0:99999:7:::" >>/etc/shadow
	rm -rf "$T/kept"
	install -d -m 700 -o "$1" "$T/kept"
	printf 'ACCOUNT=keeper\nDATABASE=sqlite:%s\n' "$T/kept" >"$T/kept.env"
	chmod 600 "$T/kept.env"
	rollcode-admin --conf "$T/kept.env" init 2>&1 |
	    sed -nE 's/.*can use: (.*)/\1/p'
	cat "$T/passwd" >/etc/passwd
	cat "$T/shadow" >/etc/shadow
}
printf '#UID_MIN 7\nUID_MIN\t\t 1200\nUID_MIN_OTHER 5\n' >/etc/login.defs
while IFS='|' read -r uid shell password wanted; do
	got=$(person "$uid" "$shell" "$password")
	# shellcheck disable=SC2254	# it is a pattern
	case $got in
	$wanted) ;;
	*) echo "$uid $shell $password: $got" ;;
	esac
done >"$T/wrong" <<'TABLE'
1199|/usr/sbin/nologin|!|
1200|/usr/sbin/nologin|!|uid 1200 is in the range for people, from 1200 on*usermod --login NEWNAME keeper*
900|/bin/false|*|
900|/sbin/nologin-not|!|its shell is /sbin/nologin-not*usermod --shell /usr/sbin/nologin keeper*
900||!|its shell is /bin/sh*usermod --shell /usr/sbin/nologin keeper*
900|/usr/sbin/nologin|x|it has a password*usermod --lock keeper*
900|/usr/sbin/nologin||it has a password*usermod --lock keeper*
TABLE
say_ok "an account that a person can use is refused, and what changes it is said" \
    "$(cat "$T/wrong")"

# --- the store --------------------------------------------------------------------

setpriv --bounding-set=-setuid,-setgid rollcode-admin check >"$T/out" 2>&1
check "who cannot become the account is told which capabilities that needs" \
    grep -q 'cannot become the account .*; give root .* SETUID and SETGID$' \
    "$T/out"
refused "and not to restore the store" grep -q 'restore the store' "$T/out"
u=$T/store/users
admin disable ann >"$T/out"
said="rollcode-admin enroll USER --label NAME makes a new token;"
said+=" only if none was lost: rollcode-admin enable USER"
equal "of a user who is disabled it says first that a token may be lost" \
    "$(found user-disabled)" "note sqlite:$T/store - $said"
admin enable ann >"$T/out"
for _ in 1 2 3; do
	admin verify ann <<<"$(wrong "$(code ann)")"
done >"$T/out" 2>&1
equal "a user who is guarded" "$(found user-guarded)" \
    "note sqlite:$T/store - rollcode-admin unlock ann"
admin unlock ann >"$T/out"
admin enroll end --no-account >"$T/out" 2>&1
for user in ann end; do
	for _ in 1 2 3; do
		admin verify "$user" <<<"$(wrong "$(code ann)")"
	done
done >"$T/out" 2>&1
equal "two of whom the same is wrong are two findings" \
    "$(found user-guarded | cut -d- -f2-4 | sort | xargs)" \
    "rollcode-admin unlock ann rollcode-admin unlock end"
admin unlock ann >"$T/out"
admin remove -f end >"$T/out"
equal "somebody without a token whose name begins like another" \
    "$(found user-unenrolled an)" \
    "warning sqlite:$T/store - rollcode-admin enroll an"
equal "and one who has a token" "$(found user-unenrolled ann)" ""
chmod 644 "$u/ann.db"
equal "others may read a user's file" "$(found user-file)" \
    "error $u/ann.db - runuser -u rollcode -- chmod 600 $u/ann.db"
chmod 600 "$u/ann.db"
chown 1 "$u/ann.db"
equal "a user's file of another owner" "$(found user-file)" \
    "error $u/ann.db - chown -h --from=1 rollcode $u/ann.db"
chown rollcode "$u/ann.db"
chown root "$T/store"
equal "a store that was given to root" "$(found store-place)" \
    "error $T/store - chown -hR rollcode: $T/store"
chown rollcode "$T/store"
admin enroll end --no-account --label old --counter $((0x7ffffffffffffffe)) \
    >"$T/out" 2>&1
equal "a token with one code left" "$(found token-ends | cut -d' ' -f1,2)" \
    "warning sqlite:$T/store"
admin disable end >"$T/out"
equal "and not one that is disabled" "$(found token-ends)" ""
admin remove -f end >"$T/out"

# Whoever has taken the account of the store over.
LYING=$BUILD/tests/tools/liblying.so
mkdir "$T/store2"
install -m 644 -o rollcode "$u/ann.db" "$T/store2/ann.db"
equal "a file of a place whose name begins like the store's is no command" \
    "$(LD_PRELOAD=$LYING LIE="store-place x $T/store2/ann.db" \
	found store-place)" \
    "error $T/store2/ann.db - mount or restore the store; only where there was \
none yet: rollcode-admin init"
equal "the process that looks at the store crashes: that is an error" \
    "$(LD_PRELOAD=$LYING LIE=crash found store | cut -d' ' -f1-3)" \
    "error sqlite:$T/store -"
LD_PRELOAD=$LYING LIE=crash rollcode-admin check >"$T/out" 2>&1
equal "and the status is 1" "$?" 1

# --- programs ----------------------------------------------------------------------

chmod 644 "$VERIFIER"
equal "a verifier that is no program" "$(found helper)" \
    "error $VERIFIER - chmod 755 $VERIFIER"
chmod 755 "$VERIFIER"
chmod 640 "$MODULE"
equal "a module that others cannot load" "$(found module)" \
    "error $MODULE - chmod 644 $MODULE"
chmod 644 "$MODULE"
equal "a module that ends who loads it" \
    "$(LD_PRELOAD=$LYING LIE=load found module)" \
    "error $MODULE - install Rollcode again: make install, or its package"

equal "what tries a stack has no rights, and its end is found" \
    "$(LD_PRELOAD=$LYING LIE=load found stack)" \
    "error /etc/pam.d/sudo - if it includes files over and over, take that out"
refused "and leaves no copy" compgen -G '/[rt][um][np]/rollcode-check.*'

# feigned LINE...: an sshd that prints these settings, and keeps its environment
feigned() {
	printf '%s\n' "${@,,}" >"$T/settings"
	printf '%s\n' '#!/bin/sh' "tr '\\0' '\\n' </proc/\$\$/environ >$T/env" \
	    "pwd >$T/where" "cat $T/settings" >/etc/sshd
	chmod 755 /etc/sshd
	ln -sf /etc/sshd /usr/local/sbin/sshd
}
KEY_AND_CODE="AuthenticationMethods publickey,keyboard-interactive:pam"
KEYS=("AuthorizedKeysFile .ssh/authorized_keys" "AuthorizedKeysCommand none"
    "AuthorizedKeysCommandUser none" "TrustedUserCAKeys none")
RIGHT=("UsePAM yes" "KbdInteractiveAuthentication yes"
    "PasswordAuthentication no" "PubkeyAuthentication yes")
stack sshd "$UNIX" "$OURS"
feigned "${RIGHT[@]}" "$KEY_AND_CODE" "${KEYS[@]}"
SECRET=x rollcode-admin check --service sshd >"$T/out" 2>&1
equal "a program is run in an empty environment, and in the root directory" \
    "$(cat "$T/env") $(cat "$T/where")" " /"
chmod 777 /usr/local/sbin
rm -f "$T/env"
equal "a folder of links to programs that others can change" "$(found program)" \
    "warning /usr/local/sbin - chmod go-w /usr/local/sbin"
check "and its program was not run" test ! -e "$T/env"
chmod 755 /usr/local/sbin

# --- sshd --------------------------------------------------------------------------

config=/etc/ssh/sshd_config
equal "a key that is required and is not there" \
    "$(found sshd-no-key ann --service sshd)" \
    "warning $config - install a key of this user (ssh-copy-id), or allow a way \
without one: $KEY_AND_CODE keyboard-interactive:pam"
mkdir "$T/home/ann/.ssh"
: >"$T/home/ann/.ssh/authorized_keys"
equal "a file without a key is none" \
    "$(found sshd-no-key ann --service sshd | wc -l)" 1
echo key >"$T/home/ann/.ssh/authorized_keys"
equal "and one that is there" "$(found sshd-no-key ann --service sshd)" ""
feigned "${RIGHT[@]/UsePAM yes/UsePAM no}" "$KEY_AND_CODE"
equal "sshd does not ask PAM" "$(found sshd-pam)" "error $config - write at \
the beginning of this file: UsePAM yes, then \"sshd -t\" before you \
reload sshd"
feigned "${RIGHT[@]}" "AuthenticationMethods publickey ${KEY_AND_CODE#* }"
equal "one list of methods without a code" "$(found sshd-methods)" "warning \
$config - write at the beginning of this file: $KEY_AND_CODE \
keyboard-interactive:pam, then \"sshd -t\" before you reload sshd"
feigned "${RIGHT[@]}" "$KEY_AND_CODE"
stack sshd "$OURS nullok" "auth required pam_permit.so"
equal "nullok behind a key is worth a note" \
    "$(found nullok-open; found nullok | cut -d' ' -f1)" note
stack sshd "$OURS"
feigned "${RIGHT[@]}" "$KEY_AND_CODE" "PermitRootLogin yes"
equal "root has no token and is asked for one by sshd" \
    "$(found root-way --service sshd)" \
    "warning /etc/pam.d/sshd:1 - rollcode-admin enroll root"
feigned "${RIGHT[@]}" "$KEY_AND_CODE" "PermitRootLogin prohibit-password"
equal "and not where it is not let in" "$(found root-way --service sshd)" ""
rm -f /usr/local/sbin/sshd /etc/pam.d/sshd

# --- sockets ------------------------------------------------------------------------

sockets() {
	rm -rf /run/rollcode
	mkdir -m 755 /run/rollcode
	mkdir -m 700 /run/rollcode/root
	python3 -c 'import os, socket, sys
for path, mode in zip(sys.argv[1:], (0o666, 0o600)):
    socket.socket(socket.AF_UNIX).bind(path)
    os.chmod(path, mode)' /run/rollcode/verify.sock \
	    /run/rollcode/root/verify.sock
}
while read -r path mode wanted; do
	sockets
	chmod "$mode" "/run/rollcode$path"
	got=$(found socket | xargs)
	[ "$got" = "error /run/rollcode$path - ${wanted//PATH//run/rollcode$path}" ] ||
	    echo "$path $mode: $got"
done >"$T/wrong" <<'TABLE'
/verify.sock 660 chmod 666 PATH
/root/verify.sock 400 chmod 600 PATH
/root 711 chmod 700 PATH
/root 770 chmod 700 PATH
TABLE
sockets
chown 1 /run/rollcode/verify.sock
got=$(found socket)
[ "$got" = "error /run/rollcode/verify.sock - \
chown -h root /run/rollcode/verify.sock" ] || echo "$got" >>"$T/wrong"
say_ok "a socket, or its folder, with a wrong mode or owner" "$(cat "$T/wrong")"
rm -rf /run/rollcode

# --- the clock ----------------------------------------------------------------------

# by_clock ANSWER: what is found where the kernel answers so about its clock
by_clock() {
	strace -f -qq -o /dev/null -e trace=adjtimex,clock_adjtime \
	    -e "inject=adjtimex,clock_adjtime:$1" rollcode-admin check --json \
	    2>"$T/sum" | value '[(f["severity"], f["file"], f["what"], f["fix"])
	    for f in j["findings"] if f["name"] == "clock"]'
}
UNSET=retval=5 # TIME_ERROR
equal "no token has a clock, so that none is looked at" "$(by_clock $UNSET)" "[]"
admin enroll ann --label late --form timed >"$T/out" 2>&1
equal "one has, and nothing sets this machine's: a warning" \
    "$(by_clock $UNSET)" "[('warning', 'sqlite:$T/store', 'has 1 token whose \
codes expire, and nothing sets the clock of this machine: where it is two \
minutes wrong, these codes are refused', 'set it over the \
network, here or on the host of this container')]"
equal "none where something sets it" "$(by_clock retval=0)" "[]"
equal "nor where a container may not ask" "$(by_clock error=EPERM)" "[]"
admin disable ann --label late >"$T/out"
equal "nor where that token is disabled" "$(by_clock $UNSET)" "[]"
admin remove ann --label late --force >"$T/out"

# --- the status ----------------------------------------------------------------------

admin enroll root --no-account >"$T/out" 2>&1
rollcode-admin check --service sudo >"$T/out" 2>"$T/sum"
equal "where nothing is wrong the status is 0" "$?" 0
admin disable ann >"$T/out"
rollcode-admin check --service sudo >"$T/out" 2>"$T/sum"
equal "a note does not change that" "$? $(grep -c ^note "$T/out")" "0 1"
stack sudo "$UNIX" "-$OURS"
rollcode-admin check --service sudo >"$T/out" 2>"$T/sum"
equal "a warning does" "$? $(cat "$T/sum")" \
    "1 rollcode-admin: 0 errors and 1 warning"
