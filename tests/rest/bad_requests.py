# ruff: noqa: E501 -- tables are read across
"""Requests that must be refused, in a form that can be made in the process and over the wire."""

import json
from typing import Any, NamedTuple

JSON = {"Content-Type": "application/json"}
UNKNOWN = "99999999-9999-4999-8999-999999999999"


class Bad(NamedTuple):
    """`{d}` and `{e}` in the path are a department and an event that exist."""

    name: str
    method: str
    path: str
    body: bytes | None
    headers: dict[str, str]
    status: int
    code: str


def _bodies() -> dict[str, bytes]:
    def event(**fields: Any) -> bytes:
        return json.dumps({"event_date": "2024-01-20", "title": "회의", **fields}).encode()

    dates = [
        "2024-02-30", "2023-02-29", "20240120", "2024-1-2", "2024/01/20", "٢٠٢٤-٠١-٢٠", "２０２４-01-20", "0000-01-01",
        "2024-01-20T10:00:00", "2024-13-01", "2024-W03-1", "오늘", "", " ", "-2024-01-20", "2024-01-20\x00", 20240120,
        None, [], {}, True, 1e400, "2024-01-2\ud800",
    ]  # fmt: skip
    titles = [
        "", "   ", "\u3000\u2028", None, 1, 1.5, True, [], {}, ["회의"], {"a": "b"}, "가" * 201, "a\x00b", "a\x1bb",
        "\ud83d", "a\x7f", "a\x85", "x" * 900_000,
    ]  # fmt: skip
    urls = [
        "javascript:alert(1)", "data:text/html,x", "//example.com", "http://", "https:///x", "ftp://a.b", "www.a.b",
        "http:/a.b", "https://a b", "https://[", "https://a.b:port", " java\tscript:x", "https://a.b/" + "a" * 2048,
        "https://a.b/<script>", 'https://a.b/"', "https://a.b\\@c.d", "http://:80", 5, [], "file:///etc/passwd",
        "vbscript:x", "mailto:a@b.c", "JaVaScRiPt:x",
    ]  # fmt: skip
    times = ["가" * 51, 14, ["14:00"], "14\x0000"]
    descriptions = ["가" * 10_001, 1, [], "a\x08", "\udfff"]
    bodies = {f"event_date {number}": event(event_date=value) for number, value in enumerate(dates)}
    bodies |= {f"title {number}": event(title=value) for number, value in enumerate(titles)}
    bodies |= {f"url {number}": event(url=value) for number, value in enumerate(urls)}
    bodies |= {f"time {number}": event(time=value) for number, value in enumerate(times)}
    bodies |= {f"description {number}": event(description=value) for number, value in enumerate(descriptions)}
    return bodies


def _no_objects() -> dict[str, bytes]:
    return {
        "empty": b"", "array": b"[]", "string": b'"text"', "number": b"1", "null": b"null", "open": b'{"title": ',
        "NaN": b'{"title": NaN}', "Infinity": b'{"title": "a", "event_date": "2024-01-20", "x": -Infinity}',
        "single quotes": b"{'title': 'a'}", "trailing comma": b'{"title": "a",}', "two": b"{}{}",
        "latin-1": '{"title": "é"}'.encode("latin-1"), "utf-16": '{"title": "가"}'.encode("utf-16"),
        "cp949": '{"title": "회의"}'.encode("cp949"), "overlong": b'{"title": "\xc0\x80"}',
        "deep": b"[" * 10_000 + b"]" * 10_000, "deep object": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        "huge number": b'{"title": ' + b"9" * 5_000 + b"}", "raw control": b'{"title": "a\x01"}',
        "raw surrogate": b'{"title": "\xed\xa0\x80"}', "form": b"title=a&event_date=2024-01-20",
    }  # fmt: skip


def _of_bodies() -> list[Bad]:
    found = []
    for name, body in _bodies().items():
        for method, path in (("POST", "/api/events/{d}"), ("PUT", "/api/events/{e}")):
            found.append(Bad(f"{method} {name}", method, path, body, JSON, 400, "validation_error"))
    for name, body in _no_objects().items():
        for method, path in (
            ("POST", "/api/events/{d}"),
            ("PUT", "/api/events/{e}"),
            ("POST", "/api/departments"),
        ):
            found.append(Bad(f"{method} {path} {name}", method, path, body, JSON, 400, "validation_error"))
    for value in ("가" * 101, "", " \u3000", None, 3, [], {}, "a\x00", "\ud800", False):
        body = json.dumps({"name": value}).encode()
        for method, path in (("POST", "/api/departments"), ("PUT", "/api/departments/{d}")):
            found.append(
                Bad(f"{method} name {value!r:.20}", method, path, body, JSON, 400, "validation_error")
            )
    for value in (
        "",
        "1",
        7,
        True,
        [],
        {},
        "{aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee}",
        "a" * 36,
        UNKNOWN + "\n",
        "*",
    ):
        body = json.dumps({"event_date": "2024-01-20", "title": "회의", "id": value}).encode()
        found.append(Bad(f"id {value!r:.20}", "POST", "/api/events/{d}", body, JSON, 400, "validation_error"))
    return found


def _one(
    name: str, method: str, path: str, status: int, code: str, body: bytes | None = b"{}", **headers: str
) -> Bad:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Bad(name, method, path, body, named if headers else JSON, status, code)


_EVENT = b'{"event_date": "2024-01-20", "title": "a"}'
_NAME = b'{"name": "a"}'
_STRANGE_IDS = [
    UNKNOWN, "*", "..", "%2e%2e", "%00", "%ff%fe", "a" * 300, "%0d%0aX:%20y", "%ED%A0%80", "null", "-1", "1%3D1", "'",
    "%F0%9F%98%80", "%2525", "{{7*7}}", "$ne", "\u00ad".encode().decode("latin-1"),
]  # fmt: skip


def _of_paths() -> list[Bad]:
    found = []
    for strange in _STRANGE_IDS:
        department, event = (404, "department_not_found"), (404, "event_not_found")
        path = f"/api/events/{strange}"
        found += [
            _one(f"GET {strange:.20}", "GET", path, *department, body=None),
            _one(f"POST {strange:.20}", "POST", path, *department, body=_EVENT),
            _one(f"PUT {strange:.20}", "PUT", path, *event, body=b'{"title": "a"}'),
            _one(f"PUT {{}} {strange:.20}", "PUT", path, *event),
            _one(f"DELETE {strange:.20}", "DELETE", path, *event, body=None),
            _one(f"DELETE department {strange:.20}", "DELETE", f"/api/departments/{strange}", *department),
            _one(
                f"PUT department {strange:.20}", "PUT", f"/api/departments/{strange}", *department, body=_NAME
            ),
            _one(
                f"GET department {strange:.20}", "GET", f"/api/departments/{strange}", *department, body=None
            ),
            _one(f"GET one {strange:.20}", "GET", f"/api/events/{{d}}/{strange}", *event, body=None),
        ]
    nothing, wrong = (404, "not_found"), (405, "method_not_allowed")
    for path in ("/ap", "/api//", "/api/event", "/favicon.png", "/api//departments",
                 "/api/events", "/api/events//", "/%", "/api/departments/a/b/c", "/static/../app.py",
                 "/web/../app.py", "/web/%2e%2e/app.py", "/.env", "/console", "/web/nothing.js"):  # fmt: skip
        found.append(_one(f"GET {path}", "GET", path, *nothing, body=None))
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        found.append(_one(f"{method} nowhere", method, "/nowhere", *nothing))
    found += [
        _one(
            "an event's id as a department's",
            "GET",
            "/api/events/{e}",
            404,
            "department_not_found",
            body=None,
        ),
        _one("a department's id as an event's", "PUT", "/api/events/{d}", 404, "event_not_found"),
        _one("a department's id as an event's", "DELETE", "/api/events/{d}", 404, "event_not_found"),
    ]
    for method, path in (("PUT", "/api/departments"), ("DELETE", "/api/departments"), ("PATCH", "/api/events/{e}"),
                         ("POST", "/"), ("DELETE", "/"), ("POST", "/api/departments/{d}"), ("TRACE", "/api/departments"),
                         ("PROPFIND", "/api/departments"), ("PATCH", "/api/departments")):  # fmt: skip
        found.append(_one(f"{method} {path}", method, path, *wrong))
    return found


def _of_headers() -> list[Bad]:
    unsupported = (415, "unsupported_media_type")
    found = []
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json",
                 "application/xml", "text/json", "application/octet-stream"):  # fmt: skip
        for method, path, body in (
            ("POST", "/api/departments", _NAME),
            ("PUT", "/api/events/{e}", b'{"title": "a"}'),
        ):
            found.append(_one(f"{method} {kind}", method, path, *unsupported, body=body, Content_Type=kind))
    large = b'{"title": "' + b"x" * (1024 * 1024) + b'"}'
    for method, path in (
        ("POST", "/api/departments"),
        ("POST", "/api/events/{d}"),
        ("PUT", "/api/events/{e}"),
    ):
        found.append(_one(f"{method} {path} large", method, path, 413, "payload_too_large", body=large))
    for if_match in ("1", '"x"', '"1', "W/1", '"1","2"'):
        headers = {"If_Match": if_match, "Content_Type": "application/json"}
        found.append(
            _one(f"If-Match {if_match}", "PUT", "/api/events/{e}", 400, "validation_error", **headers)
        )
        found.append(
            _one(f"If-Match {if_match}", "DELETE", "/api/events/{e}", 400, "validation_error", **headers)
        )
    return found


BAD_REQUESTS = [*_of_bodies(), *_of_paths(), *_of_headers()]
