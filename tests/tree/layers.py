#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""layers.py TREE [OBJECTS] - who includes whom, and who may

Prints a line for each include that the tables below do not allow, for each
circle of rooms, for each header whose guard is not its path, and, of what was
compiled into the folder OBJECTS, for each circle of calls between rooms.
"""
import os
import re
import subprocess
import sys

# A file may include its own folder, and below pam_rollcode/ and rollcode-token/
# all of common/.  Beside that a room may include what stands behind it: the
# headers of a folder, not of those in it, or one header.  A room stands above
# all that it includes.
ROOMS = {
    "pam_rollcode": "admin module ask service login store config rules "
                    "protocol system",
    "pam_rollcode/admin/check": "admin module/options.h ask login store "
                                "config rules protocol system",
    "pam_rollcode/admin/import": "admin login store config rules protocol "
                                 "system",
    "pam_rollcode/admin": "login store config rules protocol system",
    "pam_rollcode/module": "protocol",
    "pam_rollcode/ask": "protocol system",
    "pam_rollcode/service": "login store/store.h config protocol system",
    "pam_rollcode/login": "store config rules protocol",
    "pam_rollcode/store/sqlite": "store config rules system",
    "pam_rollcode/store/pgsql": "store config rules system",
    "pam_rollcode/store": "config rules system",
    "pam_rollcode/config": "rules/policy.h system",
    "pam_rollcode/rules": "protocol",
    "pam_rollcode/protocol": "",
    "pam_rollcode/system": "",
    "rollcode-token": "wallet askpass",
    "rollcode-token/wallet": "askpass",
    "rollcode-token/askpass": "",
    "common/import": "common/cli common/token common/sqlite common/base",
    "common/cli": "common/token common/sqlite common/base",
    "common/sqlite": "common/base",
    "common/token": "common/base",
    "common/base": "",
}

# Headers of others, and the rooms or files that may include them.
FOREIGN = {
    "security/": "pam_rollcode/pam_rollcode.c pam_rollcode/module "
                 "pam_rollcode/admin/check",
    "sqlite3.h": "common/sqlite pam_rollcode/store/sqlite",
    "libpq": "pam_rollcode/store/pgsql",
    "openssl/": "common/token",
    "qrencode.h": "common/cli",
    "dlfcn.h": "pam_rollcode/store/plugin.c common/import "
               "pam_rollcode/admin/check",
    "syslog.h": "pam_rollcode/pam_rollcode.c pam_rollcode/rollcode-verify.c "
                "pam_rollcode/module pam_rollcode/protocol/logline.c "
                "pam_rollcode/service",
}

HALVES = ("pam_rollcode", "rollcode-token")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def sources(tree):
    for top in ("common",) + HALVES:
        for folder, _, names in os.walk(os.path.join(tree, top)):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), tree)


def half_of(path):
    return path.split("/")[0]


def allowed(source, header):
    """Whether the tables let that file include that header of ours."""
    room, other = os.path.dirname(source), os.path.dirname(header)
    half = half_of(source)
    if room == other:
        return True
    if half_of(header) == "common" and half != "common":
        return True
    for right in ROOMS[room].split():
        if not right.startswith("common/"):
            right = f"{half}/{right}"
        if right in (other, header):
            return True
    return False


def foreign(source, header):
    """Whether that file may include that header of others."""
    for name, rights in FOREIGN.items():
        if header.startswith(name) and not any(
                right in (source, os.path.dirname(source))
                for right in rights.split()):
            return False
    return True


def look_at(tree, source, arrows):
    """What is wrong with the includes of one file."""
    room = os.path.dirname(source)
    if room not in ROOMS:
        yield f"{source}: {room}/ is no room of tests/tree/layers.py"
        return
    with open(os.path.join(tree, source), encoding="utf-8") as file:
        lines = file.readlines()
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        kind, name = found.groups()
        where = f"{source}:{number}"
        if kind == "<":
            if not foreign(source, name):
                yield f"{where}: <{name}> is for other rooms"
            if any(os.path.isfile(os.path.join(tree, root, name))
                   for root in ("",) + HALVES):
                yield f"{where}: <{name}> is ours, and not in quotes"
            continue
        header = name if name.startswith("common/") or \
            half_of(source) == "common" else f"{half_of(source)}/{name}"
        if not os.path.isfile(os.path.join(tree, header)):
            yield f"{where}: \"{name}\" is not the path of a header of ours"
        elif os.path.dirname(header) not in ROOMS:
            yield f"{where}: \"{name}\" is in no room"
        elif not allowed(source, header):
            yield f"{where}: {room}/ may not include \"{name}\""
        if os.path.dirname(header) in ROOMS:
            arrows.setdefault(room, set()).add(os.path.dirname(header))
    if source.endswith(".h"):
        guard = "ROLLCODE_" + re.sub(
            r"[/.]", "_", source.split("/", 1)[1]).upper()
        if f"#ifndef {guard}\n" not in lines:
            yield f"{source}: its guard is not {guard}"


def circles(arrows):
    """Sets of two nodes or more that reach each other, by Tarjan."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(arrows.get(node, ())):
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            at = stack.index(node)
            found.append(stack[at:])
            del stack[at:]

    for node in sorted(arrows):
        if node not in index:
            visit(node)
    return [nodes for nodes in found if len(nodes) > 1]


def upward():
    """Rows of the table itself that let a room include one above it."""
    order = list(ROOMS)
    for room, rights in ROOMS.items():
        for right in rights.split():
            path = right if right.startswith("common/") else \
                f"{half_of(room)}/{right}"
            other = os.path.dirname(path) if path.endswith(".h") else path
            if other not in ROOMS:
                yield f"the table lets {room}/ include {path}, no room"
            elif order.index(other) < order.index(room):
                yield f"the table lets {room}/ include {other}/ above it"


def calls(tree, objects):
    """Which file uses what another one defines, from the objects."""
    defined, used = {}, {}
    for source in sources(tree):
        built = os.path.join(objects, source[:-2] + ".o")
        if not source.endswith(".c") or not os.path.exists(built):
            continue
        used[source] = set()
        for line in subprocess.run(
                ["nm", built], check=True, text=True,
                stdout=subprocess.PIPE).stdout.splitlines():
            kind, name = line.split()[-2:]
            if kind == "U":
                used[source].add(name)
            elif kind.isupper():
                # main and the like are in each program
                defined.setdefault((half_of(source), name), source)
    return {source: {defined[half, name] for name in names
                     for half in ("common", half_of(source))
                     if (half, name) in defined} - {source}
            for source, names in used.items()}


def main(tree, objects=None):
    arrows, wrong = {}, list(upward())
    for source in sources(tree):
        wrong += look_at(tree, source, arrows)
    wrong += ["a circle of rooms: " + " ".join(rooms)
              for rooms in circles({room: others - {room}
                                    for room, others in arrows.items()})]
    if objects:
        found = calls(tree, objects)
        if not found:
            wrong.append(f"{objects} has no objects")
        wrong += ["a circle of calls between rooms: " + " ".join(files)
                  for files in circles(found)
                  if len({os.path.dirname(file) for file in files}) > 1]
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
