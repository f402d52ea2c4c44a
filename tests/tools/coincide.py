#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""coincide.py PAMRUN DIRECTORY USER-FILE ROUNDS - one code of two tokens.

USER-FILE is ann's, with the tokens "one" and "other" at counter 0: six digits,
SHA-1, and secrets of twenty bytes 01 and 02.  In each round it is put back,
its counters are moved to a place where both tokens will make the same code, and
that code is tried sixteen times at once, through the service rc of DIRECTORY.
What is not as it should be is printed.
"""
import hmac
import itertools
import os
import shutil
import sqlite3
import struct
import subprocess
import sys

AT_ONCE = 16


def code(key, counter):
    mac = hmac.new(key, struct.pack(">Q", counter), "sha1").digest()
    at = mac[-1] & 15
    number = struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff
    return "%06d" % (number % 1000000)


def coincidences():
    """Counter of one, counter of other, and the code that both make there."""
    one = {code(b"\1" * 20, c): c for c in range(30000)}
    for counter in itertools.count():
        same = code(b"\2" * 20, counter)
        if same in one:
            yield one[same], counter, same


def counters(path):
    database = sqlite3.connect(path)
    rows = dict(database.execute("SELECT label, counter FROM token"))
    database.close()
    return rows


class Round:
    def __init__(self, pamrun, directory, path):
        self.path = path
        self.many, self.single = (subprocess.Popen(
            [pamrun, *options, directory, "rc"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
            for options in (["-n", str(AT_ONCE)], []))
        counters(path)          # folds the log
        shutil.copy2(path, path + ".start")

    def close(self):
        os.unlink(self.path + ".start")
        for run in self.many, self.single:
            run.stdin.close()
            run.wait()

    def stand_at(self, one, other):
        for log in "-wal", "-shm":
            if os.path.exists(self.path + log):
                os.unlink(self.path + log)
        shutil.copy2(self.path + ".start", self.path)
        database = sqlite3.connect(self.path)
        with database:
            for label, counter in ("one", one), ("other", other):
                database.execute("UPDATE token SET counter=? WHERE label=?",
                                 (counter, label))
        database.close()

    def results(self, run, same, count):
        run.stdin.write(f"ann\t{same}\n")
        run.stdin.flush()
        return [run.stdout.readline().split()[1] for _ in range(count)]

    def play(self, one, other, same):
        """What is wrong, in words."""
        got = sorted(self.results(self.many, same, AT_ONCE))
        if got != ["AUTH_ERR"] * (AT_ONCE - 1) + ["SUCCESS"]:
            yield " ".join(got)
        got = self.results(self.single, same, 1)
        if got != ["AUTH_ERR"]:
            yield "again: " + got[0]
        now = counters(self.path)
        if now["one"] <= one or now["other"] <= other:
            yield "a token still expects the code"


def main():
    pamrun, directory, path, rounds = sys.argv[1:]
    made = 0
    rig = Round(pamrun, directory, path)
    for one, other, same in itertools.islice(coincidences(), int(rounds)):
        # Up to four codes behind, so that it is not each token's very next.
        rig.stand_at(max(0, one - made % 5), max(0, other - made // 5 % 5))
        made += 1
        for wrong in rig.play(one, other, same):
            print(f"round {made}: {wrong}")
    rig.close()
    if made != int(rounds):
        print(f"only {made} rounds")


main()
