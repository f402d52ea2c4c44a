#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""turns_proxy.py PORT TO DIRECTORY - between a client and 127.0.0.1 port TO

Each time a client speaks after the server did is a turn: DIRECTORY/turns has a
line for each.  As long as DIRECTORY/pause exists nothing that writes is passed
on, and DIRECTORY/paused says that something waits.
"""
import os
import sys
import time

# The tree stays as it is.
sys.dont_write_bytecode = True
import proxy  # noqa: E402

port, to, place = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


def wait_while_paused(data):
    while b"READ WRITE" in data and os.path.exists(place + "/pause"):
        open(place + "/paused", "w").close()
        time.sleep(0.01)


def connected():
    spoke = False

    def look(data, upward):
        nonlocal spoke
        if upward and not spoke:
            with open(place + "/turns", "a") as turns:
                turns.write("turn\n")
        if upward:
            wait_while_paused(data)
        spoke = upward
        return data

    return look


proxy.serve(port, to, connected)
