"""What the client does, told as lines of JSON: `python3 run.py URL SCENARIO`."""

import json
import sys
from datetime import datetime

from client import Connection, EventSource, Failure, Topic, post
from fallback import Fallback
from websocket import Closed

TOKEN = "token-of-ann"


def tell(step, **facts):
    print(json.dumps({"step": step, **facts}, default=_plain), flush=True)


def _plain(value):
    """How a Date that was decoded shows that it is one."""
    if isinstance(value, datetime):
        return {"date": value.timestamp()}
    raise TypeError(f"no line of JSON holds {value!r}")


def publish(url, *texts):
    post(url, "call/publish", {"room": "general", "texts": texts}, TOKEN)


def websocket(url):
    frames(url, lambda: Connection(url, TOKEN))


def fallback(url):
    frames(url, lambda: Connection(url, TOKEN, Fallback(url)))
    last = Fallback(url)
    Connection(url, TOKEN, last)
    last.close()
    tell("closed")


def frames(url, connect):
    topic = Topic("room", {"id": "general"})
    connection = connect()
    connection.join(topic)
    tell("live", position=topic.position)
    tell("acknowledged", output=connection.send(topic, "say", {"text": "hello"}))
    connection.await_events(topic, 1)
    tell("heard", seen=topic.take())
    try:
        connection.call("rooms.create", {"name": "taken"})
    except Failure as failure:
        tell("failed", code=failure.code, data=failure.data)

    connection.cut()
    publish(url, "missed 1", "missed 2", "missed 3")
    connection = connect()
    connection.join(topic)
    tell("resumed", seen=topic.take(), position=topic.position)

    connection.cut()
    publish(url, *[f"flood {n}" for n in range(1, 9)])
    connection = connect()
    connection.join(topic)
    tell("after the flood", seen=topic.take(), position=topic.position)


def sse(url):
    topic = Topic("room", {"id": "general"})
    source = EventSource(url, topic, TOKEN)
    source.await_live()
    tell("live", position=topic.position)
    post(url, "message/room/say?id=general", {"text": "hello"}, TOKEN)
    source.await_events(1)
    tell("heard", seen=topic.take())

    source.cut()
    publish(url, "missed 1", "missed 2", "missed 3")
    source = EventSource(url, topic, TOKEN)
    source.await_live()
    tell("resumed", seen=topic.take(), position=topic.position)

    source.cut()
    publish(url, *[f"flood {n}" for n in range(1, 9)])
    source = EventSource(url, topic, TOKEN)
    source.await_live()
    tell("after the flood", seen=topic.take(), position=topic.position)


def http(url):
    tell("answered", output=post(url, "call/rooms.create", {"name": "new"}, TOKEN))
    for path, value in (("call/rooms.create", {"name": "taken"}), ("call/rooms.destroy", {})):
        try:
            post(url, path, value, TOKEN)
        except Failure as failure:
            tell("failed", code=failure.code, data=failure.data)


def refused(url):
    try:
        Connection(url, "nobody's token")
    except Closed as closed:
        tell("closed", code=closed.code, reason=json.loads(closed.reason)["code"])
    try:
        Connection(url, "nobody's token", Fallback(url))
    except Closed as closed:
        tell("closed", code=closed.code, reason=json.loads(closed.reason)["code"])
    try:
        EventSource(url, Topic("room", {"id": "general"}), "nobody's token")
    except Failure as failure:
        tell("failed", code=failure.code)


if __name__ == "__main__":
    scenarios = {"websocket": websocket, "fallback": fallback, "sse": sse, "http": http, "refused": refused}
    scenarios[sys.argv[2]](sys.argv[1])
