"""Thunderbird itself subscribes to a feed of a real server: what it asks for, and what it then shows."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.house import wait_until
from tests.rest.test_feed_programs import change_one, subscribed
from tests.servers import Server

__all__ = ["subscribed"]
PROGRAM = shutil.which("thunderbird")
CALENDAR = "calendar.registry.11111111-2222-3333-4444-555555555555"
REFRESH_MINUTES = 1
"""The least that it takes."""
QUIET = {
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.policy.firstRunURL": "",
    "extensions.update.enabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mailnews.start_page.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "http://127.0.0.1:9",
}
"""Nothing but the feed is asked for."""


@contextmanager
def thunderbird(folder: Path, url: str) -> Iterator[Path]:
    """Yields the profile of a Thunderbird that subscribes to this address, as its dialog would have it."""
    profile = folder / "profile"
    profile.mkdir(parents=True)
    own = {
        "type": "ics", "uri": url, "name": "개발팀", "readOnly": True, "cache.enabled": True,
        "refreshInterval": str(REFRESH_MINUTES),
    }  # fmt: skip
    settings: dict[str, Any] = QUIET | {"calendar.timezone.local": "Asia/Seoul"}
    settings |= {f"{CALENDAR}.{name}": value for name, value in own.items()}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in settings.items()]
    (profile / "user.js").write_text("".join(lines), "utf-8")
    assert PROGRAM is not None
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, "--headless", "--no-remote", "--profile", str(profile)],
            stdout=log, stderr=log, env={**os.environ, "HOME": str(folder)}, start_new_session=True,
        )  # fmt: skip
    try:
        yield profile
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def statuses(server: Server) -> list[str]:
    """Those of the answers that Thunderbird has had."""
    lines = [line for line in server.log().splitlines() if "calendar.ics" in line and "Thunderbird" in line]
    return [line.split('" ')[1].split()[0] for line in lines]


def shown(profile: Path, query: str) -> list[Any]:
    """What is in the calendar that Thunderbird keeps for itself."""
    with TemporaryDirectory() as folder:
        copy = shutil.copytree(profile / "calendar-data", Path(folder, "copy"))
        with closing(sqlite3.connect(copy / "cache.sqlite")) as database:
            return database.execute(query).fetchall()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(PROGRAM is None, reason="thunderbird is not installed")
def test_thunderbird_asks_again_and_gets_304(subscribed: Any, tmp_path: Path) -> None:
    server, department, url = subscribed

    def wait_for(number: int) -> None:
        wait_until(lambda: len(statuses(server)) >= number, 180)

    def has(title: str) -> bool:
        return shown(profile, f"SELECT COUNT(*) FROM cal_events WHERE title = '{title}'") == [(1,)]

    with thunderbird(tmp_path / "thunderbird", url) as profile:
        wait_for(2)
        assert statuses(server) == ["200", "304"]
        assert shown(profile, "SELECT COUNT(*), MIN(event_start_tz) FROM cal_events") == [(50, "Asia/Seoul")]
        rules = shown(profile, "SELECT icalString FROM cal_recurrence ORDER BY 1 DESC")
        assert [rule.strip() for (rule,) in rules] == [
            "RRULE:FREQ=WEEKLY", "EXDATE;TZID=Asia/Seoul:20240127T100000",
        ]  # fmt: skip
        assert has("회의 7")
        change_one(server, department)
        wait_for(4)
        assert statuses(server) == ["200", "304", "200", "304"]
        wait_until(lambda: has("새 제목"))  # it writes what it has read after a while
        assert not has("회의 7")
