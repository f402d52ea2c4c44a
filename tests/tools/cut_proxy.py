#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cut_proxy.py PORT TO MODE FILE - between a client and 127.0.0.1 port TO.

MODE cut: what a COMMIT is answered never comes back, and then the connection
is closed, as long as FILE exists.  MODE hold: it stays open and silent.  What
only reads is not cut.
"""
import os
import socket
import sys
import threading


def pump(source, sink, state, upward):
    while True:
        try:
            data = source.recv(65536)
        except OSError:
            data = b""
        if not data:
            break
        if (upward and b"COMMIT\0" in data and b"READ ONLY" not in data and
                os.path.exists(state["file"])):
            state["cut"] = True
        if not upward and state.get("cut"):
            if state["mode"] == "hold":
                continue
            break
        try:
            sink.sendall(data)
        except OSError:
            break
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def main():
    port, to = int(sys.argv[1]), int(sys.argv[2])
    with socket.create_server(("127.0.0.1", port)) as server:
        while True:
            client, _ = server.accept()
            behind = socket.create_connection(("127.0.0.1", to))
            state = {"mode": sys.argv[3], "file": sys.argv[4]}
            for ends in ((client, behind, state, True),
                         (behind, client, state, False)):
                threading.Thread(target=pump, args=ends, daemon=True).start()


main()
