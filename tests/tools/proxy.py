# SPDX-License-Identifier: Apache-2.0
"""proxy.py - between clients and a port of 127.0.0.1, for programs of this
folder that look at what passes, or keep it back.
"""
import socket
import threading


def pump(source, sink, look, upward):
    while True:
        try:
            data = source.recv(65536)
        except OSError:
            data = b""
        passed = look(data, upward) if data else None
        if passed is None:
            break
        try:
            sink.sendall(passed)
        except OSError:
            break
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(port, to, connected):
    """For ever; connected() makes each connection's look(data, upward): what is
    passed on, upward to the server; b"" for nothing, None to close."""
    with socket.create_server(("127.0.0.1", port)) as server:
        while True:
            client, _ = server.accept()
            behind = socket.create_connection(("127.0.0.1", to))
            look = connected()
            for ends in ((client, behind, look, True),
                         (behind, client, look, False)):
                threading.Thread(target=pump, args=ends, daemon=True).start()
