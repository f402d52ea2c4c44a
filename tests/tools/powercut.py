#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""powercut.py - what a power cut could leave, and what a login makes of it.

A trace (strace -xx -s 99999 of one process) is played into a model of a disk:
a write is on it for certain only after a sync of its file, a name only after a
sync of its directory.  For each moment of the last trace, every image that a
power cut could then leave is built: the synced state, and any choice of the
writes and names that were not synced, each write whole or torn at a sector.
Each image takes the store's place and the probes are run against it, with the
real module and verifier.

With --run a command is run against each image instead.

Before the process has answered (a message on descriptor 0, or text on 1 or 2),
the results must be one of --before, afterwards one of --after.

With --whole NAME nothing is probed: what has that name in the place, a file or
a folder with all in it, must be as it was at some moment of the traces, and
after the answer as it was then or later.  What ends with .new does not count.
"""
import argparse
import hashlib
import itertools
import os
import random
import re
import subprocess
import sys

SECTOR = 512
WHOLE = 7       # so many open choices are tried in every combination
SAMPLES = 48    # of more, so many are drawn

CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)")
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


class Node:
    """A file: what is certainly on the disk, and what may be."""

    def __init__(self, data=b""):
        self.durable = data
        self.pending = []

    def sync(self):
        self.durable = played(self.durable, self.pending)
        self.pending = []


def played(data, changes):
    data = bytearray(data)
    for kind, at, more in changes:
        if kind == "cut":
            data = data[:at] + bytes(max(0, at - len(data)))
            continue
        if len(data) < at:
            data += bytes(at - len(data))
        data[at:at + len(more)] = more
    return bytes(data)


FOLDER = "a folder"


class Step:
    """Names that change at once, and where a folder's content goes."""

    def __init__(self, pairs, move=None):
        self.pairs = pairs
        self.move = move

    def change(self, names):
        names.update(self.pairs)
        for name in list(names) if self.move else ():
            old, new = self.move
            if name.startswith(old + "/"):
                names[new + name[len(old):]] = names.pop(name)

    def go_along(self, other):
        """What is pending in a folder that another step has moved."""
        if other.move:
            old, new = other.move
            self.pairs = [(new + name[len(old):]
                           if name.startswith(old + "/") else name, node)
                          for name, node in self.pairs]

    def is_in(self, folder):
        return all(os.path.dirname(name) == folder for name, _ in self.pairs)


class Disk:
    """The files below one directory, and its names."""

    def __init__(self, start, root):
        self.root = root
        self.names = {}         # certain
        self.pending = []       # steps
        for folder, folders, files in os.walk(start):
            for name in folders:
                path = os.path.join(folder, name)
                self.names[root + path[len(start):]] = FOLDER
            for name in files:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    self.names[root + path[len(start):]] = Node(file.read())

    def now(self):
        names = dict(self.names)
        for step in self.pending:
            step.change(names)
        return {k: v for k, v in names.items() if v is not None}

    def sync_folder(self, path):
        """True if that made anything certain."""
        rest = []
        for step in self.pending:
            if step.is_in(path):
                step.change(self.names)
                for before in rest:
                    before.go_along(step)
            else:
                rest.append(step)
        done = len(rest) < len(self.pending)
        self.pending = rest
        return done

    def open_choices(self):
        """What is not certain: steps of names, changes of files."""
        nodes = [*self.names.values()] + [
            n for step in self.pending for _, n in step.pairs]
        nodes = {id(n): n for n in nodes if isinstance(n, Node)}
        return ([("name", step) for step in self.pending] +
                [("file", node, i) for node in nodes.values()
                 for i in range(len(node.pending))])

    def has_unsynced(self, but):
        """Of files whose names do not end in that."""
        late = {id(node) for name, node in self.now().items()
                if name.endswith(but)}
        return any(c[0] == "file" and id(c[1]) not in late
                   for c in self.open_choices())

    def image(self, chosen, torn=None):
        names = dict(self.names)
        for choice in chosen:
            if choice[0] == "name":
                choice[1].change(names)
        changes = {}
        for choice in chosen:
            if choice[0] == "file":
                change = choice[1].pending[choice[2]]
                if torn is not None and choice is torn[0]:
                    change = torn[1]
                changes.setdefault(id(choice[1]), []).append(change)
        return {name: node if node is FOLDER else
                played(node.durable, changes.get(id(node), []))
                for name, node in names.items()
                if node is not None and self.is_reached(name, names)}

    def is_reached(self, name, names):
        folder = os.path.dirname(name)
        return folder == self.root or (names.get(folder) is FOLDER and
                                       self.is_reached(folder, names))

    def images(self, rng):
        open_ = self.open_choices()
        if len(open_) <= WHOLE:
            sets = [s for n in range(len(open_) + 1)
                    for s in itertools.combinations(open_, n)]
        else:
            sets = [tuple(open_[:i]) for i in range(len(open_) + 1)]
            sets += [tuple(o for o in open_ if o is not x) for x in open_]
            sets += [(x,) for x in open_]
            sets += [tuple(o for o in open_ if rng.random() < 0.5)
                     for _ in range(SAMPLES)]
        for chosen in sets:
            yield self.image(chosen)
            for choice in chosen[-2:]:
                if choice[0] == "file":
                    for part in tears(choice[1].pending[choice[2]]):
                        yield self.image(chosen, (choice, part))


def tears(change):
    kind, at, data = change
    if kind == "write":
        for cut in range(SECTOR - at % SECTOR, len(data), SECTOR):
            yield (kind, at, data[:cut])
            yield (kind, at + cut, data[cut:])


class Player:
    """One process: its calls, played into the disk."""

    def __init__(self, disk, nosync, files):
        self.disk = disk
        self.nosync = nosync
        self.files = files      # fd: [path, node or None, position]
        self.answered = False
        self.synced = 0

    def inside(self, path):
        return path.startswith(self.disk.root + "/")

    def play(self, line):
        """Play one call; True if it may have changed the disk."""
        found = CALL.match(line)
        if found is None or found.group(3).startswith("-"):
            return False
        call, text, result = found.group(1, 2, 3)
        strings = []
        for string in STRING.finditer(text):
            if string.group(2):
                sys.exit("powercut: a string was cut in the trace")
            strings.append(bytes.fromhex(string.group(1).replace("\\x", "")))
        handler = getattr(self, "do_" + call, None)
        if handler is None:
            return False
        numbers = [int(n) for n in re.findall(
            r"(?<!\w)\d+(?!\w)", STRING.sub("", text))]
        return handler(text, numbers, strings, int(result)) is not False

    def do_openat(self, text, _numbers, strings, result):
        path = os.path.normpath(strings[0].decode())
        if not self.inside(path + "/"):
            self.files.pop(result, None)
            return False
        node = self.disk.now().get(path)
        if node is None and "O_CREAT" in text:
            node = Node()
            self.disk.pending.append(Step([(path, node)]))
        if node is not None and "O_TRUNC" in text:
            node.pending.append(("cut", 0, b""))
        self.files[result] = [path, node if node is not FOLDER else None, 0]
        return "O_CREAT" in text

    def do_close(self, _text, numbers, _strings, _result):
        self.files.pop(numbers[0], None)
        return False

    def change(self, fd, at, data):
        if fd not in self.files or self.files[fd][1] is None:
            return False
        self.files[fd][1].pending.append(("write", at, data))
        return True

    def do_pwrite64(self, _text, numbers, strings, result):
        return self.change(numbers[0], numbers[-1], strings[0][:result])

    def do_write(self, _text, numbers, strings, result):
        if numbers[0] in (1, 2):
            self.answered = True
            return True
        file = self.files.get(numbers[0])
        if file is None:
            return False
        file[2] += result
        return self.change(numbers[0], file[2] - result, strings[0][:result])

    def do_sendto(self, _text, numbers, _strings, _result):
        self.answered |= numbers[0] == 0
        return True

    do_sendmsg = do_sendto

    def do_ftruncate(self, _text, numbers, _strings, _result):
        file = self.files.get(numbers[0])
        if file is None:
            return False
        file[1].pending.append(("cut", numbers[1], b""))
        return True

    def do_fsync(self, _text, numbers, _strings, _result):
        file = self.files.get(numbers[0])
        if file is None or self.nosync:
            return False
        if file[1] is None:
            self.synced += self.disk.sync_folder(file[0])
        else:
            self.synced += bool(file[1].pending)
            file[1].sync()
        return True

    do_fdatasync = do_fsync

    def do_unlink(self, _text, _numbers, strings, _result):
        path = strings[0].decode()
        if not self.inside(path):
            return False
        self.disk.pending.append(Step([(path, None)]))
        return True

    def do_mkdir(self, _text, _numbers, strings, _result):
        path = strings[0].decode()
        if not self.inside(path):
            return False
        self.disk.pending.append(Step([(path, FOLDER)]))
        return True

    def do_rename(self, _text, _numbers, strings, _result):
        old, new = strings[0].decode(), strings[1].decode()
        if not self.inside(old):
            return False
        node = self.disk.now()[old]
        self.disk.pending.append(Step(
            [(old, None), (new, node)], (old, new) if node is FOLDER else None))
        return True

    do_renameat = do_renameat2 = do_rename

    def unmodelled(self, text, numbers, _strings, _result):
        if numbers and numbers[0] in self.files:
            sys.exit("powercut: a call is not modelled: " + text)
        return False

    do_writev = do_pwritev = do_fallocate = unmodelled
    do_dup = do_dup2 = do_dup3 = unmodelled


class Prober:
    """Puts an image in the store's place and logs in."""

    def __init__(self, options):
        self.options = options
        self.run = None if options.run else subprocess.Popen(
            [options.pamrun, options.pam, "rc"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)

    def place(self, image):
        root = self.options.store
        for folder, _, files in os.walk(root):
            for name in files:
                os.unlink(os.path.join(folder, name))
        for path, data in image.items():
            if data is FOLDER:
                continue
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(data)

    def probe(self, image):
        self.place(image)
        if self.options.run:
            done = subprocess.run(
                self.options.run, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, shell=True, text=True, check=False)
            return done.stdout.strip() or "FAILED: " + done.stderr
        results = []
        for probe in self.options.probe:
            user, code = probe.split("=")
            self.run.stdin.write(f"{user}\t{code}\n")
            self.run.stdin.flush()
            results.append(self.run.stdout.readline().split()[1])
        if results[0] == "AUTH_ERR" and self.options.again:
            done = subprocess.run(
                self.options.again, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, shell=True, check=False)
            if done.returncode != 0:
                results.append("AGAIN_FAILED: " + done.stderr.decode())
        return ",".join(results)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", required=True)
    parser.add_argument("--start", required=True, help="a copy of the store "
                        "as it was before the first trace")
    parser.add_argument("--whole")
    parser.add_argument("--pamrun")
    parser.add_argument("--pam")
    parser.add_argument("--probe", action="append")
    parser.add_argument("--before", action="append")
    parser.add_argument("--after", action="append")
    parser.add_argument("--run", help="a command in place of the probes, "
                        "whose output is the result")
    parser.add_argument("--again", help="must work where a user is absent")
    parser.add_argument("--unsynced", default="/", help="how the name of a "
                        "file ends that no answer waits for")
    parser.add_argument("--limit", type=int, default=10 ** 9)
    parser.add_argument("--nosync", action="store_true")
    parser.add_argument("--one", action="store_true",
                        help="the traces are parts of one process's")
    parser.add_argument("traces", nargs="+")
    return parser.parse_args()


def states(options):
    """Each moment of the last trace: the disk, whether it has answered, and
    whether an answer just now was sent too early."""
    disk = Disk(options.start, options.store)
    player = None
    for trace in options.traces:
        files = player.files if player and options.one else {}
        player = Player(disk, options.nosync, files)
        with open(trace, encoding="ascii") as lines:
            for line in lines:
                answered = player.answered
                if not player.play(line) or trace != options.traces[-1]:
                    continue
                early = player.answered and not answered and (
                    player.synced == 0 or
                    disk.has_unsynced(options.unsynced))
                yield disk, player.answered, early
    if not player.answered:
        sys.exit("powercut: there was no answer in the last trace")


def digest(image, answered):
    total = hashlib.sha256(b"%d" % answered)
    for name, data in sorted(image.items()):
        total.update(b"%d %d " % (len(name), len(data)))
        total.update(name.encode())
        total.update(b"" if data is FOLDER else data)
    return total.digest()


def images(options):
    """Each different image once, with whether there was an answer."""
    rng = random.Random(1)
    seen = set()
    for disk, answered, _ in states(options):
        for image in disk.images(rng):
            key = digest(image, answered)
            if key not in seen:
                seen.add(key)
                yield image, answered


def of_name(image, path):
    return frozenset((name, data) for name, data in image.items()
                     if (name + "/").startswith(path + "/") and
                     not name.endswith(".new"))


def whole(options):
    path = os.path.join(options.store, options.whole)
    moments = [of_name(Disk(options.start, options.store).image(()), path)]
    bad, count, said = set(), 0, []
    for disk, answered, _ in states(options):
        moments.append(of_name(disk.image(disk.open_choices()), path))
        said += moments[-1:] if answered else []
    for image, answered in images(options):
        count += 1
        if of_name(image, path) not in (said if answered else moments):
            bad.add("%s: not %s" % (path, "there for good when it was said"
                                    if answered else "whole"))
    for line in sorted(bad):
        print(line)
    print("%d images of %s" % (count, path), file=sys.stderr)
    return 1 if bad or len(set(moments)) < 2 else 0


def main():
    options = arguments()
    if options.whole:
        return whole(options)
    bad = set()
    if any(early for _, _, early in states(options)):
        bad.add("the answer was sent before a sync")
    count = [0, 0]
    for _, answered in images(options):
        count[answered] += 1
    every = [max(1, -(-n // options.limit)) for n in count]
    at = [0, 0]
    prober = Prober(options)
    for image, answered in images(options):
        at[answered] += 1
        if at[answered] % every[answered] != 0:
            continue
        got = prober.probe(image)
        allowed = options.after if answered else options.before
        if got not in allowed:
            bad.add("%s the answer: %s, not %s" % (
                "after" if answered else "before", got,
                " or ".join(allowed)))
    for line in sorted(bad):
        print(line)
    print("%d images before the answer, %d after it, one in %d and in %d "
          "tried" % (*count, *every), file=sys.stderr)
    return 1 if bad else 0


sys.exit(main())
