#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# heartbeats.sh - one socket's process shows no life for the other's, however
# often one of them alone was started anew.
# long
# limit: 300
# shellcheck disable=SC2317	# some functions are called by name
. "$(dirname "$0")/../support/lib.sh"
private_machine
add_service rollcode
installed
resident_start
wait_for serving all

# serving() names the newest, which is replaced within a second or two.
replaced() {
	local now
	now=$(serving "$1") && [ -n "$now" ] && [ "$now" != "$2" ]
}

missed=0
for ((i = 0; i < 24; i++)); do
	was=$(serving all)
	kill -9 "$was"
	wait_for replaced all "$was" || missed=$((missed + 1))
	# Until as many were started as there are places of any kind.
	[ "$i" -ge 15 ] || continue
	nap 0.5
	was=$(serving all)
	kill -STOP "$was"
	if ! wait_for replaced all "$was"; then
		missed=$((missed + 1))
		kill -9 "$was"
		wait_for replaced all "$was"
	fi
done
equal "one that is stopped after many starts is replaced" "$missed" 0
exit 0
