"""Arithmetic with dates as events have them, `YYYY-MM-DD`. Pure."""

from datetime import date, timedelta

from teamcal.errors import FieldProblem, InvalidInput


def moved(day: str, days: int) -> str:
    """Returns the date so many days later. Raises InvalidInput beyond the calendar's ends."""
    try:
        return (date.fromisoformat(day) + timedelta(days)).isoformat()
    except OverflowError:
        raise InvalidInput([FieldProblem("event_date", "not_a_date")]) from None


def days_between(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days
