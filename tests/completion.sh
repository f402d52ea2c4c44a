#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# completion.sh [long] - what the shells complete, with the shells themselves:
# bash; in the long ring zsh and fish too.
. "$(dirname "$0")/lib.sh"
scratch
cd "$TREE" || exit 1
SHELLS=(bash)
[ "${1-}" != long ] || SHELLS=(bash zsh fish)
need "${SHELLS[@]}"
PROGRAMS=(rollcode-admin rollcode-token)

mkdir "$T/home" "$T/place"
export HOME=$T/home XDG_DATA_HOME=$T/home XDG_CONFIG_HOME=$T/home TERM=dumb
for shell in "${SHELLS[@]}"; do
	for program in "${PROGRAMS[@]}"; do
		packaging/completions "$shell" "$T/bin/$program" \
		    >"$T/$program.$shell" 2>"$T/log"
		check "$program: $shell can read what it completes" \
		    "$shell" -n "$T/$program.$shell"
		equal "$program: nothing was said as that was made for $shell" \
		    "$(cat "$T/log")" ""
	done
done

# --- each shell, asked ------------------------------------------------------
# Everything that could stand for the last word of LINE, one a line.

by_bash() {	# LINE
	bash --norc -c '. "$1"; read -ra COMP_WORDS <<<"$2"
		case $2 in *" ") COMP_WORDS+=("") ;; esac
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_${COMP_WORDS[0]//-/_}
		printf "%s\n" "${COMPREPLY[@]}"' bash \
	    "$T/${1%% *}.bash" "$1" 2>&1
}

by_fish() {
	# shellcheck disable=SC2016	# fish expands them
	fish -N -c 'source $argv[1]; complete -C $argv[2]' \
	    "$T/${1%% *}.fish" "$1" 2>&1 | cut -f1 | sed 's/=$//'
}

# A zsh on a terminal of its own, which writes down the line that it made.
by_zsh() {
	rm -f "$T/line"
	zsh -f -c 'zmodload zsh/zpty
		zpty shell env PS1= zsh -f -i
		zpty -w shell "autoload -U compinit; compinit -u -d $3/dump"
		zpty -w shell "fpath=($3/functions \$fpath); cd $3/place"
		zpty -w shell "autoload -U _${2%% *}; compdef _${2%% *} ${2%% *}"
		zpty -w shell "tell() { print -r -- \$BUFFER >$3/line.new; mv $3/line.new $3/line; BUFFER=; }"
		zpty -w shell "zle -N tell; bindkey ^X tell; bindkey ^I complete-word"
		zpty -w -n shell "$2"$'\''\t\030'\''
		for i in {1..200}; do [ -e $3/line ] && break; sleep 0.05; done' \
	    zsh "$T" "$1" "$T" >"$T/log" 2>&1
	sed -e 's/ *$//; s/.* //; s/=$//' "$T/line"
}
if [ "${1-}" = long ]; then
	mkdir "$T/functions"
	for program in "${PROGRAMS[@]}"; do
		cp "$T/$program.zsh" "$T/functions/_$program"
	done
fi

# --- what there is -----------------------------------------------------------

"${PROGRAMS[1]}" add office >"$T/log" 2>&1 <<<"otpauth://hotp/Rollcode:alice@\
h?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK&issuer=\
Rollcode&algorithm=SHA256&digits=8&counter=0"
touch "$T/place/keyfile"
mkdir "$T/place/folder"
cd "$T/place" || exit 1

# one LINE WORD: the one word that completes the line
one() {
	local shell
	for shell in "${SHELLS[@]}"; do
		equal "$shell: $1...: $2" "$("by_$shell" "$1")" "$2"
	done
}
one "rollcode-token nex" next
one "rollcode-token next --cou" --count
one "rollcode-token next off" office
one "rollcode-token --store elsewhere ren" rename
one "rollcode-token export --seal-file key" keyfile
one "rollcode-token help pass" passwd
one "rollcode-admin enroll nobo" nobody
one "rollcode-admin enroll --form he" hex
one "rollcode-admin check --service oth" other

equal "bash: a value behind an equals sign" \
    "$(by_bash "rollcode-admin enroll --form = ha")" hash
equal "bash: where nothing can be known, nothing" \
    "$(by_bash "rollcode-token next -n ")" ""
equal "bash: a folder" "$(by_bash "rollcode-admin backup fol")" folder

# --- all of it, and nothing else -------------------------------------------------

# Read in another way than packaging/completions does.
said() {	# PATTERN COMMAND...
	"${@:2}" | grep -oE "^  (-., |    )?$1" | tr ',' '\n' | tr -d ' ' |
	    sort -u
}
for program in "${PROGRAMS[@]}"; do
	equal "$program: every command, and no other" \
	    "$(by_bash "$program " | sort)" \
	    "$({ said '[a-z-]+' "$program" --help | grep -v '^-'
		echo help; } | sort)"
	for command in $(by_bash "$program "); do
		[ "$command" != help ] || continue
		diff <(by_bash "$program $command -" | sort) \
		    <({ said '--[a-z-]+' "$program" help "$command"
			echo --help; } | sort)
	done >"$T/diff"
	equal "$program: every option of each command, and no other" \
	    "$(cat "$T/diff")" ""
done

# --- a name that somebody else chose ------------------------------------------------

# shellcheck disable=SC2016	# that is the name
name='$(touch$IFS/nonexistent/x)`id`;*'
check "a token with an odd name" rollcode-token rename office "$name"
equal "bash: is completed as it is, and not expanded" \
    "$(by_bash "rollcode-token next ")" "$name"
