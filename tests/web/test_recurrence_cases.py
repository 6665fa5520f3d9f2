"""The file of cases that the page's expander is held to says what the server's expander says."""

from tests.web import recurrence_cases


def test_the_cases_are_what_the_expander_says() -> None:
    """After a change of the expander: `python -m tests.web.recurrence_cases`, then `npm test` in web/."""
    assert recurrence_cases.FILE.read_text(encoding="utf-8") == recurrence_cases.text()
