"""Lists in gzip: who gets them so, what else the answer says, and that it is made once."""

import gzip
import json
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from teamcal.sync import gzipped
from teamcal.sync.revision_cache import RevisionCache
from tests.access.offices import Office
from tests.house import House, Server, together

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


def filled(server: Server, count: int = 100) -> str:
    department = server.department()
    operations = [
        {"op": "create", "event": {"event_date": f"2024-01-{1 + number % 28:02}", "title": f"회의 {number}"}}
        for number in range(count)
    ]
    for start in range(0, count, 500):
        body = {"operations": operations[start : start + 500]}
        assert server.http.post(f"/api/events/{department}/batch", json=body).status_code == 200
    return department


def unpacked(answer: Any) -> Any:
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    return json.loads(gzip.decompress(answer.data))


@pytest.fixture(params=[True, False], ids=["fast path", "Flask"])
def each(request: pytest.FixtureRequest, house: House) -> Server:
    return house.server(fast_path=request.param)


def test_a_list_is_compressed_for_who_takes_that(each: Server) -> None:
    department = filled(each)
    for path in (
        f"/api/events/{department}",
        f"/api/events/{department}?series=true",
        f"/api/events/{department}?from=2024-01-01&to=2024-01-31",
        f"/api/events/{department}?from=2024-01-01&to=2024-01-31&expand=true",
        f"/api/changes/{department}",
    ):
        plain, packed = each.http.get(path), each.http.get(path, headers=GZIP)
        assert "Content-Encoding" not in plain.headers, path
        assert unpacked(packed) == plain.json
        assert len(packed.data) < len(plain.data) / 3
        assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
        assert packed.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip", True), ("GZIP", True), ("gzip;q=0.5", True), ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("", False), ("br", False), ("identity", False), ("gzip;q=0", False), ("gzip; q=0.0", False),
        ("*", False), ("gzip;q=x", False),
    ],
)  # fmt: skip
def test_the_client_says_what_it_takes(server: Server, accepted: str, compressed: bool) -> None:
    answer = server.http.get(f"/api/events/{filled(server)}", headers={"Accept-Encoding": accepted})
    assert answer.status_code == 200
    assert (answer.headers.get("Content-Encoding") == "gzip") == compressed


def test_a_small_list_and_what_is_no_list_stay_as_they_are(each: Server) -> None:
    department = each.department()
    event = each.event(department, description="x" * 9_000)
    for path in (f"/api/events/{department}/{event['id']}", "/api/departments", "/api/session"):
        answer = each.http.get(path, headers=GZIP)
        assert answer.status_code == 200
        assert not {"Content-Encoding", "Vary"} & set(answer.headers.keys()), path
    made = each.http.post(f"/api/events/{department}", json={**event, "id": None}, headers=GZIP)
    assert "Content-Encoding" not in made.headers


def test_tags_fit_both_forms(each: Server) -> None:
    path = f"/api/events/{filled(each)}"
    plain, packed = each.http.get(path), each.http.get(path, headers=GZIP)
    strong, weak = plain.headers["ETag"], packed.headers["ETag"]
    assert (strong, weak) == (f'"{plain.json["cursor"]}"', f"W/{strong}")
    for tag in (strong, weak, f'"x", {weak}', "*"):
        for headers, shown in (({}, strong), (GZIP, weak)):
            again = each.http.get(path, headers={**headers, "If-None-Match": tag})
            assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", shown), tag
            assert again.headers["Vary"] == "Accept-Encoding"
            assert "Content-Encoding" not in again.headers
    changed = each.http.get(path, headers={**GZIP, "If-None-Match": '"x"'})
    assert unpacked(changed) == plain.json


def test_head_says_what_get_would(each: Server) -> None:
    path = f"/api/events/{filled(each)}"
    for headers in ({}, GZIP):
        got, head = each.http.get(path, headers=headers), each.http.head(path, headers=headers)
        assert (head.status_code, head.data) == (200, b"")
        assert sorted(head.headers) == sorted(got.headers)


def test_other_headers_that_vary_stay(house: House) -> None:
    for fast_path in (True, False):
        server = house.server(fast_path=fast_path, cors_origins=("https://a.example", "https://b.example"))
        department = filled(server, 40)
        for headers in ({}, GZIP):
            answer = server.http.get(
                f"/api/events/{department}", headers={**headers, "Origin": "https://a.example"}
            )
            varies = {name.strip() for value in answer.headers.getlist("Vary") for name in value.split(",")}
            assert varies == {"Accept-Encoding", "Origin"}
        server.http.delete(f"/api/departments/{department}")


def test_a_list_is_compressed_once_a_revision(
    house: House, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    department, sizes = filled(server), list[int]()
    compress = gzipped.gzip_of

    def counting(content: bytes) -> bytes:
        sizes.append(len(content))
        return compress(content)

    monkeypatch.setattr(gzipped, "gzip_of", counting)
    path, window = f"/api/events/{department}", "?from=2024-01-01&to=2024-01-10&touching=true"

    def get(query: str = "") -> Any:
        return unpacked(server.http.get(path + query, headers=GZIP))

    together(*[get] * 8, *[partial(get, window)] * 8)
    assert len(sizes) == 2
    server.event(department)
    assert get()["revision"] == 101
    assert len(sizes) == 3


def test_a_list_is_made_once_for_all_who_wait(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    department, made = filled(server), list[bytes]()
    list_of = RevisionCache.list_of

    def slow(cache: RevisionCache, events: Sequence[bytes], series: bool) -> bytes:
        time.sleep(0.2)
        made.append(list_of(cache, events, series))
        return made[-1]

    monkeypatch.setattr(RevisionCache, "list_of", slow)
    answers = together(*[partial(server.http.get, f"/api/events/{department}")] * 8)
    assert {answer.data for answer in answers} == set(made)
    assert len(made) == 1


def test_what_is_kept_counts_and_is_bounded(server: Server) -> None:
    department = filled(server, 400)
    replica = server.replicas.of(department)
    plain = server.http.get(f"/api/events/{department}")
    before, used = replica.memory, server.replicas.used
    packed = server.http.get(f"/api/events/{department}", headers=GZIP)
    assert replica.memory - before == len(packed.data) == server.replicas.used - used
    for day in range(1, 29):
        path = f"/api/events/{department}?from=2024-01-01&to=2024-01-{day:02}&touching=true"
        assert len(server.http.get(path).json["events"]) < len(plain.json["events"]) + 1
    assert len(replica.cache.lists) == 1 + 16


def test_what_tells_a_secret_is_never_compressed(house: House) -> None:
    office = Office(house)
    boss = office.calendar.tokens.sign_in(office.user(admin=True)).secret
    headers = {"Authorization": f"Bearer {boss}", **GZIP}
    http = office.server.http
    names = ["이름" * 40 + str(number) for number in range(40)]
    for name in names:
        answer = http.post("/api/tokens", json={"kind": "app", "name": name}, headers=headers)
        assert (answer.status_code, "Content-Encoding" in answer.headers) == (201, False)
    for path in ("/api/tokens", "/api/session", "/api/users", "/api/audit"):
        answer = http.get(path, headers=headers)
        assert (answer.status_code, "Content-Encoding" in answer.headers) == (200, False), path
