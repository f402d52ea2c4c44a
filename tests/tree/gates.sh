#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# gates.sh [GATE...] - what must hold for the tree and for what was built,
# without running any of it.  `make` comes first; the tools are those that
# `packaging/install-dependencies lint ci` installs.
# limit: 400
# apart
. "$(dirname "$0")/../support/lib.sh"
cd "$TREE" || exit 2
scratch
# `nothing` counts at the end of a pipe, so it must run in this shell.
shopt -s lastpipe

mapfile -t RUNS_IN_HOSTS < <(make -s print-MODULE)
PROGRAMS=(rollcode-verify rollcode-admin rollcode-token)
PLUGINS=(rollcode-pgsql.so)
[ -f "$BUILD/${PLUGINS[0]}" ] || PLUGINS=()

# tracked [PATTERN...]: the project's files, without what a build leaves.
tracked() {
	git -c safe.directory="$TREE" ls-files -co --exclude-standard -- "$@" |
	    sort -u | while read -r file; do
		[ ! -e "$file" ] || echo "$file"
	done
}

scripts() {
	tracked | xargs awk 'FNR == 1 && (FILENAME ~ /\.sh$/ ||
	    /^#!.*[\/ ](ba|da|)sh( |$)/) { print FILENAME } { nextfile }'
}

# C text without its comments, as FILE:LINE:text.
code_of() {
	local file
	for file in "$@"; do
		gcc -fpreprocessed -dD -E -w "$file" |
		    awk -v file="$file" '
			/^# [0-9]+ "/ { line = $2 - 1; next }
			{ line++; print file ":" line ":" $0 }'
	done
}

# no NAME: fails with what is on standard input, if there is anything
nothing() {
	local found
	found=$(cat)
	if [ -z "$found" ]; then
		ok "$1"
	else
		not_ok "$1" "$(echo "$found" | wc -l) found"
		show "$found"
	fi
}

# --- the text ---------------------------------------------------------------

gate_format() {
	# Headers are tables of types, names and arguments, aligned by hand.
	tracked '*.c' | xargs clang-format --dry-run -Werror 2>&1 |
	    sed -n 's/:[0-9:]* error:.*//p' | uniq -c |
	    nothing "every .c file is formatted as .clang-format says"
	# shellcheck disable=SC2016	# awk has dollars of its own
	tracked '*.[ch]' | xargs awk '
		/[ \t]$/ { print FILENAME ":" FNR ": space at the end" }
		/^\t* {8}/ { print FILENAME ":" FNR ": spaces for a tab" }
		{
			line = $0
			while ((i = index(line, "\t")) > 0)
				line = substr(line, 1, i - 1) \
				    substr("        ", (i - 1) % 8 + 1) \
				    substr(line, i + 1)
			if (length(line) > 80)
				print FILENAME ":" FNR ": over 80 columns"
		}' | nothing "no line of C is over 80 columns or ends in a space"
}

gate_functions() {
	tracked '*.c' | xargs ctags -f - --fields=+ne --c-kinds=f |
	    awk -F'\t' '{
		start = end = 0
		for (i = 4; i <= NF; i++) {
			if ($i ~ /^line:/) start = substr($i, 6) + 0
			if ($i ~ /^end:/) end = substr($i, 5) + 0
		}
		if (end - start + 1 > 70)
			print $2 ": " $1 " has " end - start + 1 " lines"
	    }' | nothing "no function is longer than 70 lines"
}

# odd_statics FILE...: statics with a name of one word, or another function's
odd_statics() {
	ctags -f - --fields=+f --c-kinds=f "$@" | awk -F'\t' '
		{
			count[$1]++
			files[$1] = files[$1] " " $2
			# What a header defines is static.
			if ($2 ~ /\.h$/)
				static[$1]
			for (i = 4; i <= NF; i++)
				if ($i == "file:")
					static[$1]
		}
		END {
			for (name in static) {
				if (count[name] > 1)
					print name " is defined in" files[name]
				if (name !~ /[^_]_+[^_]/)
					print name " is one word, in" files[name]
			}
		}' | sort
}

gate_statics() {
	local files planted
	cat >"$T/a.c" <<-'C'
	static int look(void) { return 0; }
	static int read_head(void) { return look(); }
	static int _odd_(void) { return read_head(); }
	static int check_name(void) { return _odd_(); }
	int one(void) { return check_name(); }
	C
	cat >"$T/b.c" <<-'C'
	static int read_head(void) { return 0; }
	static int read_foot(void) { return read_head(); }
	int check_name(void) { return read_foot(); }
	C
	cat >"$T/c.h" <<-'C'
	static inline int mend(void) { return 0; }
	C
	planted="_odd_ is one word, in a.c"
	planted+=" check_name is defined in a.c b.c"
	planted+=" look is one word, in a.c"
	planted+=" mend is one word, in c.h"
	planted+=" read_head is defined in a.c b.c"
	equal "a static that is planted is noticed" \
	    "$(cd "$T" && odd_statics a.c b.c c.h | xargs)" \
	    "$planted"
	mapfile -t files < <(tracked common pam_rollcode rollcode-token |
	    grep '\.[ch]$')
	check "there are statics to look at" test "${#files[@]}" -gt 100
	odd_statics "${files[@]}" |
	    nothing "a static's name has two words, and no other function has it"
}

gate_shell() {
	local files
	mapfile -t files < <(scripts)
	printf '%s\n' "${files[@]}" |
	    xargs -P "$(nproc)" -n 8 shellcheck 2>&1 |
	    nothing "shellcheck finds nothing in ${#files[@]} scripts"
	for file in "${files[@]}"; do
		[ -x "$file" ] || [ "$file" = tests/support/lib.sh ] || echo "$file"
	done | nothing "every script can be executed"
}

gate_man() {
	local pages
	mapfile -t pages < <(tracked '*.[1-8]')
	[ "${#pages[@]}" -gt 0 ] || {
		not_ok "mandoc finds nothing in the man pages" "there is none"
		return
	}
	mandoc -Tlint -W warning "${pages[@]}" 2>&1 |
	    nothing "mandoc finds nothing in ${#pages[@]} man pages"
}

# What people read: messages, man pages, README, HACKING, example.env.
texts_of_all() {
	tracked README.md packaging/HACKING.md example.env '*.[1-8]' 'common/*.[ch]' \
	    'pam_rollcode/*.[ch]' 'rollcode-token/*.[ch]'
}

odd_words() {	# FILE...
	tests/tree/texts.py words tests/tree/plain_words "$@"
}

gate_language() {
	local files
	mapfile -t files < <(texts_of_all)
	odd_words "${files[@]}" 2>&1 |
	    nothing "the words of ${#files[@]} files are those of plain_words"
	cat >"$T/planted.c" <<-'C'
	/* Whoever reads a comment is no user. */
	say("correct the env "
	    "file; mend %" PRId64 " lines");
	C
	printf '.Sh NAME\n.Nd asks the\nenv file\n.Bd -literal\nmend\n.Ed\n' \
	    >"$T/planted.8"
	printf 'A slip.\n\n    mend\n' >"$T/planted.md"
	printf '# made anew\nKEY=judge\n' >"$T/planted.env"
	equal "planted words are found where they stand" \
	    "$(odd_words "$T"/planted.{c,8,md,env} | sed 's/.*planted//;s/: say .*//')" \
	    ".c:2: mend
.c:2: env file
.8:3: env file
.md:1: slip
.env:1: anew"
}

misspelt() {	# FILE...
	tests/tree/texts.py spelling "$@" >"$T/words" || echo "texts.py failed"
	sed 's/.*://' "$T/words" | aspell list --lang=en_GB --ignore-case |
	    sort -u | grep -vixF -f tests/tree/kept_words >"$T/unknown"
	grep -E -f <(sed 's/.*/:&$/' "$T/unknown") "$T/words"
}

gate_spelling() {
	local files
	mapfile -t files < <(texts_of_all)
	misspelt "${files[@]}" tests/README.md |
	    nothing "no word of what is read is misspelt"
	printf '.Sh NAME\n.Nd a recieved code\n.Cm teh\n' >"$T/planted.8"
	printf 'say("seperate %%s");\n' >"$T/planted.c"
	equal "planted mistakes are found" \
	    "$(misspelt "$T"/planted.{8,c} | sed 's/.*planted//')" \
	    ".8:2:recieved
.c:1:seperate"
}

gate_licence() {
	tracked '*.[ch]' '*.py' '*.mk' Makefile tests/run tests/demo \
	    .ci/run packaging/install packaging/install-dependencies '*.sh' |
	    xargs awk '
		FNR > 5 { nextfile }
		/SPDX-License-Identifier: Apache-2\.0/ { named[FILENAME] }
		END {
			for (i = 1; i < ARGC; i++)
				if (!(ARGV[i] in named))
					print ARGV[i]
		}' | nothing "every source file names its licence"
}

gate_words() {
	tracked | grep -v '^LICENSE$' |
	    xargs grep -nIE 'T[O]DO|F[I]XME|\bX[X]X\b|\b[Ss]tub|/[w]ork/' |
	    nothing "nothing is unfinished, and no path of one machine is named"
}

gate_top() {
	tracked | cut -d/ -f1 | sort -u | grep -vxE \
	    'Makefile|README\.md|LICENSE|example\.env|common|pam_rollcode|rollcode-token|tests|packaging|\..*' |
	    nothing "the top of the tree holds what belongs there"
}

gate_mutants() {
	check "each fault of tests/mutants can be put in, and its test exists" \
	    tests/mutants/run --apply
}

# --- who includes what ------------------------------------------------------

gate_layers() {
	tests/tree/layers.py . "$BUILD/obj" 2>&1 |
	    nothing "each includes what the table of rooms allows, and no circle"
	code_of pam_rollcode/rules/verify.c | grep -E \
	    '#include <(stdio|unistd|time|fcntl|syslog|errno|sys/)|\b(time|clock_gettime|open|write|printf) *\(' |
	    nothing "the verifier does no I/O and reads no clock"
}

# --- secrets ----------------------------------------------------------------

# odd_compares FILE...: statements in which memcmp looks at something secret
odd_compares() {
	local secret='macs?|nonce|keys?|previous|secret|codes?|digest|passphrase'
	code_of "$@" | awk '{
			text = $0
			sub(/^[^:]*:[^:]*:/, "", text)
			if (whole == "")
				at = substr($0, 1, length($0) - length(text))
			whole = whole " " text
			if (text ~ /[;{}][ \t]*$/) {
				print at whole
				whole = ""
			}
		}' |
	    grep -E "\b(mem|b)cmp *\([^,]*(,[^,]*)?\b($secret)\b[^,]*,"
}

gate_secrets() {
	cat >"$T/compare.c" <<-'C'
	int odd(void) { return memcmp(r->mac, mac, 4) == 0; }
	int broken(void)
	{
		return memcmp(line,
		    answer->nonce, 16);
	}
	int even(void) { return memcmp(line, NAME, key) != 0; }
	C
	equal "a comparison that is planted is noticed" \
	    "$(odd_compares "$T/compare.c" | wc -l)" 2
	mapfile -t files < <(tracked common pam_rollcode rollcode-token |
	    grep '\.[ch]$')
	odd_compares "${files[@]}" |
	    nothing "what is secret is compared in constant time"
}

# --- what runs in other people's processes ----------------------------------

gate_host() {
	local calls child
	calls='exit|abort|openlog|closelog|setlogmask|signal|setlocale'
	calls+='|setenv|unsetenv|putenv|clearenv|getenv|secure_getenv|mlock'
	calls+='|mlockall|munlock|munlockall|system|popen|alarm|atexit|assert'
	calls+='|printf|puts|perror|dlopen'
	child='pthread_sigmask|_exit|umask|chdir|setrlimit|prlimit|sigaction|sigprocmask|prctl'
	child+='|setsid|fork|vfork|setuid|setresuid|setgid|setresgid|setgroups'
	code_of "${RUNS_IN_HOSTS[@]}" | grep -E "\\b($calls) *\\(" |
	    nothing "the module makes no call that changes its host"
	code_of "${RUNS_IN_HOSTS[@]}" |
	    grep -v -e '^pam_rollcode/ask/spawn.c:' \
		-e '^pam_rollcode/ask/spawn_reset.c:' |
	    grep -E "\\b($child) *\\(" |
	    nothing "only the child that becomes the verifier leaves its host"
	nm -D --undefined-only "$BUILD/pam_rollcode.so" | awk '{ print $NF }' |
	    sed 's/@.*//' | grep -xE "$calls|__.*printf_chk" |
	    grep -vxE '__(v|)snprintf_chk|__(v|)asprintf_chk' |
	    nothing "the built module calls nothing that changes its host"
}

# how_often FUNCTION PATTERN: lines of that function of the module with it
how_often() {
	local first last
	read -r first last < <(ctags -f - --fields=+ne --c-kinds=f \
	    pam_rollcode/pam_rollcode.c | awk -F'\t' -v name="$1" '
		$1 == name {
			for (i = 4; i <= NF; i++)
				if ($i ~ /^(line|end):/)
					printf "%s ", substr($i, index($i, ":") + 1)
			print ""
		}')
	sed -n "${first:-1},${last:-0}p" pam_rollcode/pam_rollcode.c |
	    grep -cE "$2"
}

gate_success() {
	equal "a verdict becomes PAM_SUCCESS in one line of one table" \
	    "$(how_often pam_code 'return PAM_SUCCESS')" 1
	equal "and pam_sm_authenticate has no success of its own" \
	    "$(how_often pam_sm_authenticate 'return PAM_SUCCESS')" 0
	equal "nor has the attempt" \
	    "$(how_often attempt_login 'return PAM_SUCCESS')" 0
	check "both are looked at" \
	    test "$(how_often pam_sm_authenticate .)" -gt 10
}

# needed FILE: the libraries that it is linked with
needed() {
	readelf -d "$BUILD/$1" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p'
}

gate_symbols() {
	equal "the module exports two functions and nothing else" \
	    "$(nm -D --defined-only "$BUILD/pam_rollcode.so" |
	    awk '{ print $NF }' | sed 's/@.*//' | sort | xargs)" \
	    "pam_sm_authenticate pam_sm_setcred"
	needed pam_rollcode.so | grep -vE '^(libpam|libc)\.so|^ld-linux' |
	    nothing "the module needs libpam and libc and nothing else"
	needed rollcode-verify |
	    grep -vE '^(libcrypto|libsqlite3|libc)\.so|^ld-linux' |
	    nothing "and the verifier what it decides with"
	for file in pam_rollcode.so "${PROGRAMS[@]}"; do
		ldd "$BUILD/$file" | grep -E 'lib(pq|ssl|ldap|gssapi)' |
		    sed "s|^|$file: |"
	done | nothing "nothing but the plug-in knows of PostgreSQL's library"
	[ ${#PLUGINS[@]} -eq 0 ] ||
	    equal "the plug-in exports its table and nothing else" \
		"$(nm -D --defined-only "$BUILD/${PLUGINS[0]}" |
		awk '{ print $NF }')" rollcode_store_plugin
}

# --- how it was built -------------------------------------------------------

# How many marks there are on this machine.
case $(uname -m) in x86_64 | i686) MARKS=2 ;; *) MARKS=0 ;; esac

# x86 MARK NOTES: whether they have the mark, where there are such
x86() {
	local feature="x86 feature:[^"$'\n'"]*\\<$1\\>"
	[ "$MARKS" -eq 0 ] || [[ $2 =~ $feature ]]
}

notes_of() {	# FILE
	readelf -nW "$1" 2>/dev/null
}

# Whether the C library's start files, which are in every program, have it.
start_files_have() {
	local file
	for file in crti.o crtn.o Scrt1.o crtbeginS.o; do
		x86 "$1" "$(notes_of "$(gcc -print-file-name="$file")")" ||
		    return 1
	done
}

# hardened FILE: what is missing, one a line
hardened() {
	local headers dynamic symbols notes line=$'[^\n]*'
	headers=$(readelf -hlW "$1")
	dynamic=$(readelf -dW "$1")
	symbols=$(readelf -W --dyn-syms "$1")
	notes=$(notes_of "$1")
	[[ $headers =~ Type:\ +DYN ]] || echo "$1: cannot be relocated"
	[[ $headers == *GNU_RELRO* ]] || echo "$1: no RELRO"
	[[ $headers =~ GNU_STACK${line}RW\  ]] ||
	    echo "$1: the stack can be executed"
	[[ ! $headers =~ \ LOAD\ ${line}RWE ]] ||
	    echo "$1: a segment can be written and executed"
	[[ $dynamic =~ BIND_NOW|FLAGS_1${line}NOW ]] ||
	    echo "$1: bound lazily"
	grep -E 'TEXTREL|RPATH|RUNPATH' <<<"$dynamic" | sed "s|^|$1: |"
	[[ $symbols == *__stack_chk_fail* ]] ||
	    echo "$1: no stack protector"
	[[ $symbols == *_chk@* ]] || echo "$1: not fortified"
	x86 SHSTK "$notes" || echo "$1: no shadow stack"
	x86 IBT "$notes" || ! start_files_have IBT ||
	    echo "$1: indirect branches are not tracked"
	[[ ! $symbols =~ __(asan|ubsan|tsan|msan|gcov)_ ]] ||
	    echo "$1: built for tests"
	case $1 in
	*.so) ;;
	*)
		[[ $dynamic =~ FLAGS_1${line}PIE ]] || echo "$1: no PIE"
		nm -D --defined-only "$1" | sed "s|^|$1: exports |" ;;
	esac
}

# protected OBJECT: the marks that it lacks, one a line
protected() {
	local notes
	notes=$(notes_of "$1")
	x86 IBT "$notes" || echo "$1: indirect branches are not tracked"
	x86 SHSTK "$notes" || echo "$1: no shadow stack"
}

# sample NAME VARIABLE=VALUE... -- FLAG...: a program as the Makefile builds
# one, but for these, in $T
declare -A flags
sample() {
	local name=$1 variables=()
	shift
	while [ "$1" != -- ]; do
		variables+=("$1")
		shift
	done
	shift
	# shellcheck disable=SC2016	# make's variables
	: "${flags[${variables[*]}.]:=$(make -s --no-print-directory \
	    "${variables[@]}" --eval \
	    'flags: ; @echo $(CFLAGS) $(HARDEN) $(SANFLAGS) $(PROG_LDFLAGS) $(LDHARDEN)' \
	    flags)}"
	# shellcheck disable=SC2086	# words
	gcc ${flags[${variables[*]}.]} "$@" -o "$T/$name" "$T/sample.c" 2>"$T/sample.log" ||
	    cat "$T/sample.log"
}

# What is said of a sample built otherwise: its complaint, and nothing less.
says() {	# COMPLAINT VARIABLE=VALUE... -- FLAG...
	sample odd "${@:2}"
	hardened "$T/odd" | grep -qF ": $1" || echo "$1: not noticed (${*:2})"
}

make_sample() {
	cat >"$T/sample.c" <<-'C'
	#include <stdio.h>
	#include <string.h>
	#ifdef WRITABLE
	__asm__(".pushsection .odd, \"awx\", @progbits; .byte 0; .popsection");
	#endif
	int main(int argc, char **argv)
	{
		char text[64];
		strcpy(text, argv[argc - 1]);
		return puts(text) + text[argc];
	}
	C
}

# The gate is worth what it notices.
gate_notices() {
	make_sample
	sample plain --
	hardened "$T/plain" | nothing "a program built as the Makefile does is hardened"
	{
		says "cannot be relocated" -- -no-pie
		says "no PIE" -- -no-pie
		says "no RELRO" -- -Wl,-z,norelro
		says "bound lazily" -- -Wl,-z,lazy
		says "the stack can be executed" -- -Wl,-z,execstack
		says "a segment can be written and executed" -- -DWRITABLE
		says " 0x" -- -Wl,-rpath,/lib
		says "no stack protector" -- -fno-stack-protector
		says "not fortified" -- -U_FORTIFY_SOURCE
		says "exports " -- -rdynamic
		says "not fortified" DEBUG=1 --
		says "built for tests" SAN=1 --
		says "built for tests" -- --coverage -Wl,--export-dynamic
		[ "$MARKS" -eq 0 ] ||
		    says "no shadow stack" SHSTK= -- -fcf-protection=none
	} | nothing "each thing that hardens is missed where it is left out"
	sample object.o -- -c -fcf-protection=none
	check "an object without marks is noticed" \
	    test "$(protected "$T/object.o" | wc -l)" = "$MARKS"
}

gate_hardening() {
	local file
	for file in pam_rollcode.so "${PLUGINS[@]}" "${PROGRAMS[@]}"; do
		hardened "$BUILD/$file"
	done | nothing "what was built is hardened"
	find "$BUILD"/obj/{common,pam_rollcode,rollcode-token} -name '*.o' |
	    while read -r file; do
		protected "$file"
	done | nothing "every object marks its returns and indirect branches"
	for file in pam_rollcode.so "${PLUGINS[@]}" "${PROGRAMS[@]}"; do
		grep -aoF "$TREE" "$BUILD/$file" | sed "s|^|$file: |" | sort -u
	done | nothing "nothing built names the folder it was built in"
	gate_notices
}

for file in pam_rollcode.so "${PROGRAMS[@]}"; do
	[ -f "$BUILD/$file" ] && continue
	not_ok "the programs are built" "$BUILD/$file is missing: run make"
	exit 1
done

gates=(secrets format functions statics shell man language spelling licence words top
    mutants layers host success symbols hardening)
if [ $# -ne 1 ]; then
	# shellcheck disable=SC2016	# each of them is said whole
	printf '%s\n' "${@:-${gates[@]}}" | xargs -P "$(nproc)" -I {} bash -c \
	    'said=$("$0" "$1" 2>&1); status=$?; echo "$said"; exit "$status"' \
	    "$TREE/tests/tree/gates.sh" {}
	exit
fi
"gate_$1"
