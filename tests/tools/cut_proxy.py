#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cut_proxy.py PORT TO MODE FILE - between a client and 127.0.0.1 port TO.

MODE cut: what a COMMIT is answered never comes back, and then the connection
is closed, as long as FILE exists.  MODE hold: it stays open and silent.  What
only reads is not cut.
"""
import os
import sys

# The tree stays as it is.
sys.dont_write_bytecode = True
import proxy  # noqa: E402

port, to, mode, file = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:5]


def connected():
    cut = False

    def look(data, upward):
        nonlocal cut
        if (upward and b"COMMIT\0" in data and b"READ ONLY" not in data and
                os.path.exists(file)):
            cut = True
        if upward or not cut:
            return data
        return b"" if mode == "hold" else None

    return look


proxy.serve(port, to, connected)
