"""The server's log: no client writes a line of its own into it, and none fills the disk."""

import io
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from teamcal.logs import KINDS_KEPT, LINES_A_MINUTE, Repetitions, SafeFormatter
from tests.rest.raw_http import exchange, request
from tests.servers import running

FORGED = "2026-01-01 00:00:00,000 CRITICAL teamcal: forged"
BREAKS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1b[31m", "\x85", "\u2028", "\u202e", "\x00", "\x9b"]


@pytest.fixture
def log() -> Any:
    stream, clock = io.StringIO(), [0.0]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(SafeFormatter("%(levelname)s %(name)s: %(message)s"))
    handler.addFilter(Repetitions("product", lambda: clock[0]))
    logger = logging.getLogger("product.part")
    for one in (logger, logging.getLogger("other")):
        one.addHandler(handler)
        one.propagate = False
    yield logger, stream, clock
    for one in (logger, logging.getLogger("other")):
        one.removeHandler(handler)


@pytest.mark.parametrize("text", BREAKS)
def test_no_argument_starts_a_line_or_reaches_the_terminal(log: Any, text: str) -> None:
    logger, stream, _ = log
    logger.warning("not found: %s", f"/api/{text}{FORGED}")
    assert len(stream.getvalue().splitlines()) == 1
    assert stream.getvalue().startswith("WARNING product.part: not found: /api/")
    assert not set(stream.getvalue()) & set("\r\x0b\x0c\x1b\x85\u2028\u202e\x00\x9b")


def test_a_message_of_several_lines_is_indented(log: Any) -> None:
    logger, stream, _ = log
    logger.error("one\ntwo\x1b", extra={"several_lines": True})
    assert stream.getvalue() == "ERROR product.part: one\n    two\\x1b\n"


def test_an_exceptions_text_is_part_of_its_record(log: Any) -> None:
    logger, stream, _ = log
    try:
        raise ValueError(f"bad\n{FORGED}")
    except ValueError:
        logger.exception("failed")
    first, *others = stream.getvalue().splitlines()
    assert first == "ERROR product.part: failed"
    assert len(others) > 3
    assert all(line.startswith("    ") for line in others)


def test_lines_of_a_kind_are_counted_and_the_rest_is_told(log: Any) -> None:
    logger, stream, clock = log

    def complain(number: int) -> None:
        logger.warning("refused %s", number)

    for number in range(1_000):
        complain(number)
        logger.error("named %s", number % 3, extra={"kind": number % 3})
        logger.error("another kind %s", number) if number < 3 else None
    assert stream.getvalue().count("refused") == LINES_A_MINUTE
    assert stream.getvalue().count("another kind") == 3
    assert [stream.getvalue().count(f"named {number}") for number in range(3)] == [LINES_A_MINUTE] * 3
    clock[0] = 61.0
    complain(1_000)
    last = stream.getvalue().splitlines()[-1]
    assert last == f"WARNING product.part: refused 1000 (… {1_000 - LINES_A_MINUTE} more of these suppressed)"


def test_other_loggers_are_not_limited(log: Any) -> None:
    _, stream, _ = log
    for _ in range(100):
        logging.getLogger("other").warning("a request")
    assert stream.getvalue().count("a request") == 100


def test_many_kinds_take_bounded_memory() -> None:
    limited = Repetitions("product")
    for number in range(10 * KINDS_KEPT):
        assert limited.filter(logging.LogRecord("product", 20, "file.py", number, "text", (), None))
    assert len(limited._kinds) == KINDS_KEPT
    assert sys.getsizeof(limited._kinds) < 200_000


def test_nothing_that_a_client_sends_forges_a_line(tmp_path: Path) -> None:
    """Real requests whose path, header or body carries a line; those that end in a log line most of all."""
    with running("eventlet", data_dir=tmp_path, env={"CORS_ORIGINS": "https://a.example.com"}) as server:
        escaped = FORGED.replace(" ", "%20")
        chunked = b"Host: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        for _ in range(30):
            for method in ("POST", "PUT", "DELETE", "NONSENSE"):
                path = f"/api/events/%0a{escaped}%1b[31m"
                request(server.port, method, path, b"{", {"Content-Type": "application/json"})
                broken = (
                    f"{method} {path} HTTP/1.1\r\n".encode() + chunked + b"2\r\n{}\r\n0\r\nno colon\r\n\r\n"
                )
                exchange(server.port, broken, half_close=True)
            for query in (f"EIO=3&x={escaped}", f"EIO=4&transport=%0a{escaped}", f"EIO=4&sid=%0a{escaped}"):
                request(
                    server.port,
                    "GET",
                    f"/socket.io/?{query}",
                    headers={"Origin": f"http://x\x1b[31m{FORGED}"},
                )
                request(server.port, "GET", f"/socket.io/?{query}&transport=polling")
            for strange in (b"GET / HTTP/1.1\r\nTransfer-Encoding: \x1b[31m\r\n\r\n", b"GARBAGE\x1b\r\n\r\n"):
                exchange(server.port, strange, half_close=True)
            exchange(server.port, f"GET /\x1b[31m\n{FORGED} HTTP/9\r\n\r\n".encode())
        log = server.log()
    assert "\x1b" not in log
    assert not [line for line in log.splitlines() if line.strip().startswith("2026-01-01")]
    assert "Traceback" not in log, log[log.index("Traceback") - 2000 :][:5000]
    assert len(log) < 40_000


# Secrets


KEPT = "0123456789abcdef0123456789abcdef01234567"
SECRETS = [
    "GET /feeds/{} HTTP/1.1", "GET /calendar/feeds/{}.ics?a=b", "GET /socket.io/?EIO=4&sid={}&t=1", "sid={}",
    "POST /?token={} HTTP/1.1", "GET /auth/oidc/callback?code={}&state=x", "?state={}",
    "Authorization: Bearer {}", "invalid session {} (x)",
    "authorization: basic {}", "Basic {}==", "BEARER  {}", "tcs_{}", "%22tcs_{}%22",
    "Cookie: __Host-session=tcs_{}",
    "redis://:{}@cache.example.com:6379/0", "rediss://user:{}@cache", "{{'password': '{}', 'login': 'a'}}",
    '{{"device_code":"{}"}}', "https://x/#token={}",
]  # fmt: skip


@pytest.mark.parametrize("text", SECRETS)
def test_no_secret_is_logged(log: Any, text: str) -> None:
    logger, stream, _ = log
    line = text.format(KEPT)
    logger.warning("refused: %s", line)
    logger.warning(line)
    try:
        raise ValueError(line)
    except ValueError:
        logger.exception("failed")
    assert KEPT not in stream.getvalue()
    assert stream.getvalue().count("…") >= 3


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/events/97c69eac-4e76-4ebb-9950-3f085cdc6bbf?q=x&cursor=abc HTTP/1.1",
        "password: must be at least 8 characters",
        "http://127.0.0.1:8000/calendar and http://a:80/@x",
        "a basic rule, the bearer of it",
        "the code of the state",
        "/feeds/",
    ],
)
def test_other_text_stays(log: Any, text: str) -> None:
    logger, stream, _ = log
    logger.warning(text)
    assert stream.getvalue() == f"WARNING product.part: {text}\n"


def test_gunicorns_logs_have_no_secrets_either(tmp_path: Path) -> None:
    command_line = {
        "GUNICORN_CMD_ARGS": "--log-level debug --access-logfile - --access-logformat "
        "'%(h)s %(r)s %(U)s %(q)s %(f)s %({authorization}i)s %({cookie}i)s'"
    }
    paths = [f"/feeds/tcs_{KEPT}", f"/feeds/{KEPT}.ics", f"/socket.io/?EIO=4&transport=polling&sid={KEPT}",
             f"/api/departments?token={KEPT}", f"/auth/oidc/callback?code={KEPT}&state={KEPT}"]  # fmt: skip
    with running("eventlet", data_dir=tmp_path, env=command_line) as server:
        for path in paths:
            for secret in (f"Bearer tcs_{KEPT}", f"Basic {KEPT}"):
                headers = f"Host: x\r\nAuthorization: {secret}\r\nCookie: session=tcs_{KEPT}\r\n"
                headers += f"Referer: http://x/feeds/{KEPT}\r\nConnection: close\r\n\r\n"
                exchange(server.port, f"GET {path} HTTP/1.1\r\n{headers}".encode())
        assert server.log().count("GET /feeds/…") >= 4
        assert server.log().count("Bearer …") >= 5
    assert KEPT not in server.log()
