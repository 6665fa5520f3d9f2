"""Decisions where they are asked: every use case, as each caller meets it, and what gives nothing away."""

import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from teamcal.calendar.catch_up import Snapshot
from teamcal.domain.caller import GUEST, NOBODY, SYSTEM, Caller
from teamcal.domain.changes import ACCESS, DEPARTMENTS
from teamcal.domain.operations import UpdateEvent
from teamcal.domain.people import Access, Policy
from teamcal.errors import CalendarError, DepartmentNotFound, EventGone, EventNotFound, IdTaken, InvalidInput
from tests.access.offices import EVENT, Office
from tests.house import House


class Scene(NamedTuple):
    office: Office
    shown: str
    hidden: str
    viewer: Caller
    editor: Caller
    manager: Caller
    boss: Caller


@pytest.fixture(scope="module")
def scene() -> Scene:
    """`shown` has a viewer, an editor and a manager, who don't see `hidden`."""
    office = Office()
    users = [office.user(login) for login in ("viewer", "editor", "manager")]
    shown = office.department("보이는 부서", access="private")
    hidden = office.department("숨은 부서", access="private")
    roles = dict(zip((user.id for user in users), ("viewer", "editor", "manager"), strict=True))
    office.calendar.policies.set(SYSTEM, shown, {"roles": roles})
    return Scene(
        office, shown, hidden, *map(office.signed_in, users), office.caller(login="boss", admin=True)
    )


Attempt = Callable[[Scene, Caller, str], object]


def _event(scene: Scene, department_id: str) -> str:
    return str(scene.office.event(SYSTEM, department_id)["id"])


def _snapshot(scene: Scene, caller: Caller, department_id: str) -> object:
    snapshots: list[Snapshot] = []
    scene.office.calendar.catch_up.snapshot(caller, department_id, None, snapshots.append)
    return snapshots


def _restore(scene: Scene, caller: Caller, department_id: str) -> object:
    event = scene.office.event(SYSTEM, department_id)
    return scene.office.calendar.history.restore(caller, event["id"], event["revision"])


def _move_away(scene: Scene, caller: Caller, department_id: str) -> object:
    target = scene.office.department(str(uuid.uuid4()), access="open")
    return scene.office.calendar.events.move(caller, _event(scene, department_id), target)


def _move_here(scene: Scene, caller: Caller, department_id: str) -> object:
    source = scene.office.department(str(uuid.uuid4()), access="open")
    return scene.office.calendar.events.move(caller, _event(scene, source), department_id)


READS: dict[str, Attempt] = {
    "department": lambda s, c, d: s.office.calendar.departments.get(c, d),
    "list": lambda s, c, d: s.office.calendar.events.list_json(c, d),
    "event": lambda s, c, d: s.office.calendar.events.get(c, d, _event(s, d)),
    "changes": lambda s, c, d: s.office.calendar.catch_up.changes(c, d, None, 10),
    "snapshot": _snapshot,
    "history": lambda s, c, d: s.office.calendar.history.of_event(c, _event(s, d)),
}
EDITS: dict[str, Attempt] = {
    "create": lambda s, c, d: s.office.event(c, d),
    "create with an id": lambda s, c, d: s.office.calendar.events.create(c, d, EVENT, str(uuid.uuid4())),
    "update": lambda s, c, d: s.office.calendar.events.update(c, _event(s, d), {"title": "새"}),
    "delete": lambda s, c, d: s.office.calendar.events.delete(c, _event(s, d)),
    "move away": _move_away,
    "move here": _move_here,
    "restore": _restore,
    "import": lambda s, c, d: s.office.calendar.events.import_many(
        c, d, [{"id": str(uuid.uuid4()), "department_id": d, **EVENT}]
    ),
    "batch": lambda s, c, d: s.office.calendar.batch.run(c, d, [{"op": "create", "event": EVENT}], False),
}
MANAGES: dict[str, Attempt] = {
    "rename": lambda s, c, d: s.office.calendar.departments.edit(c, d, {"description": str(uuid.uuid4())}),
    "policy": lambda s, c, d: s.office.calendar.policies.get(c, d),
    "access": lambda s, c, d: s.office.calendar.policies.set(c, d, {"access": "private"}),
    "passcode": lambda s, c, d: s.office.calendar.policies.set_passcode(c, d, "hash"),
    "names": lambda s, c, d: s.office.calendar.people.names(c, d),
}
ADMINISTERS: dict[str, Attempt] = {
    "create a department": lambda s, c, d: s.office.calendar.departments.create(
        c, {"name": str(uuid.uuid4()), "description": ""}
    ),
    "users": lambda s, c, d: s.office.calendar.people.list_all(c),
    "audit": lambda s, c, d: s.office.calendar.audit.page(c),
}
ATTEMPTS = READS | EDITS | MANAGES | ADMINISTERS
ABOUT_EVENTS = {"history", "update", "delete", "move away", "restore"}


def code_of(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except CalendarError as error:
        return error.code
    return ""


@pytest.mark.parametrize("who", ["viewer", "editor", "manager", "boss"])
@pytest.mark.parametrize("name", ATTEMPTS)
def test_what_a_role_may(scene: Scene, name: str, who: str) -> None:
    allowed = {
        "viewer": READS,
        "editor": READS | EDITS,
        "manager": READS | EDITS | MANAGES,
        "boss": ATTEMPTS,
    }[who]
    code = code_of(lambda: ATTEMPTS[name](scene, getattr(scene, who), scene.shown))
    assert code == ("" if name in allowed else "forbidden")


@pytest.mark.parametrize("name", READS | EDITS | MANAGES)
def test_what_is_not_seen_does_not_exist(scene: Scene, name: str) -> None:
    for caller in (scene.manager, GUEST):
        expected = "event_not_found" if name in ABOUT_EVENTS else "department_not_found"
        assert code_of(lambda: ATTEMPTS[name](scene, caller, scene.hidden)) == expected  # noqa: B023


@pytest.mark.parametrize("name", ATTEMPTS)
def test_nobody_is_told_to_sign_in_whatever_there_is(scene: Scene, name: str) -> None:
    assert code_of(lambda: ATTEMPTS[name](scene, NOBODY, scene.hidden)) == "token_required"


def test_nobody_learns_of_no_id(scene: Scene) -> None:
    calendar, unknown = scene.office.calendar, str(uuid.uuid4())
    for attempt in (
        lambda: calendar.events.update(NOBODY, unknown, {"title": "새"}),
        lambda: calendar.events.delete(NOBODY, unknown),
        lambda: calendar.events.move(NOBODY, unknown, unknown),
        lambda: calendar.history.of_event(NOBODY, unknown),
        lambda: calendar.history.restore(NOBODY, unknown, 1),
        lambda: calendar.departments.get(NOBODY, unknown),
        lambda: calendar.events.list_json(NOBODY, "*"),
        lambda: calendar.catch_up.changes(NOBODY, ACCESS, None, 10),
    ):
        assert code_of(attempt) == "token_required"


@pytest.mark.parametrize("log_id", [ACCESS, DEPARTMENTS, "~pulse", "", "no such"])
def test_no_log_but_a_departments_is_read_as_one(scene: Scene, log_id: str) -> None:
    calendar = scene.office.calendar
    for caller in (scene.boss, scene.viewer):
        with pytest.raises(DepartmentNotFound):
            calendar.catch_up.changes(caller, log_id, None, 10)
        with pytest.raises(DepartmentNotFound):
            calendar.events.list_json(caller, log_id)
    with pytest.raises(DepartmentNotFound):
        scene.office.event(scene.boss, log_id)


def test_the_list_has_what_one_sees_and_its_head_only_for_who_sees_all(scene: Scene) -> None:
    departments = scene.office.calendar.departments
    head, everything = departments.list_all(scene.boss)
    assert head is not None
    assert {scene.shown, scene.hidden} <= {one["id"] for one in everything}
    head, seen = departments.list_all(scene.viewer)
    assert head is None
    assert scene.shown in {one["id"] for one in seen}
    assert scene.hidden not in {one["id"] for one in seen}


def test_a_used_id_is_taken_living_or_deleted_and_no_more_is_said(scene: Scene) -> None:
    create, event_id = scene.office.calendar.events.create, str(uuid.uuid4())
    create(SYSTEM, scene.hidden, EVENT, event_id)
    batch = [{"op": "create", "event": EVENT | {"id": event_id}}]
    for delete in (scene.office.calendar.events.delete, lambda *_: None):
        with pytest.raises(IdTaken):
            create(scene.editor, scene.shown, EVENT, event_id)
        (result,) = scene.office.calendar.batch.run(scene.editor, scene.shown, batch, False)
        assert isinstance(result[1], IdTaken)
        delete(SYSTEM, event_id)
    with pytest.raises(EventGone):
        create(scene.boss, scene.shown, EVENT, event_id)


def test_who_may_not_write_learns_of_no_id(scene: Scene) -> None:
    event_id = _event(scene, scene.hidden)
    create = scene.office.calendar.events.create
    assert code_of(lambda: create(scene.viewer, scene.shown, EVENT, event_id)) == "forbidden"
    assert code_of(lambda: create(scene.editor, scene.hidden, EVENT, event_id)) == "department_not_found"


def test_a_move_tells_nothing_of_an_event_that_is_not_seen(scene: Scene) -> None:
    move = scene.office.calendar.events.move
    for event_id in (_event(scene, scene.hidden), str(uuid.uuid4())):
        for target in (scene.shown, scene.hidden, str(uuid.uuid4())):
            with pytest.raises(EventNotFound):
                move(scene.editor, event_id, target)


def test_the_past_of_an_event_ends_where_one_sees_nothing(scene: Scene) -> None:
    calendar = scene.office.calendar
    event = scene.office.event(SYSTEM, scene.shown, "첫째")
    calendar.events.move(SYSTEM, event["id"], scene.hidden)
    assert code_of(lambda: calendar.history.of_event(scene.editor, event["id"])) == "event_not_found"
    calendar.events.update(SYSTEM, event["id"], {"title": "비밀"})
    secret = calendar.history.of_event(SYSTEM, event["id"])[0][1].revision
    moved = calendar.events.move(SYSTEM, event["id"], scene.shown)
    calendar.events.update(SYSTEM, event["id"], {"title": "지금"})
    steps = calendar.history.of_event(scene.editor, event["id"])
    assert [change.record["title"] for _, change in steps] == ["지금", "비밀"]  # as it came back
    assert {log_id for log_id, _ in steps} == {scene.shown}
    assert len(calendar.history.of_event(scene.boss, event["id"])) == 5
    with pytest.raises(InvalidInput):
        calendar.history.restore(scene.editor, event["id"], secret, scene.hidden)
    # What a version conflict tells of doesn't reach there either.
    results = calendar.write(scene.editor, scene.shown, [_update(event["id"], moved["version"] - 1)])
    assert results[0].changed is None  # type: ignore[union-attr]
    page = calendar.catch_up.changes(scene.editor, scene.shown, None, 1000)
    assert b"prior" not in page.full_json
    assert scene.hidden.encode() not in page.full_json


def _update(event_id: str, version: int) -> UpdateEvent:
    return UpdateEvent(event_id, {"title": "나중"}, version, "2100-01-01T00:00:00.000Z")


def test_a_manager_learns_no_name_by_renaming(scene: Scene) -> None:
    departments = scene.office.calendar.departments
    assert departments.edit(scene.manager, scene.shown, {"name": "숨은 부서"})["name"] == "숨은 부서"
    departments.edit(scene.boss, scene.shown, {"name": "보이는 부서"})
    assert code_of(lambda: departments.edit(scene.boss, scene.shown, {"name": "숨은 부서"})) == (
        "department_name_taken"
    )


def test_an_event_is_found_where_it_was_moved_to_though_another_process_moved_it(scene: Scene) -> None:
    target = scene.office.department("열린 부서", access="open")
    event = scene.office.event(scene.editor, scene.shown)
    scene.office.another().calendar.events.move(SYSTEM, event["id"], target)
    outcome = scene.office.calendar.events.update(scene.viewer, event["id"], {"title": "새"})
    assert outcome.record["department_id"] == target


# Policies


def test_a_department_has_its_policy_from_its_creation_to_its_deletion() -> None:
    office = Office()
    department = office.department()
    records = office.server.replicas.of(ACCESS).records
    assert records[f"policy:{department}"]["access"] == "members"
    creation = office.server.database.read_changes(DEPARTMENTS, 0, 1)[0]
    assert creation.change_id in [change.change_id for change in _access_changes(office)]
    office.calendar.policies.set_passcode(SYSTEM, department, "hash")
    office.calendar.departments.delete(SYSTEM, department)
    assert f"policy:{department}" not in office.server.replicas.of(ACCESS).records
    assert [item["id"] for item in office.house.items(office.house.storage.access_table)] == ["started"]
    again = office.calendar.departments.import_one(SYSTEM, department, {"name": "개발팀", "description": ""})
    assert again["id"] == department
    assert office.another().calendar.policies.get(SYSTEM, department) == Policy(Access.MEMBERS, {})


def _access_changes(office: Office) -> list[Any]:
    return office.calendar.audit.page(SYSTEM).changes


def test_the_first_start_opens_the_departments_that_exist_once() -> None:
    house = House()
    server = house.server()
    before = [server.department(f"부서 {number}") for number in range(100)]
    assert house.items(house.storage.access_table) == []
    office = Office(house)
    late = office.department("나중")
    _, seen = office.another().calendar.departments.list_all(GUEST)
    assert {one["id"] for one in seen} == set(before)
    assert late not in before
    # Made while it was in open mode again: it is no longer the first start.
    between = server.department("사이")
    _, seen = office.another().calendar.departments.list_all(GUEST)
    assert between not in {one["id"] for one in seen}


def test_a_first_start_that_was_interrupted_is_ended_by_the_next() -> None:
    house = House()
    server = house.server()
    before = {server.department(f"부서 {number}") for number in range(60)}
    commits = [0]

    def dies(action: str, body: bytes) -> Any:
        commits[0] += action == "TransactWriteItems"
        if commits[0] > 1:
            raise ConnectionError

    broken = house.server(token_mode=True, before=dies)
    with pytest.raises(Exception):  # noqa: B017 -- whatever a connection that breaks leads to
        broken.calendar.departments.list_all(GUEST)
    _, seen = Office(house).calendar.departments.list_all(GUEST)
    assert {one["id"] for one in seen} == before


def test_open_mode_reads_nothing_of_it() -> None:
    house, bodies = House(), list[bytes]()

    def before(action: str, body: bytes) -> None:
        bodies.append(body)

    server = house.server(before=before)
    department = server.department()
    server.event(department)
    server.events(department)
    server.http.delete(f"/api/departments/{department}")
    server.watcher(pulses=True).round()
    sent = b"".join(bodies)
    assert house.storage.access_table.encode() not in sent
    assert ACCESS.encode() not in sent
