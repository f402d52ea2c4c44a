#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# service_flat.sh - the service stays as it is over many requests.
# REQUESTS in the environment says how many (6000).
# long
# limit: 7200
# shellcheck disable=SC2317	# some functions are called by name
. "$(dirname "$0")/../support/lib.sh"
private_machine
. "$TREE/tests/support/pam.sh"

REQUESTS=${REQUESTS:-6000}
HAMMER=$BUILD/tests/tools/hammer

# What the service holds: descriptors, mappings, kilobytes.  Pages of a library
# are its own or shared as other processes come and go; what it wrote is its own.
size() {
	local pid files=0 maps=0 kilobytes=0
	for pid in $(pgrep -f 'rollcode-verify serve'); do
		files=$((files + $(find "/proc/$pid/fd" -type l | wc -l)))
		maps=$((maps + $(wc -l <"/proc/$pid/maps")))
		kilobytes=$((kilobytes +
		    $(awk '/^Private_Dirty:/ { print $2 }' \
			"/proc/$pid/smaps_rollup")))
	done
	echo "$files $maps $kilobytes"
}

# Idle workers beyond the usual have ended, and the others closed what they had
# of a user's.
settled() {
	patience=20 wait_for as_usual
}

as_usual() {	# two verify for each socket, and two look who asks
	[ "$(workers | wc -l)" -le 2 ] && [ "$(workers all | wc -l)" -le 4 ] &&
	    no_store_files
}

# many COUNT: right codes, wrong ones, replays, while guarded and not; half of
# them at each socket
many() {
	local codes
	mapfile -t codes < <(token ann next -n 40 | tr ' ' '\n')
	"$HAMMER" $(($1 / 2)) ann "${codes[@]}" 00000000 "${codes[*]:0:2}" \
	    "${codes[*]:3:3}" 123456 rubbish
	as www "$HAMMER" $(($1 / 2)) ann "${codes[@]}" 00000000 \
	    "${codes[*]:6:3}" 123456 rubbish
}

add_user ann
add_user www
installed CALLERS=www
install -m 755 "$HAMMER" "$T/bin/hammer"
HAMMER=$T/bin/hammer
syslog_start
enroll ann
resident_start
many 2000 >"$T/first"
settled
before=$(size)
many "$REQUESTS" >"$T/out"
settled
after=$(size)
echo "files, maps, private kilobytes: $before before, $after after"
xargs <"$T/out"
check "right codes were accepted on the way" grep -q '^accepted ' "$T/out"
check "and others refused" grep -q '^guarded ' "$T/out"
refused "no answer was lost" grep -q '^lost ' "$T/out"
equal "after $REQUESTS requests the descriptors are as many" \
    "${after%% *}" "${before%% *}"
equal "so are the mappings" "$(cut -d' ' -f2 <<<"$after")" \
    "$(cut -d' ' -f2 <<<"$before")"
check "and the memory is not 300 kB more" \
    test "$((${after##* } - ${before##* }))" -lt 300
resident_stop
equal "and it ends well" "$?" 0
exit 0
