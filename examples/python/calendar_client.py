"""Follows a department's calendar: every change once, also over a cut, a restart of the server or of itself.

pip install "python-socketio[asyncio_client]"
python calendar_client.py http://127.0.0.1:8000 <department id> state.json [token]
"""

import asyncio
import json
import os
import random
import sys
from pathlib import Path

import socketio


class Calendar:
    """A copy of the calendar. It is kept in `file` with the cursor that it stands at."""

    def __init__(self, department: str, file: Path) -> None:
        self.department, self.file = department, file
        kept = json.loads(file.read_text("utf-8")) if file.exists() else {}
        self.events: dict[str, dict] = kept.get("events", {})
        self.cursor, self.revision = kept.get("cursor"), kept.get("revision", 0)

    def joined(self, answer: dict) -> None:
        """What has changed since our cursor; or all, then what isn't there any more is gone."""
        events, deleted = answer["events"], answer.get("deleted", [])
        if answer["full"]:
            deleted = self.events.keys() - {event["id"] for event in events}
        self.apply(answer, events, deleted)

    def live(self, name: str, change: dict) -> None:
        if change["department_id"] != self.department or change["revision"] <= self.revision:
            return
        is_gone = name == "event_deleted"
        self.apply(change, [] if is_gone else [change], [change["id"]] if is_gone else [])

    def apply(self, position: dict, events: list[dict], deleted) -> None:
        for event in events:
            before = self.events.get(event["id"])
            if before is None or before["version"] != event["version"]:
                print("changed" if before else "created", event["title"], flush=True)
            self.events[event["id"]] = event
        for event_id in list(deleted):
            if gone := self.events.pop(event_id, None):
                print("deleted", gone["title"], flush=True)
        self.cursor, self.revision = position["cursor"], position["revision"]
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(vars(self), default=str, ensure_ascii=False), "utf-8")
        os.replace(new, self.file)  # never half a file, whenever the program ends


async def follow(url: str, calendar: Calendar, token: str | None) -> None:
    # AsyncClient hands messages over in their order; the Client with threads doesn't.
    client = socketio.AsyncClient(reconnection=False)

    async def join() -> None:
        place = {"department_id": calendar.department, "cursor": calendar.cursor, "series": True}
        await client.emit("join_department", place)

    client.on("connect", join)
    client.on("joined_department", calendar.joined)
    for name in ("event_created", "event_updated", "event_deleted"):
        client.on(name, lambda change, name=name: calendar.live(name, change))
    client.on("error", lambda error: print(error["code"], error["message"], file=sys.stderr))
    while True:  # whatever ended the connection
        try:
            await client.connect(url, auth={"token": token} if token else None, wait_timeout=10)
            await client.wait()
        except socketio.exceptions.ConnectionError as error:
            print("not connected:", error, file=sys.stderr)
        await asyncio.sleep(random.uniform(0.5, 3))


if __name__ == "__main__":
    address, department_id, state, *tokens = sys.argv[1:]
    asyncio.run(follow(address, Calendar(department_id, Path(state)), *tokens or [None]))
