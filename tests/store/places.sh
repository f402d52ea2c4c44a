#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# places.sh [long] - each part of the three paths (store, env file, helper),
# one after the other in another owner's hands, writable by others, or
# something else: denied by the right name, said with the remedy, in less than
# a second, and nothing outside is touched.  stores.sh spoils what is inside.
# long: 600	every part in every way
# shellcheck disable=SC2317	# what spoils a part is called by its name
. "$(dirname "$0")/../support/lib.sh"
need python3
private_machine "$@"
. "$TREE/tests/support/pam.sh"

long=''
[ "${1-}" != long ] || long=1

# --- arrangement ------------------------------------------------------------

# A place two directories deep for each path, and a canary beside them all.
arrange() {
	syslog_start
	server
	mkdir -p "$T/a/store" "$T/b/etc" "$T/c/libexec" "$T/canary/sub"
	mv "$T/store" "$T/a/store/db"
	sed -i "s,^DATABASE=.*,DATABASE=sqlite:$T/a/store/db," "$CONF"
	mv "$CONF" "$T/b/etc/rollcode.env"
	CONF=$T/b/etc/rollcode.env
	mv "$T/bin/rollcode-verify" "$T/c/libexec/rollcode-verify"
	enroll ann
	echo "keep me" | tee "$T/canary/file" >"$T/canary/sub/file"
	chmod 640 "$T/canary/file"
	mkdir "$T/pam"
	for service in rc nullok; do
		echo "auth required $T/bin/pam_rollcode.so conf=$CONF" \
		    "helper=$T/c/libexec/rollcode-verify nodelay quiet" \
		    >"$T/pam/$service"
	done
	sed -i 's/$/ nullok/' "$T/pam/nullok"
	echo "auth required pam_permit.so" >>"$T/pam/nullok"
	add_user ann
	right=$(code ann)
	users=$T/a/store/db/users
	for part in a b c; do
		cp -a "$T/$part" "$T/good.$part"
	done
	canary=$(checksum)
}

# Names, modes, owners, times and content of everything in there.
checksum() {
	(cd "$T/canary" && find . -printf '%p %m %U %G %T@ %n\n' | sort &&
	    cat file sub/file) | md5sum
}

# restore PLACE: of a, b and c the one that it is in
restore() {
	local part=${1#"$T/"}
	part=${part%%/*}
	[ ! -c "$1" ] || umount -n "$1"
	rm -rf "${T:?}/$part"
	cp -a "$T/good.$part" "$T/$part"
	: >"$T/syslog"
}

# --- what a part may be instead ----------------------------------------------

other_owner() {
	chown 4001 "$1"
}

group_writes() {
	chmod g+w "$1"
}

others_write() {
	chmod o+w "$1"
}

# To the right thing, so that only being a link is wrong with it.
symbolic_link() {
	mv "$1" "$1.real" && ln -s "$1.real" "$1"
}

to_the_canary() {
	rm -rf "$1" && ln -s "$T/canary" "$1"
}

dangling() {
	rm -rf "$1" && ln -s "$T/nowhere" "$1"
}

fifo() {
	rm -rf "$1" && mkfifo -m 600 "$1"
}

directory() {
	rm -rf "$1" && mkdir -m 700 "$1"
}

socket() {
	rm -rf "$1"
	python3 -c 'import os, socket, sys
os.umask(0o177)
socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$1"
}

# A device of this machine, and not one that a container may not make.
device() {
	rm -rf "$1" && touch "$1" && mount -n --bind /dev/zero "$1"
}

hard_link() {
	ln "$1" "$T/canary.link" && mv "$T/canary.link" "${1%/*}/other"
}

plain_file() {
	rm -rf "$1" && touch "$1"
}

# --- one after the other ------------------------------------------------------

# spoilt PART HOW RESULT PATTERN
spoilt() {
	local got ms service
	restore "$1"
	"$2" "$1" || bad+="$1: cannot be made so"$'\n'
	for service in rc nullok; do
		read -r _ got ms _ < <(printf 'ann\t%s\n' "$right" |
		    "$PAMRUN" "$T/pam" "$service")
		[ "$got" = "$3" ] ||
		    bad+="$1, $service: $got instead of $3"$'\n'
		[ "$ms" -lt 1000 ] || bad+="$1: took $ms ms"$'\n'
	done
	logged "$4" >"$T/logged" || bad+="$1: $(cat "$T/logged")"$'\n'
	[ "$(checksum)" = "$canary" ] || bad+="$1: the canary is touched"$'\n'
	count=$((count + 1))
}

# parts FILE: the directories that lead to it, from $T on
parts() {
	local at=$1
	while at=${at%/*} && [ "$at" != "$T" ]; do
		echo "$at"
	done
}

# every NAME HOW RESULT PATTERN PART...: %s in the pattern is the part; one
# of the parts, each time another, where there is no time for all.
every() {
	local bad='' count=0 part parts=("${@:5}")
	[ -n "$long" ] || parts=("${parts[turn++ % ${#parts[@]}]}")
	for part in "${parts[@]}"; do
		# shellcheck disable=SC2059	# the pattern is a format
		spoilt "$part" "$2" "$3" "$(printf "$4" "$part")"
	done
	restore "$part"
	say_ok "$1 ($count places): $3" "$bad"
}

# matrix NAME RESULT DIRECTORY...: what is wrong with any directory
matrix() {
	every "$1 of another owner" other_owner "$2" \
	    '%s: belongs to uid 4001.*chown' "${@:3}"
	every "$1 its group can write" group_writes "$2" \
	    '%s: can be written by others.*chmod go-w' "${@:3}"
	every "$1 others can write" others_write "$2" \
	    '%s: can be written by others.*chmod go-w' "${@:3}"
	every "$1 that is a symbolic link" symbolic_link "$2" \
	    '%s: is a symbolic link; name the real path' "${@:3}"
	every "$1 that leads to another tree" to_the_canary "$2" \
	    '%s: is a symbolic link; name the real path' "${@:3}"
}

# instead NAME RESULT PATTERN PATH HOW...: something else in its place
instead() {
	local how bad='' count=0 ways=("${@:5}")
	[ -n "$long" ] || ways=("${ways[turn++ % ${#ways[@]}]}")
	for how in "${ways[@]}"; do
		spoilt "$4" "$how" "$2" "$3"
	done
	restore "$4"
	say_ok "$1 that is something else (${ways[*]}): $2" "$bad"
}

arrange
equal "where everything is as it should be, the code opens" \
    "$(login ann "$right" nullok)" SUCCESS
rm -rf "$T/good.a"
cp -a "$T/a" "$T/good.a"
right=$(code ann)
turn=0

mapfile -t store < <(parts "$users/ann.db")
mapfile -t env < <(parts "$CONF")
mapfile -t helper < <(parts "$T/c/libexec/rollcode-verify")
matrix "a directory of the store" SYSTEM_ERR "${store[@]}"
matrix "a directory of the env file" SERVICE_ERR "${env[@]}"
matrix "a directory of the helper" SYSTEM_ERR "${helper[@]}"
if [ -n "$long" ]; then
	matrix "an env file" SERVICE_ERR "$CONF"
	matrix "a helper" SYSTEM_ERR "$T/c/libexec/rollcode-verify"
fi

instead "a directory of users" SYSTEM_ERR "users: .*(move|chmod go-w)" \
    "$users" plain_file fifo socket device
instead "a user's file" SYSTEM_ERR "ann.db: is not a regular file.*replace it" \
    "$users/ann.db" to_the_canary dangling fifo directory socket device \
    hard_link
instead "a marker" SYSTEM_ERR "marker: .*restore" \
    "$users/marker" to_the_canary dangling fifo directory socket device
instead "an env file" SERVICE_ERR "rollcode.env: " \
    "$CONF" to_the_canary dangling fifo directory socket device
instead "a helper" SYSTEM_ERR "helper: .*reinstall" \
    "$T/c/libexec/rollcode-verify" to_the_canary dangling fifo directory \
    socket device
equal "in the end everything is as it was" "$(login ann "$right")" SUCCESS
exit 0
