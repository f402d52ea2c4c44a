#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# crowd.sh - 200 users at once, in time; so nothing runs beside it.
# long
# alone
. "$(dirname "$0")/../support/lib.sh"
private_machine
. "$TREE/tests/support/pam.sh"

# crowd FORMAT TEXT...: a line for each, of the name and TEXT
crowd() {
	local i
	for ((i = 0; i < 200; i++)); do
		# shellcheck disable=SC2059	# the format is given
		printf "$1" "crowd$i" "${@:2}"
	done
}

# They have one secret, which is no less work, and come from one file.
server
pam_place
crowd 'HOTP/E/8\t%s\t-\t%s\t0\n' 3132333435363738393031323334353637383930 \
    >"$T/users.oath"
check "200 users are enrolled" \
    admin import --no-account "$T/users.oath" || exit
admin uri crowd0 | token crowd add >"$T/add.log" 2>&1
crowd '%s\t%s\n' "$(code crowd)" | paste -s | pam_run >"$T/out"
bad=$(grep -v ' SUCCESS ' "$T/out")
equal "200 users at once: each gets in, none finds the store busy" \
    "$(grep -c ' SUCCESS ' "$T/out")$bad" 200
slowest=$(sort -k3,3n "$T/out" | tail -n 1 | cut -d' ' -f3)
echo "# the slowest took $slowest ms"
check "200 users at once: within 5 seconds" test "$slowest" -le 5000
exit 0
