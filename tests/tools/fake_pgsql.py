#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""fake_pgsql.py PORT FILE - a server that refuses each connection

What is called PostgreSQL here has one thing to say, whoever asks: the bytes of
FILE, as they are at that moment, as the text of its error.
"""
import socket
import struct
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    client, _ = listener.accept()
    with client, open(sys.argv[2], "rb") as file:
        client.recv(4096)
        fields = b"SFATAL\0VFATAL\0C28000\0M" + file.read() + b"\0\0"
        client.sendall(b"E" + struct.pack("!i", len(fields) + 4) + fields)
