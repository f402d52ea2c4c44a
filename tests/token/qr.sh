#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# qr.sh - the QR code of a token on a real terminal, read back from a picture
# of it; and the line in it, as others read it.
. "$(dirname "$0")/../support/lib.sh"
need_root
need tmux zbarimg python3
scratch
server

# --- a terminal -------------------------------------------------------------

# mux ARGUMENT...: tmux, with a server of this terminal's own
terminals=0
mux() {
	timeout 20 tmux -u -S "$T/tmux.$terminals" -f /dev/null "$@" \
	    2>>"$T/tmux.log"
}

# terminal COLUMNSxLINES COMMAND...: run it there, till the screen is complete;
# what it said to standard error is in $T/said.  The terminal stays.
complete='prompt#$'
terminal() {
	local size=$1
	mux kill-server
	terminals=$((terminals + 1))
	printf '%q ' "${@:2}" >"$T/command"
	cat >"$T/typed" <<-TYPED
	$(cat "$T/command") 2>$T/said
	echo "status \$?" >>$T/said
	printf 'prompt# '
	exec sleep 60
	TYPED
	mux new-session -d -x "${size%x*}" -y "${size#*x}" "sh $T/typed"
	started=$(mux display-message -p '#{pid}')
	servers+=("$started")
	wait_for screen_has "$complete" || echo "the screen is not complete"
}

screen_has() {
	mux capture-pane -p | grep -q -- "$1"
}

# How many lines are above the screen.
scrolled() {
	mux display-message -p '#{history_size}'
}

# What a camera reads in a picture of the screen, on a terminal of these
# colours: 255 on 0 is a dark one.
camera() {	# FOREGROUND BACKGROUND
	mux capture-pane -peN | picture "$@"
}

picture() {
	"$TREE/tests/tools/screen.py" "$@" >"$T/screen.pgm" &&
	    zbarimg --quiet --raw --nodbus --set disable \
		--set qrcode.enable "$T/screen.pgm" 2>>"$T/zbar.log"
}

# reads NAME LINE: the screen does, whatever the terminal's colours
reads() {
	equal "$1, on a dark terminal" "$(camera 255 0)" "$2"
	equal "$1, on a light terminal" "$(camera 0 255)" "$2"
}

admin_command=(rollcode-admin --conf "$CONF")
wallet_command=(rollcode-token --store "$(wallet alice)")

terminal 80x24 "${admin_command[@]}" enroll alice --no-account --phone \
    --label phone --qr
line=$(admin uri alice)
reads "enroll --phone --qr is read in 80 columns and 24 lines" "$line"
equal "and the prompt below it scrolls nothing away" "$(scrolled)" 0
refused "the line is not on the screen beside it" screen_has otpauth

admin enroll laptop --no-account >"$T/uri" 2>"$T/out"
admin verify laptop <<<"$(token alice add laptop <"$T/uri" >"$T/out"
    token alice next)" >"$T/out"
terminal 80x24 "${admin_command[@]}" qr laptop
line=$(admin uri laptop)
check "the counter has moved" grep -q 'counter=1$' <<<"$line"
equal "rollcode-admin qr shows the token again, as it stands" \
    "$(camera 255 0)" "$line"
terminal 80x24 "${wallet_command[@]}" qr
line=$(token alice uri)
equal "rollcode-token qr is read" "$(camera 255 0)" "$line"

complete='A code of the new token of dora:$' terminal 80x24 \
    "${admin_command[@]}" enroll dora --no-account --phone --qr --confirm
token dora add <<<"$(camera 0 255)" >"$T/out"
refused "enroll --qr --confirm waits for the token that was read" \
    admin show dora
mux send-keys "$(code dora)" Enter
wait_for grep -q '^status' "$T/said"
check "and enrols it when its code is typed" \
    grep -q '^enrolled dora' "$T/said"
equal "it has the secret that was read, and the code is spent" \
    "$(admin uri dora)" "$(token dora uri)"
refused "and was not shown" screen_has '[0-9][0-9][0-9][0-9]'

# --- where it has no room ---------------------------------------------------

# no_room SIZE COMMAND...: says so, ends well, and prints the line
no_room() {
	terminal "$1" "${@:2}"
	grep -q '^the QR code needs [0-9]* columns and [0-9]* lines' \
	    "$T/said" || { echo "not said"; return 1; }
	grep -qx 'status 0' "$T/said" || { echo "no success"; return 1; }
	[ "$(mux capture-pane -pJ | sed 's/ *$//' | head -n 1)" = "$line" ] &&
	    return 0
	mux capture-pane -pJ
	return 1
}
check "on a narrow terminal it says so, and prints the line" \
    no_room 40x60 "${wallet_command[@]}" qr
# The size that it says is enough, and one less is not.
exact() {
	local columns lines
	read -r columns lines < <(sed -n \
	    's/^the QR code needs \([0-9]*\) columns and \([0-9]*\) lines.*/\1 \2/p' \
	    "$T/said")
	terminal "${columns}x$lines" "${wallet_command[@]}" qr
	[ "$(camera 255 0)" = "$line" ] || { echo "not read"; return 1; }
	[ "$(scrolled)" = 0 ] || { echo "scrolled away"; return 1; }
	no_room "$((columns - 1))x$lines" "${wallet_command[@]}" qr &&
	    no_room "${columns}x$((lines - 1))" "${wallet_command[@]}" qr
}
check "the size that it asks for is enough, and less is not" exact

token alice qr >"$T/drawn"
equal "what is no terminal gets it whole" "$(picture 255 0 <"$T/drawn")" \
    "$line"
long=$(printf '%0128d' 0 | tr 0 x)
admin enroll "$long" --no-account --form hash --label \
    "$(head -c 64 <<<"$long")" >"$T/uri" 2>"$T/out"
token long add <"$T/uri" >"$T/out"
terminal 200x70 rollcode-token --store "$(wallet long)" qr
line=$(token long uri)
equal "a long line is read, if the terminal is large" "$(camera 0 255)" "$line"
mux kill-server

# --- who else reads it ------------------------------------------------------

# fields USER WANTED: what Python's own parser finds, but for the secret
fields() {
	admin uri "$1" | python3 -c '
import base64, socket, sys, urllib.parse
url = urllib.parse.urlsplit(sys.stdin.read().strip())
query = urllib.parse.parse_qs(url.query, strict_parsing=True)
assert all(len(values) == 1 for values in query.values()), query
query = {name: values[0] for name, values in query.items()}
issuer, account = urllib.parse.unquote(url.path[1:]).split(":")
assert url.scheme == "otpauth" and not url.fragment
assert issuer == query.pop("issuer") == (socket.gethostname() or "Rollcode")
secret = query.pop("secret")
print(url.netloc, account, len(base64.b32decode(secret + "=" * (-len(secret) % 8))),
      *sorted(f"{name}={value}" for name, value in query.items()))'
}
equal "another parser finds all that a phone needs, and nothing else" \
    "$(fields alice)" \
    "hotp alice 20 algorithm=SHA1 counter=0 digits=6"
equal "and all of another token" "$(fields laptop)" \
    "hotp laptop 32 algorithm=SHA256 counter=1 digits=8"
admin enroll 'o d+d%&é@x' --no-account --counter 7 --label 'key 2' \
    >"$T/uri" 2>"$T/out"
equal "and a name and a label with odd characters" \
    "$(fields 'o d+d%&é@x')" \
    "hotp o d+d%&é@x 32 algorithm=SHA256 counter=7 digits=8 label=key 2"

nothing_sent() {
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=network -o "$T/trace" \
	    rollcode-admin --conf "$CONF" qr alice >"$T/drawn" || return 1
	[ "$(picture 255 0 <"$T/drawn")" = "$(admin uri alice)" ] || return 1
	! grep . "$T/trace"
}
if strace -qq -o "$T/trace" true 2>/dev/null; then
	check "nothing of it goes to a network" nothing_sent
else
	skip "nothing of it goes to a network" "strace cannot trace here"
fi
