"""A WebSocket by hand, over a socket."""

import base64
import hashlib
import os
import socket
import struct
from urllib.parse import urlsplit


class Closed(Exception):
    """The server closed the socket."""

    def __init__(self, code, reason):
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class WebSocket:
    """RFC 6455, as much as a client of one subprotocol needs."""

    def __init__(self, url, subprotocol):
        where = urlsplit(url)
        self._socket = socket.create_connection((where.hostname, where.port), timeout=10)
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Protocol: {subprotocol}\r\n\r\n".encode()
        )
        self._stream = self._socket.makefile("rb")
        head = b"".join(iter(self._stream.readline, b"\r\n")).decode().lower()
        accept = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        for part in ("http/1.1 101", base64.b64encode(accept).decode().lower(), subprotocol.lower()):
            if part not in head:
                raise ConnectionError(f"no {part} in the answer to the upgrade: {head}")

    def send(self, data, opcode=None):
        opcode = opcode or (1 if isinstance(data, str) else 2)
        payload = data.encode() if isinstance(data, str) else data
        size, mask = len(payload), os.urandom(4)
        extended = b"" if size < 126 else struct.pack(">H", size) if size < 65536 else struct.pack(">Q", size)
        short = size if size < 126 else 126 if size < 65536 else 127
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self._socket.sendall(bytes([0x80 | opcode, 0x80 | short]) + extended + mask + masked)

    def receive(self):
        """The next message, str or bytes."""
        message, kind = b"", 0
        while True:
            first, size = self._stream.read(2)
            if size >= 126:
                size = int.from_bytes(self._stream.read(2 if size == 126 else 8), "big")
            payload, opcode = self._stream.read(size), first & 0x0F
            if opcode == 8:
                raise Closed(int.from_bytes(payload[:2], "big"), payload[2:].decode())
            if opcode == 9:
                self.send(payload, 10)
            elif opcode != 10:
                message, kind = message + payload, kind or opcode
                if first & 0x80:
                    return message.decode() if kind == 1 else message

    def cut(self):
        cut(self._socket, self._stream)


def cut(sock, stream):
    """As a cable that is pulled: no goodbye, a reset instead."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()
    sock.close()
