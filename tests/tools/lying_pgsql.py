#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""lying_pgsql.py PORT FILE - a server that answers in a way no server does

It speaks PostgreSQL's protocol, and has a store with one user, who has no
token.  The first word of FILE, as it is at that moment, is what it lies about:

two		the account has two rows
twice		the account is answered twice
no-table	the account is no table at all
copy-out	in place of the account it begins to copy to the client
copy-in		or from it
answers		the account has one answer after the other, without end
rows		the table of users has no end
cell		a field of the account is a gigabyte
replica		it is a copy of another server
commit-off	it does not wait for its disk
fsync-off	it syncs nothing
nothing		nothing: the user is there
absent		nothing: there is no such user

The ids of store and key that `rollcode-admin init` gives it are kept for later.
"""
import socket
import struct
import sys
import threading

store, key = "0" * 32, "0" * 16


def message(kind, body=b""):
    return kind + struct.pack("!i", len(body) + 4) + body


def described(columns):
    one = b"c\0" + struct.pack("!ihihih", 0, 0, 25, -1, -1, 0)
    return message(b"T", struct.pack("!h", columns) + one * columns)


def row(values):
    body = struct.pack("!h", len(values))
    for value in values:
        if value is None:
            body += struct.pack("!i", -1)
        else:
            body += struct.pack("!i", len(value)) + value.encode()
    return message(b"D", body)


def done(tag):
    return message(b"C", tag.encode() + b"\0")


def table(rows, columns=1):
    return (described(len(rows[0]) if rows else columns) +
            b"".join(map(row, rows)) + done("SELECT %d" % len(rows)))


class Client:
    def __init__(self, client):
        self.client, self.file, self.state = client, client.makefile("rb"), b"I"

    def read(self, count):
        data = self.file.read(count)
        if len(data) < count:
            raise EOFError
        return data

    def body(self):
        return self.read(struct.unpack("!i", self.read(4))[0] - 4)

    def begin(self):
        while self.body()[:4] in (b"\x04\xd2\x16\x2f", b"\x04\xd2\x16\x30"):
            self.client.sendall(b"N")
        settings = {b"server_version": b"15.0", b"client_encoding": b"UTF8",
                    b"in_hot_standby": b"off",
                    b"default_transaction_read_only": b"off"}
        self.client.sendall(
            message(b"R", struct.pack("!i", 0)) +
            b"".join(message(b"S", name + b"\0" + value + b"\0")
                     for name, value in settings.items()) +
            message(b"Z", b"I"))

    def bound(self, body):
        """The values of a Bind message."""
        at = body.index(b"\0", body.index(b"\0") + 1) + 1
        at += 2 + 2 * struct.unpack_from("!h", body, at)[0]
        count, at, values = struct.unpack_from("!h", body, at)[0], at + 2, []
        for _ in range(count):
            length, at = struct.unpack_from("!i", body, at)[0], at + 4
            values.append(body[at:at + max(length, 0)])
            at += max(length, 0)
        return values

    def serve(self):
        self.begin()
        while True:
            kind, body = self.read(1), self.body()
            if kind == b"Q":
                self.answer(body[:-1].decode(), [])
                self.ready()
            elif kind == b"P":
                statement = body.split(b"\0")[1].decode()
            elif kind == b"B":
                values = self.bound(body)
            elif kind == b"E":
                self.client.sendall(message(b"1") + message(b"2"))
                self.answer(statement, values)
            elif kind == b"S":
                self.ready()

    def answer(self, statement, values):
        word = statement.split()[0]
        if word in ("BEGIN", "COMMIT", "ROLLBACK"):
            self.state = b"T" if word == "BEGIN" else b"I"
        self.client.sendall(self.says(statement, values))

    def ready(self):
        self.client.sendall(message(b"Z", self.state))

    def without_end(self, piece):
        piece *= max(1, 200000 // len(piece))
        while True:
            self.client.sendall(piece)

    def says(self, statement, values):
        global store, key
        lie = open(sys.argv[2]).read().strip()
        change = "WITH changed AS ("
        if statement.startswith(change):
            self.says(statement[len(change):], values)
            return table([["1"]])
        if statement.startswith("INSERT INTO rollcode.store"):
            store, key = values[1].decode(), values[2].decode()
        if "FROM pg_catalog.pg_namespace WHERE nspname" in statement:
            return table([], 2)
        if statement.startswith("SELECT s.version,s.store_id"):
            return table([["4", store, key, "0",
                           "t" if lie == "replica" else "f",
                           "off" if lie == "commit-off" else "on",
                           "off" if lie == "fsync-off" else "on",
                           "", "0", "1", "f", "f", "1", "1"]])
        if statement.startswith("SELECT failures"):
            return self.account(lie)
        if statement.startswith("SELECT name FROM rollcode.account"):
            if lie == "rows":
                self.client.sendall(described(1))
                self.without_end(row(["alice"]))
            return table([["alice"]])
        if statement.startswith("SELECT 1 FROM rollcode.account"):
            return table([["1"]] * (2 if lie == "two" else 1))
        if statement.startswith(("SELECT id,", "SELECT sequence,")):
            return table([], 14)
        if statement.startswith(("SELECT", "SHOW")):
            return table([["off" if "read_only" in statement else "t"]])
        tags = {"INSERT": "INSERT 0 1", "UPDATE": "UPDATE 1"}
        return message(b"n") + done(tags.get(statement.split()[0],
                                             statement.split()[0]))

    def account(self, lie):
        account = ["0"] * 6 + ["1700000000", "0", "0", "1", key, "f", None]
        if lie == "two":
            return table([account, account])
        if lie == "twice":
            return table([account]) * 2
        if lie == "no-table":
            return message(b"n") + done("SELECT 1")
        if lie == "copy-out":
            return message(b"H", struct.pack("!bh", 0, 0))
        if lie == "copy-in":
            return message(b"G", struct.pack("!bh", 0, 0))
        if lie == "answers":
            self.without_end(table([account]))
        if lie == "cell":
            size = (1 << 30) - 100
            self.client.sendall(described(1) + b"D" + struct.pack(
                "!ihi", size + 10, 1, size))
            self.without_end(bytes(4096))
        return table([] if lie == "absent" else [account], len(account))


def serve(client):
    with client:
        try:
            Client(client).serve()
        except (EOFError, OSError):
            pass


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],),
                     daemon=True).start()
