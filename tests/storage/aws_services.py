"""Stand-ins for the AWS services that botocore asks for credentials, over HTTP on loopback."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import SSOProvider
from botocore.tokens import SSOTokenProvider

Answer = tuple[int, str, bytes]
"""Status, content type, body."""
START_URL = "https://example.awsapps.com/start"
ROLE = "arn:aws:iam::123456789012:role/calendar"
_OWN = ("KEY", "SECRET", "TOKEN", "PROFILE", "ROLE", "ACCOUNT", "CONTAINER", "WEB_IDENTITY", "ENDPOINT_URL")


class Service:
    """Answers every request with `answer`; without one it reads the request and hangs."""

    def __init__(self, answer: Answer | None) -> None:
        self.answer, self.paths = answer, list[str]()
        self._ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                service.paths.append(self.path)
                if service.answer is None:
                    service._ended.wait(60)
                    return
                status, kind, body = service.answer
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PUT = do_POST

            def log_message(self, *arguments: Any) -> None:
                pass

        return Handler

    def end(self) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def service(answer: Answer | None) -> Iterator[Service]:
    service = Service(answer)
    try:
        yield service
    finally:
        service.end()


def sts_error(code: str, message: str = "No.", status: int = 403) -> Answer:
    body = (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    )
    return status, "text/xml", body.encode()


def sts_credentials(lifetime: timedelta = timedelta(hours=1)) -> Answer:
    expires = (datetime.now(UTC) + lifetime).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = (
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>'
        "<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey>"
        f"<SessionToken>role-token</SessionToken><Expiration>{expires}</Expiration></Credentials>"
        f"<AssumedRoleUser><AssumedRoleId>A:b</AssumedRoleId><Arn>{ROLE}</Arn></AssumedRoleUser>"
        "</AssumeRoleResult></AssumeRoleResponse>"
    )
    return 200, "text/xml", body.encode()


def json_error(code: str, message: str = "No.", status: int = 400) -> Answer:
    return status, "application/json", json.dumps({"__type": code, "message": message}).encode()


class Home:
    """A user's AWS files in a folder of the test's own; the environment has nothing else of AWS."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder, self._monkeypatch = folder, monkeypatch
        self._sso_cache = folder / ".aws" / "sso" / "cache"
        for name in list(os.environ):
            if name.startswith("AWS_") and any(word in name for word in _OWN):
                monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", str(folder))
        for provider in (SSOProvider, SSOTokenProvider):
            monkeypatch.setattr(provider, "_SSO_TOKEN_CACHE_DIR", str(self._sso_cache))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def set(self, **variables: str) -> None:
        for name, value in variables.items():
            self._monkeypatch.setenv(name, value)

    def config(self, text: str) -> None:
        (self._folder / "config").write_text(text)

    def role(self, sts: Service) -> None:
        """The default profile takes a role on."""
        self.set(AWS_ENDPOINT_URL_STS=sts.url)
        self.config(
            f"[default]\nrole_arn = {ROLE}\nsource_profile = user\n"
            "[profile user]\naws_access_key_id = AKIAUSER\naws_secret_access_key = user-secret\n"
        )

    def sso(self, portal: Service | None = None, **token: str) -> None:
        """The default profile signs in by SSO; `token`: the cached one, if any."""
        if portal:
            self.set(AWS_ENDPOINT_URL_SSO=portal.url, AWS_ENDPOINT_URL_SSO_OIDC=portal.url)
        self.config(
            "[default]\nsso_session = office\nsso_account_id = 123456789012\nsso_role_name = calendar\n"
            f"[sso-session office]\nsso_region = eu-west-1\nsso_start_url = {START_URL}\n"
        )
        if token:
            self._sso_cache.mkdir(parents=True)
            name = sha1(b"office", usedforsecurity=False).hexdigest()
            (self._sso_cache / f"{name}.json").write_text(
                json.dumps({"startUrl": START_URL, "region": "eu-west-1", **token})
            )
