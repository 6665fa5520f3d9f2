"""The data folder: which files it holds, and how an image is recovered from them.

snapshot.jsonl          all records before record N; its first line names N
log-<first>.jsonl       the records from <first> on; the engine appends to the last one
engine.json             where the engine listens: port and process id
engine.key              the key with which calls to the engine are signed, see key.py
engine.lock             locked by the engine as long as it lives
engine.log              the engine's messages
cut-<time>-<at>.bin     bytes of an incomplete record that were cut off the end of a log
"""

import contextlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from localdynamo.image import Image
from localdynamo.log import Damaged, Log, Reader, encode

SNAPSHOT = "snapshot.jsonl"
ADDRESS = "engine.json"
LOCK = "engine.lock"
ENGINE_LOG = "engine.log"


class Recovered(NamedTuple):
    """`log` is open for appending; `log_bytes` is the size of all logs."""

    image: Image
    log: Log
    snapshot_bytes: int
    log_bytes: int


def log_path(folder: Path, first: int) -> Path:
    return folder / f"log-{first:016d}.jsonl"


def logs_of(folder: Path) -> list[tuple[int, Path]]:
    """Returns (number of the first record, file) of each log, oldest first."""
    return sorted((int(path.stem[4:]), path) for path in folder.glob("log-*.jsonl"))


def read_address(folder: Path) -> dict[str, Any]:
    """Returns {"port", "pid"} of the engine that runs or ran last; empty if there was none.

    An engine of a version that had no key has an "id" as well.
    """
    try:
        address = json.loads((folder / ADDRESS).read_bytes())
    except (OSError, ValueError):
        return {}
    return address if isinstance(address, dict) else {}


def write_address(folder: Path, port: int) -> None:
    replace(folder / ADDRESS, json.dumps({"port": port, "pid": os.getpid()}).encode())


def replace(path: Path, content: bytes) -> None:
    """Writes a small file so that a reader sees either its old or its new content."""
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_bytes(content)
    os.replace(draft, path)


def sync_folder(folder: Path) -> None:
    """Makes created, renamed and deleted names durable. Windows does that by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_snapshot(path: Path, image: Image, upto: int) -> None:
    """Writes all records before `upto` as one image. It is on the disk when this returns."""
    with open(path, "wb") as file:
        file.write(encode(0, {"snapshot": 1, "upto": upto}))
        number = 1
        for change in image.dump():
            file.write(encode(number, change))
            number += 1
        file.write(encode(number, {"end": number}))
        file.flush()
        os.fsync(file.fileno())


def load_snapshot(path: Path, image: Image) -> int:
    """Applies a snapshot to `image`; returns the number of the first record after it. Raises Damaged."""
    reader = Reader(path, 0)
    upto, ended = 0, False
    for content in reader:
        if ended or (upto == 0) != ("snapshot" in content):
            raise Damaged(path, reader.good, "records in the wrong order")
        if "snapshot" in content:
            upto = content["upto"]
        ended = "end" in content
        if not ended:
            image.apply(content)
    if not ended or reader.good != path.stat().st_size:
        raise Damaged(path, reader.good, "an incomplete record")
    return upto


class Loaded(NamedTuple):
    image: Image
    upto: int  # number of the first record that isn't in the snapshot
    number: int  # number of the next record
    log_bytes: int


def load(folder: Path, before: int | None = None, on_cut: Callable[[Reader], None] | None = None) -> Loaded:
    """Reads the snapshot and the logs, but not the log whose first record is `before`.

    An incomplete record at the end of the last log is passed to `on_cut`. Raises Damaged for any other
    damage, and for that one if there is no `on_cut`.
    """
    image, upto, log_bytes = Image(), 1, 0
    if (folder / SNAPSHOT).exists():
        upto = load_snapshot(folder / SNAPSHOT, image)
    number = upto
    logs = [(first, path) for first, path in logs_of(folder) if upto <= first and first != before]
    for first, path in logs:
        if first != number:
            raise Damaged(path, 0, f"the records {number} to {first - 1} before it are missing")
        reader = Reader(path, first)
        for change in reader:
            image.apply(change)
        if reader.good != path.stat().st_size:
            if on_cut is None or path != logs[-1][1] or not reader.rest_is_incomplete():
                raise Damaged(path, reader.good, "an incomplete record with others after it")
            on_cut(reader)
        number, log_bytes = reader.number, log_bytes + reader.good
    return Loaded(image, upto, number, log_bytes)


def recover(folder: Path, report: Callable[[str], None]) -> Recovered:
    """Reads the folder, cuts off an incomplete last record, and deletes what a dead compaction left.

    `report` is called with a sentence for people if something was cut off. Raises Damaged.
    """
    loaded = load(folder, on_cut=lambda reader: report(cut_tail(reader)))
    drop_covered(folder, loaded.upto)
    for draft in folder.glob("*.tmp"):
        with contextlib.suppress(OSError):
            draft.unlink()
    logs = logs_of(folder)
    log = Log(logs[-1][1] if logs else log_path(folder, loaded.number), loaded.number)
    log.sync()  # clients may see what was read back, so a power cut must not undo it any more
    sync_folder(folder)
    return Recovered(loaded.image, log, snapshot_size(folder), loaded.log_bytes)


def snapshot_size(folder: Path) -> int:
    try:
        return (folder / SNAPSHOT).stat().st_size
    except FileNotFoundError:
        return 0


def drop_covered(folder: Path, upto: int) -> None:
    """Deletes the logs that the snapshot up to `upto` covers.

    Every compaction begins a new log, so a log is covered either as a whole or not at all.
    """
    for first, path in logs_of(folder):
        if first < upto:
            path.unlink()


def cut_tail(reader: Reader) -> str:
    """Cuts off an incomplete last record and keeps its bytes in a file; returns a sentence for people."""
    cut_file = reader.path.with_name(f"cut-{time.strftime('%Y%m%dT%H%M%S')}-{reader.good}.bin")
    with open(reader.path, "r+b") as file:
        file.seek(reader.good)
        cut = file.read()
        cut_file.write_bytes(cut)
        file.truncate(reader.good)
        os.fsync(file.fileno())
    return (
        f"완전히 기록되지 않은 마지막 {len(cut)}바이트를 {reader.path}에서 잘라내어 "
        f"{cut_file.name}에 보관했습니다.\n"
        f"Cut an incomplete record of {len(cut)} bytes off {reader.path} and kept it in {cut_file.name}"
    )
