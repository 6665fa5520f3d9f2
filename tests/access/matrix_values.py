"""What the names in the requests of the matrix stand for."""

from dataclasses import dataclass
from typing import Any

from tests.access.matrix_scene import KINDS, UNKNOWN, Came, Scene, address


@dataclass
class Values:
    """What `{names}` stand for in a request of `came` about a department of `kind`; "unknown": about none.

    `fresh`: what the request is going to change.
    """

    scene: Scene
    came: Came
    kind: str
    fresh: str = ""
    made_department: str = ""

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    @property
    def department(self) -> str:
        return self.made_department or self.scene.departments.get(self.kind, UNKNOWN)

    @property
    def _event(self) -> dict[str, Any]:
        if self.kind == "unknown":
            return {"id": UNKNOWN, "revision": 1}
        return self.scene.event(self.kind) if self.fresh == "event" else self.scene.events[self.kind]

    @property
    def event(self) -> str:
        return str(self._event["id"])

    @property
    def job(self) -> str:
        return self.scene.jobs.get(self.kind, UNKNOWN)

    @property
    def tombstone(self) -> dict[str, Any]:
        if self.kind == "unknown":
            return {"id": UNKNOWN, "revision": 1}
        if self.fresh == "event":
            self.scene.tombstones[self.kind] = self.scene.tombstone(self.kind)
        return self.scene.tombstones[self.kind]

    @property
    def tombstone_revision(self) -> int:
        """After `tombstone`."""
        return 1 if self.kind == "unknown" else int(self.scene.tombstones[self.kind]["revision"])

    @property
    def access(self) -> str:
        return self.kind if self.kind in ("open", "private") else "members"

    @property
    def unique(self) -> str:
        return address("x")

    @property
    def own(self) -> str:
        return self.came.user or UNKNOWN

    @property
    def own_token(self) -> str:
        owner = next((user for user in self.scene.users.values() if user.id == self.came.user), None)
        return "0" * 64 if owner is None else self.scene.token_id(owner)

    @property
    def token_in_use(self) -> str:
        return self.came.token_id

    @property
    def other_user(self) -> str:
        return self.scene.users["other"].id

    @property
    def others_token(self) -> str:
        other = self.scene.users["other"]
        return self.scene.token_id(other) if self.fresh == "others" else self.scene.others_token

    @property
    def user_code(self) -> str:
        return self.scene.device_code() if self.fresh == "device" else self.scene.user_code

    @property
    def device_code(self) -> str:
        return self.scene.pending_device

    def filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.filled(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.filled(one) for one in value]
        if not isinstance(value, str) or "{" not in value:
            return value
        if value.startswith("{") and value.find("}") == len(value) - 1:
            return self[value[1:-1]]
        return value.format_map(self)


for _kind in KINDS:
    setattr(Values, f"to_{_kind}", property(lambda values, kind=_kind: values.scene.departments[kind]))
