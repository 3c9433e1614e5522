"""The text of an event stream."""

import re


class SseParser:
    """Bytes in, blocks out: the fields of each block, its `data` lines joined. Lines end in LF, CR or CRLF."""

    def __init__(self):
        self._rest, self._fields, self._started, self._after_cr = b"", {}, False, False

    def feed(self, chunk):
        self._rest += chunk
        if not self._started:
            if len(self._rest) < 3 and b"\xef\xbb\xbf".startswith(self._rest):
                return []  # it may be a byte order mark
            self._rest, self._started = self._rest.removeprefix(b"\xef\xbb\xbf"), True
        if self._after_cr and self._rest:
            self._rest, self._after_cr = self._rest.removeprefix(b"\n"), False
        blocks = []
        while end := re.search(rb"\r\n?|\n", self._rest):
            line, self._rest = self._rest[: end.start()], self._rest[end.end() :]
            self._after_cr = end.group() == b"\r" and not self._rest
            if line:
                self._take(line.decode("utf-8", "replace"))
                continue
            if "data" in self._fields:
                blocks.append({"event": "message", **self._fields})
            self._fields = {}
        return blocks

    def _take(self, line):
        name, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if name == "data" and "data" in self._fields:
            value = self._fields["data"] + "\n" + value
        if name in ("data", "event", "id", "meta", "at") and not (name == "id" and "\0" in value):
            self._fields[name] = value
