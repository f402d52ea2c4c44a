#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# restored_disk.sh - a disk that goes back with all that is on it, the store and
# its witnesses: what expires is safe by itself, and everything is where somebody
# says so.
. "$(dirname "$0")/../support/lib.sh"
need python3 mkfs.ext4
private_machine "$@"
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/ahead.sh"

disk_in() {
	mount -n -o loop "$T/disk.img" "$T/disk"
}

disk_out() {
	umount -n "$T/disk"
}

go_back() {
	disk_out
	cp "$T/then.img" "$T/disk.img"
	disk_in
}

used_again() {	# USER
	local one
	while read -r one; do
		login "$1" "$one"
	done <"$T/used.$1" | grep -c SUCCESS
}

mknod -m 600 /dev/loop-control c 10 237
for i in {0..15}; do
	mknod -m 600 "/dev/loop$i" b 7 "$i"
done
installed GUARD_AFTER=100 GUESSES=1000
pam_place
mkdir "$T/disk"
truncate -s 16M "$T/disk.img"
mkfs.ext4 -q -F "$T/disk.img"
if ! disk_in; then
	skip "$SCRIPT" "no file can be mounted here"
	exit 0
fi
install -d -m 700 -o rollcode -g rollcode "$T/disk/store" \
    "$T/disk/store-witness"
sed -i "s,^DATABASE=.*,DATABASE=sqlite:$T/disk/store," "$CONF"
admin init >"$T/out"
enroll hal
enroll tim --form timed
disk_out
cp "$T/disk.img" "$T/then.img"
disk_in
for user in hal tim; do
	codes "$user" 3 >"$T/used.$user"
	equal "$user logs in on a disk that goes back" \
	    "$(used_again "$user")" 3
done

go_back
equal "then codes that do not expire work again, which is its limit" \
    "$(used_again hal)" 3
server_ahead 360
equal "and no timed one that is older than four minutes" \
    "$(used_again tim)" 0
server_ahead 0

go_back
check "somebody says that it went back" admin restored
for user in hal tim; do
	equal "then no used code of $user works again" \
	    "$(used_again "$user")" 0
done
