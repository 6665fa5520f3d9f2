"""Turns the passwords that the desktop client kept in descriptions of departments into passcodes."""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple, Protocol

from teamcal.access import Rights
from teamcal.calendar import Calendar
from teamcal.domain.caller import SYSTEM, Caller
from teamcal.errors import InvalidInput, NotApplied
from teamcal.importer.desktop_files import DesktopDepartment
from teamcal.importer.importer import RULE, Console
from teamcal.importer.target import retry_throttled
from teamcal.signin.secret_rules import PASSCODE, checked
from teamcal.texts.messages import message


class OldRows(Protocol):
    def blank_old_descriptions(self, department_ids: frozenset[str]) -> int:
        """Blanks these departments' descriptions in the change log; returns in how many rows."""


class Department(NamedTuple):
    """`description` may be a password in the clear: no line that is printed has it."""

    id: str
    name: str
    description: str


class Passcodes:
    """One run. Each department is one transaction, so it may be killed at any moment and run again.

    `calendar` is one of token mode; `hashed` returns the hash of a passcode. All methods
    raise CalendarError.
    """

    def __init__(
        self,
        calendar: Calendar,
        rows: OldRows,
        caller: Caller,
        hashed: Callable[[str], str],
        console: Console,
    ) -> None:
        self._calendar, self._rows, self._caller = calendar, rows, caller
        self._hashed, self._console = hashed, console

    def show(self, files: Iterable[DesktopDepartment]) -> None:
        """Says what `run` would do after an import of these departments. Writes nothing."""
        self._console.say(
            f"{RULE}\n🔑 설명을 부서 암호로 바꾸기 - 미리 보기 (아무것도 쓰지 않습니다)\n{RULE}"
        )
        departments = self._departments()
        names = {department.name for department in departments}
        ids = {department.id for department in departments}
        departments += [
            Department(one.id, one.fields["name"], one.fields["description"])
            for one in files
            if one.id not in ids and one.fields["name"] not in names
        ]
        rights = self._rights()
        counts = Counter(self._look_at(department, rights, "바꿀 예정") for department in departments)
        self._sum_up(counts, "바꿀 부서", "그대로 둘 부서")

    def run(self) -> None:
        self._console.say("\n🔑 설명을 부서 암호로 바꾸기 시작...")
        counts: Counter[str] = Counter()
        rights = retry_throttled(lambda: self._calendar.permits.rights)  # starts token mode, if need be
        assert rights is not None
        for department in self._departments():
            state = self._look_at(department, rights, "바꿈", self._take)
            counts[state] += 1
        self._clean_rows()
        self._sum_up(counts, "바꾼 부서", "그대로 둔 부서")

    def _look_at(
        self,
        department: Department,
        rights: Rights,
        done: str,
        take: Callable[[Department, str], bool] = lambda department, passcode: True,
    ) -> str:
        """Takes the description as a passcode, or says why not. Returns `taken`, `left` or `blank`."""
        name, policy = department.name, rights.policy(department.id)
        if not department.description:
            return "blank"
        if policy.passcode_id:
            return self._leave(name, "이미 다른 암호가 있습니다.")
        try:
            passcode = checked("passcode", department.description, PASSCODE)
        except InvalidInput as error:
            problem = error.problems[0]
            return self._leave(name, message(problem.reason, "ko", **problem.details))
        if not take(department, passcode):
            return self._leave(name, "그 사이에 설명이 바뀌었습니다.")
        self._console.say(f"  ✓ 부서 '{name}': 설명({len(department.description)}자)을 암호로 {done}")
        return "taken"

    def _leave(self, name: str, reason: str) -> str:
        self._console.warn(f"⚠️ 부서 '{name}': 설명을 그대로 둡니다. {reason}")
        return "left"

    def _take(self, department: Department, passcode: str) -> bool:
        hashed, policies = self._hashed(passcode), self._calendar.policies

        def take() -> bool:
            try:
                policies.take_description(self._caller, department.id, department.description, hashed)
            except NotApplied:
                # Somebody changed it; or this is a repetition, and the first try was applied.
                return bool(self._rights().policy(department.id).passcode_id)
            return True

        return retry_throttled(take)

    def _clean_rows(self) -> None:
        """The log keeps descriptions that departments had before; those that a killed run left, too."""
        rights = self._rights()
        taken = frozenset(
            department.id
            for department in self._departments()
            if not department.description and rights.policy(department.id).passcode_id
        )
        rows = retry_throttled(lambda: self._rows.blank_old_descriptions(taken)) if taken else 0
        if rows:
            self._console.say(f"  ✓ 변경 기록 {rows}개에 남아 있던 설명을 지움")

    def _sum_up(self, counts: Counter[str], taken: str, left: str) -> None:
        more = f", {left}: {counts['left']}개" if counts["left"] else ""
        self._console.say(f"✅ 암호로 {taken}: {counts['taken']}개{more}")

    def _departments(self) -> list[Department]:
        return [
            Department(record["id"], record.get("name") or "", record.get("description") or "")
            for record in retry_throttled(partial(self._calendar.departments.list_stored, SYSTEM))
        ]

    def _rights(self) -> Rights:
        """Returns the rights as they are stored. Unlike a decision, this never starts token mode."""
        return retry_throttled(partial(self._calendar.permits.stored_rights, SYSTEM))
