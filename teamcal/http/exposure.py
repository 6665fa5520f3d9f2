"""What the operator is told, or has to mend first, when others than this machine reach the server."""

import logging
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlsplit

import click

from teamcal.settings import Settings, SettingsError

logger = logging.getLogger(__name__)

OPEN_TEXT = """⚠ {addresses}에서 로그인 없이(AUTH_MODE=open) 접속을 받습니다.
  - 이 서버에 접속할 수 있으면 누구나 모든 부서와 일정을 보고, 바꾸고, 지울 수 있습니다.{pages}
  - 로그인을 켜려면 AUTH_MODE=token으로, 이 컴퓨터에서만 쓰려면 HOST=127.0.0.1로 설정하세요 (gunicorn: --bind 127.0.0.1:8000).
  The server listens on {addresses} without signing in (AUTH_MODE=open).
  - Whoever reaches it can read, change and delete all departments and events.{english_pages}
  - Set AUTH_MODE=token to turn signing in on, or HOST=127.0.0.1 to serve this computer alone (gunicorn: --bind 127.0.0.1:8000)."""  # noqa: E501 -- a line of the log is one
PAGES = (
    "\n  - 직원이 다른 사이트를 열면 그 웹 페이지도 브라우저를 통해 똑같이 할 수 있습니다. "
    "막으려면 CORS_ORIGINS와 PUBLIC_URL을 설정하세요."
)
ENGLISH_PAGES = (
    "\n  - So can any web page that one of them visits, through the browser. "
    "Set CORS_ORIGINS and PUBLIC_URL to stop that."
)
NAMES_TEXT = (
    "PUBLIC_URL: AUTH_MODE=token으로 다른 컴퓨터의 접속을 받으려면({addresses}) 주소를 설정해야 합니다. "
    "예: PUBLIC_URL=https://calendar.example.com 또는 ALLOWED_HOSTS=calendar.example.com. "
    "Required with AUTH_MODE=token when others than this computer can connect; or ALLOWED_HOSTS."
)
REDIS_TEXT = (
    "REDIS_URL: AUTH_MODE=token에서는 다른 컴퓨터의 Redis에 비밀번호나 TLS가 있어야 합니다. "
    "With AUTH_MODE=token a Redis elsewhere needs a password or TLS: "
    "redis://:password@host:6379 or rediss://host:6379"
)


class Exposure:
    """Who can reach the server, by the addresses on which it listens. Nobody else knows of a proxy."""

    def __init__(self, settings: Settings, any_page: bool) -> None:
        """Raises SettingsError for a Redis that others can use in token mode."""
        self._token_mode, self._any_page = settings.token_mode, any_page
        self._named = bool(settings.public_url or settings.allowed_hosts)
        self.address = settings.public_url
        """Where the page is: PUBLIC_URL, else on this computer; None as long as nobody knows."""
        if settings.token_mode and settings.redis_url and not is_private_redis(settings.redis_url):
            raise SettingsError(REDIS_TEXT)

    def serve_on(self, addresses: Sequence[Any], tell: bool = True, scheme: str = "http") -> None:
        """Called before the first request. `addresses`: hosts, or what sockets have as their names.

        Beyond loopback, open mode warns if it is to `tell`. Raises SettingsError in token mode without names.
        """
        if self.address is None:
            self.address = next(filter(None, (_url_of(address, scheme) for address in addresses)), None)
        hosts = [host for host in map(_host_of, addresses) if host is not None and not is_loopback(host)]
        if not hosts:
            return
        shown = ", ".join(hosts)
        if self._token_mode:
            if not self._named:
                raise SettingsError(NAMES_TEXT.format(addresses=shown))
        elif tell:
            pages = (PAGES, ENGLISH_PAGES) if self._any_page else ("", "")
            text = OPEN_TEXT.format(addresses=shown, pages=pages[0], english_pages=pages[1])
            logger.warning("%s", text, extra={"several_lines": True})


def refuse_to_start(error: SettingsError) -> NoReturn:
    """Ends the process without a stack trace: the message names the variable and what is allowed.

    gunicorn takes exit status 4 as "the worker can't start".
    """
    print(f"✗ 설정 오류 (configuration): {error}", file=sys.stderr)
    sys.exit(4)


def flask_run_address() -> Sequence[tuple[str, int]]:
    """Returns the address of `flask run`, if that is what imports the application."""
    context = click.get_current_context(silent=True)
    if context is None or context.info_name != "run" or "host" not in context.params:
        return []
    return [(context.params["host"], context.params["port"])]


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def is_private_redis(url: str) -> bool:
    """Whether nobody else's process can speak to it: on this machine, or with a password or TLS."""
    parts = urlsplit(url)
    if parts.scheme in ("unix", "rediss"):
        return True
    # redis-py's defaults and query arguments: https://redis.readthedocs.io/en/stable/connections.html
    return is_loopback(parts.hostname or "localhost") or bool(
        parts.password or parse_qs(parts.query).get("password")
    )


def _url_of(address: Any, scheme: str) -> str | None:
    """Returns where a browser of this computer finds the page; None if it doesn't there."""
    if not isinstance(address, tuple) or not is_loopback(str(address[0])):
        return None
    host = f"[{address[0]}]" if ":" in str(address[0]) else address[0]
    return f"{scheme}://{host}:{address[1]}"


def _host_of(address: Any) -> str | None:
    """Returns the host of an address; None for a Unix socket, which only this machine reaches."""
    if isinstance(address, tuple):
        return str(address[0])
    return address if isinstance(address, str) and address and not address.startswith("/") else None
