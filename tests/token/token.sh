#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# token.sh [long] - rollcode-token as a person and a shell meet it.  long: only
# killed, at every third system call, or one in ROLLCODE_STEP.
# limit: 240
# long: 300
. "$(dirname "$0")/../support/lib.sh"
scratch
. "$TREE/tests/support/wallet.sh"

export ASAN_OPTIONS=detect_leaks=0	# which a traced process cannot do
unset XDG_DATA_HOME
HOME=$T/home
mkdir -m 700 "$HOME"

line() {	# SECRET PARAMETER...: a token's line
	local parameter
	printf 'otpauth://hotp/web:ann?secret=%s&issuer=web' "$1"
	for parameter in "${@:2}"; do printf '&%s' "$parameter"; done
	echo
}
HOTP=$(line $BASE32 algorithm=SHA256 digits=8 counter=0)
HEX=$(line $BASE32 form=hex digits=64 counter=0)
vector() {	# FILE COUNTER: the code of tests/vectors for a counter
	awk -v c="$2" '$1 == c { print $2 }' "$TREE/tests/vectors/$1.txt"
}

store() {	# LINE: a new store with that token; sets $STORE
	STORE=$(mktemp -d "$T/store.XXXXXX")/token.db
	rollcode-token --store "$STORE" add web <<<"$1" >"$T/added"
}

# --- killed at a system call ------------------------------------------------

injected() {	# NAME:INJECTION COMMAND...
	strace -f -qq -o /dev/null -e "trace=${1%%:*}" -e "inject=$1" "${@:2}"
}

# calls_of PATTERN COMMAND...: "NAME COUNT" for the system calls it makes
calls_of() {
	strace -f -qq -o "$T/trace" "${@:2}" <"$T/line" >/dev/null 2>&1
	sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' "$T/trace" | sort |
	    uniq -c | awk -v pattern="^($1)\$" '$2 ~ pattern &&
	    $2 != "execve" { print $2, $1 }'
}

# walk PATTERN BEFORE AFTER COMMAND...: run it once for one in $step of its
# system calls, and for the one by which it ends, and kill it there; BEFORE and
# AFTER are functions
step=5
[ "${SAN-}" != 1 ] || step=20
[ "${1-}" != long ] || step=${ROLLCODE_STEP:-3}
walk() {
	local name count n at=0
	"$2"
	while read -r name count; do
		for ((n = 1; n <= count; n++)); do
			((at++ % step == 0)) ||
			    [ "$name" = exit_group ] || continue
			"$2"
			injected "$name:signal=KILL:when=$n" "${@:4}" \
			    >>"$T/codes" 2>"$T/err" <"$T/line"
			[ $? -ne 137 ] || kills=$((kills + 1))
			"$3" && continue
			echo "after a kill at $name number $n"
			return 1
		done
	done < <(calls_of "$1" "${@:4}")
	[ "$kills" -gt $((20 / step)) ] && return 0
	echo "only $kills kills"
	return 1
} 2>/dev/null

nothing() { :; }
still_works() { rt next >>"$T/codes"; }
next_walk() {
	: >"$T/codes"
	kills=0
	walk '.*' nothing still_works rollcode-token --store "$STORE" next ||
	    return 1
	sort "$T/codes" | uniq -d | grep . && return 1
	[ "$(wc -l <"$T/codes")" -gt "$kills" ]
}

no_store() { rm -rf "${STORE%/*}"; }
add_again() {
	local left
	rt add web <"$T/line" >"$T/out" 2>&1 ||
	    grep -q 'web already' "$T/out" || return 1
	left=$(ls "${STORE%/*}")
	[ "$left" = token.db ] && [ "$(rt next)" = "$(vector hex 0)" ]
}
add_walk() {
	kills=0
	walk 'open.*|mkdir.*|unlink.*|rename.*|p?write.*|f.*sync|flock|close' \
	    no_store add_again rollcode-token --store "$STORE" add web
}

if strace -qq -o /dev/null true 2>/dev/null; then
	store "$HEX"
	echo "$HEX" >"$T/line"
	check "killed at any system call, no code is printed twice" next_walk
	check "killed at any system call, adding leaves nothing half made" \
	    add_walk
else
	skip "killed at any system call, no code is printed twice" \
	    "strace cannot trace here"
fi

[ "${1-}" != long ] || exit 0

# --- codes ------------------------------------------------------------------

for name in hotp-sha256-8 hotp-sha512-8 hex; do
	case $name in
	hex) store "$HEX" ;;
	*256*) store "$HOTP" ;;
	*512*) store "${HOTP/SHA256/SHA512}" ;;
	esac
	equal "the codes of $name are those of the vectors, in order" \
	    "$(rt next; rt next web; rt pair; rt next -n 1)" \
	    "$(vector $name 0; vector $name 1
	    echo "$(vector $name 2) $(vector $name 3)"; vector $name 4)"
done

store "$(line "N5YGK3RNONSXGYLNMUWXO2LUNAWWCLLMN5XGOLLTMVRXEZLUFV2GK6DU" \
    form=hash digits=64 counter=1)"
equal "the codes of hash are those of the vectors, in order" \
    "$(rt next -n 2)" "$(vector hash 1) $(vector hash 2)"

store "$HOTP"
rt next >"$T/first"
equal "a token's line carries on where the token stands" \
    "$(line=$(rt uri); store "$line"; rt next)" "$(vector hotp-sha256-8 1)"

store "$HOTP"
rt skip -n 3 >/dev/null
equal "skipping moves forward" "$(rt next)" "$(vector hotp-sha256-8 3)"
check "skipping backward is refused" says 2 'count must be' rt skip -n -1

# One waits two seconds for the others, which sanitizers make slow.
MANY=$([ "${SAN-}" = 1 ] && echo 15 || echo 50)
store "$HOTP"
at_once() {
	local i
	for ((i = 0; i < MANY; i++)); do
		rt next &
	done
	wait
}
at_once | sort >"$T/many"
store "$HOTP"
equal "many at once get as many consecutive codes" "$(cat "$T/many")" \
    "$(rt next -n "$MANY" | tr ' ' '\n' | sort)"

# --- calls ------------------------------------------------------------------

store "$HOTP"
check "without a command nothing is spent" says 2 'a command is missing' rt
check "an unknown command spends nothing" says 2 'unknown command nex' rt nex
check "a wrong count spends nothing" says 2 'from 1 to 100' rt next -n 101
check "an unknown name spends nothing" says 1 'rollcode-token list' rt next x
equal "after wrong calls the counter is where it was" "$(counter)" 0

secret_calls() {
	says 2 'standard input or at the prompt' rt add "$HOTP" &&
	    says 2 'standard input or at the prompt' rt next "$HOTP" &&
	    says 2 'too many arguments; it takes .NAME.' rt add web "$HOTP" &&
	    says 2 'unknown command' rt "$HOTP" &&
	    says 2 'unknown option' rt add "--secret=$BASE32" &&
	    says 2 'unknown command' rt "$BASE32" &&
	    says 2 'unknown option' rt next "-$OTHER32"
}
check "a secret among the arguments is refused and not repeated" secret_calls

bad_lines() {
	local bad
	for bad in "${HOTP/hotp/totp}" "${HOTP}x" "$HOTP&counter=1" \
	    "${HOTP/counter=0/}" "$(line AAAQEAYE counter=0)" "$BASE32"; do
		STORE=$T/none/token.db
		printf '%s\n' "$bad" | rt add >"$T/out" 2>"$T/err" && return 1
		grep -q "AAAQ" "$T/err" && return 1
		[ ! -e "$T/none" ] || return 1
	done
}
check "a bad line is refused, not repeated, and makes no store" bad_lines
check "no line at all is refused with the remedy" \
    says 1 'rollcode-admin enroll' rt add

# --- output -----------------------------------------------------------------

store "$HOTP"
to_full() { rt next >/dev/full; }
to_closed() { rt next >&-; }
to_pipe() {
	rm -f "$T/unread"
	mkfifo "$T/unread"
	(exec 3<>"$T/unread"
	exec >"$T/unread" 3>&-
	rt next)
}
check "a full standard output is a failure" says 1 'No space left' to_full
check "a closed standard output is a failure" says 1 'cannot write' to_closed
check "a pipe that nobody reads is a failure" says 1 'Broken pipe' to_pipe
equal "a code that could not be printed is spent and not repeated" \
    "$(rt next)" "$(vector hotp-sha256-8 3)"

# --- a disk that fails ------------------------------------------------------

add_where() {	# INJECTION [OPTION...]
	strace -f -qq -o /dev/null "${@:2}" -e "inject=$1" \
	    rollcode-token --store "$STORE" add web <<<"$HOTP"
}

limited() {	# BYTES COMMAND...: its sentence goes into a pipe
	(
		exec 3>&1
		prlimit --fsize="$1:$1" -- "${@:2}" 2>&1 >&3 | cat >&2
		exit "${PIPESTATUS[0]}"
	)
}

if command -v prlimit >/dev/null; then
	store "$HOTP"
	check "a limit on the size of files gives no code" says 1 \
	    'limit on the size' limited 1024 rollcode-token --store "$STORE" next
	equal "and spends none" "$(rt next)" "$(vector hotp-sha256-8 0)"
else
	skip "a limit on the size of files gives no code" "needs prlimit"
fi
if strace -qq -o /dev/null true 2>/dev/null; then
	store "$HOTP"
	check "a full disk gives no code" says 1 'free space' injected \
	    pwrite64:error=ENOSPC rollcode-token --store "$STORE" next
	check "a disk that loses data gives no code" says 1 'token.db' injected \
	    fdatasync:error=EIO rollcode-token --store "$STORE" next
	next=$(rt next)
	check "and the store works again" test -n "$next"
	STORE=$(mktemp -d "$T/store.XXXXXX")/token.db
	check "a directory that cannot be locked gets no store" says 1 \
	    'cannot be locked: No locks' add_where flock:error=ENOLCK
	: >"$STORE-journal"
	if [ "$(id -u)" -eq 0 ]; then
		check "what cannot be looked at does not count as absent" says 1 \
		    'journal: cannot be examined: Input' add_where \
		    '?lstat,newfstatat:error=EIO' -P "$STORE-journal"
	else
		skip "what cannot be looked at does not count as absent" \
		    "needs root to read a path in a process without dumps"
	fi
	rm "$STORE-journal"
	refused "nor was one made" test -e "$STORE"
else
	skip "a failing disk gives no code" "strace cannot trace here"
fi

store "$HOTP"
mkfifo "$STORE-journal"
check "nobody waits at a FIFO in place of a journal" says 1 \
    'journal: is not a regular file.*move it away' \
    timeout 10 rollcode-token --store "$STORE" next
rm "$STORE-journal"

# --- its journal ------------------------------------------------------------

journal_is() {	# none, zeros or other
	local is=none
	[ ! -e "$STORE-journal" ] || is=other
	! cmp -s "$STORE-journal" <(head -c 28 /dev/zero) || is=zeros
	[ "$is" = "$1" ] && return 0
	echo "the journal is $is, not $1"
	return 1
}
leaves() {	# WHAT ARGUMENT...: where codes were used before
	rt next >"$T/out" && rt "${@:2}" >"$T/out" 2>&1 <"$T/line" &&
	    journal_is "$1" && return 0
	echo "behind ${*:2}"
	return 1
}
leaves_no_secret() {
	echo 'a long passphrase' >"$T/phrase"
	line $OTHER32 counter=0 >"$T/line"
	line "N5YGK3RNONSXGYLNMUWXO2LUNAWWCLLM" counter=0 >"$T/import"
	store "$HOTP"
	leaves zeros next && leaves zeros pair && leaves zeros next -n 100 &&
	    leaves zeros list && leaves zeros show && leaves zeros uri &&
	    leaves zeros qr && leaves zeros export --plain &&
	    leaves none add b && leaves none rename b c &&
	    leaves none default c && leaves none bind web ann@one &&
	    leaves none skip && leaves none remove c --force &&
	    leaves none import "$T/import" &&
	    leaves none passwd --new-passphrase-file "$T/phrase" &&
	    rt --passphrase-file "$T/phrase" next >"$T/out" && journal_is zeros
}
check "no command leaves a secret in the wallet's journal" leaves_no_secret
rm "$STORE"
check "and the journal of one that is gone is in nobody's way" \
    rt add web <<<"$HOTP"

# --- places -----------------------------------------------------------------

in_home() { env HOME="$1" "${@:3}" rollcode-token "$2"; }
mkdir -m 755 "$T/real"
ln -s real "$T/link"
env HOME="$T/link" rollcode-token add <<<"$HOTP" >/dev/null
equal "a home that is a symbolic link is normal" \
    "$(in_home "$T/link" next)" "$(vector hotp-sha256-8 0)"
equal "only its owner can enter the store's folder" \
    "$(stat -c %a "$T/real/.local/share/rollcode" \
    "$T/real/.local/share/rollcode/token.db" | xargs)" "700 600"
check "XDG_DATA_HOME is where data lies" says 1 \
    "$T/data/rollcode: there is no wallet yet.*add" \
    env XDG_DATA_HOME="$T/data" rollcode-token next
check "without HOME the remedy is named" says 1 'set HOME.*--store' \
    env -u HOME -u XDG_DATA_HOME rollcode-token next

cp -a "$T/real" "$T/twin"
env HOME="$T/twin" rollcode-token next >/dev/null 2>"$T/err"
check "a store that was copied says so" grep -q 'is a copy' "$T/err"
in_home "$T/real" next >/dev/null 2>"$T/err"
check "and the original does not" test ! -s "$T/err"

wrong_places() {
	store "$HOTP"
	chmod 644 "$STORE"
	says 1 'chmod 600' rt next || return 1
	chmod 600 "$STORE"
	chmod 777 "${STORE%/*}"
	says 1 'chmod go-w' rt next || return 1
	chmod 700 "${STORE%/*}"
	mv "$STORE" "$STORE.x"
	ln -s token.db.x "$STORE"
	says 1 'not a regular file' rt next || return 1
	rm "$STORE"
	: >"$STORE"
	chmod 600 "$STORE"
	says 1 'not a wallet' rt next || return 1
	mv "$STORE.x" "$STORE"
	[ "$(rt next)" = "$(vector hotp-sha256-8 0)" ]
}
check "a store that others could read or replace is refused" wrong_places
wrong_above() {
	mkdir "$T/shared"
	chmod 775 "$T/shared"
	mv "$T/twin" "$T/shared/home"
	ln -s shared/home "$T/twin"
	says 1 "^rollcode-token: $T/shared: .*fix: chmod go-w $T/shared\$" \
	    in_home "$T/twin" next || return 1
	chmod go-w "$T/shared"
	in_home "$T/twin" next >"$T/out"
}
check "a directory above that others may write is refused by name" wrong_above
other_owner() {
	store "$HOTP"
	chown 65534 "$STORE"
	says 1 'belongs to uid 65534' rt next
}
by_nobody() { setpriv --reuid 65534 --clear-groups "$@"; }
above() {
	mkdir -p "$T/person/own"
	chown 65534 "$T/person/own"
	STORE=$T/person/own/token.db
	by_nobody rollcode-token --store "$STORE" add web <<<"$HOTP" &&
	    by_nobody rollcode-token --store "$STORE" next || return 1
	chown 65533 "$T/person"
	says 1 "$T/person: belongs to uid 65533" \
	    by_nobody rollcode-token --store "$STORE" next
}
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	check "a store of somebody else is refused" other_owner
	check "above one's own directory root's are fine, others' are not" above
else
	skip "a store of somebody else is refused" "needs root and setpriv"
	skip "above one's own directory root's are fine, others' are not" \
	    "needs root and setpriv"
fi

# --- keeping tokens ---------------------------------------------------------

store "$HOTP"
add_two() { rt add two <<<"$HOTP"; }
check "one secret is not added twice" says 1 'has this secret' add_two
line "$OTHER32" counter=5 | rt add two >/dev/null
check "removing asks" says 1 'not removed: ' rt remove two
equal "and says that it has removed" "$(rt remove two 2>&1 <<<yes)" \
    "removed two"
check "and removes at yes" says 1 'no token of that name' rt show two
line "$OTHER32" counter=5 | rt add two >/dev/null
rt default two
equal "the default is the one that was chosen" "$(counter)" 5
rt rename two three
rt remove three --force >"$T/out"
equal "the token that is left is the default" "$(counter)" 0

store "$(line $BASE32 counter=9223372036854775806)"
rt next >"$T/out"
check "the last code is given" test -s "$T/out"
check "an exhausted token says so" says 1 'exhausted.*enrol' rt next

exhausted() {
	local add=(rollcode-token --store "${STORE%/*}/other.db" add two)
	line $OTHER32 counter=9223372036854775807 >"$T/line"
	# shellcheck disable=SC2317	# called by name
	piped() { "${add[@]}" <"$T/line"; }
	says 1 'exhausted.*enrol' piped &&
	    says 1 'exhausted.*enrol' rt import "$T/line" &&
	    says 1 'no token of that name' rt show two
}
check "an exhausted token is not taken" exhausted

lists() {
	rt list | grep -q '^\* web  *hotp   SHA256  *8 ' &&
	    rt show | grep -q '^name  *web (default)$' &&
	    rt list --json | python3 -c '
import json, sys
(t,) = json.load(sys.stdin)
assert t["name"] == "web" and t["default"] and t["used"] is None' &&
	    ! { rt list; rt show; rt list --json; rt show --json; } |
	    grep -q AAAQ
}
store "$HOTP"
if command -v python3 >/dev/null; then
	check "list and show tell all but the secret" lists
else
	skip "list and show tell all but the secret" "needs python3"
fi

# --- passphrases ------------------------------------------------------------

(umask 077; echo "correct horse" >"$T/phrase"; echo "other horse" >"$T/phrase2")
with() { rt --passphrase-file "$T/$1" "${@:2}"; }
store "$HOTP"
equal "a passphrase that is set is said to be" \
    "$(rt passwd --new-passphrase-file "$T/phrase")" \
    "the wallet has a new passphrase now"
check "without terminal and file a protected store says what it needs" \
    says 1 'of the wallet: .*--passphrase-file' setsid -w rollcode-token \
    --store "$STORE" next
check "a wrong passphrase says so" says 1 'passphrase is wrong' \
    with phrase2 next
equal "the right one gives the code, and nothing was spent before" \
    "$(with phrase next)" "$(vector hotp-sha256-8 0)"
with phrase passwd --new-passphrase-file "$T/phrase2" >"$T/out"
check "a changed passphrase is changed" says 1 'is wrong' with phrase next
equal "one that is removed is said to be" "$(with phrase2 passwd --remove)" \
    "the wallet has no passphrase now"
equal "a removed passphrase is not asked for" "$(rt next)" \
    "$(vector hotp-sha256-8 1)"
check "an export without terminal names the option that helps" \
    says 1 'no terminal.*give --seal-file FILE' \
    setsid -w rollcode-token --store "$STORE" export
check "so does a new passphrase" \
    says 1 'no terminal.*give --new-passphrase-file FILE' \
    setsid -w rollcode-token --store "$STORE" passwd

cat >"$T/terminal.py" <<'PYTHON'
# terminal.py STDIN COMMAND... -- [PROMPT ANSWER]...: run it at a terminal of
# its own (STDIN is a file, or - for the terminal), print what was shown.
import os, pty, select, signal, sys, termios, time

end = sys.argv.index("--")
stdin, command = sys.argv[1], sys.argv[2:end]
answers = sys.argv[end + 1:]
pid, fd = pty.fork()
if pid == 0:
    if stdin != "-":
        os.dup2(os.open(stdin, os.O_RDONLY), 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execvp(command[0], command)
shown, limit = b"", time.monotonic() + 30


def more():
    global shown
    ready, _, _ = select.select([fd], [], [], 0.2)
    if time.monotonic() > limit:
        os.kill(pid, 9)
        sys.exit("too slow: " + repr(shown))
    try:
        data = os.read(fd, 4096) if ready else None
    except OSError:
        data = b""
    shown += data or b""
    return data


at = 0
for prompt, answer in zip(answers[::2], answers[1::2]):
    while (found := shown.find(prompt.encode(), at)) < 0:
        if more() == b"":
            sys.exit("no prompt: " + repr(shown))
    at = found + len(prompt)
    os.write(fd, b"\x03" if answer == "^C" else answer.encode() + b"\n")
status = None
while status is None:
    more()
    done, result = os.waitpid(pid, os.WNOHANG)
    if done:
        status = result
while more():
    pass
if termios.tcgetattr(fd)[3] & termios.ECHO:
    shown += b"[echo is on]"
sys.stdout.write(shown.decode())
sys.exit(os.waitstatus_to_exitcode(status) % 256)
PYTHON
at_terminal() {
	python3 "$T/terminal.py" "$@" >"$T/shown" 2>&1
}
prompts() {
	local command=(rollcode-token --store "$STORE")
	local none='shown AAAQ|horse'
	at_terminal - "${command[@]}" add web -- 'otpauth' "$HOTP" ||
	    { echo "add failed"; return 1; }
	! grep -q AAAQ "$T/shown" || { echo "add: $none"; return 1; }
	at_terminal - "${command[@]}" passwd -- 'New pass' 'one horse' \
	    'Repeat' 'two horses' && { echo "mismatch taken"; return 1; }
	at_terminal - "${command[@]}" passwd -- '(at least 8 char' 'one horse' \
	    'Repeat' 'one horse' || { echo "passwd failed"; return 1; }
	! grep -q horse "$T/shown" || { echo "passwd: $none"; return 1; }
	at_terminal - "${command[@]}" next -- 'Passphrase' 'two horses' &&
	    { echo "wrong passphrase taken"; return 1; }
	at_terminal - "${command[@]}" next -- 'Passphrase' 'one horse' &&
	    grep -q "$(vector hotp-sha256-8 0)" "$T/shown" &&
	    ! grep -q horse "$T/shown"
}
piped_add() {
	line "$OTHER32" counter=0 >"$T/line"
	at_terminal "$T/line" rollcode-token --store "$STORE" add two -- \
	    'Passphrase' 'one horse' && grep -q 'added two' "$T/shown"
}
interrupted() {
	at_terminal - rollcode-token --store "$STORE" next -- Passphrase '^C'
	equal "an interrupted prompt ends by the signal and echoes again" \
	    "$? $(grep -o 'echo is on' "$T/shown")" "254 echo is on"
}
if command -v python3 >/dev/null; then
	STORE=$T/prompts/token.db
	check "what is typed at a prompt is not shown" prompts
	check "a piped line and a typed passphrase go together" piped_add
	interrupted
	cat >"$T/ended.py" <<'PYTHON'
# ended.py COMMAND...: for each signal that ends a process by default, send it
# at the prompt: it ends the command, and the terminal echoes.  SIGPIPE and
# SIGXFSZ are ignored.
import os, pty, signal, sys, termios, time

KEPT = {"SIGKILL", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGCHLD",
        "SIGCONT", "SIGURG", "SIGWINCH", "SIGPIPE", "SIGXFSZ"}


def echoes(fd):
    return termios.tcgetattr(fd)[3] & termios.ECHO


for number in sorted(signal.valid_signals()):
    name = signal.Signals(number).name if number < 32 else f"real-time {number}"
    if name in KEPT:
        continue
    pid, fd = pty.fork()
    if pid == 0:
        signal.signal(number, signal.SIG_DFL)
        os.execvp(sys.argv[1], sys.argv[1:])
    limit = time.monotonic() + 30
    while echoes(fd) and time.monotonic() < limit:
        time.sleep(0.005)
    os.kill(pid, number)
    ended = os.waitpid(pid, 0)[1]
    if not os.WIFSIGNALED(ended) or os.WTERMSIG(ended) != number:
        print(f"{name}: status {ended}")
    if not echoes(fd):
        print(f"{name}: the terminal does not echo")
    os.close(fd)
PYTHON
	unhandled=handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0
	equal "whatever signal ends a prompt, the terminal echoes again" \
	    "$(env "ASAN_OPTIONS=$ASAN_OPTIONS:$unhandled" python3 \
	    "$T/ended.py" rollcode-token --store "$STORE" add x 2>&1)" ''
else
	skip "what is typed at a prompt is not shown" "needs python3"
fi
