#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""texts.py words TABLE FILE... | spelling FILE... - search what users read

The texts of a file: of C the string literals, adjacent ones joined; of a man
page and of Markdown the paragraphs, without literal blocks; of anything else
the comments that begin with #.

words     prints "FILE:LINE: WORD: say PLAIN" for each word of TABLE in a text.
          A line of TABLE is a regular expression of words, a tab, and the plain
          word; or "except", and then by tabs an expression for the file, one for
          "SECTION: TEXT", and the reason.
spelling  prints the words of the texts, one a line, as "FILE:LINE:WORD", for a
          spelling checker: no names of commands, options, keys, files or
          variables.
"""
import bisect
import re
import sys

LITERAL = re.compile(
    r'/\*.*?\*/|\'(?:[^\'\\\n]|\\.)+\''
    r'|"(?:[^"\\\n]|\\.)*"(?:\s*(?:PRI\w+\s*)?"(?:[^"\\\n]|\\.)*")*', re.S)
BREAK = re.compile(r'\.(?:Pp|Sh|Ss|It|Bl|El|Nm$)|$|[|#*] |\d\. |    ')
# In these macros of mdoc stands a name, not a word.
NAMES = re.compile(r'^\.(?:\\"|(?:Dd|Dt|Os|Xr|Cm|Fl|Pa|Ev|Er|Dv|Ql|Dl|Ar|Ic|Nm|'
                   r'Fn|Op|Oo|Li|Bl|Pq|It (?:Cm|Pa|Ev|Er|Dv|Fl|Ic|Xo))\b)')
SQL = re.compile(r'\b(?:SELECT|INSERT|UPDATE|CREATE|GRANT|PRAGMA|TRIGGER|WHERE|'
                 r'ALTER|EXISTS|AND|FROM)\b')


def literals(text):
    for match in LITERAL.finditer(text):
        said = match.group()
        start = text.rfind('\n', 0, match.start()) + 1
        if said[0] != '"' or text.startswith('#include', start):
            continue
        said = re.sub(r'"\s*(?:PRI\w+)?\s*"', '', said[1:-1])
        said = re.sub(r'\\[nrt]', ' ', said)
        yield text.count('\n', 0, match.start()) + 1, [said], ''


def place_of(line, before, place):
    if line.startswith('.Sh '):
        return line[4:]
    if line.startswith('.It Ic ') or before == '.It Xo':
        return 'the command ' + line.replace('.It ', '').split()[1]
    return line[3:] if line.startswith('## ') else place


def paragraphs(text, prefix=''):
    first, lines, literal, place, before = 0, [], False, '', ''
    for number, line in enumerate(text.split('\n') + [''], 1):
        place, before = place_of(line, before, place), line
        if line.startswith('.Bd -literal') or line.startswith('```'):
            literal = not line.startswith('```') or not literal
        elif line.startswith('.Ed'):
            literal = False
        if prefix:
            line = line[1:].lstrip('#') if line.startswith(prefix) else ''
        code = literal or not prefix and line.startswith('    ')
        if lines and (code or BREAK.match(line)):
            yield first, lines, where
            lines = []
        if not code and line.strip():
            if not lines:
                first = number
            lines.append(line)
            where = place


def texts(name):
    with open(name, encoding='utf-8') as file:
        text = file.read()
    if re.search(r'\.[ch]$', name):
        return literals(text)
    if re.search(r'\.(\d|md)$', name):
        return paragraphs(text)
    return paragraphs(text, '#')


def words(table, names):
    plain, exceptions, found = [], [], 0
    for line in open(table, encoding='utf-8'):
        fields = line.rstrip('\n').split('\t')
        if fields[0] == 'except':
            exceptions.append([re.compile(x) for x in fields[1:3]])
        elif fields[0] and fields[0][0] != '#':
            plain.append((re.compile(rf'(?<![\w.-]){fields[0]}(?![\w-])',
                                     re.I), fields[1]))
    for name in names:
        for first, lines, place in texts(name):
            text, starts = ' '.join(lines), [0]
            for line in lines:
                starts.append(starts[-1] + len(line) + 1)
            if any(file.search(name) and said.search(f'{place}: {text}')
                   for file, said in exceptions):
                continue
            for word, say in plain:
                for match in word.finditer(text):
                    at = first + bisect.bisect(starts, match.start()) - 1
                    print(f'{name}:{at}: {match.group()}: say {say}')


def spelling(names):
    for name in names:
        page, code = re.search(r'\.\d$', name), re.search(r'\.[ch]$', name)
        for first, lines, _ in texts(name):
            for number, line in enumerate(lines, first):
                if page and NAMES.match(line) or code and (
                        ' ' not in line or SQL.search(line)):
                    continue
                line = re.sub(r'^\.\w\w ', '', line) if page else line
                line = re.sub(r'`[^`]*`|\S*[/_@=<>:\\]\w\S*|%\S+|--?\w+|\$\w+',
                              ' ', line)
                for word in re.findall(r"(?<![\w.-])[A-Za-z][a-z']+(?![\w-])",
                                       line):
                    print(f"{name}:{number}:{word.rstrip(chr(39))}")


if sys.argv[1] == 'words':
    words(sys.argv[2], sys.argv[3:])
else:
    spelling(sys.argv[2:])
