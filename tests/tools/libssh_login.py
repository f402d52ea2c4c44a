#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""libssh_login.py PORT USER - a client of libssh, as graphical clients are

Logs in to 127.0.0.1 by keyboard-interactive alone.  The lines of standard input
answer the prompts; what is asked goes to standard error.  Ends with 0 and prints
the user if that is let in, with 1 if not, with 2 without the library.
"""
import ctypes
import sys

HOST, PORT, USER = 0, 1, 4      # of ssh_options_e
SUCCESS, INFO = 0, 3            # of ssh_auth_e

try:
    lib = ctypes.CDLL("libssh.so.4")
except OSError:
    sys.exit(2)
lib.ssh_new.restype = ctypes.c_void_p
lib.ssh_userauth_kbdint_getprompt.restype = ctypes.c_char_p


def answer_all(session, lines):
    for n in range(lib.ssh_userauth_kbdint_getnprompts(session)):
        prompt = lib.ssh_userauth_kbdint_getprompt(session, n, None)
        sys.stderr.write(prompt.decode() + "\n")
        if not lines:
            return False
        lib.ssh_userauth_kbdint_setanswer(session, n, lines.pop(0).encode())
    return True


def main():
    port, user = ctypes.c_uint(int(sys.argv[1])), sys.argv[2].encode()
    lines = sys.stdin.read().splitlines()
    session = ctypes.c_void_p(lib.ssh_new())
    lib.ssh_options_set(session, HOST, b"127.0.0.1")
    lib.ssh_options_set(session, PORT, ctypes.byref(port))
    lib.ssh_options_set(session, USER, user)
    if lib.ssh_connect(session) != 0:
        sys.exit("cannot connect")
    while (got := lib.ssh_userauth_kbdint(session, None, None)) == INFO:
        if not answer_all(session, lines):
            break
    lib.ssh_disconnect(session)
    if got != SUCCESS:
        sys.exit("Permission denied")
    print(sys.argv[2])


main()
