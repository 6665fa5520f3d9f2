"""Who may do what. Pure; asked by the calendar only, before every read and every write."""

from teamcal.domain.caller import Caller, Right


def may(caller: Caller, right: Right, department_id: str) -> bool:
    """Returns whether `caller` has `right` in the department.

    Everybody who reaches the server may do everything: there is no sign-in yet, and what a caller calls
    himself is not verified.
    """
    return True
