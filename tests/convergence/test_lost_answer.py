"""A commit whose answer is lost, in one process: the writer is answered, and the other processes are told."""

from botocore.exceptions import ConnectionClosedError

from teamcal.domain.changes import Change, Head
from tests.house import House


def test_others_are_told_of_a_write_whose_answer_was_lost() -> None:
    lost = {"answers": 0}

    def lose(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and lost["answers"]:
            lost["answers"] -= 1
            raise ConnectionClosedError(endpoint_url="http://127.0.0.1:1")

    told: list[tuple[str, int]] = []

    class Notices:
        def announce(self, log_id: str, change: Change, head: Head) -> None:
            told.append((log_id, change.revision))

    server = House().server(after=lose, notices=Notices())
    department = server.department()
    told.clear()
    for revision in range(1, 4):
        # Both attempts of one commit: the log alone tells that it was applied.
        lost["answers"] = 2
        assert server.event(department)["revision"] == revision
    assert told == [(department, 1), (department, 2), (department, 3)]
