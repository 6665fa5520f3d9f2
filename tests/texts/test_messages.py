"""Every code has a text in both languages and a status; every reason that is raised has a text."""

import re
import string
from pathlib import Path

import pytest

from teamcal import errors
from teamcal.texts.error_body import STATUS, code_of
from teamcal.texts.import_messages import IMPORT_MESSAGES
from teamcal.texts.language import MAX_ACCEPT, language_of, shortened
from teamcal.texts.messages import LANGUAGES, MESSAGES, message

PACKAGE = Path(errors.__file__).parent


def _subclasses(kind: type) -> list[type]:
    return [kind, *(one for child in kind.__subclasses__() for one in _subclasses(child))]


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", MESSAGES)
def test_every_text_stands_in_both_languages(code: str) -> None:
    texts = MESSAGES[code]
    assert set(texts) == set(LANGUAGES)
    assert all(text.strip() for text in texts.values())
    assert _placeholders(texts["ko"]) == _placeholders(texts["en"])
    assert re.search("[가-힣]", texts["ko"])
    assert not re.search("[가-힣]", texts["en"])


def test_what_a_report_says_instead_of_an_error_has_a_text() -> None:
    assert errors.EditedHere.code in IMPORT_MESSAGES


@pytest.mark.parametrize(
    "error", [one for one in _subclasses(errors.CalendarError) if one is not errors.EditedHere]
)
def test_every_error_has_a_text_and_a_status(error: type[errors.CalendarError]) -> None:
    assert error.code in MESSAGES
    assert 400 <= STATUS[error.code] < 600


def test_every_status_has_a_text() -> None:
    assert set(STATUS) <= set(MESSAGES)


def test_the_code_of_a_status_is_the_inverse_of_the_status_of_a_code() -> None:
    for status in set(STATUS.values()):
        code = code_of(status)
        assert code == "bad_request" or STATUS[code] == status
    assert [code_of(status) for status in (400, 404, 405, 413, 415)] == [
        "validation_error",
        "not_found",
        "method_not_allowed",
        "payload_too_large",
        "unsupported_media_type",
    ]


def test_a_status_without_a_code_of_its_own_depends_on_the_transport() -> None:
    assert code_of(418) == "bad_request"
    assert code_of(418, unknown="validation_error") == "validation_error"
    assert code_of(410) == "bad_request"  # Flask's 410 is about no event


def test_every_reason_that_is_raised_has_a_text() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    reasons = set(re.findall(r'_refuse\("(\w+)"', source))
    reasons |= set(re.findall(r'FieldProblem\([^,()]+, "(\w+)"', source))
    assert len(reasons) > 8
    assert reasons <= set(MESSAGES)


def test_of_a_long_accept_header_the_beginning_counts() -> None:
    junk = ",".join(f"x{number};q=0.1" for number in range(800))
    assert len(shortened(junk)) <= MAX_ACCEPT
    assert language_of({"HTTP_ACCEPT_LANGUAGE": f"en,{junk}"}) == "en"
    assert language_of({"HTTP_ACCEPT_LANGUAGE": "a" * 8_000}) == "ko"
    assert shortened("en-GB,en;q=0.9") == "en-GB,en;q=0.9"


def test_a_code_without_a_text_is_still_answered() -> None:
    assert message("no such code", "en") == MESSAGES["internal_error"]["en"]
    assert message("too_long", "ko", limit=5) == "5자 이하여야 합니다."
