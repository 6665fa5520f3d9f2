"""The contract for clients that know no sign-in, once more in token mode: `CALLERS=guest pytest tests/rest`.

Every server in a test's own process that doesn't say otherwise then has `AUTH_MODE=token`, and every client
comes as a guest of the office's network. What guests may never do, a real administrator does with his token:
he creates departments and opens them, renames and deletes them, and keeps the list of holidays.
"""

import os
from ipaddress import ip_network
from typing import Any

import pytest
from flask.testing import FlaskClient

from teamcal.calendar import Calendar
from teamcal.domain.caller import SYSTEM
from teamcal.domain.people import TokenKind

CALLERS_ARE_GUESTS = os.environ.get("CALLERS") == "guest"
SETTINGS = {
    "token_mode": True,
    "guest_networks": (ip_network("127.0.0.0/8"),),
    "requests_per_minute": 10_000_000,
    "allowed_hosts": ("test",),
}
OF_ADMINISTRATORS = ("/api/departments", "/api/holidays")
"""Writes to what begins like this are an administrator's."""
_ROLE = "token mode's list of departments shows roles, and no revision to who doesn't see everything"
_HOST = "token mode refuses strange names of the server (421)"
_NOBODY = "it asks the calendar, or a server of its own, as nobody, who may do nothing"
_RIGHTS = "it looks at whole tables, in which token mode keeps rights too"
_OPEN = "it says what open mode answers"
NOT_FOR_GUESTS = {
    "test_departments.py::test_a_new_department_is_answered_and_listed": _ROLE,
    "test_departments.py::test_lists_carry_revision_cursor_and_tag": _ROLE,
    "test_departments.py::test_a_stable_id_made_again_goes_on_with_its_numbers": _NOBODY,
    "test_fast_path.py::test_both_dispatchers_answer_alike": (
        "its ids come in an order that rights would change; the matrix compares the dispatchers in token mode"
    ),
    "test_fast_path.py::test_the_fast_path_serves_every_route": "the same",
    "test_feeds.py::test_a_feed_has_the_departments_events": _OPEN,
    "test_feeds.py::test_in_open_mode_a_token_in_the_address_is_no_matter": _OPEN,
    "test_holidays.py::test_tables_of_an_older_version": "without the table `access` there is no token mode",
    "test_http.py::test_slashes_never_redirect": _NOBODY,
    "test_http.py::test_a_body_that_ends_early_is_refused": _RIGHTS,
    "test_http.py::test_a_strange_host_is_no_error": _HOST,
    "test_imports.py::test_a_department_that_is_deleted_ends_the_import": (
        "who doesn't see a department sees none of its imports"
    ),
    "test_legacy_tables.py::test_it_is_served_as_it_is": _ROLE,
    "test_legacy_tables.py::test_serving_writes_nothing": _RIGHTS,
    "test_legacy_tables.py::test_old_names_count_as_they_would_be_written_today": _NOBODY,
    "test_session.py": "it makes its own servers, and says what open mode answers",
    "test_people.py": "the same",
    "test_gate.py::test_the_own_page_connects[headers0]": _HOST,
    "test_gate.py::test_the_own_page_connects[headers1]": _HOST,
    "test_handlers.py::test_everybody_hears_of_departments": "opening a department is said as well",
    "test_handlers.py::test_a_department_made_again_starts_over": _NOBODY,
    "test_library_internals.py::test_without_an_internal_messages_arrive": _NOBODY,
    "test_server.py::test_broadcasts_arrive_directly_or_by_emit": _NOBODY,
    "test_server.py::test_two_servers_in_a_process_keep_their_clients_apart": _NOBODY,
    "test_server.py::test_from_the_first_test_client_on_broadcasts_are_emitted": _NOBODY,
    "test_import_servers.py": "its servers are processes of their own, in open mode",
    "test_raw_requests.py": "the same",
    "realtime/workers/": "the same",
}
"""Part of a test's id → why it can't hold for guests, or says nothing about them."""


def administrators_token(calendar: Calendar) -> str:
    user = calendar.people.create(SYSTEM, {"login": "administrator", "admin": True})
    caller = calendar.people.caller_of(user)
    return calendar.tokens.issue(caller, TokenKind.APP, "시험").secret


class GuestClient(FlaskClient):
    """Comes from the office's network; writes of OF_ADMINISTRATORS come with the administrator's token."""

    def open(self, *args: Any, **options: Any) -> Any:
        method = options.get("method", "GET")
        path = args[0] if args and isinstance(args[0], str) else options.get("path", "")
        own = path.partition("?")[0].startswith(OF_ADMINISTRATORS)
        if not own or method in ("GET", "HEAD", "OPTIONS") or "/import" in path:
            return super().open(*args, **options)
        headers = dict(options.pop("headers", None) or {}) | self._administrator()
        answer = super().open(*args, headers=headers, **options)
        if answer.status_code == 201 and "department" in (answer.get_json(silent=True) or {}):
            access = f"/api/departments/{answer.json['department']['id']}/access"
            opened = super().open(
                access, method="PUT", json={"access": "open"}, headers=self._administrator()
            )
            assert opened.status_code == 200, opened.text
        return answer

    def _administrator(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.application.extensions['administrator']()}"}


def skip_what_guests_may_not(items: list[pytest.Item]) -> None:
    for item in items:
        for part, reason in NOT_FOR_GUESTS.items():
            if part in item.nodeid:
                item.add_marker(pytest.mark.skip(reason=reason))
