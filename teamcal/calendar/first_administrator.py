"""The first administrator, who signs in with a link that the log shows once."""

from typing import Any

from teamcal.calendar.gateway import Gateway
from teamcal.calendar.people import People
from teamcal.domain.caller import SYSTEM
from teamcal.domain.items import ItemWrite
from teamcal.domain.people import User
from teamcal.errors import TokenInvalid
from teamcal.signin import setup
from teamcal.signin.setup import Setup

ITEM = "setup"


class FirstAdministrator:
    """Only with AUTH_MODE=token. Raises CalendarError."""

    def __init__(self, gateway: Gateway, people: People) -> None:
        self._gateway, self._people, self._items = gateway, people, gateway.database.items

    def is_missing(self) -> bool:
        return not self._people.has_administrator()

    def offer(self) -> str | None:
        """Returns a new code for the link; None if there is an administrator, or a link that is still good.

        Of several processes that ask at once, one gets a code.
        """
        if not self.is_missing():
            return None
        now, stored = self._gateway.now(), self._items.get(ITEM)
        if stored is not None and int(stored["expires_at"]) > now.timestamp():
            return None
        code, made = setup.make(now)
        item = {"id": ITEM, "code_hash": made.code_hash, "expires_at": made.expires_at}
        expects = None if stored is None else {"code_hash": stored["code_hash"]}
        return code if self._items.write(ItemWrite(ITEM, item, expects, new=stored is None)) else None

    def create(self, code: object, fields: dict[str, Any], password: str) -> User:
        """Creates the administrator of `fields` {login, name?}; `password` is a hash. The code is used up.

        Raises TokenInvalid if it isn't the one, LoginTaken, InvalidInput.
        """
        offered = self._offered(code)
        if offered is None:
            raise TokenInvalid
        consumes = (ItemWrite(ITEM, None, expects={"code_hash": offered.code_hash}),)
        return self._people.create(SYSTEM, {**fields, "admin": True}, password, consumes=consumes)

    def is_right(self, code: object) -> bool:
        """Whether the code opens the link that is stored, and nobody administers yet."""
        return self._offered(code) is not None

    def _offered(self, code: object) -> Setup | None:
        """Returns the link that the code opens; None if it opens none, or somebody administers."""
        stored = self._items.get(ITEM)
        if stored is None or not self.is_missing():
            return None
        offered = Setup(stored["code_hash"], int(stored["expires_at"]))
        return offered if setup.verify(offered, code, self._gateway.now()) else None
