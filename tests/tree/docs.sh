#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docs.sh - what the programs can do stands in their man pages, and the other
# way round; what the README says to type exists
. "$(dirname "$0")/../support/lib.sh"
scratch
cd "$TREE" || exit 1

ADMIN=pam_rollcode/rollcode-admin.8
TOKEN=rollcode-token/rollcode-token.1
MODULE=pam_rollcode/pam_rollcode.8
ENVFILE=pam_rollcode/rollcode.env.5
HANDBOOK=pam_rollcode/rollcode-handbook.7
PAGES=("$MODULE" pam_rollcode/rollcode-verify.8 "$ADMIN" "$ENVFILE" "$TOKEN"
    "$HANDBOOK")

# same NAME WHERE HERE THERE: two lists of words, one a line
same() {
	local here there
	here=$(sort -u <<<"$3")
	there=$(sort -u <<<"$4")
	if [ -z "$here" ]; then
		not_ok "$1" "nothing was found in $2"
	elif [ "$here" = "$there" ]; then
		ok "$1"
	else
		not_ok "$1" "$2 and its page differ"
		show "$(diff <(echo "$here") <(echo "$there") |
		    sed -n "s/^</only in $2:/p; s/^>/only in the page:/p")"
	fi
}

# --- what there is ----------------------------------------------------------

# Every line "  name args  about" of a program's help.
commands_of() {
	"$1" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'
}

options_in() {
	sed -n 's/^  \(   \|-[a-z],\) \(--[a-z-]*\).*/\1\2/p' | tr -d ' ' |
	    tr , '\n'
}

options_of() {
	local command
	echo --help
	"$1" --help | options_in
	for command in $(commands_of "$1"); do
		"$1" help "$command" | options_in
	done
}

# The names of a keyword table.
keywords_of() {
	sed -nE 's/.*(\{ \.name = |WORD\()"([A-Za-z_]*)".*/\2/p' "$1"
}

# --- what is said -----------------------------------------------------------

# Items of the list of commands, without help, which is in no table.
commands_in_page() {
	awk '$1 == ".It" && $2 == "Ic" { print $3 }
	    $1 == ".Ic" && before == ".It Xo" { print $2 }
	    { before = $0 }' "$1" | grep -vx help
}

# "Fl -name" is an option, "Fl -name Ns = ..." an example of how to give one.
options_in_page() {
	grep '^\.' "$1" | grep -v 'Fl -name ' |
	    grep -oE 'Fl -?[a-z][a-z-]*' | sed 's/^Fl /-/'
}

section() {	# PAGE TITLE
	awk -v title="$2" '$1 == ".Sh" { on = substr($0, 5) == title } on' "$1"
}

items_in_section() {
	section "$1" "$2" | awk '$1 == ".It" && $2 == "Cm" { print $3 }'
}

# --- the comparisons --------------------------------------------------------

for program in rollcode-admin rollcode-token; do
	page=$ADMIN
	[ "$program" = rollcode-admin ] || page=$TOKEN
	[ -f "$page" ] || {
		not_ok "$program has a man page" "$page is missing"
		continue
	}
	same "the commands of $program stand in its page, and no others" \
	    "$program" "$(commands_of "$program")" \
	    "$(commands_in_page "$page")"
	same "the options of $program stand in its page, and no others" \
	    "$program" "$(options_of "$program")" "$(options_in_page "$page")"
done

# Of an example, what is after the last pipe is a command of the program.
examples_of() {	# PROGRAM COMMAND, "" for the help of the program itself
	# shellcheck disable=SC2086	# no word where there is none
	"$1" help $2 | sed -n '/^Examples:/,/^$/s/^    //p' | sed 's/.*| //; s/ <.*//'
}

# untrue PROGRAM COMMAND: its examples that name another, or no option of it
untrue() {
	local line word command
	examples_of "$1" "$2" | while read -r line; do
		command=$(cut -d' ' -f2 <<<"$line")
		[ "${line%% *}" = "$1" ] && [ "$command" = "${2:-$command}" ] ||
		    echo "not of $1 $2: $line"
		grep -oE ' --?[a-z][a-z-]*' <<<"$line" | tr -d ' ' |
		    while read -r word; do
			"$1" help "$command" | options_in | grep -qxe "$word" ||
			    echo "$word is no option: $line"
		done
	done
}

for program in rollcode-admin rollcode-token; do
	check "the help of $program has examples" \
	    test -n "$(examples_of "$program" "")"
	for command in "" $(commands_of "$program"); do
		untrue "$program" "$command"
	done >"$T/untrue"
	equal "each is of its command, with options that it has" \
	    "$(cat "$T/untrue")" ""
done

same "the module's arguments stand in its page, and no others" options.c \
    "$(keywords_of pam_rollcode/module/options.c)" \
    "$(items_in_section "$MODULE" ARGUMENTS)"
same "the keys of the env file stand in its page, and no others" config.c \
    "$(keywords_of pam_rollcode/config/config.c)" "$(items_in_section "$ENVFILE" KEYS)"
same "the results of the module stand in its page, and no others" \
    "the module" \
    "$(grep -ohE 'return (PAM_[A-Z_]+|.* \? PAM_[A-Z_]+ : PAM_[A-Z_]+);' \
	pam_rollcode/pam_rollcode.c \
	pam_rollcode/module/converse.c | grep -oE 'PAM_[A-Z_]+')" \
    "$(section "$MODULE" "RETURN CODES" | sed -n 's/^\.It Er //p')"
same "the reasons of refusals stand in the module's page, and no others" \
    logline.c \
    "$(sed -n '/^} reasons\[\] = {/,/^};/s/.*{ *VERDICT_\([A-Z]*\),.*/\1/p' \
	pam_rollcode/protocol/logline.c | tr '[:upper:]' '[:lower:]')" \
    "$(sed -n 's/^\.It Cm reason=//p' "$MODULE")"

same "the findings of check stand in the page, and no others" check \
    "$(findings_of_check)" \
    "$(section "$ADMIN" FINDINGS | sed -n 's/^\.It Cm //p' | tr -s ' ,' '\n')"

section "$MODULE" RECIPES | sed -n 's/^\.Ss //p' >"$T/titles"
while read -r title; do
	grep -qE "(stack_of |[tT]itle=|TITLE=)'?$title" \
	    tests/login/{recipes*,unprivileged}.sh || echo "$title"
done <"$T/titles" >"$T/untried"
check "there are recipes" test -s "$T/titles"
equal "each is tried with its program" "$(cat "$T/untried")" ""

awk '$1 == ".Ss" { title = $2 } /^# \// { print title }' "$HANDBOOK" |
    sort -u >"$T/titles"
while read -r title; do
	grep -qE "(script|recipe) $title " tests/login/recipes_clients.sh \
	    tests/store/{patroni,pgsql_fleet}.sh || echo "$title"
done <"$T/titles" >"$T/untried"
check "there are files in the handbook" test -s "$T/titles"
equal "each is tried with its program, as it stands there" \
    "$(cat "$T/untried")" ""

# The commands of the handbook, as those of the README further down.
for program in rollcode-admin rollcode-token; do
	grep -ohE "$program [a-z]+" "$HANDBOOK" | awk '{ print $2 }' | sort -u |
	    grep -vxF "$(commands_of "$program")" >"$T/unknown"
	equal "every command of $program in the handbook exists" \
	    "$(cat "$T/unknown")" ""
done

# no_options PROGRAM: those that the pages and the README name with a command and
# that it has not
no_options() {
	local words command option
	sed -e ':a' -e '/\\e\{0,1\}$/{N;s/\\e\{0,1\}\n//;ba' -e '}' \
	    "${PAGES[@]}" README.md |
	    grep -oE "$1( --[a-z-]+[ =][^ ]+)* [a-z]+( [^|<>;\`()]*)?" |
	    sed -E 's/^[^ ]*( --[a-z-]+[ =][^ ]+)* //' | sort -u |
	    while read -r command words; do
		grep -oE '(^| )--?[a-z][a-z-]*' <<<"$words" | tr -d ' ' |
		    while read -r option; do
			"$1" help "$command" 2>"$T/log" | options_in |
			    grep -qxe "$option" ||
			    echo "$command $words: $option"
		done
	done
}
for program in rollcode-admin rollcode-token; do
	equal "every option that is named with a command of $program is one of it" \
	    "$(no_options "$program")" ""
done

# The words that audit.c puts into parentheses, where a login can meet them.
for words in "out of memory" "system error" "bad configuration" \
    "temporarily unavailable" "store unusable" "rollcode-verify failed" \
    "not permitted"; do
	grep -qF "\"$words\"" common/base/error.c || echo "not in error.c: $words"
	grep -qF "($words)" "$MODULE" || echo "not in the page: $words"
done >"$T/errors"
equal "the kinds of errors stand in the module's page" "$(cat "$T/errors")" ""

# The range of each number, as the page and example.env say it.
sed -nE 's/.*WORD\("([A-Z_]*)", NUMBER, [a-z_.]*, ([0-9]+), ([0-9]+)\).*/\1 \2 \3/p' \
    pam_rollcode/config/config.c >"$T/numbers"
while read -r key min max; do
	default=$(sed -n "s/^#$key=//p" example.env)
	sed -n "/^\.It Cm $key /,/^\.It /p" "$ENVFILE" |
	    grep -qxF "$min to $max; default $default." ||
	    echo "$key: the page does not say: $min to $max; default $default."
done <"$T/numbers" >"$T/wrong"
check "there are numbers among the keys" test -s "$T/numbers"
equal "the page says the range and the default of each number" \
    "$(cat "$T/wrong")" ""

# --- what the README says ---------------------------------------------------

# Commands in the README's indented lines and in backquotes.
typed() {
	# shellcheck disable=SC2016	# the backquotes are the text's
	grep -ohE '^    .*|`[^`]*`' README.md example.env |
	    grep -oE "$1( --[a-z]+ [^ ]+)* [a-z]+" | awk '{ print $NF }'
}

for page in "${PAGES[@]}"; do
	name=${page##*/}
	grep -qF "${name%.*}(${name##*.})" README.md || echo "$name"
done >"$T/unnamed"
equal "the README names every man page" "$(cat "$T/unnamed")" ""

for program in rollcode-admin rollcode-token; do
	typed "$program" | sort -u |
	    grep -vxF "$(commands_of "$program")" >"$T/unknown"
	equal "every command of $program in the README exists" \
	    "$(cat "$T/unknown")" ""
done
grep -ohE '(^    |`)make [a-z]+([^a-z/]|$)' README.md |
    sed 's/.*make //;s/[^a-z].*//' | sort -u |
    while read -r target; do
	grep -qE "^([a-z]+ )*$target( [a-z]+)*:" Makefile ./*/rules.mk || echo "$target"
done >"$T/unknown"
equal "every target of make in the README exists" "$(cat "$T/unknown")" ""

# make help: what a user calls, not what the Makefile needs for itself.
sed -n 's/^\.PHONY: //p' Makefile ./*/rules.mk | tr ' ' '\n' |
    grep -vxE 'all|completions|fuzzers|objects|benched|FORCE' | sort >"$T/targets"
equal "make help lists every target" \
    "$(make -s help | sed -n 's/^make \([a-z-]*\) .*/\1/p' | sort |
	comm -13 - "$T/targets")" ""
make -pq help 2>/dev/null | sed -n 's/^\([a-z-]*\):.*/\1/p' >"$T/rules"
equal "and none that is not there" "$(make -s help |
    sed -n 's/^make \([a-z-]\{1,\}\) .*/\1/p' | grep -vxF -f "$T/rules")" ""

# The map: folders and files, then a phrase.  What is indented is in a half.
sed -n '/^## Files/,/^## [^F]/p' README.md | grep '^    ' >"$T/map"
grep -oE '^ +([a-zA-Z_.-]+(/| ) ?)+ ' "$T/map" | tr -s ' ' '\n' |
    grep -E '/$|^Makefile$|\.env$' >"$T/places"
check "the README has a map" test -s "$T/places"
check "of at most 15 lines" test "$(wc -l <"$T/map")" -le 15
while read -r place; do
	compgen -G "$place" || compgen -G "pam_rollcode/$place" ||
	    compgen -G "rollcode-token/$place" || echo "$place" >>"$T/nowhere"
done <"$T/places" >"$T/mapped"
equal "everything in it exists" "$(cat "$T/nowhere" 2>/dev/null)" ""
{
	printf '%s/\n' common pam_rollcode rollcode-token
	find pam_rollcode rollcode-token -mindepth 1 -type d -printf '%f/\n'
} | while read -r room; do
	grep -qF " $room" "$T/map" || echo "$room"
done >"$T/missing"
equal "every room is in it" "$(cat "$T/missing")" ""

# HACKING: files in backquotes are there, names have a definition.
# shellcheck disable=SC2016	# the backquotes are the text's
grep -o '`[^`]*`' packaging/HACKING.md | tr -d '`' | sort -u |
    while read -r word; do
	case $word in
	*NAME* | *=* | *\ *) ;;
	*/*) [ -e "$word" ] || echo "$word" ;;
	*_*) grep -rqw "$word" common pam_rollcode rollcode-token ||
	    echo "$word" ;;
	esac
done >"$T/nowhere"
equal "every file and name in HACKING.md exists" "$(cat "$T/nowhere")" ""
check "the README has at most 150 lines" \
    test "$(wc -l <README.md)" -le 150

# --- the files themselves ---------------------------------------------------

for page in "${PAGES[@]}"; do
	name="mandoc finds nothing in ${page##*/}"
	if ! command -v mandoc >/dev/null; then
		skip "$name" "needs mandoc"
		continue
	fi
	mandoc -Tlint -W warning "$page" >"$T/lint" 2>&1
	equal "$name" "$(cat "$T/lint")" ""
done

if [ "$(id -u)" -eq 0 ]; then
	(umask 077 && mkdir "$T/store" && cp example.env "$CONF" &&
	    printf '%s\n' ACCOUNT=root "DATABASE=sqlite:$T/store" >>"$CONF")
	check "a copy of example.env can be initialised" admin init
	check "and is complete then" admin list
	equal "it has one key" "$(grep -c '^SECRET_KEY=' "$CONF")" 1
else
	skip "a copy of example.env can be initialised" "needs root"
fi
