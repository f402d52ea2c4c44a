# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# wallet.sh - rollcode-token with a wallet at $STORE, for scripts that have read
# lib.sh.  $BASE32 and $OTHER32 are two secrets.
#
#   rt ARGUMENT...        rollcode-token with that wallet
#   counter [NAME]        of that token, or of the default one
#   says STATUS PATTERN COMMAND...
#                         it fails so, with that in its sentence, prints nothing
#                         on standard output, and repeats no secret
# shellcheck disable=SC2034	# those who read this use them
BASE32=AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYPQ
# shellcheck disable=SC2034
OTHER32=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ

rt() {
	rollcode-token --store "$STORE" "$@"
}

counter() {
	rt show --json "$@" | sed -n 's/.*"counter": \([0-9]*\),*/\1/p'
}

says() {
	local status
	"${@:3}" >"$T/out" 2>"$T/err" </dev/null
	status=$?
	[ "$status" -eq "$1" ] && [ ! -s "$T/out" ] &&
	    grep -qE -- "$2" "$T/err" && ! grep -qiE 'AAAQ|GEZD' "$T/err" &&
	    return 0
	echo "status $status, wanted $1 and a sentence with: $2"
	cat "$T/out" "$T/err"
	return 1
}
