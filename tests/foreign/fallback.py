"""What a WebSocket is, over one response and POSTs."""

import base64
import http.client
import json
from urllib.parse import urlsplit

from sse import SseParser
from websocket import Closed, cut


class Fallback:
    """The section "Fallback" of the protocol page, with the methods of a WebSocket."""

    def __init__(self, url):
        self._where, self._parser, self._link, self._seq, self._frames = urlsplit(url), SseParser(), None, 0, []
        self._http = http.client.HTTPConnection(self._where.hostname, self._where.port, timeout=10)
        self._http.request("GET", f"{self._where.path}/link")
        self._socket, self._response = self._http.sock, self._http.getresponse()
        if self._response.status != 200:
            raise ConnectionError(f"the link was answered with {self._response.status}")
        while self._link is None:
            self._read()

    def send(self, data):
        self._post(data if isinstance(data, str) else base64.b64encode(data).decode())

    def receive(self):
        """The next frame, str or bytes."""
        while not self._frames:
            self._read()
        frame = self._frames.pop(0)
        if isinstance(frame, Closed):
            raise frame
        return frame

    def close(self):
        self._post({"code": 1000, "reason": ""})
        cut(self._socket, self._response)

    def cut(self):
        cut(self._socket, self._response)

    def _post(self, element):
        self._seq += 1
        connection = http.client.HTTPConnection(self._where.hostname, self._where.port, timeout=10)
        headers = {"Content-Type": "application/json", "Parley-Link": self._link, "Parley-Seq": str(self._seq)}
        connection.request("POST", f"{self._where.path}/link", json.dumps([element]), headers)
        response = connection.getresponse()
        if response.status != 204:
            raise ConnectionError(f"a POST was answered with {response.status}: {response.read()}")
        connection.close()

    def _read(self):
        chunk = self._response.read1(65536)
        if not chunk:
            raise Closed(1006, "")
        for block in self._parser.feed(chunk):
            event, data = block["event"], block["data"]
            if event == "parley.link":
                self._link = json.loads(data)["link"]
            elif event == "message":
                self._frames.append(data)
            elif event == "parley.bytes":
                self._frames.append(base64.b64decode(data))
            elif event == "parley.close":
                self._frames.append(Closed(**json.loads(data)))
