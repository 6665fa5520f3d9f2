"""An OpenID Connect provider that signs properly, and makes the mistakes that a test asks for."""

import base64
import hashlib
import hmac
import json
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey

Claims = dict[str, Any]


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(header: dict[str, Any], claims: Claims, sign: Callable[[bytes], bytes]) -> str:
    """A token with any header and what `sign` makes of the rest."""
    signed = b64(json.dumps(header).encode()) + "." + b64(json.dumps(claims).encode())
    return f"{signed}.{b64(sign(signed.encode()))}"


@dataclass
class Provider:
    """`address`: of its server. What a test changes: everything below the first blank line."""

    address: str
    key: Key
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    client_id: str = "calendar"
    client_secret: str | None = "a secret : of the client"
    metadata: dict[str, Any] = field(default_factory=dict)
    published: list[Any] | None = None
    user: Claims = field(default_factory=lambda: {"sub": "4711", "name": "김하늘", "groups": ["staff"]})
    userinfo: Claims | None = None
    change_claims: Callable[[Claims], Claims] = lambda claims: claims
    make_token: "Callable[[Provider, Claims], Any] | None" = None
    change_return: Callable[[dict[str, str]], dict[str, str]] = lambda parameters: parameters
    codes_are_used_once: bool = True
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    before_answer: Callable[[str, Any], None] = lambda path, handler: None

    @property
    def issuer(self) -> str:
        return f"{self.address}/realm"

    def rotate(self, key: Key | None = None) -> None:
        """From now on signs with another key, and publishes only that."""
        self.key = key or new_key()

    def discovery(self) -> dict[str, Any]:
        names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint")
        return {
            "issuer": self.issuer,
            **{name: f"{self.address}/{name.removesuffix('_endpoint')}" for name in names},
            "jwks_uri": f"{self.address}/jwks",
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }

    def jwks(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)] if self.published is None else self.published}

    def authorize(self, query: dict[str, str]) -> str:
        """Signs the user in at once; returns the address to be sent back to."""
        assert query["response_type"] == "code"
        assert query["client_id"] == self.client_id
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        parameters = self.change_return({"code": code, "state": query["state"], "iss": self.issuer})
        return f"{query['redirect_uri']}?{urlencode(parameters)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        if not self._is_client(form, authorization):
            return 401, {"error": "invalid_client"}
        asked = self.codes.get(form["code"])
        if self.codes_are_used_once:
            self.codes.pop(form["code"], None)
        verifier = form.get("code_verifier", "")
        if (
            asked is None
            or asked["redirect_uri"] != form["redirect_uri"]
            or asked["code_challenge"] != b64(hashlib.sha256(verifier.encode()).digest())
        ):
            return 400, {"error": "invalid_grant"}
        access_token = secrets.token_urlsafe(8)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.client_id,
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
            "at_hash": b64(hashlib.sha256(access_token.encode()).digest()[:16]),
            **self.user,
        }
        claims = self.change_claims(claims)
        id_token = (self.make_token or Provider.signed)(self, claims)
        return 200, {"access_token": access_token, "token_type": "Bearer", "id_token": id_token}

    def signed(self, claims: Claims) -> str:
        algorithm = "ES256" if isinstance(self.key, ECKey) else "RS256"
        return jwt.encode({"alg": algorithm, "kid": self.key.kid}, claims, self.key)

    def _is_client(self, form: dict[str, str], authorization: str) -> bool:
        if self.client_secret is None:
            return form.get("client_id") == self.client_id and not authorization
        if "client_secret" in form:
            return hmac.compare_digest(form["client_secret"], self.client_secret)
        expected = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        return authorization == f"Basic {expected}"


def new_key(kind: type[Any] = RSAKey) -> Any:
    if kind is ECKey:
        return ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


@contextmanager
def running(key: Key | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Provider]:
    """A provider on loopback. `key`: making one takes a moment."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if self._prepared(parts.path):
                return
            if parts.path == "/authorization":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self._answer(302, b"", ("Location", provider.authorize(query)))
            elif parts.path == "/realm/.well-known/openid-configuration":
                self._answer(200, json.dumps(provider.discovery()).encode())
            elif parts.path == "/jwks":
                self._answer(200, json.dumps(provider.jwks()).encode())
            elif parts.path == "/userinfo" and self.headers["Authorization"].startswith("Bearer "):
                self._answer(200, json.dumps(provider.userinfo).encode())
            else:
                self._answer(404, b"{}")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if not self._prepared(self.path):
                status, answer = provider.token(dict(parse_qsl(body)), self.headers["Authorization"] or "")
                self._answer(status, json.dumps(answer).encode())

        def _prepared(self, path: str) -> bool:
            provider.requests.append(path)
            provider.before_answer(path, self)
            if path in provider.answers:
                self._answer(*provider.answers[path])
            return path in provider.answers

        def _answer(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
            self.send_response(status)
            for name, value in (*headers, ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            """Not on the test's output."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *arguments: Any) -> None:
            """A client that has given up is no error."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    provider = Provider(
        f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_port}", key or new_key()
    )
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
