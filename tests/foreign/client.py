"""A client of Parley in Python, with nothing but the standard library, written from docs/PROTOCOL.md alone.

It shows that the protocol page is enough: a topic over WebSocket, over the fallback and over SSE, messages, calls,
coming back, gaps.
"""

import base64
import http.client
import json
import os
from urllib.parse import quote, urlencode, urlsplit

from payload import decode, parse_frame, parse_position, payload
from sse import SseParser
from websocket import WebSocket, cut

NO_CONTRACT = "0000000000000000"


class Topic:
    """What was delivered of one topic, in order, and the position to come back with."""

    def __init__(self, path, params=None):
        self.path, self.params = path, params
        self.position, self.live, self.seen = None, False, []

    def event(self, position, name, data):
        if position is not None:  # a volatile event has none
            epoch, offset = parse_position(position)
            known = parse_position(self.position)
            if known and known[0] == epoch and offset <= known[1]:
                return  # it was delivered before
            self.position = position
        self.seen.append({"event": name, "data": data, "position": position})

    def gap(self, after, first, reason):
        self.position = first
        self.seen.append({"gap": reason, "after": after, "first": first})

    def take(self):
        """What came since the last call."""
        seen, self.seen = self.seen, []
        return seen


class Failure(Exception):
    """The server's answer is an error. `data` belongs to one that the contract declares."""

    def __init__(self, code, data):
        super().__init__(code)
        self.code, self.data = code, data


class Connection:
    """One WebSocket, or fallback, from hello on."""

    def __init__(self, url, auth, socket=None):
        self._socket = socket or WebSocket(url, "parley.1")
        self._id, self._answers, self._subscriptions, self._topics = 0, {}, {}, {}
        client = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
        self._send(["hello", {"v": 1, "contract": NO_CONTRACT, "client": client}, auth])
        self.epoch = None
        while self.epoch is None:
            self._receive()

    def join(self, topic):
        """Reads a topic, from the position that it has; returns once it is live."""
        self._id += 1
        self._subscriptions[self._id], topic.live = topic, False
        self._send(["sub", self._id, topic.path, topic.params, topic.position])
        while not topic.live:
            self._receive()

    def send(self, topic, name, value):
        return self._ask(["send", None, topic.path, topic.params, name, 0, value])

    def call(self, path, value):
        return self._ask(["call", None, path, 0, value])

    def await_events(self, topic, count):
        """Waits until so many events or gaps are there to be taken."""
        while len(topic.seen) < count:
            self._receive()

    def cut(self):
        self._socket.cut()

    def _ask(self, frame):
        self._id += 1
        frame[1] = asked = self._id
        self._send(frame)
        while asked not in self._answers:
            self._receive()
        answer = self._answers.pop(asked)
        if isinstance(answer, Failure):
            raise answer
        return answer

    def _send(self, frame):
        self._socket.send(json.dumps(frame))

    def _receive(self):
        frame, blobs = parse_frame(self._socket.receive())
        tag = frame[0]
        if tag == "welcome":
            self.epoch = frame[1]["epoch"]
        elif tag == "epoch":
            self.epoch = frame[1]
        elif tag == "ping":
            self._send(["pong"])
        elif tag == "ok":
            self._answers[frame[1]] = payload(frame, 2, blobs)
        elif tag == "err":
            self._answers[frame[1]] = Failure(frame[2]["code"], payload(frame, 3, blobs))
        elif tag == "refused":
            raise Failure(frame[2], None)
        elif tag == "joined":
            topic = self._topics[frame[2]] = self._subscriptions[frame[1]]
            topic.position = topic.position or f"{self.epoch}-{frame[3]}"
        elif tag == "e":
            self._topics[frame[1]].event(f"{self.epoch}-{frame[2]}", frame[3], payload(frame, 4, blobs))
        elif tag == "v":
            self._topics[frame[1]].event(None, frame[2], payload(frame, 3, blobs))
        elif tag in ("p", "live"):
            topic = self._topics[frame[1]]
            topic.position, topic.live = f"{self.epoch}-{frame[2]}", topic.live or tag == "live"
        elif tag == "gap":
            self._topics[frame[1]].gap(*frame[2:5])


class EventSource:
    """One SSE response for a topic, from the position that it has."""

    def __init__(self, url, topic, auth):
        where, query = urlsplit(url), f"?{urlencode(topic.params)}" if topic.params else ""
        headers = {"Authorization": f"Bearer {auth}"}
        if topic.position:
            headers["Last-Event-ID"] = topic.position
        self._topic, self._parser, topic.live = topic, SseParser(), False
        self._http = http.client.HTTPConnection(where.hostname, where.port, timeout=10)
        self._http.request("GET", f"{where.path}/events/{quote(topic.path)}{query}", headers=headers)
        self._socket, self._response = self._http.sock, self._http.getresponse()
        if self._response.status != 200:
            raise Failure(json.load(self._response)["error"]["code"], None)

    def await_live(self):
        while not self._topic.live:
            self._receive()

    def await_events(self, count):
        while len(self._topic.seen) < count:
            self._receive()

    def cut(self):
        cut(self._socket, self._response)

    def _receive(self):
        chunk = self._response.read1(65536)
        if not chunk:
            raise ConnectionError("the response ended")
        for block in self._parser.feed(chunk):
            self._block(block["event"], json.loads(block["data"]), block)

    def _block(self, event, data, block):
        topic = self._topic
        if event == "parley.ready":
            topic.position = topic.position or data["position"]
        elif event == "parley.live":
            topic.position, topic.live = data["position"], True
        elif event == "parley.gap":
            topic.gap(data["after"], data["first"], data["reason"])
        elif event == "parley.end":
            raise Failure(data["code"], None)
        else:
            meta = json.loads(block["meta"]) if "meta" in block else None
            topic.event(block.get("id"), event, decode(data, meta))


def post(url, path, value, auth):
    """A call or message over HTTP: its output, or None."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=10)
    form = "application/vnd.parley+json"
    headers = {"Authorization": f"Bearer {auth}", "Content-Type": "application/json", "Accept": form}
    connection.request("POST", f"{where.path}/{path}", json.dumps(value), headers)
    response = connection.getresponse()
    body = json.load(response) if response.status != 204 else {"json": None}
    connection.close()
    if response.status >= 400:
        raise Failure(body["error"]["code"], body["error"].get("data"))
    return decode(body["json"], body.get("meta"))
