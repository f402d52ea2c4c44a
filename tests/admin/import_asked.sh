#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# import_asked.sh - root imports a file that somebody else made: who must agree
# before it gives anybody a token, and which files are opened at all.
. "$(dirname "$0")/../support/lib.sh"
need python3 setpriv mkfifo
private_machine
installed
. "$(dirname "$0")/../support/pam.sh"
add_user alice
add_user bob

HOME_A=$T/home/alice
. "$(dirname "$0")/../support/formats.sh"

import() {
	admin import --seal-file "$T/pass" "$@" </dev/null
}

enrolled() {
	admin list | awk 'NR > 1 { print $1 }' | sort | tr '\n' ' '
}

server ACCOUNT=rollcode
admin import >"$T/out" < <(otpauth alice)

# --- who is already enrolled ------------------------------------------------

SECOND=MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U
second() {
	otpauth "$1&label=desk" 5 $SECOND
}
labels() {
	admin show "$1" --json | grep -o '"label": *"[^"]*"' | cut -d'"' -f4 |
	    tr '\n' ' '
}

# answered ANSWER ARGUMENT...: on a terminal, what is shown in $T/typed
answered() {
	"$TREE/tests/tools/confirm.py" "$1" - rollcode-admin --conf "$CONF" \
	    import "${@:2}" >"$T/typed"
}

echo "alice otpauth://hotp/x?secret=$SECOND&digits=8&counter=5&label=desk" \
    >"$T/second"
refused "a second token for an enrolled user needs --add where nobody is asked" \
    import "$T/second"
check "which the refusal says" grep -q "alice is already enrolled, and --add" \
    <(import "$T/second" 2>&1)
refused "which --force does not give" import --force "$T/second"
equal "and nothing was added" "$(labels alice)" "token "
refused "nor is one added on a terminal where the answer is not yes" \
    answered no "$T/second"
check "the question names the user and the label" \
    grep -q "alice is already enrolled. Import desk for" "$T/typed"
equal "and nothing was added there either" "$(labels alice)" "token "
check "with yes it is added" answered yes "$T/second"
equal "by its label" "$(labels alice)" "token desk "
check "and the event has that label" \
    grep -qE "imported .*desk" <(admin log alice)
check "a token that is there already needs no --add" import "$T/second"
printf 'HOTP/E/8 alice - %s 5\n' "${HEX/31/32}" >"$T/third"
import --add "$T/third" >"$T/out"
check "with --add nobody is asked" grep -qx "alice: token-2 added" "$T/out"

server ACCOUNT=rollcode
otpauth root >"$T/root"
otpauth root 5 $SECOND >"$T/root2"
refused "a token for uid 0 needs a yes, or --user" import --add "$T/root"
check "which is said" grep -q "root has uid 0; .* --user root" \
    <(import "$T/root" 2>&1)
check "with --user it is taken over" import --user root "$T/root"
echo "toor:x:0:0::/:/bin/sh" >>/etc/passwd
otpauth toor >"$T/toor"
refused "so does one for uid 0 by another name" import --add "$T/toor"
sed -i /^toor:/d /etc/passwd
refused "to an enrolled uid 0 --user alone adds nothing" \
    import --user root "$T/root2"
refused "nor does --add alone" import --add "$T/root2"
equal "so that root has one token" "$(labels root)" "token "
check "both together add it" import --user root --add "$T/root2"

for i in {1..300}; do
	echo "HOTP/E/8 user$i - $(printf '%040x' "$i") 5"
done >"$T/many"
check "hundreds of new users need neither answer nor option" \
    import --no-account "$T/many"
equal "and the summary names each of them" \
    "$(sed 's/^HOTP.E.8 \([a-z0-9]*\).*/\1: token added/' "$T/many" | sort)" \
    "$(server ACCOUNT=rollcode; import --no-account "$T/many" | grep ' added$' |
	grep -v users | sort)"

# --- what is opened ---------------------------------------------------------

server ACCOUNT=rollcode
mkfifo "$T/fifo"
python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$T/socket"
: >"$T/opened"
while read -r path kind; do
	timeout 20 rollcode-admin --conf "$CONF" import "$path" </dev/null \
	    >"$T/out" 2>&1
	status=$?
	[ "$status" = 1 ] && grep -q "$path: is a $kind, not a regular" "$T/out" ||
	    echo "$path: $status $(cat "$T/out")" >>"$T/opened"
done <<-PATHS
	$T/fifo FIFO
	$T/socket socket
	$T/home directory
	/dev/zero device
PATHS
say_ok "a FIFO, a socket, a directory and a device are refused at once" \
    "$(cat "$T/opened")"
check "and so is a pipe by a path" grep -q "is a FIFO, not a regular file" \
    <(: | admin import /dev/stdin 2>&1)
check "but not standard input" admin import < <(otpauth alice)

(umask 077 && echo "otpauth://hotp/bob?secret=$B32&counter=5" >"$T/hidden")
as alice ln -s "$T/hidden" "$HOME_A/link"
as alice ln -s / "$HOME_A/dir"
for path in "$HOME_A/link" "$HOME_A/dir$T/hidden" "$HOME_A/dir/etc/shadow"; do
	admin import "$path" >"$T/out" 2>&1
	grep -q "goes through the symbolic link" "$T/out" ||
	    echo "$path: $(cat "$T/out")"
done >"$T/opened"
say_ok "no link of somebody else makes root read another file" \
    "$(cat "$T/opened")"
equal "and none was" "$(enrolled)" "alice "
as alice sh -c "cat >'$HOME_A/own'" < <(otpauth alice 9)
ln -s "$HOME_A/own" "$T/link"
ln -s "$T/home" "$T/homes"
(cd "$T" && admin import link homes/alice/own ./homes/../link) >"$T/out" 2>&1
check "root's own links are followed" grep -q "moved forward" "$T/out"
mkdir "$T/open" && chmod 777 "$T/open" && ln -s "$HOME_A/own" "$T/open/link"
refused "but not in a directory where others can replace them" \
    admin import "$T/open/link"

chown 0:alice "$T/open" && chmod 770 "$T/open"
refused "nor where a group can" admin import "$T/open/link"
chmod 1777 "$T/open"
check "where each has their own links root's own is followed" \
    admin import "$T/open/link"
as alice ln -s "$T/hidden" "$T/open/hers"
refused "and no other" admin import "$T/open/hers"
