#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""readers.py PLACE PORT TO COMMAND... - who reads what others made, as what

Runs the command.  Each time when rollcode-admin, or a child of it, reads a file
or a directory of the file system PLACE that is not root's, the kernel stops it
until we have looked at it; the same for each answer of the server behind port
TO of 127.0.0.1, which answers at port PORT (0 0: there is none).  Prints a line
for each owner of a file, and for the server, and each state that was seen with
it, "alice uid 990 990 990 990 caps 0 0 0 0 new-privileges no memory limited",
and ends as the command does.
"""
import ctypes
import os
import pwd
import select
import socket
import struct
import sys

# The tree stays as it is.
sys.dont_write_bytecode = True
from process_state import process_state  # noqa: E402

CLASS_CONTENT, CLOEXEC = 0x4, 0x1
MARK_ADD, MARK_FILESYSTEM = 0x1, 0x100
ACCESS_PERM, ONDIR = 0x20000, 0x40000000
EVENT = struct.Struct("=IBBHQii")
ALLOW = 1

seen = {}
# Not later: their file may be one that the kernel stops us at.
owners = {account.pw_uid: account.pw_name for account in pwd.getpwall()}


def look(whose, pid):
    try:
        if os.path.basename(os.readlink(f"/proc/{pid}/exe")) != "rollcode-admin":
            return
        seen[f"{whose} {process_state(pid)}"] = True
    except OSError as error:
        seen[f"{whose} {pid}: {error}"] = True


# --- files -------------------------------------------------------------------

def watch(place):
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.fanotify_init(CLASS_CONTENT | CLOEXEC, os.O_RDONLY | os.O_CLOEXEC)
    if fd < 0 or libc.fanotify_mark(
            fd, MARK_ADD | MARK_FILESYSTEM,
            ctypes.c_uint64(ACCESS_PERM | ONDIR), -1, place.encode()) != 0:
        sys.exit(f"fanotify: {os.strerror(ctypes.get_errno())}")
    return fd


def answer_reads(fd):
    data = os.read(fd, 65536)
    while data:
        length, _, _, _, _, file, pid = EVENT.unpack_from(data)
        data = data[length:]
        owner = os.fstat(file).st_uid
        if owner != 0:
            look(owners.get(owner, owner), pid)
        os.write(fd, struct.pack("=iI", file, ALLOW))
        os.close(file)


# --- a server ----------------------------------------------------------------

def inode_of(port):
    with open("/proc/net/tcp") as lines:
        for line in lines:
            words = line.split()
            if words[1].endswith(f":{port:04X}"):
                yield words[9]


def look_at_client(port):
    links = {f"socket:[{inode}]" for inode in inode_of(port)}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if int(pid) == os.getpid():
            continue
        try:
            fds = [os.readlink(f"/proc/{pid}/fd/{fd}")
                   for fd in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            continue
        if links.intersection(fds):
            look("server", pid)


class Relay:
    """Pairs of connections; what a server says waits until we have looked."""

    def __init__(self, port, to, poll):
        self.to, self.poll, self.peers, self.ports = to, poll, {}, {}
        self.listener = socket.create_server(("127.0.0.1", port))
        poll.register(self.listener, select.POLLIN)

    def accept(self):
        client, address = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.to))
        for one, other in ((client, server), (server, client)):
            self.peers[one.fileno()] = (one, other)
            self.poll.register(one, select.POLLIN)
        self.ports[server.fileno()] = address[1]

    def pass_on(self, fd):
        one, other = self.peers[fd]
        try:
            data = one.recv(65536)
            if data and fd in self.ports:
                look_at_client(self.ports[fd])
            other.sendall(data)
        except OSError:
            data = b""
        if not data:
            for end in (one, other):
                self.poll.unregister(end)
                self.peers.pop(end.fileno())
                self.ports.pop(end.fileno(), None)
                end.close()


def main():
    place, port, to = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    files = watch(place)
    poll = select.poll()
    poll.register(files, select.POLLIN)
    relay = Relay(port, to, poll) if port else None
    # The kernel stops its exec too, so nobody may wait for that.
    child = os.fork()
    if child == 0:
        os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
        # The kernel asks nobody about a file that was open before.
        os.dup2(os.open("/proc/self/fd/0", os.O_RDONLY), 0)
        os.execvp(sys.argv[4], sys.argv[4:])
    ended = os.pidfd_open(child)
    poll.register(ended, select.POLLIN)
    status = None
    while status is None:
        for fd, _ in poll.poll():
            if fd == files:
                answer_reads(files)
            elif relay and fd == relay.listener.fileno():
                relay.accept()
            elif fd == ended:
                status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            elif relay and fd in relay.peers:
                relay.pass_on(fd)
    for line in sorted(seen):
        print(line)
    sys.exit(status)


main()
