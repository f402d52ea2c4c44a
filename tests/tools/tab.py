#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tab.py COMMAND... - somebody who types into a shell on a terminal

COMMAND starts the shell, whose prompt is "READY> ".  Each line of standard
input is typed, \\t as the TAB key, and awaited; then the shell is left.  What
was on the screen goes to standard output.  Ends with 1 if a line does not come
to its end within 20 seconds.
"""
import os
import pty
import select
import signal
import sys
import time


def await_text(fd, text):
    seen, end = b"", time.monotonic() + 20
    while select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
        try:
            piece = os.read(fd, 4096)
        except OSError:
            return False
        sys.stdout.buffer.write(piece.replace(b"\r", b""))
        seen += piece
        if text in seen:
            return True
    return False


lines = sys.stdin.buffer.read().replace(b"\\t", b"\t").splitlines()
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
there = await_text(terminal, b"READY> ")
for number, line in enumerate(lines):
    if not there:
        break
    # What is echoed has the quotes.
    os.write(terminal, line + b'; echo END""%d.\n' % number)
    there = await_text(terminal, b"END%d." % number)
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
sys.exit(0 if there else 1)
