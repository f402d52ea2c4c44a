# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# ahead.sh - clocks that are ahead of this machine's, for scripts that have read
# lib.sh; the times of files stay real.
#
#   codes_ahead SECONDS USER [ARGUMENT...]   the next codes on such a device
#   server_ahead SECONDS            from now on logins ask a service with such a
#                                   clock; with 0 they start a verifier again

codes_ahead() {
	off "$1" rollcode-token --store "$(wallet "$2")" next "${@:3}"
}

server_ahead() {
	[ -z "${resident-}" ] || resident_stop
	resident=
	[ "$1" -eq 0 ] || resident_of env \
	    "LD_PRELOAD=$BUILD/tests/tools/libahead.so" "AHEAD=$1" \
	    /usr/local/libexec/rollcode/rollcode-verify serve
}
