"""Use cases: permit → commit → answer. The one way in for every transport."""

from collections.abc import Callable
from datetime import datetime

from teamcal.calendar.batch import Batch
from teamcal.calendar.catch_up import CatchUp
from teamcal.calendar.departments import Departments
from teamcal.calendar.events import Events
from teamcal.calendar.gateway import Gateway
from teamcal.calendar.history import History
from teamcal.domain.database import Database
from teamcal.sync.replicas import Replicas


class Calendar:
    """What can be done with departments and events. Every method names its caller; raises CalendarError.

    `write(caller, department_id, operations, atomic)` is the gateway that every write passes.
    """

    def __init__(self, database: Database, replicas: Replicas, now: Callable[[], datetime]) -> None:
        gateway = Gateway(database, replicas, now)
        self.write = gateway.write
        self.departments = Departments(gateway)
        self.events = Events(gateway)
        self.batch = Batch(gateway, self.events)
        self.catch_up = CatchUp(gateway)
        self.history = History(gateway)
