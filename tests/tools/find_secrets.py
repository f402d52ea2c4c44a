#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""find_secrets.py NEEDLES [--memory PID | FILE...] - where a secret shows.

NEEDLES has a line "NAME TEXT" for each; a TEXT of "hex:..." is those bytes.
Each is looked for as it is and as strace -xx writes it.  Prints one line for
each find, "NAME in PLACE".
"""
import sys


def needles(path):
    with open(path, encoding="ascii") as lines:
        for line in lines:
            name, text = line.split(None, 1)
            text = text.strip()
            data = (bytes.fromhex(text[4:]) if text.startswith("hex:")
                    else text.encode())
            yield name, data
            yield name, "".join(f"\\x{b:02x}" for b in data).encode()


def memory(pid):
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            where, rights = line.split()[:2]
            if "r" not in rights or "[v" in line:
                continue
            start, end = (int(x, 16) for x in where.split("-"))
            try:
                mem.seek(start)
                yield f"memory at {line.strip()}", mem.read(end - start)
            except OSError:
                continue


def places(arguments):
    if arguments[0] == "--memory":
        yield from memory(int(arguments[1]))
        return
    for path in arguments:
        with open(path, "rb") as file:
            yield path, file.read()


for place, data in places(sys.argv[2:]):
    for name, needle in needles(sys.argv[1]):
        if needle in data:
            print(name, "in", place)
