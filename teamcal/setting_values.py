"""The texts of environment variables → values. Each function is a parser of teamcal/settings.py."""

import ipaddress
import math
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from teamcal.env_file import MEGABYTE
from teamcal.zones import zone_name

ROOT = Path(__file__).resolve().parent.parent


class InvalidSetting(ValueError):
    """The end of the sentence "NAME: must be …"."""


Parser = Callable[[str], Any]
"""Returns the value of a setting's text, which isn't empty. Raises InvalidSetting."""


def text(value: str) -> str:
    return value


def stripped(value: str) -> str:
    return value.strip()


def one_word(value: str) -> str:
    if not re.fullmatch(r"[!#-&(-~]+", value):
        raise InvalidSetting(
            "one word: 줄 바꿈, 공백, 따옴표, 한글은 쓸 수 없습니다 (no line break, blank, quote or letter "
            "beyond ASCII; a file with Windows line ends leaves a \\r at the end)"
        )
    return value


def region(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
        raise InvalidSetting("a region such as ap-northeast-2")
    return value


def table_name(value: str) -> str:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
    if not re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", value):
        raise InvalidSetting("a table name (3 to 255 of A-Z a-z 0-9 _ . -)")
    return value


def time_zone(value: str) -> str:
    name = zone_name(value.strip())
    if name is None:
        raise InvalidSetting("the name of a time zone such as Asia/Seoul")
    return name


def one_of(*allowed: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in allowed:
            raise InvalidSetting(f"one of {', '.join(allowed)}")
        return value

    return parse


def on_or_off(value: str) -> bool:
    return one_of("on", "off")(value) == "on"


def is_development(value: str) -> bool:
    return one_of("production", "development", "testing")(value) != "production"


def is_token_mode(value: str) -> bool:
    return one_of("open", "token")(value) == "token"


Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]


def networks(value: str) -> Networks:
    names = [name.strip() for name in value.split(",") if name.strip()]
    try:
        return tuple(ipaddress.ip_network(name) for name in names)
    except ValueError as error:
        raise InvalidSetting(
            f"a comma-separated list of networks such as 192.168.0.0/24, fd00::/8 ({error})"
        ) from None


def number(low: float, high: float, kind: type[float] = int) -> Parser:
    def parse(value: str) -> float:
        try:
            parsed = kind(value)
        except ValueError:
            parsed = math.nan
        if not low <= parsed <= high:  # nan is refused too
            raise InvalidSetting(f"a number from {low} to {high}")
        return parsed

    return parse


def megabytes(low: int, high: int) -> Parser:
    """Returns a parser of a size that is given in MB; its values are bytes."""
    parse_number = number(low, high)
    return lambda value: parse_number(value) * MEGABYTE


def kilobytes(low: int, high: int) -> Parser:
    """Returns a parser of a size that is given in KB; its values are bytes."""
    parse_number = number(low, high)
    return lambda value: parse_number(value) * 1024


def path(value: str) -> Path:
    return (ROOT / value).resolve()


def endpoint(value: str) -> str:
    pattern = r"https?://(\[[0-9a-fA-F:.]+\]|[^\s/:@]+)(:[0-9]{1,5})?/?"
    if value != "embedded" and not (re.fullmatch(pattern, value) and _port_exists(value)):
        raise InvalidSetting("empty (AWS), 'embedded' or http(s)://host[:port]")
    return value


_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")


def origins(value: str) -> tuple[str, ...]:
    names = tuple(_origin(part.strip()) for part in value.split(",") if part.strip())
    valid = all(name == "*" or (_ORIGIN.fullmatch(name) and _port_exists(name)) for name in names)
    if not names or not valid:  # flask-cors and Engine.IO would take an empty list as "all"
        raise InvalidSetting("* or a comma-separated list of origins such as https://calendar.example.com")
    return names


def _origin(text: str) -> str:
    """Returns an origin as browsers send it: ASCII, in lower case, without the port that its scheme means."""
    origin = text.rstrip("/").lower()
    if not origin.isascii():  # a name in Hangul; in a header it would make every answer invalid
        scheme, mark, host = origin.partition("://")
        with suppress(UnicodeError):
            origin = scheme + mark + host.encode("idna").decode()
    return re.sub(r"^(http://.*):80$|^(https://.*):443$", r"\1\2", origin)


def public_url(value: str) -> str:
    """Returns an address without a slash at its end."""
    scheme, mark, rest = value.strip().partition("://")
    host, slash, path = rest.rstrip("/").partition("/")
    origin = _origin(scheme + mark + host)
    if not (_ORIGIN.fullmatch(origin) and _port_exists(origin) and re.fullmatch(r"[!-~]*", path)):
        raise InvalidSetting("the page's address, such as https://calendar.example.com")
    if set(path) & set("?#"):
        raise InvalidSetting("an address without ? and #")
    return origin + slash + path


def host_names(value: str) -> tuple[str, ...]:
    names = tuple(_origin(f"http://{part.strip()}")[7:] for part in value.split(",") if part.strip())
    if not names or not all(re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", name) for name in names):
        raise InvalidSetting(
            "a comma-separated list of names such as calendar.example.com, without http:// and port "
            "(addresses and localhost are always allowed)"
        )
    return names


def issuer(value: str) -> str:
    # As the provider writes it, with or without a slash at its end (OpenID Connect Discovery 1.0, 4.3).
    loopback = r"http://(127\.0\.0\.1|\[::1\]|localhost)(:[0-9]{1,5})?"
    if not re.fullmatch(rf"(https://[^\s/:@?#]+(:[0-9]{{1,5}})?|{loopback})(/[!-~]*)?", value):
        raise InvalidSetting("the provider's https address, such as https://login.example.com/realms/company")
    if set(value) & set("?#") or not _port_exists(value):
        raise InvalidSetting("an address without ? and #")
    return value


def redis_address(value: str) -> str:
    if not re.match(r"(rediss?|unix)://", value) or not _port_exists(value):
        raise InvalidSetting("redis://…, rediss://… or unix://…; @ : / of a password as %40 %3A %2F")
    return value


def _port_exists(url: str) -> bool:
    """Whether the port of `url`, if there is one, can be. Libraries look at it at the first connection."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False
