"""Whether an ID token is to be believed (OpenID Connect Core 1.0, section 3.1.3.7)."""

import hmac
from typing import Any, NamedTuple

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, Key

from teamcal.errors import SignInRefused
from teamcal.signin.provider import Provider

LEEWAY_SECONDS = 60
"""By how much the provider's clock may differ from ours."""


class Expected(NamedTuple):
    """What a token has to say: it is for this client and for this sign-in, and goes with the access token."""

    client_id: str
    nonce: str
    access_token: str


def claims_of(id_token: object, provider: Provider, expected: Expected, now: float) -> dict[str, Any]:
    """Returns the claims of an ID token. Raises SignInRefused, ProviderUnavailable."""
    if not isinstance(id_token, str):
        raise SignInRefused("no ID token")
    registry = _Registry(algorithms=provider.metadata().algorithms, strict_check_header=False)

    def key_of(token: GuestProtocol) -> Key:
        header = token.headers()
        kid, algorithm = header.get("kid"), header["alg"]
        registry.get_alg(algorithm)  # before anything is done for an algorithm that isn't accepted
        return provider.key(kid, algorithm)

    try:
        token = jwt.decode(id_token, key_of, registry=registry)
        _check(token, provider.issuer, expected, now)
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise SignInRefused(f"ID token: {type(error).__name__} {str(error)[:100]!a}") from None
    return token.claims


class _Registry(jws.JWSRegistry):
    """Without a list of algorithms the library would take its own."""

    max_header_length = 8192  # with the certificate of a key

    def get_alg(self, name: str) -> Any:
        if not self.allowed:
            raise SignInRefused("the provider offers no signature that is accepted")
        return super().get_alg(name)


def _check(token: jwt.Token, issuer: str, expected: Expected, now: float) -> None:
    claims = CodeIDToken(
        token.claims,
        token.header,
        options={
            "iss": {"essential": True, "value": issuer},
            "sub": {"essential": True},
            "aud": {"essential": True, "value": expected.client_id},
            "nonce": {"essential": True},
        },
        params={"client_id": expected.client_id, "access_token": expected.access_token},
    )
    claims.validate(now=int(now), leeway=LEEWAY_SECONDS)
    # Authlib compares a nonce only if it has got one, and with ==.
    if not hmac.compare_digest(str(token.claims["nonce"]).encode(), expected.nonce.encode()):
        raise SignInRefused("ID token: nonce")
    subject = token.claims["sub"]
    if not 0 < len(subject) <= 255 or not subject.isprintable():
        raise SignInRefused("ID token: sub")
