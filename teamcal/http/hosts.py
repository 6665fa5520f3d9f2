"""Under which names the server answers. Ends DNS rebinding: a page whose own name leads to this server.

Browsers take such a page for one of the server's own. Only a name can be made to lead here, so addresses and
`localhost` are always answered.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit
from wsgiref.types import WSGIEnvironment

from teamcal.http.clients import Proxies

HOSTS_KEPT = 256


class HostRule:
    """Says whether a request is for this server: `names`, addresses and localhost, on any port."""

    def __init__(self, names: Iterable[str], proxies: Proxies) -> None:
        self._names, self._proxies = frozenset(names), proxies
        self._allows = lru_cache(HOSTS_KEPT)(self._judge)

    def __call__(self, environ: WSGIEnvironment) -> bool:
        return all(map(self._allows, self._proxies.hosts_of(environ)))

    def _judge(self, host: str) -> bool:
        name = name_of(host)
        return name in self._names or is_address(name) or name == "localhost" or name.endswith(".localhost")


def names_of(public_url: str | None, allowed_hosts: Iterable[str], host: str) -> set[str]:
    """Returns the names in the settings: the address's, the listed ones, and what the server listens on."""
    return {urlsplit(public_url or "").hostname or "", *allowed_hosts, host.lower()} - {""}


def is_served_to_all(path: str) -> bool:
    """Whether a path is answered under any name: the page, its files and the check of health hold no data."""
    return path in ("/", "/sw.js", "/healthz") or path.startswith("/web/")


def name_of(host: str) -> str:
    """Returns the name or address in a Host header, lower case, without its port; "" if there is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").removesuffix(".") if host.isascii() else ""
    except ValueError:
        return ""


def is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
