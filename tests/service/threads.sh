#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# threads.sh FOLDER - many logins in the threads of one process, with the module
# and the host of FOLDER, which were built with ThreadSanitizer; the verifier is
# that of $BUILD.
# apart
. "$(dirname "$0")/../support/lib.sh"
private_machine "$@"
. "$TREE/tests/support/pam.sh"

threads=8 rounds=6
TSAN=$(cd "$TREE" && realpath "$1")
PAMRUN=$TSAN/tests/tools/pamrun

# service NAME [ARGUMENT...]
service() {
	pam_named "$@"
	sed -i "s,$T/bin/pam_rollcode.so,$TSAN/pam_rollcode.so," "$T/pam/$1"
}

run() {	# SERVICE [OPTION...]
	TSAN_OPTIONS="exitcode=66 suppressions=$TREE/.ci/tsan.supp" \
	    "$PAMRUN" -t "${@:2}" "$T/pam" "$1" >"$T/out" 2>"$T/report"
}

# ran NAME COMMAND...: and nothing was reported
ran() {
	local status
	"${@:2}"
	status=$?
	if [ "$status" -eq 0 ] && ! grep -q WARNING "$T/report"; then
		ok "$1"
	else
		not_ok "$1" "status $status"
		show "$(head -n 60 "$T/report")"
	fi
}

codes() {
	code "$1" -n "$2" | tr -s ' ' '\n'
}

server GUARD_AFTER=100 GUESSES=1000
mkdir -p "$T/pam"
service rc
service nullok nullok debug
service forward forward_pass
service nonsense nonsense
echo "auth required $TSAN/tests/tools/pam_loud.so" >"$T/pam/loud"
syslog_start
for user in ann bob daemon; do enroll "$user"; done

codes ann "$rounds" | sed 's/^/ann\t/' >"$T/in"
ran "$threads threads with one code each round: no data race" \
    run rc -n "$threads" <"$T/in"
equal "and one success in each of $rounds rounds" \
    "$(sort "$T/out" | cut -d' ' -f1,2 | uniq -c | awk '
	$3 == "SUCCESS" { yes += $1 == 1 }
	$3 == "AUTH_ERR" { no += $1 }
	END { print yes, no }')" "$rounds $((rounds * (threads - 1)))"

printf 'ann\t%s\tbob\t%s\tvisitor\t12345678\tdaemon\t%s\tann\tno code\tbob\t%s\n' \
    "$(code ann)" "$(code bob)" "$(code daemon)" 00000000 >"$T/in"
printf 'bin\t1\tsys\t2\tann\t%s\tdaemon\t%s\n' \
    "$(code ann)" "$(code daemon)" >>"$T/in"
for service in rc nullok forward nonsense; do
	ran "threads of different people and ends, $service: no data race" \
	    run "$service" -n 2 <"$T/in"
done
printf 'ann\t0\n' >"$T/in"
run loud -n "$threads" <"$T/in"
check "a module with a data race would be found" \
    grep -q 'WARNING: ThreadSanitizer: data race' "$T/report"
exit 0
