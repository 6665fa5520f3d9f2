"""The key of a data folder's engine: 256 bits in a file that only the folder's owner can read.

Who knows it may call the engine, and an engine that knows it is the right one. It stays the same when the
engine is started again, so that clients need no new one.
"""

import os
import re
import secrets
import stat
from pathlib import Path

from localdynamo.reports import EngineFailed, key_exposed, writable_by_others

KEY = "engine.key"
ACCESS_KEY_ID = "embedded"
"""The name of the key in signatures; it is no secret."""
_FORM = re.compile(r"[0-9a-f]{64}")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO  # an ACL's rights are in the group's bits too
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def read_key(folder: Path) -> str:
    """Returns the key, 64 hexadecimal digits; "" if there is none.

    Raises EngineFailed if another account can read the file, OSError if this one can't.
    """
    path = folder / KEY
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return ""
    with open(descriptor, encoding="latin-1") as file:
        if _is_exposed(os.fstat(descriptor), folder):
            raise EngineFailed(key_exposed(path))
        text = file.read(100).strip()
    return text if _FORM.fullmatch(text) else ""


def make_key(folder: Path) -> str:
    """Returns the folder's key, which it makes if there is none. Only for who holds the folder's lock."""
    key = read_key(folder)
    if key:
        return key
    key, draft = secrets.token_hex(32), folder / f"{KEY}.{os.getpid()}.tmp"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="latin-1") as file:
        file.write(key)
        file.flush()
        os.fsync(descriptor)
    os.replace(draft, folder / KEY)
    return read_key(folder)  # raises on a disk that keeps no permissions


def refuse_a_shared_folder(folder: Path) -> None:
    """Raises EngineFailed if another account can put files of its own in the place of the folder's."""
    if os.name != "nt" and folder.stat().st_mode & _OTHERS_WRITE:
        raise EngineFailed(writable_by_others(folder))


def _is_exposed(status: os.stat_result, folder: Path) -> bool:
    """Whether another account can read the key or has put it there.

    On Windows the mode says nothing: there the folder inherits its rights, as a rule from the user's own.
    """
    if os.name == "nt":
        return False
    return bool(status.st_mode & _OTHERS) or status.st_uid not in (os.geteuid(), folder.stat().st_uid)
