"""Pulses through the table: what each process says of its changes, and what it costs to hear of them."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from migrate_to_dynamodb import calendar_over
from teamcal.domain.caller import UNNAMED
from teamcal.domain.changes import DEPARTMENTS, Head
from teamcal.domain.pulse import IDLE, NAMED_LOGS, PULSE, STOPPED, Pulse
from teamcal.storage.codec import to_item
from teamcal.storage.pulse_rows import pulse_of, row_of
from teamcal.sync.pulse import PulseSender, pulsing, tell_servers
from teamcal.sync.watcher import Watcher
from tests.benchmarks.test_units import size_of
from tests.engine import Answer, error
from tests.house import House, Server, together, wait_until


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Company:
    """Servers whose watchers and pulses run when the test says so, once a second, and as AWS counts calls."""

    def __init__(self, house: House, clock: Clock, servers: int = 2, **settings: Any) -> None:
        self.clock = clock
        self.calls: list[list[str]] = [[] for _ in range(servers)]
        self.servers = [house.server(calls=calls, clock=clock, **settings) for calls in self.calls]
        self.watchers = [server.watcher(5.0, pulses=True) for server in self.servers]

    def pass_by(self, seconds: float, alive: int | None = None) -> None:
        for _ in range(int(seconds)):
            for server in self.servers[:alive]:
                server.pulses.sender.put_if_due()
            self.clock.now += 1
            for watcher in self.watchers[:alive]:
                watcher.round()

    def settle(self) -> None:
        """Time passes until pulses are relied upon, and no sweep is near."""
        self.pass_by(620)
        for calls in self.calls:
            calls.clear()


@pytest.fixture
def company(house: House, clock: Clock) -> Company:
    return Company(house, clock)


def rows_of(house: House) -> list[dict[str, Any]]:
    return [row for row in house.items(house.storage.changes_table) if row["department_id"] == PULSE]


# The rows


def sender_with(log_ids: list[str], revision: int = 123_456) -> tuple[PulseSender, list[Pulse]]:
    said: list[Pulse] = []

    class Table:
        def put_pulse(self, pulse: Pulse) -> None:
            said.append(pulse_of(row_of(pulse)))

    sender = PulseSender(Table())  # type: ignore[arg-type]
    for log_id in log_ids:
        sender.name(log_id, revision)
    sender.put_if_due()
    return sender, said


def test_a_row_names_32_logs_in_one_kilobyte() -> None:
    ids = [str(uuid.uuid4()) for _ in range(NAMED_LOGS - 1)]
    _, (pulse,) = sender_with([*ids, DEPARTMENTS], 2**40)
    assert {named.log_id: named.revision for named in pulse.named} == dict.fromkeys(
        [*ids, DEPARTMENTS], 2**40
    )
    assert pulse.dropped == 0
    far_apart = tuple(one._replace(counter=2**50 - 2**14) for one in pulse.named)
    row = row_of(Pulse(2**53, 2**50, 2**50, 2**40, far_apart, STOPPED))
    assert size_of(to_item(row)) <= 1024
    assert len(pulse_of(row).named) == NAMED_LOGS


def test_more_than_32_are_named_until_they_can_have_been_read(clock: Clock) -> None:
    """So a burst costs some write units of its own, and no sweep of everybody else."""
    ids = [str(uuid.uuid4()) for _ in range(700)]
    for is_slow in (False, True):
        puts: list[Pulse] = []
        sender = sender_into(lambda pulse, puts=puts: puts.append(pulse_of(row_of(pulse))), clock, is_slow)
        for log_id in ids[:500]:
            sender.name(log_id, 1)
        sender.put_if_due()
        newest_first = ids[:500][::-1][: 32 if is_slow else 500]
        assert [named.log_id for named in puts[-1].named] == newest_first
        assert puts[-1].dropped == (468 if is_slow else 0)
    sender, puts = sender_into(lambda pulse: puts.append(pulse_of(row_of(pulse))), clock), []
    for number, log_id in enumerate(ids):
        sender.name(log_id, 1)
        if number % 20 == 19:  # every second
            sender.put_if_due()
            clock.now += 1
    assert {len(pulse.named) for pulse in puts[5:]} == {80}
    for log_id in ids:
        sender.name(log_id, 2)
    sender.put_if_due()
    assert (len(puts[-1].named), puts[-1].dropped) == (600, 800)
    for _ in range(5):
        clock.now += 5
        sender.put_if_due()
    assert (len(puts[-1].named), puts[-1].dropped) == (32, 1_400 - 32)
    assert size_of(to_item(row_of(puts[-1]))) <= 1024


@pytest.mark.parametrize("log_id", ["*", "d" * 36, "부서 1", "x" * 300, "D" * 36, "{0}"])
def test_any_id_can_be_named(log_id: str) -> None:
    log_id = log_id.format(str(uuid.uuid4()).upper())
    _, (pulse,) = sender_with([log_id] * 3)
    assert [(named.log_id, named.revision) for named in pulse.named] == [(log_id, 123_456)]


def test_long_ids_are_dropped_rather_than_a_second_kilobyte() -> None:
    ids = [f"{number} " + "가" * 80 for number in range(10, 30)]
    _, (pulse,) = sender_with(ids)
    assert [named.log_id for named in pulse.named] == ids[:-4:-1]
    assert pulse.dropped == 17
    assert size_of(to_item(row_of(pulse))) <= 1024


@pytest.mark.parametrize(
    "change",
    [
        {"logs": b"\x00"},
        {"logs": b"\x00\x01\x05abc"},
        {"logs": b"\xff"},
        {"logs": "text"},
        {"beat": "x"},
        {"counter": None},
    ],
)
def test_a_row_of_another_form_is_marked(change: dict[str, Any]) -> None:
    row = row_of(Pulse(7, 1)) | change
    assert pulse_of(row) == Pulse(7, -1, mark="unreadable")
    assert pulse_of(row_of(Pulse(7, 1)) | {"mood": "good"}) == Pulse(7, 1)


# Saying


def test_it_says_at_most_five_times_a_second_and_once_while_it_is_slow(clock: Clock) -> None:
    for is_slow, expected in ((False, 48), (True, 10)):
        puts: list[Pulse] = []
        sender = sender_into(puts.append, clock, is_slow)
        for number in range(1_000):
            sender.name(f"log {number % 5}", number)
            sender.put_if_due()
            clock.now += 0.01
        assert len(puts) == pytest.approx(expected, abs=2)


def sender_into(put: Callable[[Pulse], Any], clock: Clock, is_slow: bool = False) -> PulseSender:
    class Table:
        def put_pulse(self, pulse: Pulse) -> None:
            put(pulse)

    return PulseSender(Table(), is_slow, clock=clock)  # type: ignore[arg-type]


def test_it_beats_and_after_a_minute_without_a_write_it_is_idle(clock: Clock) -> None:
    puts: list[tuple[float, Pulse]] = []
    sender = sender_into(lambda pulse: puts.append((clock.now, pulse)), clock)
    sender.put_if_due()
    assert puts[0][1].mark == IDLE
    sender.name("a", 1)
    began = clock.now
    for _ in range(3_000):
        clock.now += 0.2
        sender.put_if_due()
    active = [at - began for at, pulse in puts[1:] if not pulse.mark]
    idle = [at - began for at, pulse in puts[1:] if pulse.mark == IDLE]
    assert [round(at) for at in active] == [0, *range(5, 60, 5)]
    assert [round(at) for at in idle] == list(range(60, 600, 60)) + [600] * (len(idle) > 9)
    assert [pulse.beat for _, pulse in puts] == list(range(1, len(puts) + 1))


def test_a_pulse_that_fails_is_not_repeated_and_the_next_says_all(house: House, clock: Clock) -> None:
    attempts: list[bytes] = []

    def throttled(action: str, body: bytes) -> Answer | None:
        if action != "PutItem":
            return None
        attempts.append(body)
        return error("ProvisionedThroughputExceededException") if len(attempts) < 3 else None

    server = house.server(before=throttled, clock=clock)
    sender = server.pulses.sender
    for number in range(1, 4):
        sender.name(f"log {number}", number)
        sender.put_if_due()
        assert len(attempts) == number
        clock.now += 0.3
        sender.put_if_due()
        assert len(attempts) == number  # once a second now
        clock.now += 0.7
    (pulse,) = server.database.read_pulses()
    assert {named.log_id for named in pulse.named} == {"log 1", "log 2", "log 3"}
    assert sender.acknowledged == pulse.beat == 3


def test_one_is_under_way_at_a_time(clock: Clock) -> None:
    under_way, most = [], []

    def put(pulse: Pulse) -> None:
        under_way.append(pulse)
        most.append(len(under_way))
        time.sleep(0.02)
        clock.now += 1
        under_way.pop()

    sender = sender_into(put, clock)

    def write(number: int) -> None:
        sender.name(f"log {number}", 1)
        sender.put_if_due()

    together(*[lambda number=number: write(number) for number in range(8)])
    assert max(most) == 1


def test_who_ends_says_so(house: House, clock: Clock) -> None:
    server = house.server(clock=clock)
    server.pulses.sender.stop()
    assert rows_of(house) == []  # nothing was said, so nothing has to be taken back
    other = house.server(clock=clock)
    other.pulses.sender.put_if_due()
    other.department()
    other.pulses.sender.stop()
    clock.now += 100
    other.pulses.sender.put_if_due()
    (pulse,) = other.database.read_pulses()
    assert (pulse.mark, [named.log_id for named in pulse.named]) == (STOPPED, [DEPARTMENTS])


def test_a_write_neither_waits_for_its_pulse_nor_fails_with_it(house: House) -> None:
    def down(action: str, body: bytes) -> None:
        if action == "PutItem":
            raise AssertionError("a write put a pulse")

    server = house.server(before=down)
    server.event(server.department())


# Hearing


def test_a_change_of_another_server_is_heard_within_a_second(company: Company) -> None:
    one, other = company.servers
    department, unwatched = one.department("개발팀"), one.department("기획팀")
    member = other.member(department)
    company.settle()
    member.heard()
    one.event(department)
    one.event(unwatched)
    company.pass_by(1)
    assert [name for name, _ in member.heard()] == ["event_created"]
    # Reading pulses, the head of the only watched log that was named, and its change.
    assert [action for action in company.calls[1] if action != "PutItem"] == [
        "Query",
        "BatchGetItem",
        "Query",
    ]
    assert other.counters.values()["changes_by_watcher"] >= 1


def test_a_quiet_second_is_one_query_however_many_departments(company: Company) -> None:
    one, other = company.servers
    departments = [one.department(f"부서 {number}") for number in range(150)]
    other.member(*departments)
    company.settle()
    company.pass_by(10)
    assert [action for action in company.calls[1] if action != "PutItem"] == ["Query"] * 10
    assert company.calls[0].count("Query") == 0  # nobody is connected there


def test_a_server_alone_reads_every_five_seconds_until_another_one_starts(house: House, clock: Clock) -> None:
    company = Company(house, clock, servers=1)
    department = company.servers[0].department()
    member = company.servers[0].member(department)
    company.settle()
    company.pass_by(20)
    assert company.calls[0].count("Query") == 4
    other = house.server(clock=clock)
    other.pulses.sender.put_if_due()
    company.pass_by(5)
    member.heard()
    for _ in range(3):
        other.event(department)
        other.pulses.sender.put_if_due()
        company.pass_by(1)
        assert [name for name, _ in member.heard()] == ["event_created"]


def test_a_department_that_becomes_watched_is_looked_at_in_the_next_round(company: Company) -> None:
    one, other = company.servers
    department = one.department()
    other.member()
    company.settle()
    member = other.member(department)
    other.pulses.reader.read(company.clock.now, other.database.read_pulses(), {}, range(0))
    one.event(department)  # and no pulse of it is ever put
    company.watchers[1].round()
    assert [name for name, _ in member.heard()] == ["event_created"]


def test_a_look_that_fails_is_made_again(house: House, clock: Clock) -> None:
    company = Company(house, clock)
    one, other = company.servers
    department = one.department()
    member = other.member(department)
    company.settle()
    read = other.database.read_changes
    other.database.read_changes = fails_once(read)  # type: ignore[method-assign]
    member.heard()
    one.event(department)
    company.pass_by(1)
    assert member.heard() == []
    company.pass_by(1)
    assert [name for name, _ in member.heard()] == ["event_created"]


def fails_once(read: Callable[..., Any]) -> Callable[..., Any]:
    calls: list[int] = []

    def instead(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise error_of()
        return read(*arguments, **options)

    def error_of() -> Exception:
        from teamcal.errors import StorageUnavailable

        return StorageUnavailable("once")

    return instead


@pytest.mark.parametrize("fault", ["killed", "no pulses", "unreadable"])
def test_without_pulses_changes_come_within_the_sweeps_promise(
    house: House, clock: Clock, fault: str
) -> None:
    """A process dies between commit and pulse; an older server has none; a newer one's has another form."""
    company = Company(house, clock)
    one, other = company.servers
    departments = [one.department(f"부서 {number}") for number in range(3)]
    member = other.member(*departments)
    company.settle()
    one.event(departments[0])
    company.pass_by(1)
    assert len(member.heard()) == 1
    writer = one if fault == "killed" else house.server(clock=clock)
    if fault == "unreadable":
        row = row_of(Pulse(5, 1)) | {"logs": "another form"}
        house.plain.put_item(TableName=house.storage.changes_table, Item=to_item(row))
    writer.event(departments[1])
    seconds = 0
    while not (heard := member.heard()):
        company.pass_by(1, alive=2 if fault != "killed" else None) if fault != "killed" else only(company, 1)
        seconds += 1
        assert seconds <= 301
    assert [name for name, _ in heard] == ["event_created"]
    assert seconds <= {"killed": 17, "no pulses": 301, "unreadable": 6}[fault]
    if fault == "no pulses":  # and from then on it is expected
        company.pass_by(20)
        writer.event(departments[2])
        company.pass_by(6)
        assert [name for name, _ in member.heard()] == ["event_created"]


def only(company: Company, number: int) -> None:
    """A second in which only this server lives."""
    company.servers[number].pulses.sender.put_if_due()
    company.clock.now += 1
    company.watchers[number].round()


def test_pulses_that_cannot_be_read_make_heads_be_read(house: House, clock: Clock) -> None:
    broken: list[bool] = []

    def before(action: str, body: bytes) -> Answer | None:
        if broken and action == "Query" and PULSE.encode() in body:
            return error("ProvisionedThroughputExceededException")
        return None

    one, other = house.server(clock=clock), house.server(before=before, clock=clock)
    watcher = other.watcher(5.0, pulses=True)
    department = one.department()
    member = other.member(department)
    for _ in range(620):
        clock.now += 1
        watcher.round()
    broken.append(True)
    other.database.dynamodb._pause = lambda attempt: False  # type: ignore[method-assign]
    member.heard()
    for expected in (21, 6, 6):
        one.event(department)
        seconds = 0
        while not member.heard():
            clock.now += 1
            watcher.round()
            seconds += 1
            assert seconds <= expected


def test_a_restored_table_is_noticed_by_the_own_row(company: Company, house: House) -> None:
    one, other = company.servers
    department = one.department()
    one.event(department)
    member = other.member(department)
    company.settle()
    saved = house.items(house.storage.changes_table)
    events = house.items(house.storage.events_table)
    company.pass_by(61)
    one.event(department, title="nach der Sicherung")
    company.pass_by(1)
    member.heard()
    for row in house.items(house.storage.changes_table):
        key = {name: to_item(row)[name] for name in ("department_id", "revision")}
        house.plain.delete_item(TableName=house.storage.changes_table, Key=key)
    for item in house.items(house.storage.events_table):
        key = {name: to_item(item)[name] for name in ("id", "department_id")}
        house.plain.delete_item(TableName=house.storage.events_table, Key=key)
    for row in saved:
        house.plain.put_item(TableName=house.storage.changes_table, Item=to_item(row))
    for item in events:
        house.plain.put_item(TableName=house.storage.events_table, Item=to_item(item))
    only(company, 1)
    only(company, 1)
    for _ in range(5):
        only(company, 1)
    assert not member.client.is_connected()
    (row,) = [row for row in rows_of(house) if row["revision"] == other.pulses.sender.process]
    assert row["beat"] == other.pulses.sender.beat


def test_rows_of_the_dead_are_removed_unless_they_come_to_life(company: Company, house: House) -> None:
    dead, ended, alive = Pulse(5, 1, 0), Pulse(6, 1, 0, mark=STOPPED), Pulse(7, 1, 0)
    for pulse in (dead, ended, alive):
        company.servers[0].database.put_pulse(pulse)
    company.servers[1].member()
    company.pass_by(30)
    assert {row["revision"] for row in rows_of(house)} >= {5, 7}
    assert 6 not in {row["revision"] for row in rows_of(house)}
    company.pass_by(560)
    company.servers[0].database.put_pulse(Pulse(7, 2, 0))
    company.servers[0].database.delete_pulse(alive)
    company.pass_by(30)
    assert {row["revision"] for row in rows_of(house)} == {
        7,
        *(server.pulses.sender.process for server in company.servers),
    }


# Commands


def test_a_command_tells_the_servers_before_it_ends(company: Company, house: House) -> None:
    other = company.servers[1]
    department = other.department()
    member = other.member(department)
    company.settle()
    at = "2024-01-15T10:30:00.000Z"
    event = {
        "id": str(uuid.uuid4()),
        "department_id": department,
        "event_date": "2024-01-20",
        "title": "회의",
        "description": "",
        "time": "",
        "url": "",
        "created_at": at,
        "last_modified": at,
        "create_digest": "00",
    }
    member.heard()
    database = house.database()
    with pulsing(database) as sender:
        calendar_over(database, sender).events.import_many(UNNAMED, department, [event])
    company.pass_by(1)
    assert [name for name, _ in member.heard()] == ["event_created"]
    with pulsing(house.database()):
        pass
    assert len(rows_of(house)) == 3  # one that changed nothing has nothing to say


def test_the_servers_are_told_of_a_repair(company: Company, house: House) -> None:
    one, other = company.servers
    department = one.department()
    member = other.member(department)
    company.settle()
    writer = house.server()
    writer.event(department)
    tell_servers(house.database(), {department: 1})
    member.heard()
    company.pass_by(1)
    assert len(member.heard()) == 1


def test_a_purge_begins_soon_after_the_deletion_here(company: Company, house: House) -> None:
    one, _ = company.servers
    department = one.department()
    one.event(department)
    company.pass_by(5)
    one.http.delete(f"/api/departments/{department}")
    company.pass_by(2, alive=1)
    assert house.items(house.storage.events_table) == []


@contextmanager
def running(server: Server, watcher: Watcher) -> Iterator[None]:
    """The server's own loops, in threads, with the real clock."""
    import threading

    over = threading.Event()

    def sleep(seconds: float) -> None:
        if over.wait(seconds):
            raise SystemExit

    threads = [
        threading.Thread(target=task, daemon=True)
        for task in (watcher.run, lambda: server.pulses.sender.run(sleep))
    ]
    watcher.sleep = sleep
    for thread in threads:
        thread.start()
    yield
    over.set()
    for thread in threads:
        thread.join(60)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_loops_bring_a_change_with_no_redis(house: House) -> None:
    import threading

    one, other = house.server(), house.server()
    department = one.department()
    watcher = other.watcher(
        300.0, pulses=True, spawn=lambda task: threading.Thread(target=task, daemon=True).start()
    )
    member = other.member(department)
    with running(other, watcher), running(one, one.watcher(300.0, pulses=True)):
        wait_until(lambda: other.counters.values()["sweeps"] == 1)
        member.heard()
        began = time.monotonic()
        one.event(department)
        heard: list[Any] = []
        wait_until(lambda: heard.extend(member.heard()) or heard, 30)
        assert time.monotonic() - began < 10
    assert [(name, told["revision"]) for name, told in heard] == [("event_created", 1)]
    assert other.replicas.of(department).head != Head(department)
