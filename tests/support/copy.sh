# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# copy.sh - a copy of this machine in $T/root, in which packages can be installed.
# For scripts that have read lib.sh and called private_machine.
#
#   copy_machine          false, with the reason in $T/log, if there can be none

copy_machine() {
	local place
	mkdir "$T/over" "$T/over/files" "$T/over/work" "$T/root"
	mount -n -t overlay overlay -o \
	    "lowerdir=/,upperdir=$T/over/files,workdir=$T/over/work" \
	    "$T/root" 2>"$T/log" || return
	for place in proc dev; do
		mount -n --rbind "/$place" "$T/root/$place"
	done
	for place in run tmp var/log; do
		mount -n -t tmpfs -o mode=1777 "${place##*/}" "$T/root/$place"
	done
	# An index of all man pages at each step would be most of the time.
	rm -f "$T/root/var/lib/man-db/auto-update"
}
