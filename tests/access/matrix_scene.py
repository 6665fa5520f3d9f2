"""Everybody who may come, and every kind of department, for the matrix of who may do what.

What each caller is in each kind of department is written out here by hand, from docs/develop/access.md; the
server's own rules aren't asked.
"""

import base64
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from ipaddress import ip_network
from typing import Any, NamedTuple

from teamcal.calendar.tokens import hash_of
from teamcal.domain.caller import SYSTEM, Role
from teamcal.domain.people import TokenKind, User
from tests.access.offices import Office
from tests.house import House, wait_until

KINDS = ("open", "members", "private", "deleted")
"""Of departments. In each of them the viewer, the editor and the manager have their roles."""
UNKNOWN = "99999999-9999-4999-8999-999999999999"
HERE, NAMED, FOREIGN = "http://localhost", "https://named.example", "https://evil.example"
GUESTS = ip_network("10.0.0.0/8")
NOTHING, VIEWER, EDITOR, MANAGER, ADMINISTRATOR = range(5)
START = datetime(2099, 1, 1, 12, tzinfo=UTC)
"""In the future: the engine's TTL task removes what has ended by its own clock."""

DAYS = timedelta(days=3)
"""From the beginning until a request may be sent: meanwhile a token ends."""

_addresses = itertools.count(1)


def address(network: str) -> str:
    """Returns an address that nobody else comes from, so that no limit counts two callers together."""
    number = next(_addresses)
    return f"{network}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


class Came(NamedTuple):
    """How a request says who sends it. `user` is his id."""

    headers: dict[str, str]
    network: str = "203"
    user: str = ""

    @property
    def environ(self) -> dict[str, str]:
        return {"REMOTE_ADDR": address(self.network)}

    @property
    def token_id(self) -> str:
        scheme, _, secret = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            secret = base64.b64decode(secret).decode().partition(":")[2]
        if "Cookie" in self.headers:
            secret = self.headers["Cookie"].rpartition("teamcal=")[2]
        return hash_of(secret) if secret else "0" * 64


@dataclass(frozen=True)
class Who:
    """One column of the matrix.

    `come(scene, department)` is a new token each time. `levels`: what he is in KINDS; as a text the code
    with which he is refused everything. `whole`: a user with a token that isn't limited; `kind`: as
    `GET /api/session` tells it. `foreign`: a page of another origin makes the browser ask, so its writes are
    refused. `is_admin`: he administers.
    `only_here`: of all departments he may see the one only that is asked about.
    """

    come: Callable[["Scene", str], Came]
    levels: tuple[int, int, int] | str
    kind: str
    whole: bool = False
    is_admin: bool = False
    foreign: bool = False
    only_here: bool = False
    ends_with_department: bool = False

    def level(self, kind: str) -> int | str:
        if isinstance(self.levels, str):
            return self.levels
        if kind == "deleted":
            return "token_invalid" if self.ends_with_department else NOTHING
        return self.levels[KINDS.index(kind)]


class Scene:
    """An office with all of them. It is made once; what a request may change is made anew for it."""

    def __init__(self, house: House | None = None, start: datetime = START, **settings: Any) -> None:
        self.moment = start
        self.office = Office(
            house,
            now=lambda: self.moment,
            guest_networks=(GUESTS,),
            requests_per_minute=10_000_000,
            oidc_issuer="http://127.0.0.1:1",  # nobody is there: its routes send one back to the page
            oidc_client_id="calendar",
            **settings,
        )
        self.server, self.calendar = self.office.server, self.office.calendar
        self.http = self.server.app.test_client(use_cookies=False)
        names = ("admin", "viewer", "editor", "manager", "member", "disabled", "other")
        self.users = {name: self.office.user(name, admin=name == "admin") for name in names}
        self.users["colleague"] = self.office.user("colleague", groups=["staff"])
        self.departments = {kind: self.department(kind) for kind in KINDS}
        self.elsewhere = self.office.department("다른 곳", "private")
        for department in (*self.departments.values(), self.elsewhere):
            self.set_passcode(department)
        self.events = {kind: self.event(kind) for kind in KINDS}
        self.tombstones = {kind: self.tombstone(kind) for kind in KINDS}
        self.others_token = self.token_id(self.users["other"])
        self._dead()
        self.jobs = {kind: self.job(kind) for kind in KINDS}
        self.user_code = self.device_code()
        self.who = WHO if NAMED in settings["cors_origins"] else WHO | AS_FOREIGN
        self.known: dict[tuple[str, str], Came] = {
            (name, kind): who.come(self, self.departments[kind])
            for name, who in self.who.items()
            for kind in KINDS
        }
        self.calendar.people.edit(SYSTEM, self.users["disabled"].id, {"disabled": True})
        self.calendar.departments.delete(SYSTEM, self.departments["deleted"])
        self.calendar.departments.purge()

    def _dead(self) -> None:
        """Tokens that have ended in each way."""
        user = self.users["editor"]
        ended = self.token(user, TokenKind.APP, days=1)
        self.old_passcode = self.passcode(self.departments["members"])
        self.set_passcode(self.departments["members"])
        self.disabled = self.calendar.tokens.sign_in(self.users["disabled"]).secret
        self.revoked = self.token(user, TokenKind.APP)
        (token,) = [one for one in self.calendar.tokens.list_of(SYSTEM, user.id) if not one.expires_at]
        self.calendar.tokens.revoke(SYSTEM, token.hash)
        self.moment += DAYS
        self.expired = ended

    # What is made

    def department(self, kind: str) -> str:
        access = "members" if kind == "deleted" else kind
        roles = {self.users[name].id: name for name in ("viewer", "editor", "manager")}
        return self.office.department(
            f"부서 {next(_addresses)}", access, **roles, **{"group:staff": "editor"}
        )

    def event(self, kind: str) -> dict[str, Any]:
        return self.office.event(SYSTEM, self.departments[kind])

    def tombstone(self, kind: str) -> dict[str, Any]:
        event = self.event(kind)
        self.calendar.events.delete(SYSTEM, event["id"])
        return event

    def job(self, kind: str) -> str:
        """Returns the id of an import that has ended."""
        imports = self.calendar.imports
        job = imports.begin(SYSTEM, self.departments[kind], b"date,title\n2024-01-20,x\n")
        wait_until(lambda: not imports.get(SYSTEM, job.id)[0].is_running)
        return job.id

    def set_passcode(self, department: str) -> None:
        self.calendar.policies.set_passcode(SYSTEM, department, "not a hash: nobody signs in with it")

    def passcode(self, department: str) -> str:
        found = self.calendar.policies.passcode_of(department).passcode_id
        assert found is not None
        return self.calendar.tokens.with_passcode(department, found).secret

    def session(self, name: str) -> str:
        return self.calendar.tokens.sign_in(self.users[name]).secret

    def token(self, user: User, kind: TokenKind = TokenKind.APP, **fields: Any) -> str:
        """Returns the secret of a new token."""
        return self.calendar.tokens.issue(SYSTEM, kind, "x", owner=user.id, **fields).secret

    def device_code(self) -> str:
        return self.calendar.devices.begin("프로그램").user_code

    @cached_property
    def pending_device(self) -> str:
        return self.calendar.devices.begin("프로그램").device_code

    def token_id(self, user: User) -> str:
        """Returns the id of a new token of the user's."""
        return hash_of(self.token(user))


# Callers


def bearer(secret: str, user: str = "") -> Came:
    return Came({"Authorization": f"Bearer {secret}"}, user=user)


def _signed_in(name: str) -> Callable[[Scene, str], Came]:
    return lambda scene, department: bearer(scene.session(name), scene.users[name].id)


def _with_token(name: str, kind: TokenKind, **limits: Any) -> Callable[[Scene, str], Came]:
    """`departments="here"`: limited to the department that is asked about."""

    def come(scene: Scene, department: str) -> Came:
        places = {"here": [department], "elsewhere": [scene.elsewhere]}
        given = {
            **limits,
            **({"departments": places[limits["departments"]]} if "departments" in limits else {}),
        }
        return bearer(scene.token(scene.users[name], kind, **given), scene.users[name].id)

    return come


def _basic(scene: Scene, department: str) -> Came:
    pair = base64.b64encode(f"editor:{scene.token(scene.users['editor'])}".encode()).decode()
    return Came({"Authorization": f"Basic {pair}"}, user=scene.users["editor"].id)


def _cookie(name: str, **headers: str) -> Callable[[Scene, str], Came]:
    return lambda scene, department: Came(
        {"Cookie": f"a=b; teamcal={scene.session(name)}", **headers}, user=scene.users[name].id
    )


def _guest(**headers: str) -> Callable[[Scene, str], Came]:
    return lambda scene, department: Came(headers, "10")


def _dead(secret: Callable[[Scene], str]) -> Callable[[Scene, str], Came]:
    return lambda scene, department: bearer(secret(scene))


_APP, _FEED, _DEVICE = TokenKind.APP, TokenKind.FEED, TokenKind.DEVICE
_REQUIRED, _INVALID = "token_required", "token_invalid"

WHO: dict[str, Who] = {
    "nobody": Who(lambda scene, department: Came({}), _REQUIRED, "nobody"),
    "guest": Who(_guest(), (EDITOR, NOTHING, NOTHING), "guest"),
    "guest, own page": Who(_guest(Origin=HERE), (EDITOR, NOTHING, NOTHING), "guest"),
    "guest, named page": Who(_guest(Origin=NAMED), (EDITOR, NOTHING, NOTHING), "guest"),
    "guest, foreign page": Who(_guest(Origin=FOREIGN), _REQUIRED, "nobody", foreign=True),
    "guest, foreign page's image": Who(
        _guest(**{"Sec-Fetch-Site": "cross-site"}), _REQUIRED, "nobody", foreign=True
    ),
    "guest, unknown proxy": Who(_guest(**{"X-Forwarded-For": "10.1.1.1"}), _REQUIRED, "nobody"),
    "expired": Who(_dead(lambda scene: scene.expired), _INVALID, "user"),
    "revoked": Who(_dead(lambda scene: scene.revoked), _INVALID, "user"),
    "wrong": Who(_dead(lambda scene: "tcs_" + "0" * 40), _INVALID, "user"),
    "no token at all": Who(_dead(lambda scene: "x"), _INVALID, "user"),
    "disabled": Who(_dead(lambda scene: scene.disabled), _INVALID, "user"),
    "old passcode": Who(_dead(lambda scene: scene.old_passcode), _INVALID, "user"),
    "guest with a revoked token": Who(
        lambda scene, department: Came({"Authorization": f"Bearer {scene.revoked}"}, "10"), _INVALID, "user"
    ),
    "revoked cookie": Who(
        lambda scene, department: Came({"Cookie": f"teamcal={scene.revoked}", "Origin": HERE}),
        _REQUIRED, "nobody",
    ),
    "passcode": Who(
        lambda scene, department: bearer(scene.passcode(department)),
        (EDITOR, EDITOR, EDITOR), "passcode", only_here=True, ends_with_department=True,
    ),
    "other department's passcode": Who(
        lambda scene, department: bearer(scene.passcode(scene.elsewhere)), (NOTHING,) * 3, "passcode"
    ),
    "member": Who(_signed_in("member"), (EDITOR, VIEWER, NOTHING), "user", whole=True),
    "viewer": Who(_signed_in("viewer"), (EDITOR, VIEWER, VIEWER), "user", whole=True),
    "editor": Who(_signed_in("editor"), (EDITOR, EDITOR, EDITOR), "user", whole=True),
    "editor by group": Who(_signed_in("colleague"), (EDITOR, EDITOR, EDITOR), "user", whole=True),
    "manager": Who(_signed_in("manager"), (MANAGER, MANAGER, MANAGER), "user", whole=True),
    "administrator": Who(_signed_in("admin"), (ADMINISTRATOR,) * 3, "user", whole=True, is_admin=True),
    "manager by cookie": Who(_cookie("manager", Origin=HERE), (MANAGER,) * 3, "user", whole=True),
    "cookie, foreign page": Who(_cookie("manager", Origin=FOREIGN), _REQUIRED, "nobody", foreign=True),
    "cookie, named page": Who(_cookie("manager", Origin=NAMED), _REQUIRED, "nobody"),
    "manager, foreign page with a token": Who(
        lambda scene, department: Came(
            {"Authorization": f"Bearer {scene.session('manager')}", "Origin": FOREIGN},
            user=scene.users["manager"].id,
        ),
        (MANAGER,) * 3, "user", whole=True,
    ),
    "device": Who(_with_token("viewer", _DEVICE), (EDITOR, VIEWER, VIEWER), "user", whole=True),
    "app": Who(_with_token("manager", _APP), (MANAGER,) * 3, "user", whole=True),
    "app as a password": Who(_basic, (EDITOR,) * 3, "user", whole=True),
    "administrator's app": Who(
        _with_token("admin", _APP), (ADMINISTRATOR,) * 3, "user", whole=True, is_admin=True
    ),
    "feed": Who(_with_token("manager", _FEED, departments="here"), (VIEWER,) * 3, "user", only_here=True),
    "feed of another department": Who(
        _with_token("admin", _FEED, departments="elsewhere"), (NOTHING,) * 3, "user"
    ),
    "feed of who doesn't see": Who(
        _with_token("member", _FEED, departments="here"), (VIEWER, VIEWER, NOTHING), "user", only_here=True
    ),
    "manager, scoped": Who(
        _with_token("manager", _APP, departments="here"), (MANAGER,) * 3, "user", only_here=True
    ),
    "manager, scoped elsewhere": Who(
        _with_token("manager", _APP, departments="elsewhere"), (NOTHING,) * 3, "user"
    ),
    "manager, capped": Who(_with_token("manager", _APP, cap=Role.EDITOR), (EDITOR,) * 3, "user"),
    "administrator, scoped": Who(
        _with_token("admin", _APP, departments="here"), (ADMINISTRATOR,) * 3, "user", only_here=True
    ),
    "administrator, capped": Who(_with_token("admin", _APP, cap=Role.VIEWER), (VIEWER,) * 3, "user"),
    "administrator, scoped and capped": Who(
        _with_token("admin", _APP, departments="elsewhere", cap=Role.MANAGER), (NOTHING,) * 3, "user"
    ),
}  # fmt: skip

AS_FOREIGN = {
    name: replace(WHO[name], levels=_REQUIRED, kind="nobody", foreign=True)
    for name in ("guest, named page", "cookie, named page")
}
"""With CORS_ORIGINS=*, which names nobody."""
