#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""by_hand.py VERIFIER ENVFILE OWN - start rollcode-verify in every wrong way.

OWN is an env file of the one who calls.  Prints "HOW: refused" for each that
ended by itself with a status that is not 0, in time.
"""
import ctypes
import os
import pty
import socket
import subprocess
import sys
import time

VERIFIER, CONF, OWN = sys.argv[1:]
SECONDS = 10
EVIL = os.path.dirname(OWN) + "/evil.so"


def say(how, status, began):
    took = time.monotonic() - began
    if status > 0 and took < SECONDS:
        print(f"{how}: refused")
    else:
        print(f"{how}: status {status} after {took:.1f} s")


def run(how, *arguments, **options):
    began = time.monotonic()
    options.setdefault("stdin", subprocess.DEVNULL)
    child = subprocess.Popen([VERIFIER, *arguments], stderr=subprocess.DEVNULL,
                             **options)
    try:
        status = child.wait(SECONDS + 1)
    except subprocess.TimeoutExpired:
        child.kill()
        status = child.wait()
    say(how, status, began)


def no_arguments():
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        null = ctypes.c_char_p(None)
        ctypes.CDLL(None).execve(VERIFIER.encode(), ctypes.byref(null),
                                 ctypes.byref(null))
        os._exit(0)
    say("not even a name", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]),
        began)


def on_terminal():
    began = time.monotonic()
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(VERIFIER, [VERIFIER, "request", CONF])
    os.write(fd, b"\n" * 100)
    say("a terminal", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), began)


def with_input(how, text, pause=0.0):
    """text, piece by piece, through a pipe"""
    there, here = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(there)
        try:
            for piece in text:
                os.write(here, piece)
                time.sleep(pause)
        except BrokenPipeError:
            pass
        os._exit(0)
    os.close(here)
    run(how, "request", CONF, stdin=there)
    os.close(there)
    os.waitpid(pid, 0)


def with_socket(how, kind, text, conf):
    here, there = socket.socketpair(socket.AF_UNIX, kind)
    here.setblocking(False)
    try:
        here.send(text)
    except OSError:
        pass
    run(how, "request", conf, stdin=there)


no_arguments()
on_terminal()
run("no word", cwd="/")
run("an empty word", "")
run("another word", "serve-me")
run("a word too many", "request", CONF, "more")
run("many words", "request", *["x"] * 2000)
run("a long word", "request", "x" * 100000)
run("standard input closed", "request", CONF, stdin=None,
    preexec_fn=lambda: os.close(0))
run("all descriptors closed", "request", CONF, stdin=None,
    preexec_fn=lambda: os.closerange(0, 3))
with_input("a huge input", [b"x" * 65536] * 160)
with_input("a slow input", [b"x"] * 4, 0.5)
for kind in (socket.SOCK_SEQPACKET, socket.SOCK_STREAM, socket.SOCK_DGRAM):
    with_socket(f"a socket of kind {int(kind)}", kind, b"x" * 1692, CONF)
    with_socket(f"with kind {int(kind)} and an env file of his own", kind,
                b"1QcR\2\0\0\0" + bytes(1684), OWN)
with_socket("a socket and nothing in it", socket.SOCK_SEQPACKET, b"", CONF)
for name in ("LD_PRELOAD", "LD_AUDIT", "GCONV_PATH", "PATH", "IFS",
             "LD_LIBRARY_PATH", "OPENSSL_CONF", "SQLITE_TMPDIR"):
    run(f"with {name}", "request", CONF, env={name: EVIL})
