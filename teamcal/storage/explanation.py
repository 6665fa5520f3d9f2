"""What AWS or botocore says of an error, fit for the operator's log: short, one line, no secrets."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from botocore.exceptions import ClientError

MAX_LETTERS = 500
SKEW_SECONDS = 240.0
"""A clock that differs by less isn't worth a word: AWS accepts five minutes."""
# What comes after these is of no use, and contains the request's headers, the session token among them.
_USELESS = re.compile("The Canonical String|The String-to-Sign|Encoded authorization failure message")
_KEY_ID = re.compile(r"\b(A3T|ABIA|ACCA|AKIA|ASIA)[A-Z0-9]{12,}\b")
_LONG_VALUE = re.compile(r"(?<![\w/+=:.-])[A-Za-z0-9+/=]{40,}(?![\w/+=:.-])")
_NAMED_VALUE = re.compile(
    r"((?:secret|token|password|signature|x-amz-security-token|authorization)[\w-]*[\"']?\s*[:=]\s*[\"']?)[^\s\"',]{8,}",
    re.IGNORECASE,
)
_SKEW = re.compile(r"Signature (?:expired|not yet current): (\d{8}T\d{6}Z)\D.*\((\d{8}T\d{6}Z)")


def explanation_of(error: BaseException, secrets: Iterable[str | None] = ()) -> str:
    """Returns AWS's or botocore's own words, at most MAX_LETTERS; `secrets` never stand in it."""
    if isinstance(error, ClientError):
        details = error.response.get("Error", {})
        text = str(details.get("Message") or error.response.get("message") or "")
    else:
        text = str(error)
    return fit_for_log(text, secrets)


def fit_for_log(text: str, secrets: Iterable[str | None] = ()) -> str:
    text = _USELESS.split(text[: 20 * MAX_LETTERS])[0]
    for secret in secrets:
        if secret and len(secret) > 3:
            text = text.replace(secret, "***")
    text = _NAMED_VALUE.sub(r"\1***", _LONG_VALUE.sub("***", _KEY_ID.sub("***", text)))
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return text if len(text) <= MAX_LETTERS else text[: MAX_LETTERS - 1] + "…"


def seconds_ahead(error: BaseException) -> float:
    """Returns by how much this machine's clock is ahead of AWS's, as far as an answer tells; else 0."""
    if not isinstance(error, ClientError):
        return 0.0
    words = _SKEW.search(str(error.response.get("Error", {}).get("Message", "")))
    if words:
        ours, theirs = (datetime.strptime(time, "%Y%m%dT%H%M%S%z") for time in words.groups())
        return (ours - theirs).total_seconds()
    date = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        return (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError):
        return 0.0
