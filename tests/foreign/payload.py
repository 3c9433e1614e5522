"""Positions, and payloads: superjson's `json` and `meta`, as docs/PROTOCOL.md describes them."""

import base64
import json
import re
import struct
from datetime import datetime
from typing import NamedTuple


def parse_position(text):
    """(epoch, offset), or None for what is no position."""
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9]{1,32}-(0|[1-9][0-9]{0,15})", text):
        return None
    epoch, offset = text.split("-")
    return (epoch, int(offset)) if int(offset) <= 2**53 - 1 else None


class Typed(NamedTuple):
    """A value of a type that neither JSON nor Python has."""

    type: str
    value: object


class BigInt(int):
    """What was a BigInt, told apart from a number."""


def decode(value, meta=None, blobs=None):
    """The value that `json` and `meta` stand for. Typed nodes inside a typed node come first."""
    if not meta:
        return value
    if meta.get("v", 1) != 1 or set(meta) - {"v", "values"}:
        raise ValueError(f"meta that this client does not know: {meta}")
    root = [value]
    _restore(root, 0, meta.get("values", {}), blobs)
    return root[0]


def _restore(parent, key, node, blobs):
    kind, children = (node[0], node[1] if len(node) > 1 else {}) if isinstance(node, list) else (None, node)
    for path, child in children.items():
        inner, *names = parent[key], *(re.sub(r"\\(.)", r"\1", name) for name in _split(path))
        for name in names[:-1]:
            inner = inner[_key(inner, name)]
        _restore(inner, _key(inner, names[-1]), child, blobs)
    if kind is not None:
        parent[key] = _typed(kind, parent[key], blobs)


def _split(path):
    return re.findall(r"(?:^|\.)((?:\\.|[^.\\])*)", path)


def _key(container, name):
    return int(name) if isinstance(container, list) else name


def _typed(kind, value, blobs):
    if kind == ["custom", "bytes"]:
        return blobs[value] if isinstance(value, int) else base64.b64decode(value)
    if kind == "Date":
        return _date(value)
    if kind == "bigint":
        return BigInt(value)
    if kind == "number":
        return float(value.replace("Infinity", "inf"))
    return Typed(kind if isinstance(kind, str) else kind[1], value)


def _date(text):
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return Typed("Date", text)  # Python has no year below 1 or above 9999


def parse_frame(data):
    """The elements of a frame and its blobs."""
    if isinstance(data, str):
        return json.loads(data), None
    parts = []
    while data:
        (size,) = struct.unpack_from(">I", data)
        parts.append(data[4 : 4 + size])
        data = data[4 + size :]
    return json.loads(parts[0]), parts[1:]


def payload(elements, at, blobs):
    """The payload at an element, and its meta behind it."""
    if len(elements) <= at:
        return None
    return decode(elements[at], elements[at + 1] if len(elements) > at + 1 else None, blobs)
