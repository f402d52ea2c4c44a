#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""coverage.py BUILD FOLDER... [--whole FILE...]

What the tests reached of the sources in these folders, from the counters that
a build with gcc --coverage left in BUILD/obj: lines and branches of each file.
Of the files behind --whole every branch must have been taken; a line
"unreached: WHY" in a comment just above excuses a branch that no input takes.
"""
import glob
import json
import os
import re
import subprocess
import sys

REASON = re.compile(r"unreached: +\w")


def counters(build):
    """{file: {line: [times run, {branch: times taken}]}} over all objects."""
    found = {}
    for data in glob.glob(build + "/obj/**/*.gcda", recursive=True):
        if "/obj/tests/" in data:
            continue
        run = subprocess.run(
            ["gcov", "--json-format", "--branch-probabilities", "--stdout",
             "--object-directory", os.path.dirname(data), data],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for text in run.stdout.decode().splitlines():
            for source in json.loads(text)["files"] if text else []:
                add(found.setdefault(source["file"], {}), source["lines"])
    return found


def add(lines, more):
    for line in more:
        have = lines.setdefault(line["line_number"], [0, {}])
        have[0] += line["count"]
        for at, branch in enumerate(line["branches"]):
            key = (line.get("function_name"), at)
            have[1][key] = have[1].get(key, 0) + branch["count"]


def excused(source):
    """Lines of a file that stand below a comment with a reason."""
    lines, text = set(), open(source, encoding="utf-8").read().split("\n")
    for at, line in enumerate(text, 1):
        if REASON.search(line):
            while not text[at - 1].rstrip().endswith("*/"):
                at += 1
            lines.add(at + 1)
    return lines


def share(part, whole):
    return f"{100 * part / whole:5.1f} %" if whole else "    -  "


def main(arguments):
    at = arguments.index("--whole") if "--whole" in arguments else None
    build, *folders = arguments[:at]
    whole = arguments[at + 1:] if at else []
    failed = 0
    total = [0, 0, 0, 0]
    found = counters(build)
    print(f"{'':34}{'lines':>15}{'branches':>18}")
    for source in sorted(found):
        if source.split(os.sep)[0] not in folders:
            continue
        lines = found[source]
        skip = excused(source)
        taken = [(n, k, count) for n, (_, branches) in lines.items()
                 if n not in skip for k, count in branches.items()]
        sums = [sum(1 for c, _ in lines.values() if c), len(lines),
                sum(1 for *_, c in taken if c), len(taken)]
        total = [a + b for a, b in zip(total, sums)]
        print(f"{source:34}{sums[0]:5}/{sums[1]:<5}{share(*sums[:2])}"
              f"{sums[2]:6}/{sums[3]:<5}{share(*sums[2:])}")
        missed = sorted({n for n, _, count in taken if not count})
        if source in whole:
            whole = [name for name in whole if name != source]
            if missed or not taken:
                failed = 1
                print(f"not ok every branch of {source} was taken - "
                      f"not all of lines {', '.join(map(str, missed))}")
            else:
                print(f"ok every branch of {source} was taken")
    print(f"{'all':34}{total[0]:5}/{total[1]:<5}{share(*total[:2])}"
          f"{total[2]:6}/{total[3]:<5}{share(*total[2:])}")
    for source in whole:
        failed = 1
        print(f"not ok every branch of {source} was taken - no data")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
