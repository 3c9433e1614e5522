"""Reads the golden vectors as the client does and tells what it read: `python3 vectors.py FOLDER`."""

import base64
import json
import math
import os
import sys
from datetime import datetime, timezone

from payload import BigInt, Typed, decode, parse_frame, parse_position
from sse import SseParser

# The elements of each frame behind its tag, as the tables of the protocol page have them.
FRAMES = {
    "hello": "head auth",
    "auth": "id auth",
    "sub": "id path params from",
    "unsub": "id",
    "read": "id subscription from until",
    "send": "id path params name withinMs input",
    "cast": "path params name input",
    "call": "id path withinMs input",
    "stream": "id path after credit input",
    "credit": "id after credit",
    "cancel": "id",
    "ack": "upTo waiting",
    "presence": "subscription wanted",
    "welcome": "head",
    "epoch": "epoch",
    "expires": "inMs",
    "move": "inMs",
    "joined": "id topic offset",
    "refused": "id code message",
    "e": "topic offset name data at",
    "v": "topic name data",
    "p": "topic offset",
    "live": "topic offset",
    "gap": "topic after first reason",
    "h": "read offset name data at",
    "hgap": "read after first reason",
    "hend": "read offset",
    "ok": "id output",
    "err": "id head data",
    "y": "id seq value",
    "members": "topic change more entries states",
    "ping": "",
    "pong": "",
}
PAYLOADS = {"auth", "input", "data", "output", "value", "wanted", "states"}
POSITIONS = {"from", "until", "after", "first"}
RENAMED = {("hello", "v"): "version", ("welcome", "v"): "version", ("err", "id"): "report"}


def named(elements, blobs):
    """A frame with the names of its fields, in the notation of the vectors."""
    tag, *rest = elements
    frame = {"type": tag}
    for field in FRAMES[tag].split():
        if not rest:
            break
        value = rest.pop(0)
        if field == "head":
            frame |= {RENAMED.get((tag, key), key): item for key, item in value.items()}
        elif field in PAYLOADS:
            meta = rest.pop(0) if rest else 0
            frame[field] = {"json": value} | ({"meta": meta} if meta else {})
            if blobs is not None:
                frame[field]["blobs"] = [base64.b64encode(blob).decode() for blob in blobs]
        elif field in POSITIONS and isinstance(value, str) and value != "first":
            frame[field] = dict(zip(("epoch", "offset"), parse_position(value)))
        elif field == "from":
            frame[field] = "now" if value is None else value
        elif field == "more":
            frame[field] = value == 1
        elif field != "params" or value is not None:
            frame[field] = value
    if tag == "sub":
        frame.setdefault("from", "now")
    return frame


def describe(value):
    """A value in the notation of the vectors."""
    if isinstance(value, Typed):
        return {f"${value.type.lower()}": True if value.type == "undefined" else describe(value.value)}
    if isinstance(value, BigInt):
        return {"$bigint": str(value)}
    if isinstance(value, datetime):
        text = value.astimezone(timezone.utc).isoformat(timespec="milliseconds")
        return {"$date": text.replace("+00:00", "Z")}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, float) and (not math.isfinite(value) or math.copysign(1, value) < 0 and value == 0):
        names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity", "-0.0": "-0"}
        return {"$number": names[str(value)]}
    if isinstance(value, list):
        return [describe(item) for item in value]
    if isinstance(value, dict):
        items = {key: describe(item) for key, item in value.items()}
        return {"$object": [*items.items()]} if any(key.startswith("$") for key in items) else items
    return value


def frames(vector):
    texts = [vector.get("text") or base64.b64decode(vector["base64"]), *vector.get("alsoRead", [])]
    return [named(*parse_frame(text)) for text in texts]


def payloads(vector):
    blobs = [base64.b64decode(blob) for blob in vector.get("blobs", [])]

    def read(value):
        return describe(decode(json.loads(json.dumps(value)), vector.get("meta"), blobs))

    return [read(vector["json"])] + ([read(vector["textJson"])] if "textJson" in vector else [])


def streams(vector):
    if "chunks" in vector:
        chunks = [chunk.encode("utf-8", "surrogatepass") for chunk in vector["chunks"]]
    else:
        chunks = [base64.b64decode(chunk) for chunk in vector["chunksBase64"]]
    whole = b"".join(chunks)
    # as they came, all at once, and byte by byte
    return [_blocks(chunks), _blocks([whole]), _blocks([whole[i : i + 1] for i in range(len(whole))])]


def _blocks(chunks):
    parser = SseParser()
    return [block for chunk in chunks for block in parser.feed(chunk)]


if __name__ == "__main__":

    def load(name):
        with open(os.path.join(sys.argv[1], f"{name}.json"), encoding="utf-8") as file:
            return json.load(file)

    positions = load("positions")
    print(json.dumps([parse_position(text) for text in positions["invalid"]]))
    print(json.dumps([parse_position(vector["text"]) for vector in positions["valid"]]))
    print(json.dumps([frames(vector) for vector in load("frames")]))
    print(json.dumps([payloads(vector) for vector in load("payloads")["valid"]]))
    print(json.dumps([streams(vector) for vector in load("sse")["streams"]]))
