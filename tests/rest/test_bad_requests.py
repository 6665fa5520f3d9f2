"""Whatever is sent: the documented code, nothing changed, and the server goes on serving."""

import json
from urllib.parse import unquote_to_bytes

from tests.house import House, Server
from tests.rest.bad_requests import BAD_REQUESTS, Bad


def _send(server: Server, bad: Bad, path: str) -> tuple[int, bytes, str]:
    # The path as a web server hands it over: the client's own parsing would tidy it up.
    raw = unquote_to_bytes(path.encode("latin-1")).decode("latin-1")
    answer = server.http.open(
        "/", method=bad.method, data=bad.body, headers=bad.headers, environ_overrides={"PATH_INFO": raw}
    )
    return answer.status_code, answer.data, answer.content_type


def test_every_bad_request_gets_its_code_and_changes_nothing(house: House, server: Server) -> None:
    department = server.department()
    event = server.event(department)
    member = server.member(department)
    before = house.dump()
    wrong = []
    for bad in BAD_REQUESTS:
        path = bad.path.replace("{d}", department).replace("{e}", event["id"])
        status, body, kind = _send(server, bad, path)
        try:
            answer = json.loads(body)
            seen = (status, answer["code"], kind, answer["success"], bool(answer["message"]))
        except (ValueError, KeyError):
            seen = (status, body[:80], kind, False, False)
        if seen != (bad.status, bad.code, "application/json", False, True):
            wrong.append((bad.name, seen, (bad.status, bad.code)))
    assert wrong == []
    assert len(BAD_REQUESTS) > 60
    assert house.dump() == before
    assert member.heard() == []
    assert server.events(department) == [event]


def test_the_problems_name_their_fields(server: Server) -> None:
    answer = server.http.post(
        f"/api/events/{server.department()}",
        json={"title": " ", "time": 3, "url": "x", "description": "\x00"},
    )
    assert {(one["field"], one["message"]) for one in answer.json["errors"]} == {
        ("event_date", "필수 항목입니다."),
        ("title", "비워 둘 수 없습니다."),
        ("time", "문자열이어야 합니다."),
        ("url", "http:// 또는 https://로 시작하는 주소여야 합니다."),
        ("description", "사용할 수 없는 문자가 있습니다."),
    }


def test_of_two_equal_names_the_last_counts(server: Server) -> None:
    answer = server.http.post(
        "/api/departments", data=b'{"name": "\xef\xbb\xbf", "name": "b"}', content_type="application/json"
    )
    assert (answer.status_code, answer.json["department"]["name"]) == (201, "b")


def test_a_byte_order_mark_is_no_error(server: Server) -> None:
    answer = server.http.post(
        "/api/departments", data='\ufeff{"name": "개발팀"}'.encode(), content_type="application/json"
    )
    assert answer.status_code == 201
