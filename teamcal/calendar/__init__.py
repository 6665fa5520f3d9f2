"""Use cases: permit → commit → answer. The one way in for every transport."""

from collections.abc import Callable, Sequence
from datetime import datetime

from teamcal.calendar.audit import Audit
from teamcal.calendar.batch import Batch
from teamcal.calendar.catch_up import CatchUp
from teamcal.calendar.departments import Departments
from teamcal.calendar.devices import Devices
from teamcal.calendar.events import Events
from teamcal.calendar.expanded import Expanded
from teamcal.calendar.feeds import Feeds
from teamcal.calendar.first_administrator import FirstAdministrator
from teamcal.calendar.gateway import Gateway
from teamcal.calendar.history import History
from teamcal.calendar.holidays import Holidays
from teamcal.calendar.imports import Imports
from teamcal.calendar.overlaps import Overlaps
from teamcal.calendar.people import People
from teamcal.calendar.policies import Policies
from teamcal.calendar.stored_times import StoredTimes
from teamcal.calendar.tokens import Tokens
from teamcal.domain.database import Database
from teamcal.domain.holidays import OwnDay
from teamcal.sync.replicas import Replicas


class Calendar:
    """What can be done with departments and events. Every method names its caller; raises CalendarError.

    `write(caller, department_id, operations, atomic)` is the gateway that every write passes;
    `stored_id(given)` is what every id from outside passes. `permits` says who may what at this moment; with
    AUTH_MODE=token there are also `people`, `policies`, `tokens`, `audit`, `devices`
    and `first_administrator`.
    """

    def __init__(
        self,
        database: Database,
        replicas: Replicas,
        now: Callable[[], datetime],
        own_days: Sequence[OwnDay] = (),
    ) -> None:
        gateway = Gateway(database, replicas, now)
        self.write, self.stored_id = gateway.write, gateway.stored_id
        self.departments = Departments(gateway)
        self.events = Events(gateway)
        self.expanded = Expanded(gateway)
        self.imports = Imports(gateway)
        self.feeds = Feeds(gateway, self.departments, self.events)
        self.overlaps = Overlaps(gateway)
        self.batch = Batch(gateway, self.events)
        self.catch_up = CatchUp(gateway)
        self.history = History(gateway)
        self.holidays = Holidays(gateway, own_days)
        self.permits = gateway.permits
        self.people = People(gateway)
        self.policies = Policies(gateway)
        self.stored_times = StoredTimes(gateway)
        self.tokens = Tokens(gateway)
        self.audit = Audit(gateway)
        self.devices = Devices(gateway, self.people, self.tokens)
        self.first_administrator = FirstAdministrator(gateway, self.people)
