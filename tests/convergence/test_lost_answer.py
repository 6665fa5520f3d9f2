"""A commit whose answer is lost, in one process: the writer is answered, and the other processes are told."""

from typing import Any

from botocore.exceptions import ConnectionClosedError

from tests.house import House


def test_others_are_told_of_a_write_whose_answer_was_lost() -> None:
    lost = {"answers": 0}

    def lose(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and lost["answers"]:
            lost["answers"] -= 1
            raise ConnectionClosedError(endpoint_url="http://127.0.0.1:1")

    server = House().server(after=lose)
    department = server.department()
    told: list[tuple[str, int]] = []

    def announce(log_id: str, changes: list[Any]) -> None:
        told.extend((log_id, change.revision) for change in changes)

    server.calendar.replicas.announce = announce
    for revision in range(1, 4):
        # Both attempts of one commit: the log alone tells that it was applied.
        lost["answers"] = 2
        assert server.event(department)["revision"] == revision
    assert told == [(department, 1), (department, 2), (department, 3)]
