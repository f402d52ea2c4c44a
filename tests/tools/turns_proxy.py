#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""turns_proxy.py PORT TO DIRECTORY - between a client and 127.0.0.1 port TO

Each time a client speaks after the server did is a turn: DIRECTORY/turns has a
line for each.  As long as DIRECTORY/pause exists nothing that writes is passed
on, and DIRECTORY/paused says that something waits.
"""
import os
import socket
import sys
import threading
import time

port, to, place = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


def wait_while_paused(data):
    while b"READ WRITE" in data and os.path.exists(place + "/pause"):
        open(place + "/paused", "w").close()
        time.sleep(0.01)


def pump(source, sink, state, upward):
    while True:
        try:
            data = source.recv(65536)
        except OSError:
            data = b""
        if not data:
            break
        if upward and not state["spoke"]:
            with open(place + "/turns", "a") as turns:
                turns.write("turn\n")
        if upward:
            wait_while_paused(data)
        state["spoke"] = upward
        try:
            sink.sendall(data)
        except OSError:
            break
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


with socket.create_server(("127.0.0.1", port)) as server:
    while True:
        client, _ = server.accept()
        behind = socket.create_connection(("127.0.0.1", to))
        state = {"spoke": False}
        for ends in ((client, behind, state, True),
                     (behind, client, state, False)):
            threading.Thread(target=pump, args=ends, daemon=True).start()
