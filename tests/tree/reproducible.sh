#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# reproducible.sh - the same source gives the same bytes, wherever and by
# whomever it is built: two builds whose places, umasks, clocks' zones,
# languages, names, ages of files and numbers of jobs differ.  The tree's own
# build is one of them, where it has the flags that make has by itself.
# long
. "$(dirname "$0")/../support/lib.sh"
scratch

BUILT=(pam_rollcode.so rollcode-verify rollcode-admin rollcode-token)

copy() {	# PLACE TIME
	mkdir -p "$1"
	tar -C "$TREE" --exclude=./build --exclude=./.git -cf - . |
	    tar -C "$1" -xf -
	find "$1" -exec touch -h -d "$2" {} +
}

# Nothing of this script's own environment reaches make but its PATH.
make_in() {	# PLACE UMASK VARIABLE=VALUE... -- ARGUMENT...
	local place=$1 mask=$2 variables=()
	shift 2
	while [ "$1" != -- ]; do
		variables+=("$1")
		shift
	done
	shift
	(umask "$mask" && cd "$place" &&
	    env -i PATH="$PATH" "${variables[@]}" make "$@")
}

here() {	# PLACE ARGUMENT...
	make_in "$1" 022 LC_ALL=C TZ=UTC USER=root LOGNAME=root \
	    HOME=/root HOSTNAME=here -- -j1 "${@:2}"
}

there() {
	make_in "$T/far/off/there" 077 LANG=de_DE.UTF-8 LC_ALL=C.UTF-8 \
	    TZ=Asia/Kathmandu USER=somebody LOGNAME=somebody \
	    HOME=/nonexistent HOSTNAME=there -- -j2 "$@"
}

# Every file of a tree: its kind, mode, size or target, and content.
contents() {
	(cd "$1" && find . -printf '%P %M %y %l\n' | sort &&
	    find . -type f -exec sha256sum {} + | sort -k 2)
}

flags_of() {	# PLACE: those that may change what is built
	sed -e 's/ -Werror / /' -e 's/-ffile-prefix-map=[^ ]*//' \
	    "$1/build/obj/flags" | tr -s ' '
}

one=$TREE other=$T/far/off/there
copy "$other" "2024-02-29 23:59:59"
check "a build in one place" there all || exit
if ! cmp -s <(flags_of "$one") <(flags_of "$other"); then
	one=$T/here
	copy "$one" "2001-02-03 04:05:06"
	check "a build in another" here "$one" all || exit
fi
for file in "${BUILT[@]}"; do
	check "two builds of $file are the same, byte for byte" \
	    cmp "$one/build/$file" "$other/build/$file"
done
check "an installation by one" here "$other" install DESTDIR="$T/one"
check "an installation by another" there install DESTDIR="$T/two"
check "all is installed" test -f "$T/one/usr/local/sbin/rollcode-admin"
equal "the two installed trees have the same files, modes and contents" \
    "$(contents "$T/two")" "$(contents "$T/one")"
