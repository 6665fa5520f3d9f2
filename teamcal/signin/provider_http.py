"""Requests to the identity provider: encrypted, of bounded time and size, and never redirected.

urllib because it knows the proxies that HTTPS_PROXY and NO_PROXY name, and the system's certificates.
"""

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from teamcal.deadline import remaining
from teamcal.errors import ProviderUnavailable

SECONDS = 5.0
"""For one request with its answer; less if our own client can't wait for so long."""
MAX_BYTES = 1024 * 1024
"""Of one answer."""
AT_ONCE = 8
"""Requests under way. A provider that never finishes an answer holds no more than these."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Answer(NamedTuple):
    """Looks to Authlib like an answer of `requests`."""

    status_code: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise ProviderUnavailable(f"status {self.status_code}")


def is_safe(url: object) -> bool:
    """Whether secrets may be sent to `url`: over TLS, or to this machine itself."""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


class ProviderHttp:
    """Authlib's session. All methods raise ProviderUnavailable."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._places = threading.Semaphore(AT_ONCE)
        no_redirects = _NoRedirects()
        self._opener = urllib.request.build_opener(no_redirects)
        self._directly = urllib.request.build_opener(no_redirects, urllib.request.ProxyHandler({}))

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self._within_time(urllib.request.Request(_checked(url), headers=dict(headers or {})))

    def post(self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> Answer:
        """`auth`: Authlib's ClientAuth, which adds the client's id and secret."""
        url, all_headers, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        request = urllib.request.Request(_checked(url), body.encode(), all_headers, method="POST")
        return self._within_time(request)

    def json_object(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Returns the JSON object at `url`."""
        answer = self.get(url, headers)
        try:
            value = answer.json() if answer.status_code == 200 else None
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise ProviderUnavailable(f"{url}: status {answer.status_code}, no JSON object")
        return value

    def _within_time(self, request: urllib.request.Request) -> Answer:
        """Asks in a thread of its own: no timeout of a socket bounds name resolution, or a head in drops."""
        if not self._places.acquire(blocking=False):
            raise ProviderUnavailable("too many requests under way")
        done, seconds = threading.Event(), min(self._seconds, remaining())
        results: list[Answer | Exception] = []

        def ask() -> None:
            try:
                results.append(self._ask(request, seconds))
            except (OSError, http.client.HTTPException, ValueError) as error:
                results.append(error)
            finally:
                self._places.release()
                done.set()

        threading.Thread(target=ask, daemon=True).start()
        done.wait(seconds)
        result = results[0] if results else TimeoutError()
        if not isinstance(result, Answer):
            reason = getattr(result, "reason", None) or result
            raise ProviderUnavailable(f"{request.full_url}: {type(reason).__name__}")
        return result

    def _ask(self, request: urllib.request.Request, seconds: float) -> Answer:
        ends = time.monotonic() + seconds
        is_here = urlsplit(request.full_url).hostname in _LOOPBACK
        opener = self._directly if is_here else self._opener
        try:
            response = opener.open(request, timeout=max(seconds, 0.001))
        except urllib.error.HTTPError as error:  # an answer too
            response = error
        with response:
            return Answer(response.status, _read(response.read1, ends))


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """An answer that leads elsewhere is an error: the next address isn't checked, and a code would leak."""

    def redirect_request(self, *arguments: Any) -> None:
        return None


def _checked(url: str) -> str:
    if not is_safe(url):
        raise ProviderUnavailable(f"{url!a} isn't https")
    return url


def _read(read: Callable[[int], bytes], ends: float) -> bytes:
    body = bytearray()
    while part := read(65_536):
        body += part
        if len(body) > MAX_BYTES:
            raise ValueError("an answer of more than a megabyte")
        if time.monotonic() > ends:
            raise TimeoutError
    return bytes(body)
