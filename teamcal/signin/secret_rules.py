"""What a password or a passcode may be, and what counts as the same one."""

import re
import unicodedata
from typing import NamedTuple

from teamcal.errors import FieldProblem, InvalidInput


class Length(NamedTuple):
    """Of a secret, in characters."""

    low: int
    high: int


PASSWORD = Length(8, 256)
"""NIST SP 800-63B asks for 8 at least, for 64 to be possible, and for no rules about kinds of characters."""
PASSCODE = Length(4, 64)
"""A department's, which people tell each other."""

CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def normalized(secret: str) -> str:
    """Returns the secret as it is hashed: spaces as U+0020, and in NFC (RFC 8265, OpaqueString).

    macOS sends Hangul in pieces (NFD) where other systems send whole syllables.
    """
    spaces = "".join(" " if unicodedata.category(one) == "Zs" else one for one in secret)
    return unicodedata.normalize("NFC", spaces)


def checked(field: str, secret: object, length: Length = PASSWORD) -> str:
    """Returns a new secret, normalized. Raises InvalidInput about `field`."""
    if not isinstance(secret, str):
        raise InvalidInput([FieldProblem(field, "not_a_string")])
    if len(secret) > 4 * length.high:  # a megabyte isn't worth normalizing
        raise InvalidInput([FieldProblem(field, "too_long", {"limit": length.high})])
    if CONTROLS.search(secret):
        raise InvalidInput([FieldProblem(field, "bad_characters")])
    secret = normalized(secret)
    if len(secret) > length.high:
        raise InvalidInput([FieldProblem(field, "too_long", {"limit": length.high})])
    if len(secret) < length.low:
        raise InvalidInput([FieldProblem(field, "too_short", {"limit": length.low})])
    return secret
