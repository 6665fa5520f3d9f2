"""Signing in at an identity provider: OpenID Connect, authorization code flow with PKCE, state and nonce."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.client import OAuth2Client

from teamcal.domain.people import MAX_GROUPS
from teamcal.errors import ProviderUnavailable, SignInRefused
from teamcal.signin.id_token import Expected, claims_of
from teamcal.signin.pending import Pending, PendingSignIns
from teamcal.signin.provider import Provider
from teamcal.signin.provider_http import ProviderHttp

logger = logging.getLogger(__name__)

SCOPE = "openid profile email"
_TEXT = 100
"""Characters of a name, a login or a group."""


class Client(NamedTuple):
    """What the administrator has agreed with the provider; see docs/settings.md."""

    issuer: str
    client_id: str
    client_secret: str | None
    groups_claim: str = "groups"
    admin_group: str | None = None


class Identity(NamedTuple):
    """Who signed in.

    `subject` (`issuer|sub`) is the only thing that names a person for ever: the login and the address may be
    given to somebody else, so never find a user by them. `admin` is None where the provider doesn't decide.
    """

    subject: str
    name: str
    login: str
    email: str
    groups: tuple[str, ...]
    admin: bool | None


class OpenIdConnect:
    """One identity provider. `clock`: seconds since the epoch."""

    def __init__(
        self,
        client: Client,
        secret_key: str,
        http: ProviderHttp | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._clock = client, clock
        self._http = http or ProviderHttp()
        self._provider = Provider(client.issuer, self._http, monotonic)
        self._pending = PendingSignIns(secret_key)

    def begin(self, redirect_uri: str, return_to: str = "/") -> tuple[str, str]:
        """Returns the provider's address to go to, and the value of a cookie that `finish` needs.

        `redirect_uri`: our address that the provider sends people back to. Raises ProviderUnavailable.
        """
        metadata = self._provider.metadata()
        pending, cookie = self._pending.begin(redirect_uri, local_path(return_to), self._clock())
        oauth = self._oauth("none", pending)
        url, _ = oauth.create_authorization_url(
            metadata.authorization_endpoint,
            state=pending.state,
            code_verifier=pending.verifier,
            nonce=pending.nonce,
        )
        return url, cookie

    def finish(self, cookie: str | None, query: Mapping[str, str]) -> tuple[Identity, str]:
        """Returns who came back, and the `return_to` of `begin`.

        `query`: the parameters with which the provider sent him. Raises SignInRefused, ProviderUnavailable.
        """
        pending = self._pending.finish(cookie, query.get("state"), self._clock())
        metadata = self._provider.metadata()
        if query.get("iss", "" if metadata.names_itself else self._client.issuer) != self._client.issuer:
            raise SignInRefused("another provider came back (RFC 9207)")
        if query.get("error"):
            raise SignInRefused(f"the provider says {query['error'][:100]!a}")
        if not query.get("code"):
            raise SignInRefused("no code")
        token = self._exchange(query["code"], pending)
        access_token = str(token.get("access_token") or "")
        expected = Expected(self._client.client_id, pending.nonce, access_token)
        claims = claims_of(token.get("id_token"), self._provider, expected, self._clock())
        return self._identity(self._with_user_info(claims, access_token)), pending.return_to

    def _oauth(self, authentication: str, pending: Pending) -> OAuth2Client:
        return OAuth2Client(
            self._http,
            client_id=self._client.client_id,
            client_secret=self._client.client_secret,
            token_endpoint_auth_method=authentication,
            scope=SCOPE,
            redirect_uri=pending.redirect_uri,
            code_challenge_method="S256",
        )

    def _exchange(self, code: str, pending: Pending) -> Mapping[str, Any]:
        metadata = self._provider.metadata()
        ways = ["client_secret_basic", "client_secret_post"] if self._client.client_secret else ["none"]
        way = next((way for way in ways if way in metadata.client_authentication), ways[0])
        try:
            token: Mapping[str, Any] = self._oauth(way, pending).fetch_token(
                metadata.token_endpoint,
                grant_type="authorization_code",
                code=code,
                code_verifier=pending.verifier,
            )
        except AuthlibBaseError as error:
            raise SignInRefused(f"the provider refuses the code: {str(error.error)[:100]!a}") from None
        except (ValueError, TypeError, RecursionError):
            raise ProviderUnavailable("the answer to the code can't be read") from None
        return token

    def _with_user_info(self, claims: dict[str, Any], access_token: str) -> dict[str, Any]:
        """Adds what the provider gives only at its userinfo endpoint (section 5.3)."""
        endpoint = self._provider.metadata().userinfo_endpoint
        wanted = (claims.get("name"), _at(claims, self._client.groups_claim))
        if endpoint is None or not access_token or None not in wanted:
            return claims
        info = self._http.json_object(endpoint, {"Authorization": f"Bearer {access_token}"})
        if info.get("sub") != claims["sub"]:  # section 5.3.4: it may be somebody else's
            raise SignInRefused("userinfo: sub")
        return {**info, **claims}

    def _identity(self, claims: dict[str, Any]) -> Identity:
        client, email = self._client, _text(claims.get("email"))
        login = _text(claims.get("preferred_username")) or email or _text(claims["sub"])
        groups = _groups(_at(claims, client.groups_claim))
        admin = None if client.admin_group is None else client.admin_group in groups
        subject = f"{client.issuer}|{claims['sub']}"
        return Identity(subject, _text(claims.get("name")) or login, login, email, groups, admin)


def local_path(path: object) -> str:
    """Returns `path` if it leads to a page of this server, else `/`."""
    if isinstance(path, str) and re.fullmatch(r"/(?![/\\])[!-\[\]-~]{0,500}", path):
        return path
    return "/"


def _at(claims: dict[str, Any], name: str) -> Any:
    """Returns a claim; `realm_access.roles` is also looked for as the claim `roles` within another one."""
    value: Any = claims.get(name)
    if value is None and "." in name:
        value = claims
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    return value


def _groups(value: object) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    groups = [one for one in values if isinstance(one, str) and one and _text(one) == one]
    if len(groups) > MAX_GROUPS:
        logger.warning("OIDC: a user is in %d groups; the first %d count", len(groups), MAX_GROUPS)
    return tuple(groups[:MAX_GROUPS])


def _text(value: object) -> str:
    """Returns one line of text, cut; nothing for another kind of value."""
    if not isinstance(value, str):
        return ""
    return " ".join("".join(one if one.isprintable() else " " for one in value[:1000]).split())[:_TEXT]
