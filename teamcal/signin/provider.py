"""What an identity provider says of itself: its addresses, and the keys that it signs with."""

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from teamcal.errors import ProviderUnavailable, SignInRefused
from teamcal.signin.provider_http import ProviderHttp, is_safe

T = TypeVar("T")

FRESH_SECONDS = 3600.0
"""For so long what the provider said is believed without asking again."""
AGAIN_SECONDS = 30.0
"""Keys are fetched for an unknown key's sake once in this time."""
FAILED_SECONDS = 2.0
"""After a failure nobody asks for so long: a provider that is down isn't asked once for each person."""
MAX_KEYS = 100

ALGORITHMS = {
    "RS256": "RSA", "RS384": "RSA", "RS512": "RSA", "PS256": "RSA", "PS384": "RSA", "PS512": "RSA",
    "ES256": "EC", "ES384": "EC", "ES512": "EC", "EdDSA": "OKP", "Ed25519": "OKP",
}  # fmt: skip
"""Signatures that are accepted if the provider says that it makes them → the kind of their keys. All of them
are by a private key: with HMAC whoever knows the key could sign, and `none` is no signature."""


class Metadata(NamedTuple):
    """OpenID Connect Discovery 1.0, section 3: what is needed of it."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    algorithms: tuple[str, ...]
    client_authentication: tuple[str, ...]
    names_itself: bool
    """Whether it comes back with its own name, `iss` (RFC 9207)."""


class Provider:
    """The provider at `issuer`. `clock`: monotonic seconds. All methods raise ProviderUnavailable."""

    def __init__(self, issuer: str, http: ProviderHttp, clock: Callable[[], float] = time.monotonic) -> None:
        self.issuer, self._http = issuer, http
        self._metadata = _Kept(self._load_metadata, clock)
        self._keys = _Kept(self._load_keys, clock)

    def metadata(self) -> Metadata:
        return self._metadata.get()

    def key(self, kid: str | None, algorithm: str) -> Key:
        """Returns the key with that id, or if there is no id the only one for the algorithm.

        A key that isn't known is looked for once more: the provider may have begun to use a new one.
        Raises SignInRefused if there is none.
        """
        found = _fitting(self._keys.get(), kid, algorithm) or _fitting(self._keys.again(), kid, algorithm)
        if len(found) != 1:
            raise SignInRefused(f"{len(found)} keys for {str(kid)[:100]!a}, {algorithm}")
        return found[0]

    def _load_metadata(self) -> Metadata:
        given = self._http.json_object(f"{self.issuer.removesuffix('/')}/.well-known/openid-configuration")
        if given.get("issuer") != self.issuer:  # section 4.3
            raise ProviderUnavailable(f"OIDC_ISSUER is {self.issuer}, it says {given.get('issuer')!a}"[:300])
        addresses = [given.get(f"{name}_endpoint") for name in ("authorization", "token", "userinfo")]
        addresses.insert(2, given.get("jwks_uri"))
        authorization, token, jwks, userinfo = addresses
        if not all(map(is_safe, (authorization, token, jwks))) or not (userinfo is None or is_safe(userinfo)):
            raise ProviderUnavailable("an address of the provider is missing, or isn't https")
        offered = _texts(given, "id_token_signing_alg_values_supported", "RS256")
        return Metadata(
            str(authorization),
            str(token),
            str(jwks),
            userinfo,
            tuple(name for name in ALGORITHMS if name in offered),
            _texts(given, "token_endpoint_auth_methods_supported", "client_secret_basic"),
            given.get("authorization_response_iss_parameter_supported") is True,
        )

    def _load_keys(self) -> list[Key]:
        given = self._http.json_object(self.metadata().jwks_uri).get("keys")
        if not isinstance(given, list) or len(given) > MAX_KEYS:
            raise ProviderUnavailable("no list of keys")
        return [key for one in given if (key := _public_key(one))]


def _texts(given: dict[str, Any], name: str, default: str) -> tuple[str, ...]:
    values = given.get(name)
    return tuple(map(str, values)) if isinstance(values, list) and values else (default,)


def _public_key(given: object) -> Key | None:
    """Returns a key for signatures; None for another one, also of a kind that isn't known yet (RFC 7517)."""
    if not isinstance(given, dict) or given.get("kty") not in ALGORITHMS.values():
        return None
    try:
        return JWKRegistry.import_key(given) if given.get("use", "sig") == "sig" else None
    except (JoseError, ValueError, TypeError, LookupError):
        return None


def _fitting(keys: list[Key], kid: str | None, algorithm: str) -> list[Key]:
    return [
        key
        for key in keys
        if key.key_type == ALGORITHMS[algorithm]
        and (kid is None or key.kid == kid)
        and key.get("alg") in (None, algorithm)
    ]


class _Kept(Generic[T]):
    """A value that is loaded when it is needed, by one caller for all, and kept for a while."""

    def __init__(self, load: Callable[[], T], clock: Callable[[], float]) -> None:
        self._load, self._clock, self._lock = load, clock, threading.Lock()
        self._value: T | None = None
        self._loaded = self._failed = self._again = -FRESH_SECONDS

    def get(self) -> T:
        with self._lock:
            if self._value is None or self._clock() - self._loaded >= FRESH_SECONDS:
                self._reload()
            assert self._value is not None
            return self._value

    def again(self) -> T:
        """Loads the value once more, unless that was done a moment ago."""
        with self._lock:
            if self._value is None or self._clock() - self._again >= AGAIN_SECONDS:
                self._again = self._clock()
                self._reload()
            assert self._value is not None
            return self._value

    def _reload(self) -> None:
        if self._clock() - self._failed < FAILED_SECONDS:
            raise ProviderUnavailable("it was away a moment ago")
        try:
            self._value = self._load()
        except ProviderUnavailable:
            self._failed = self._clock()
            raise
        self._loaded = self._clock()
