#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""console.py COMMAND... - somebody at a terminal

Runs the command on a terminal of its own.  The lines of standard input answer
what ends in "login:", "username:", "password:" or "code:", in a question of
rollcode-admin for codes, a passphrase or "yes:", or asks for ENTER to unlock, each
when it is asked.
What is on the screen goes to standard output.  Ends with 0 if the command
does, with 1 if it says "incorrect" or asks for more, or after 20 seconds.
"""
import os
import pty
import re
import select
import signal
import sys
import time

ASKED = re.compile(rb"(?i)(login|username|password1?|codes?|yes|"
                   rb"passphrase|export|characters\)):? ?$"
                   rb"|\[ENTER\] to unlock\.\s*$")


def screen(fd, lines):
    seen, end = b"", time.monotonic() + 20
    while select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
        try:
            piece = os.read(fd, 4096)
        except OSError:
            return True
        sys.stdout.buffer.write(piece.replace(b"\r", b""))
        sys.stdout.flush()
        seen += piece
        if b"incorrect" in seen:
            return False
        if ASKED.search(seen):
            if not lines:
                return False
            seen = b""
            # Some throw away what was typed before they end the echo.
            time.sleep(0.05)
            os.write(fd, lines.pop(0))
    return False


answers = sys.stdin.buffer.read().splitlines(keepends=True)
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
ended = screen(terminal, answers)
if not ended:
    os.kill(pid, signal.SIGKILL)
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(0 if ended and status == 0 else 1)
