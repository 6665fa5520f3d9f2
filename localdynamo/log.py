"""The write-ahead log: one line with a checksum per record, numbered without a gap.

5f3c9a01 17 {"ops":[["events",{"id":{"S":"…"}}]]}\n
│        │  └ the change, see image.py
│        └ number of the record
└ CRC-32 of the rest of the line
"""

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


class Damaged(Exception):
    """A file with acknowledged data can't be read from byte `offset` on; nothing was changed."""

    def __init__(self, path: Path, offset: int, reason: str) -> None:
        super().__init__(path, offset, reason)
        self.path, self.offset, self.reason = path, offset, reason

    def __str__(self) -> str:
        return (
            f"데이터 파일이 손상되어 시작을 중단합니다: {self.path}, {self.offset}바이트 위치. "
            "덮어쓴 데이터는 없습니다. 백업에서 이 폴더를 복원하세요.\n"
            f"Damaged data file, not starting (nothing was overwritten): {self.path}, "
            f"at byte {self.offset}: {self.reason}. Restore this folder from a backup."
        )


def encode(number: int, content: Any) -> bytes:
    """Returns a record as a line."""
    body = b"%d %s" % (number, orjson.dumps(content))
    return b"%08x %s\n" % (zlib.crc32(body), body)


def is_complete(line: bytes) -> bool:
    """Whether the line is a record as it was written."""
    return line.endswith(b"\n") and line[:9] == b"%08x " % zlib.crc32(memoryview(line)[9:-1])


class Reader:
    """Iterates over the records of a file, up to the first that is incomplete or has the wrong number.

    Afterwards `good` is the length in bytes of what was read, `number` the number of the next record.
    """

    def __init__(self, path: Path, number: int) -> None:
        self.path, self.number, self.good = path, number, 0

    def __iter__(self) -> Iterator[Any]:
        with open(self.path, "rb") as file:
            for line in file:
                if not is_complete(line):
                    return
                number, _, content = line[9:].partition(b" ")
                if int(number) != self.number:
                    return
                yield orjson.loads(content)
                self.number += 1
                self.good += len(line)

    def rest_is_incomplete(self) -> bool:
        """Whether no record after the good part is complete. Then just the last write was interrupted."""
        with open(self.path, "rb") as file:
            file.seek(self.good)
            return not any(is_complete(line) for line in file)


class Log:
    """A log that is open for appending; `number` is the next record's, `size` is in bytes."""

    def __init__(self, path: Path, number: int) -> None:
        self.path, self.number = path, number
        self.descriptor = os.open(path, _FLAGS, 0o600)
        self.size = os.fstat(self.descriptor).st_size

    def append(self, content: Any) -> None:
        """Adds one record. Raises OSError, and then has added nothing."""
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
