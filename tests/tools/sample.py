#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sample.py FILE COMMAND... - what a process may do once it reads a file

Runs the command and looks at it from the moment when it has read a byte of
FILE until it ends.  Prints one line for each state that was seen, "uid 990 990
990 990 caps 0 0 0 0 new-privileges no memory limited", and then the peak of
its memory in MiB.
"""
import os
import resource
import subprocess
import sys

# The tree stays as it is.
sys.dont_write_bytecode = True
from process_state import process_state  # noqa: E402


def has_read(pid, path):
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            if os.readlink(f"/proc/{pid}/fd/{fd}") != path:
                continue
            with open(f"/proc/{pid}/fdinfo/{fd}") as info:
                if int(info.readline().split()[1]) > 0:
                    return True
        except OSError:
            continue
    return False


def main():
    path = os.path.realpath(sys.argv[1])
    child = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    seen, reading = {}, False
    while child.poll() is None:
        try:
            reading = reading or has_read(child.pid, path)
            state = process_state(child.pid)
        except (OSError, KeyError, IndexError):
            continue
        if reading:
            seen[state] = True
    print("\n".join(seen))
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)


main()
