"""The log: one checksummed line a record, numbered without a gap.

5f3c9a01 17 {"ops":[["events",{"id":{"S":"…"}}]]}\n
└ CRC-32 of the rest, └ number, └ what happened
"""

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


class Damaged(Exception):
    """A file that holds acknowledged data can't be read; nothing was changed."""

    def __init__(self, path: Path, offset: int, what: str) -> None:
        super().__init__(path, offset, what)
        self.path, self.offset, self.what = path, offset, what

    def __str__(self) -> str:
        return (
            f"데이터 파일이 손상되어 시작하지 않습니다: {self.path}, {self.offset}바이트 위치. "
            "아무것도 덮어쓰지 않았습니다. 백업에서 이 폴더를 되돌리세요.\n"
            f"Damaged data file, not starting (nothing was overwritten): {self.path}, "
            f"at byte {self.offset}: {self.what}. Restore this folder from a backup."
        )


def encode(number: int, content: Any) -> bytes:
    body = b"%d %s" % (number, orjson.dumps(content))
    return b"%08x %s\n" % (zlib.crc32(body), body)


def is_whole(line: bytes) -> bool:
    """Whether this line is a record as it was written."""
    return line.endswith(b"\n") and line[:9] == b"%08x " % zlib.crc32(memoryview(line)[9:-1])


class Reader:
    """The records of a file in order, up to the first that isn't whole or has the wrong number.

    Afterwards `good` is the length of what was read, `number` the number of the next record.
    """

    def __init__(self, path: Path, number: int) -> None:
        self.path, self.number, self.good = path, number, 0

    def __iter__(self) -> Iterator[Any]:
        with open(self.path, "rb") as file:
            for line in file:
                if not is_whole(line):
                    return
                number, _, content = line[9:].partition(b" ")
                if int(number) != self.number:
                    return
                yield orjson.loads(content)
                self.number += 1
                self.good += len(line)

    def cut_is_tail(self) -> bool:
        """Whether nothing after the good part is a whole record: then a write was torn, no more."""
        with open(self.path, "rb") as file:
            file.seek(self.good)
            return not any(is_whole(line) for line in file)


class Log:
    """The open end of a log. `append` either adds the whole record or raises OSError and adds nothing."""

    def __init__(self, path: Path, number: int) -> None:
        self.path, self.number = path, number
        self.descriptor = os.open(path, _FLAGS, 0o600)
        self.size = os.fstat(self.descriptor).st_size

    def append(self, content: Any) -> None:
        line = encode(self.number, content)
        try:
            written = os.write(self.descriptor, line)
            while written < len(line):
                written += os.write(self.descriptor, line[written:])
        except OSError:
            os.ftruncate(self.descriptor, self.size)
            raise
        self.number += 1
        self.size += len(line)

    def sync(self) -> None:
        os.fsync(self.descriptor)

    def close(self) -> None:
        os.close(self.descriptor)
