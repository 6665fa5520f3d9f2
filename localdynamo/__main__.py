"""python -m localdynamo --data-dir DIR: the engine's process. `endpoint_of` starts it."""

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
from localdynamo.credentials import export_lines
from localdynamo.key import make_key, refuse_a_shared_folder
from localdynamo.launch import ALREADY_RUNNING, REQUIREMENTS
from localdynamo.log import Damaged
from localdynamo.reports import EngineFailed, disk_trouble

_LOG_FILE_BYTES = 1024 * 1024
_COMPACTION_NICENESS = 5


def main() -> int:
    options = _parse()
    try:
        if options.compact:
            return _compact(options)
        if options.credentials:
            return _print_credentials(options)
        return _serve(options)
    except (Damaged, EngineFailed) as failure:
        return _fail(str(failure))
    except OSError as error:
        return _fail(disk_trouble(options.data_dir, error))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m localdynamo", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0, help="default: that of last time, else a free one")
    parser.add_argument("--sync", choices=("interval", "always"), default="interval")
    parser.add_argument("--grace", type=float, default=15.0, help="seconds without a user before it ends")
    parser.add_argument("--expire-every", type=float, default=60.0, help="seconds between steps of expiry")
    parser.add_argument("--compact-at", type=int, default=compaction.SMALLEST_LOG, help="bytes of log")
    parser.add_argument(
        "--credentials", action="store_true", help="print the running engine's address and key for the shell"
    )
    parser.add_argument("--compact", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


def _compact(options: argparse.Namespace) -> int:
    compaction.end_with_parent()
    if hasattr(os, "nice"):
        os.nice(_COMPACTION_NICENESS)
    gc.disable()
    compaction.write_draft(options.data_dir, options.compact)
    return 0


def _print_credentials(options: argparse.Namespace) -> int:
    print(export_lines(options.data_dir))
    return 0


def _serve(options: argparse.Namespace) -> int:
    os.umask(0o077)
    options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    refuse_a_shared_folder(options.data_dir)
    try:
        import filelock

        lock = filelock.FileLock(options.data_dir / files.LOCK)
        lock.acquire(timeout=0)
    except ImportError:
        return _fail(REQUIREMENTS)
    except filelock.Timeout:
        print(ALREADY_RUNNING, file=sys.stderr)
        return 0  # This is no failure, and gunicorn would log another code as a failed worker.
    try:
        return _run(options)
    finally:
        lock.release()


def _run(options: argparse.Namespace) -> int:
    _log_to(options.data_dir / files.ENGINE_LOG)
    try:
        # Imported after the lock is held, so that a process that lost the race ends at once.
        from localdynamo import engine
    except ImportError:
        return _fail(REQUIREMENTS)
    engine_options = engine.Options(
        *(options.data_dir, make_key(options.data_dir), options.port),
        *(options.sync, options.grace, options.expire_every, options.compact_at),
    )
    gc.disable()  # Recovery creates millions of objects that stay; the collector would scan them repeatedly.
    recovered_engine = engine.Engine(engine_options, _report)
    try:
        listener = engine.listen(options.data_dir, options.port)
    except engine.PortTaken as error:
        return _fail(str(error))
    gc.freeze()
    # Items that are stored later stay too: at Python's own thresholds a full collection stops every writer
    # for 60 ms at 20,000 events, and longer as they grow.
    gc.set_threshold(50_000, 20, 100)
    gc.enable()
    asyncio.run(recovered_engine.run(listener))
    return 0


def _log_to(path: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=_LOG_FILE_BYTES, backupCount=1, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.raiseExceptions = False  # On a full disk the users are told, see Leases.report.


def _report(message: str) -> None:
    """Writes to the log file and to the process that started the engine."""
    logging.getLogger(__name__).warning(message)
    print(message, file=sys.stderr, flush=True)


def _fail(message: str) -> int:
    print(message, file=sys.stderr, flush=True)
    # Neither 3 nor 4: gunicorn halts on those, even when they come from a process that isn't its worker.
    return 10


if __name__ == "__main__":
    sys.exit(main())
