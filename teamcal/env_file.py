"""The file `.env`: variables that the process doesn't have itself."""

import io
from pathlib import Path

from dotenv import load_dotenv

MEGABYTE = 1024 * 1024


class SettingsError(ValueError):
    """A variable has a value that isn't allowed. The text names the variable and what is allowed."""


def load_env_file(path: Path) -> None:
    """Adds the file's variables, if there is one, to those of the process. Raises SettingsError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MEGABYTE + 1)
    except FileNotFoundError:
        return
    except OSError as error:
        raise SettingsError(f".env: 읽을 수 없습니다 ({error.strerror}). Can't be read.") from None
    if len(raw) > MEGABYTE:
        raise SettingsError(".env: 1 MB를 넘습니다. Larger than 1 MB.")
    # UTF-16 isn't read: `flask run` reads the file itself, and only UTF-8.
    try:
        content, zero = raw.decode("utf-8-sig"), raw.find(b"\0")
    except UnicodeDecodeError as error:
        content, zero = "", error.start
    if zero >= 0:
        line = raw.count(b"\n", 0, zero) + 1
        raise SettingsError(
            f".env: {line}행: UTF-8로 저장하세요 (메모장: 다른 이름으로 저장 → 인코딩). "
            f"Line {line}: save the file as UTF-8."
        )
    try:
        load_dotenv(stream=io.StringIO(content, newline=None))
    except (ValueError, OSError):
        raise SettingsError(".env: 변수 이름이 올바르지 않습니다. A variable's name isn't valid.") from None
