"""Which worker this process is, and how the libraries log."""

import logging
import subprocess
import sys

import pytest

from teamcal.realtime.websocket_fixes import unmask
from teamcal.realtime.worker import quiet_logger
from tests.servers import ROOT


@pytest.mark.parametrize(
    ("start", "mode"),
    [
        ("", "threading"),
        ("import eventlet, gevent.monkey", "threading"),
        ("import eventlet; eventlet.monkey_patch()", "eventlet"),
        ("from gevent import monkey; monkey.patch_all()", "gevent"),
    ],
)
def test_the_mode_is_that_of_the_library_that_patched_the_process(start: str, mode: str) -> None:
    script = f"{start}\nfrom teamcal.realtime.worker import async_mode; print(async_mode())"
    shown = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], cwd=ROOT, capture_output=True, text=True
    )
    assert shown.stdout.strip() == mode, shown.stderr


@pytest.mark.parametrize("offset", range(5))
def test_unmask_gives_what_the_protocol_says(offset: int) -> None:
    mask = (1, 20, 300 % 256, 255)
    for message in (b"", b"a", b"abcd", bytes(range(256)) * 5 + b"xyz"):
        expected = bytes(byte ^ mask[(offset + index) % 4] for index, byte in enumerate(message))
        assert unmask(message, mask, len(message), offset) == expected


def test_a_clients_error_is_logged_in_one_line_and_our_own_with_its_stack_trace() -> None:
    logger = quiet_logger("test.quiet")
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logger.addHandler(handler)
    for filename in ("elsewhere.py", "/srv/teamcal/realtime/handlers.py"):
        try:
            exec(compile("int('x')", filename, "exec"))  # noqa: S102
        except ValueError:
            logger.exception("message handler error")
    logger.removeHandler(handler)
    assert [record.exc_info is None for record in records] == [True, False]
