"""Logging set-up: one function for the server, one for commands that an operator runs by hand."""

import logging
import re
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

LINES_A_MINUTE = 10
"""So many records of a kind are logged in a minute."""
KINDS_KEPT = 512
"""Those that logged last."""
_MINUTE = 60.0
# Control characters but the line break, what else breaks lines, and what reverses the direction of text.
_UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

_NAMES = (
    "(?:sid|token|access_token|id_token|refresh_token|client_secret|password|passcode|device_code|user_code|"
    "code_verifier|code|state|nonce)"
)
# What opens something, wherever it stands in a line: the server's own secrets by their beginning, those in a
# feed's path, in an Authorization header, in a query string or JSON, and the passwords in addresses.
_SECRET = re.compile(
    r"(tcs_|/feeds/|(?i:invalid session )|(?i:\b(?:basic|bearer)(?:\s|%20|\+)+)(?=[\w+/=.~-]{8})|"
    rf"(?:^|[?&;=\s\"'#]){_NAMES}=|[\"']{_NAMES}[\"']: ?[\"']|"
    r"\b[a-z][a-z0-9+.-]*://[^\s/:@?#]*:(?=[^\s/@]+@)"
    r")[^\s/?&;#\"'<>@,]+"
)


def log_server() -> None:
    """Logs to standard error with time, level and logger; botocore only from warnings on.

    What the product logs on behalf of clients can neither be forged nor fill the disk: `SafeFormatter`,
    `Repetitions`.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SafeFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(Repetitions("teamcal"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("botocore").setLevel(logging.WARNING)


def log_command() -> None:
    """Writes warnings and errors to standard error as bare text, since the operator reads nothing else.

    Replaces the handlers of the root logger.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr, force=True)


class SafeFormatter(logging.Formatter):
    """Whatever a record says, it starts no line of its own and sends nothing to a terminal.

    Line breaks and control characters are escaped, secrets cut out. A stack trace has lines, and so has a
    message of a record with `extra={"several_lines": True}`: these are indented.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:
        text = super().formatMessage(record)
        return text if getattr(record, "several_lines", False) else text.replace("\n", "\\n")

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record).replace("\r\n", "\n")
        text = without_secrets(text)
        return escaped(text).replace("\n", "\n    ")


def escaped(text: str) -> str:
    """Returns `text` with what would send something to a terminal, or reverse its direction, escaped."""
    return _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text)


def without_secrets(text: str) -> str:
    """Returns `text` with `…` in the place of everything that opens something."""
    return _SECRET.sub(r"\1…", text)


class Repetitions:
    """A logging filter: `LINES_A_MINUTE` records of a kind pass, the others are counted.

    The first that passes again says how many there were. A kind is a place in the source, or a part of one
    that `extra={"kind": …}` names. Only loggers whose name is `name` or begins with
    `name` and a dot are limited. `now` is in seconds.
    """

    def __init__(self, name: str, now: Callable[[], float] = time.monotonic) -> None:
        self._name, self._now = name, now
        # kind → when its minute began, how many records passed in it, how many didn't
        self._kinds: OrderedDict[tuple[Any, ...], tuple[float, int, int]] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name != self._name and not record.name.startswith(f"{self._name}."):
            return True
        now = self._now()
        kind = (record.name, record.pathname, record.lineno, getattr(record, "kind", None))
        began, passed, suppressed = self._kinds.pop(kind, (now, 0, 0))
        if now - began >= _MINUTE:
            if suppressed:
                record.msg = f"{record.getMessage()} (… {suppressed} more of these suppressed)"
                record.args = None
            began, passed, suppressed = now, 0, 0
        passes = passed < LINES_A_MINUTE
        self._kinds[kind] = (began, passed + 1, 0) if passes else (began, passed, suppressed + 1)
        while len(self._kinds) > KINDS_KEPT:
            self._kinds.popitem(last=False)
        return passes
