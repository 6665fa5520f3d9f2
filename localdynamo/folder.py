"""The data folder: which files it holds, and how they become an image again.

snapshot.jsonl          everything before record N (it says which)
log-<first>.jsonl       the records from <first> on; the last one is being written
engine.json             where the engine listens: port, process id, and an id that proves it
engine.lock             held by the engine as long as it lives
engine.log              what the engine has to say
cut-<time>.bin          bytes of a torn record that were cut off a log's end
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
JOURNAL = "engine.log"


class Recovered(NamedTuple):
    image: Image
    log: Log
    snapshot_bytes: int
    log_bytes: int


def log_path(folder: Path, first: int) -> Path:
    return folder / f"log-{first:016d}.jsonl"


def logs_of(folder: Path) -> list[tuple[int, Path]]:
    """(number of the first record, file) of each log, oldest first."""
    return sorted((int(path.stem[4:]), path) for path in folder.glob("log-*.jsonl"))


def read_address(folder: Path) -> dict[str, Any]:
    """{"port", "pid", "id"} of the engine that runs or ran last; empty when there was none."""
    try:
        address = json.loads((folder / ADDRESS).read_bytes())
    except (OSError, ValueError):
        return {}
    return address if isinstance(address, dict) else {}


def write_address(folder: Path, port: int, identity: str) -> None:
    replace(folder / ADDRESS, json.dumps({"port": port, "pid": os.getpid(), "id": identity}).encode())


def replace(path: Path, content: bytes) -> None:
    """Write a small file so that it is read either as it was or as it will be."""
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_bytes(content)
    os.replace(draft, path)


def sync_folder(folder: Path) -> None:
    """Make created, renamed and deleted names durable (Windows does it by itself)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_snapshot(path: Path, image: Image, upto: int) -> None:
    """Everything before record `upto`, on the disk when this returns."""
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
    """Apply a snapshot, answer the number of the first record after it. Raises Damaged."""
    reader = Reader(path, 0)
    upto, ended = 0, False
    for content in reader:
        if ended or (upto == 0) != ("snapshot" in content):
            raise Damaged(path, reader.good, "records in a wrong order")
        if "snapshot" in content:
            upto = content["upto"]
        ended = "end" in content
        if not ended:
            image.apply(content)
    if not ended or reader.good != path.stat().st_size:
        raise Damaged(path, reader.good, "a record that isn't whole")
    return upto


class Loaded(NamedTuple):
    image: Image
    upto: int  # the first record that isn't in the snapshot
    number: int  # of the next record
    log_bytes: int


def load(folder: Path, before: int | None = None, on_cut: Callable[[Reader], None] | None = None) -> Loaded:
    """The image of all records (`before` that one).

    A torn end of the last log is handed to `on_cut`; any other damage raises Damaged.
    """
    image, upto, size = Image(), 1, 0
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
            if on_cut is None or path != logs[-1][1] or not reader.cut_is_tail():
                raise Damaged(path, reader.good, "a record that isn't whole, with others after it")
            on_cut(reader)
        number, size = reader.number, size + reader.good
    return Loaded(image, upto, number, size)


def recover(folder: Path, report: Callable[[str], None]) -> Recovered:
    """Read the folder back, mend a torn end, drop leftovers of an interrupted compaction."""
    loaded = load(folder, on_cut=lambda reader: report(cut_tail(reader)))
    drop_covered(folder, loaded.upto)
    for draft in folder.glob("*.tmp"):
        with contextlib.suppress(OSError):
            draft.unlink()
    logs = logs_of(folder)
    log = Log(logs[-1][1] if logs else log_path(folder, loaded.number), loaded.number)
    log.sync()  # what is read back may be spoken of, so it must not vanish in a power cut any more
    sync_folder(folder)
    return Recovered(loaded.image, log, snapshot_size(folder), loaded.log_bytes)


def snapshot_size(folder: Path) -> int:
    try:
        return (folder / SNAPSHOT).stat().st_size
    except FileNotFoundError:
        return 0


def drop_covered(folder: Path, upto: int) -> None:
    """Delete the logs that the snapshot holds. A log begins where a compaction ended, so none straddles."""
    for first, path in logs_of(folder):
        if first < upto:
            path.unlink()


def cut_tail(reader: Reader) -> str:
    """Cut a torn record off, keep its bytes in a file beside; answers what to tell people."""
    side = reader.path.with_name(f"cut-{time.strftime('%Y%m%dT%H%M%S')}-{reader.good}.bin")
    with open(reader.path, "r+b") as file:
        file.seek(reader.good)
        torn = file.read()
        side.write_bytes(torn)
        file.truncate(reader.good)
        os.fsync(file.fileno())
    return (
        f"기록되다 만 마지막 {len(torn)}바이트를 {reader.path}에서 잘라 {side.name}에 보관했습니다.\n"
        f"Cut a torn record of {len(torn)} bytes off {reader.path}, kept in {side.name}"
    )
