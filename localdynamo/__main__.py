"""python -m localdynamo --data-dir DIR: the engine's process (localdynamo starts it)."""

import argparse
import asyncio
import gc
import logging
import logging.handlers
import os
import sys
from pathlib import Path

from localdynamo import compaction
from localdynamo import folder as files
from localdynamo.launch import BUSY, REQUIREMENTS
from localdynamo.log import Damaged

_LOG_BYTES = 1024 * 1024


def main() -> int:
    options = _parse()
    try:
        if options.compact:
            return _compact(options)
        return _serve(options)
    except Damaged as damage:
        return _fail(str(damage))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m localdynamo", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0, help="default: that of last time, else a free one")
    parser.add_argument("--sync", choices=("interval", "always"), default="interval")
    parser.add_argument("--grace", type=float, default=15.0, help="seconds without a user before it ends")
    parser.add_argument("--expire-every", type=float, default=60.0, help="seconds between steps of expiry")
    parser.add_argument("--compact-at", type=int, default=compaction.SMALLEST_LOG, help="bytes of log")
    parser.add_argument("--compact", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


def _compact(options: argparse.Namespace) -> int:
    compaction.end_with_parent()
    if hasattr(os, "nice"):
        os.nice(5)
    gc.disable()
    compaction.write_draft(options.data_dir, options.compact)
    return 0


def _serve(options: argparse.Namespace) -> int:
    os.umask(0o077)
    options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        import filelock

        lock = filelock.FileLock(options.data_dir / files.LOCK)
        lock.acquire(timeout=0)
    except ImportError:
        return _fail(REQUIREMENTS)
    except filelock.Timeout:
        print(BUSY, file=sys.stderr)
        return 0  # nothing is wrong, and gunicorn would log another code as a worker's failure
    try:
        return _run(options)
    finally:
        lock.release()


def _run(options: argparse.Namespace) -> int:
    _log_to(options.data_dir / files.JOURNAL)
    try:
        # Only after the lock, so that a process that lost the race ends at once.
        from localdynamo import engine
    except ImportError:
        return _fail(REQUIREMENTS)
    settings = engine.Options(
        options.data_dir, options.port, options.sync, options.grace, options.expire_every, options.compact_at
    )
    gc.disable()  # millions of objects that stay: the collector would only look at them again and again
    running = engine.Engine(settings, _tell)
    try:
        listener = engine.listen(options.data_dir, options.port)
    except engine.PortTaken as taken:
        return _fail(str(taken))
    gc.freeze()
    # What is stored later stays as well: at Python's own thresholds a full collection stops every writer for
    # 60 ms at 20,000 events, and longer with each.
    gc.set_threshold(50_000, 20, 100)
    gc.enable()
    asyncio.run(running.run(listener))
    return 0


def _log_to(path: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _tell(message: str) -> None:
    logging.getLogger(__name__).warning(message)
    print(message, file=sys.stderr, flush=True)


def _fail(message: str) -> int:
    # Not 3 or 4: gunicorn takes those, even from a process that isn't its worker, as a reason to halt.
    print(message, file=sys.stderr, flush=True)
    return 10


if __name__ == "__main__":
    sys.exit(main())
