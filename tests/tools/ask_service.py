#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ask the service without the module, as anybody could, at everybody's
socket, or where ROOT_SOCKET is in the environment at root's.

ask USER CODE [LATE]   one request; prints ERROR VERDICT MILLISECONDS, and with
                       LATE "ready" before, so many seconds before it is sent,
                       and "sent"
bytes USER CODE [OTHERWISE]   one request; prints the bytes of the answer,
                       without the nonce, as hex
steady USER A_SECOND   so many wrong codes a second until it is killed; prints
                       "ready"
late USER CODE         one request; prints "ready" when it is connected, and
                       sends when standard input ends
hang-up USER CODE N    N requests, each left before its answer
silent N [FIRST-UID]   N connections that say nothing, each of another uid if
                       one is given, until standard input ends; prints
                       "ready"
flood USER N UID       N processes, each of another uid from UID on, that ask
                       again and again until standard input ends; prints
                       "ready"
fill                   connections until the queue is full, held until
                       standard input ends
garbage N              N connections that send rubbish
attach KIND N          N messages that carry a `file`, a `linger`ing socket that
                       takes an hour to close, `nested` sockets, or `many`
                       files; prints how many were sent, and how many refused
"""
import errno
import os
import random
import signal
import socket
import struct
import sys
import time

PATH = "/run/rollcode/root/verify.sock" if "ROOT_SOCKET" in os.environ \
    else "/run/rollcode/verify.sock"
REQUEST, ANSWER, VERIFY = 0x52635133, 0x52634133, 2


def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(PATH)
    return s


def request(user, code, otherwise=""):
    nonce = os.urandom(16)
    return nonce, struct.pack("=II16s256s64s256s64s513s513s6x", REQUEST,
                              VERIFY, nonce, user.encode(), b"ask", b"", b"",
                              code.encode(), otherwise.encode())


def ask(user, code, late=0, tell=None, wait=None):
    nonce, message = request(user, code)
    s = connect()
    if late or wait:
        print("ready", flush=True)
        time.sleep(float(late))
    if wait:
        wait()
    began = time.monotonic()
    s.send(message)
    if late:
        print("sent", flush=True)
    if tell is not None:
        os.write(tell, b"x")
    answer = s.recv(65536)
    ms = int((time.monotonic() - began) * 1000)
    if not answer:
        return "none none", ms
    magic, err, back, verdict = struct.unpack_from("=Ii16sI", answer)
    if magic != ANSWER or back != nonce:
        return "foreign foreign", ms
    return f"{err} {verdict:08x}", ms


def answer_bytes(user, code, otherwise=""):
    nonce, message = request(user, code, otherwise)
    s = connect()
    s.send(message)
    answer = s.recv(65536)
    if answer[8:24] != nonce:
        return "foreign"
    return (answer[:8] + answer[24:]).hex()


def steady(user, a_second):
    print("ready", flush=True)
    due = time.monotonic()
    while True:
        ask(user, "00000000")
        due += 1 / a_second
        time.sleep(max(0, due - time.monotonic()))


def become(uid):
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def flood(user, count, uid):
    children = []
    told, tell = os.pipe()
    for i in range(count):
        children.append(os.fork())
        if children[-1] == 0:
            become(uid + i)
            while True:
                try:
                    ask(user, "00000000", tell=tell)
                    tell = None
                except OSError:
                    pass
                time.sleep(0.02)
    read_all(told, count)
    print("ready", flush=True)
    sys.stdin.read()
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def read_all(fd, count):
    while count > 0:
        count -= len(os.read(fd, count))


def silent(count, uid):
    held = []
    told, tell = os.pipe()
    for i in range(count):
        if uid is None:
            held.append(connect())
        elif os.fork() == 0:
            become(uid + i)
            held.append(connect())
            os.write(tell, b"x")
            sys.stdin.read()
            os._exit(0)
    read_all(told, 0 if uid is None else count)
    print("ready", flush=True)
    sys.stdin.read()


def fill():
    held = []
    while True:
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.setblocking(False)
        try:
            s.connect(PATH)
        except BlockingIOError:
            break
        held.append(s)
    print("ready", flush=True)
    sys.stdin.read()


def lingering(listener, held):
    """A socket with bytes on the way to somebody who does not read."""
    t = socket.create_connection(listener.getsockname())
    held.append(listener.accept()[0])
    t.setblocking(False)
    try:
        while True:
            t.send(bytes(65536))
    except BlockingIOError:
        pass
    t.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                 struct.pack("ii", 1, 3600))
    return t


def nested():
    """A file in a socket's queue, and that socket in another one's."""
    fd = os.open("/dev/null", os.O_RDONLY)
    for _ in range(3):
        a, b = socket.socketpair(socket.AF_UNIX)
        socket.send_fds(a, [b"x"], [fd])
        os.close(fd)
        a.close()
        fd = b.detach()
    return fd


def send_with(s, message, fds):
    """True unless the kernel refuses it.  So many may be on their way."""
    while True:
        try:
            socket.send_fds(s, [message], fds)
            return True
        except PermissionError:
            return False
        except OSError as e:
            if e.errno != errno.ETOOMANYREFS:
                raise
        time.sleep(0.01)


def send_once(message, fds, behind=False):
    with connect() as s:
        if behind:
            s.send(b"")
        return send_with(s, message, fds)


def close_elsewhere(fd):
    """If this end is the last one it is the other process that waits."""
    pid = os.fork()
    if pid == 0:
        signal.pause()
    os.close(fd)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def attach(kind, count):
    peers, sent = [], 0
    listener = socket.create_server(("127.0.0.1", 0))
    whole = request("nobody", "00000000")[1]
    for i in range(count):
        if kind == "linger":
            fds = [lingering(listener, peers).detach()]
        elif kind == "nested":
            fds = [nested()]
        else:
            fds = [os.open("/dev/null", os.O_RDONLY)]
        fds *= 253 if kind == "many" else 1
        # As a request, as an empty message, behind one, as something else.
        message = (whole, b"", b"", b"x")[i % 4]
        try:
            sent += send_once(message, fds, behind=i % 4 == 2)
        except BrokenPipeError:  # It took the one before too soon.
            sent += send_once(message, fds)
        close_elsewhere(fds[0])
    print("sent", sent, "refused", count - sent)
    # What is still on its way must not keep this process for an hour.
    for peer in peers:
        peer.close()


def main(mode, *words):
    if mode == "ask":
        print(*ask(*words))
    elif mode == "bytes":
        print(answer_bytes(*words))
    elif mode == "steady":
        steady(words[0], int(words[1]))
    elif mode == "late":
        print(*ask(*words, wait=sys.stdin.read))
    elif mode == "hang-up":
        for _ in range(int(words[2])):
            s = connect()
            s.send(request(words[0], words[1])[1])
            time.sleep(0.05)
            s.close()
    elif mode == "silent":
        silent(int(words[0]), int(words[1]) if len(words) > 1 else None)
    elif mode == "fill":
        fill()
    elif mode == "flood":
        flood(words[0], int(words[1]), int(words[2]))
    elif mode == "attach":
        attach(words[0], int(words[1]))
    elif mode == "garbage":
        for i in range(int(words[0])):
            s = connect()
            try:
                s.send(random.Random(i).randbytes(i * 7 % 4000 + 1))
            except OSError:
                pass
            s.close()


main(*sys.argv[1:])
