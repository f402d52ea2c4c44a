# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# kills.sh - SIGKILL at a system call of one process.  For scripts that have
# read lib.sh, called private_machine and read pam.sh; it reads inject.sh.
#
#   kill_points         of the input's calls $points, as options of strace that
#                       kill there
#   killed              by the trace it was
#   was_killed          the same, and counts
#   planned NAME WRONG  ok if WRONG is empty, and deaths were counted
#   no_alarm            ok if no login since syslog_start took a user's file for
#                       one that was put back
#
# After a login of ann's whose verifier was killed, as WHEN CODE RESULT; each
# prints what is not as it should be:
#   after_a_right_code after_an_answer after_either after_a_wrong_code
. "$TREE/tests/support/inject.sh"

tried=0 alive=0 least=8 points=9

kill_points() {
	evenly "$points" |
	    sed 's/\(.*\) \(.*\)/-e inject=\1:signal=KILL:when=\2/'
}

killed() {
	grep -q 'killed by SIGKILL' "$T/trace"
}

# A login that folds the log makes more calls than another one.
was_killed() {
	tried=$((tried + 1))
	killed || { alive=$((alive + 1)); return 1; }
}

# A run without deaths would be no test.
planned() {
	local bad=$2
	[ "$tried" -ge "$least" ] && [ "$alive" -le $((2 + tried / 4)) ] ||
	    bad+="$tried tried, $alive lived"
	echo "# $tried points"
	tried=0 alive=0
	say_ok "$1" "$bad"
}

no_alarm() {
	equal "and no user's file was taken for one that was put back" \
	    "$(grep -cE 'older than its witness|was put back' "$T/syslog")" 0
}

# A code that was given to a verifier that died is accepted now, or was spent;
# never twice.  Then the next one opens.
after_a_right_code() {
	local got
	[ "$3" = SUCCESS ] && echo "$1: accepted"
	got="$(login ann "$2") $(login ann "$2") $(login ann "$(code ann)")"
	case $got in
	"SUCCESS AUTH_ERR SUCCESS" | "AUTH_ERR AUTH_ERR SUCCESS") ;;
	*) echo "$1, then: $got" ;;
	esac
}

# The verdict was said before it died.
after_an_answer() {
	local got
	got="$3 $(login ann "$2") $(login ann "$(code ann)")"
	[ "$got" = "SUCCESS AUTH_ERR SUCCESS" ] ||
	    echo "$1, then: $got"
}

# Of one that does not have to end well to be believed.
after_either() {
	case $3 in
	SUCCESS) after_an_answer "$@" ;;
	*) after_a_right_code "$@" ;;
	esac
}

after_a_wrong_code() {
	local got
	[ "$3" = SUCCESS ] && echo "$1: accepted"
	got=$(login ann "$2")
	[ "$got" = SUCCESS ] || echo "$1, then: $got"
}
