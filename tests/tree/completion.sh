#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# completion.sh [long] - what the shells complete, with the shells themselves:
# bash; in the long ring zsh and fish too.
# long: 300
. "$(dirname "$0")/../support/lib.sh"
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
one "rollcode-admin enroll --form ti" timed
one "rollcode-admin check --service oth" other

equal "bash: a value behind an equals sign" \
    "$(by_bash "rollcode-admin enroll --form = ha")" hash
equal "bash: where nothing can be known, nothing" \
    "$(by_bash "rollcode-token next -n ")" ""
equal "bash: a folder" "$(by_bash "rollcode-admin backup fol")" folder
touch "$T/home/mine"
# shellcheck disable=SC2088	# that is what is typed
equal "bash: a file below a home" "$(by_bash "rollcode-admin --conf ~/mi")" \
    "~/mine"

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

# --- names that somebody else chose ------------------------------------------

# What each of them would run, in one shell or another.
cat >"$T/bin/evil" <<EVIL
#!/bin/sh
touch "$T/ran"
EVIL
chmod 755 "$T/bin/evil"
# shellcheck disable=SC2016	# those are the names
NAMES=('a`evil`' 'b$(evil)' 'c;evil' 'd(evil)' "g'evil" 'h"evil' 'i|evil'
    'j&evil' 'k<evil' 'l${IFS}evil' 'm\evil' 'n{evil}' 'o>ran' 'p*' 'q!evil'
    'r#evil' 's~evil' 't=(evil)' 'u$evil')

odd_names() {
	local name i=0
	rollcode-token rename office x
	for name in "${NAMES[@]}" "w a name"; do
		i=$((i + 1))
		printf 'otpauth://hotp/h:a?secret=%s&counter=1\n' \
		    "$(printf '%020d' "$i" | base32)" |
		    rollcode-token add "$name" >"$T/log" 2>&1 || echo "$name"
	done
}
check "tokens with odd names" test -z "$(odd_names)"
equal "bash: names that a shell would look into are not offered" \
    "$(by_bash "rollcode-token show " | sort)" "$(printf '%s\n' 'w a name' x)"

# Each shell on a terminal, with a TAB behind the first letter of each name.
mkdir "$T/dot"
cat >"$T/dot/.bashrc" <<BASH
PS1="READY> "
. "$T/rollcode-token.bash"
BASH
cat >"$T/dot/.zshrc" <<ZSH
PS1="READY> "
fpath=("$T/dot" \$fpath)
autoload -U compinit
compinit -u -d "$T/dot/dump"
ZSH
cat >"$T/dot/fish" <<FISH
function fish_prompt
	printf "READY> "
end
source "$T/rollcode-token.fish"
FISH
STARTS=("bash --rcfile $T/dot/.bashrc -i" "zsh -i" "fish -N -C $(printf '%q' \
    "source $T/dot/fish")")
# Quoted by the shells, but for pieces of what has a newline.
for name in "${NAMES[@]}" $'y`evil`\n' $'z\n`evil`'; do
	touch "$T/place/$name"
done
typed() {
	local name
	printf '%s\n' "cd $(printf %q "$T/place")"
	for name in "${NAMES[@]}" y z; do
		printf '%s\n' "rollcode-token --store ${name:0:1}\t list"
	done
	for name in "${NAMES[@]}" w x; do
		printf '%s\n' "rollcode-token show ${name:0:1}\t"
	done
	printf '%s\n' 'rollcode-token show \t'
}
# What was on the screen, without what tells the terminal how to show it.
shown() {
	sed -E $'s/\e\\][^\a]*\a//g; s/\e\\[[0-9;?<=>]*[a-zA-Z]//g; s/\e[=>]//g' \
	    "$T/screen"
}
for start in "${STARTS[@]}"; do
	shell=${start%% *}
	if ! command -v "$shell" >"$T/log" || ! command -v python3 >"$T/log"; then
		skip "$shell: no name of a token is run" "needs $shell, python3"
		continue
	fi
	"$TREE/packaging/completions" zsh "$T/bin/rollcode-token" \
	    >"$T/dot/_rollcode-token"
	"$TREE/packaging/completions" fish "$T/bin/rollcode-token" \
	    >"$T/rollcode-token.fish"
	rm -f "$T/ran"
	typed | eval "ZDOTDIR=$T/dot $TREE/tests/tools/tab.py $start" \
	    >"$T/screen"
	equal "$shell: each line was typed" "$?" 0
	check "$shell: no name of a token is run" test ! -e "$T/ran"
	equal "$shell: a plain name and one with spaces are completed" \
	    "$(shown | grep -oE '^name        (x|w a name)' | sort -u)" \
	    "$(printf 'name        %s\n' 'w a name' x)"
done
