#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""confirm.py ANSWER OUTPUT COMMAND... - somebody at a terminal is asked

Runs the command on a terminal of its own, and answers each "Type yes:".  What
is shown there goes to standard output; what the command writes to its own
standard output goes to the file OUTPUT, or with - to the terminal too.  Ends
with the status of the command.
"""
import os
import pty
import sys

answer, output, command = sys.argv[1], sys.argv[2], sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    if output != "-":
        os.dup2(os.open(output, os.O_CREAT | os.O_TRUNC | os.O_WRONLY), 1)
    os.execvp(command[0], command)
try:
    while piece := os.read(terminal, 4096):
        sys.stdout.buffer.write(piece)
        sys.stdout.flush()
        if piece.rstrip().endswith(b"Type yes:"):
            os.write(terminal, answer.encode() + b"\n")
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
