"""Who a request comes from, seen through the proxies in front of the server.

werkzeug's ProxyFix has the same rule for the address; it isn't used because it takes 7 µs of every request,
doesn't tell how many hops there were, and makes a client's own X-Forwarded-Host the Host of the request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from wsgiref.types import WSGIEnvironment

Address = IPv4Address | IPv6Address

ADDRESSES_KEPT = 1024
_CLIENT = "teamcal.client"
_FOR, _PROTO, _HOST = "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST"
_LISTS = ("HTTP_FORWARDED", "HTTP_VIA")
"""Never believed, but they count the hops as well."""
_MARKS = (_PROTO, _HOST, "HTTP_X_REAL_IP", "HTTP_X_CLIENT_IP", "HTTP_TRUE_CLIENT_IP", "HTTP_CF_CONNECTING_IP")
"""Never believed as addresses, but only proxies send them."""
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from.

    `ip` is None for what isn't an address, as over a Unix socket. `is_certain`: the request passed exactly
    the configured proxies. Only then may rights depend on the address; limits and logs take it as it is.
    """

    ip: Address | None
    is_certain: bool

    @property
    def address(self) -> str:
        """The address as text; empty if there is none."""
        return "" if self.ip is None else str(self.ip)

    @property
    def household(self) -> str:
        """What limits count: the address; of IPv6 the /64 network, all of which one client can use."""
        if isinstance(self.ip, IPv6Address):
            return str(ip_network((int(self.ip), 64), strict=False))
        return self.address


class Proxies:
    """The hops whose X-Forwarded-For, -Proto and -Host count: the last `count` entries of each."""

    def __init__(self, count: int) -> None:
        self.count = count

    def client_of(self, environ: WSGIEnvironment) -> Client:
        """Returns the client of a request, found once for each."""
        client: Client | None = environ.get(_CLIENT)
        if client is None:
            client = environ[_CLIENT] = self._find(environ)
        return client

    def described(self, environ: WSGIEnvironment) -> str:
        """Returns the client for a line in the log: what isn't certain is told as what it is."""
        client, claimed = self.client_of(environ), environ.get(_FOR)
        address = client.address or "a socket"
        return (
            address if client.is_certain or not claimed else f"{address} (X-Forwarded-For: {claimed[:200]})"
        )

    def scheme_of(self, environ: WSGIEnvironment) -> str:
        """Returns http or https, as the client's browser sees it."""
        direct = str(environ.get("wsgi.url_scheme", "http"))
        return _SCHEMES.get((self._entry(environ, _PROTO) or direct).lower(), direct)

    def host_of(self, environ: WSGIEnvironment) -> str:
        """Returns host and port as the client's browser sees them."""
        return self._entry(environ, _HOST) or str(environ.get("HTTP_HOST", ""))

    def hosts_of(self, environ: WSGIEnvironment) -> Sequence[str]:
        """Returns all that may be the host of the request, and must therefore be allowed.

        A page may send any X-Forwarded-Host to its own origin, and a proxy that sets none passes it on:
        beside it, the Host counts too.
        """
        host = str(environ.get("HTTP_HOST", ""))
        return [host, *_entries(environ.get(_HOST, ""))] if self.count and _HOST in environ else [host]

    def _find(self, environ: WSGIEnvironment) -> Client:
        hops = _entries(environ.get(_FOR, ""))
        if not self.count:
            is_direct = not hops and not any(name in environ for name in (*_LISTS, *_MARKS))
            ip = _address(environ.get("REMOTE_ADDR", ""))
            return Client(ip, is_direct and ip is not None)
        others = max(len(_entries(environ.get(name, ""))) for name in _LISTS)
        is_certain = len(hops) == self.count and others <= self.count
        client = hops[-self.count] if len(hops) >= self.count else environ.get("REMOTE_ADDR", "")
        ip = _address(client)
        return Client(ip, is_certain and ip is not None)

    def _entry(self, environ: WSGIEnvironment, name: str) -> str:
        """What the outermost trusted hop set; most proxies replace -Proto and -Host instead of appending."""
        if not self.count or name not in environ:
            return ""
        entries = _entries(environ[name])
        return entries[max(-self.count, -len(entries))] if entries else ""


def _entries(header: str) -> list[str]:
    return [entry.strip() for entry in header.split(",")] if header else []


@lru_cache(ADDRESSES_KEPT)
def _address(text: str) -> Address | None:
    """Returns an address in the form that networks are compared in; some proxies add the port."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        ip = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip
