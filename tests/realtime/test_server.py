"""The pieces that can be seen without a server."""

import logging
import subprocess
import sys

import pytest

from teamcal.realtime import server as transport
from teamcal.realtime.direct_write import unmask
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
def test_the_mode_is_what_the_process_is_patched_by(start: str, mode: str) -> None:
    script = f"{start}\nfrom teamcal.realtime.server import async_mode; print(async_mode())"
    shown = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], cwd=ROOT, capture_output=True, text=True
    )
    assert shown.stdout.strip() == mode, shown.stderr


@pytest.mark.parametrize("offset", range(5))
def test_unmasking(offset: int) -> None:
    mask = (1, 20, 300 % 256, 255)
    for message in (b"", b"a", b"abcd", bytes(range(256)) * 5 + b"xyz"):
        expected = bytes(byte ^ mask[(offset + index) % 4] for index, byte in enumerate(message))
        assert unmask(message, mask, len(message), offset) == expected


def test_garbage_is_logged_in_a_line_and_our_own_faults_with_their_trace() -> None:
    logger = transport.quiet_logger("test.quiet")
    seen: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = seen.append  # type: ignore[method-assign]
    logger.addHandler(handler)
    for script, filename in (("int('x')", "elsewhere.py"), ("int('x')", "/srv/teamcal/realtime/handlers.py")):
        try:
            exec(compile(script, filename, "exec"))  # noqa: S102
        except ValueError:
            logger.exception("message handler error")
    logger.removeHandler(handler)
    assert [record.exc_info is None for record in seen] == [True, False]
