"""Signing in at an identity provider: the right way, and everything that must be refused."""

import hashlib
import hmac
import json
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from teamcal.errors import ProviderUnavailable, SignInRefused
from teamcal.signin import pending, provider_http
from teamcal.signin.oidc import Client, Identity, OpenIdConnect, local_path
from teamcal.signin.provider_http import ProviderHttp, is_safe
from tests.signin.provider import Claims, Provider, new_key, running, unsigned

SECRET_KEY = "a long and random value"
CALLBACK = "https://calendar.example.com/auth/oidc/callback"


@pytest.fixture(scope="module")
def key() -> Key:
    return new_key()


@pytest.fixture(scope="module")
def other_key() -> Key:
    return new_key()


@pytest.fixture
def provider(key: Key) -> Iterator[Provider]:
    with running(key) as started:
        yield started


class Clock:
    """Seconds that a test lets pass, for both clocks."""

    def __init__(self) -> None:
        self.passed = 0.0

    def wall(self) -> float:
        return time.time() + self.passed

    def monotonic(self) -> float:
        return time.monotonic() + self.passed


class Office:
    """Our side, and the browser."""

    def __init__(self, provider: Provider, **client: Any) -> None:
        self.provider, self.clock = provider, Clock()
        agreed = {"client_id": provider.client_id, "client_secret": provider.client_secret, **client}
        self.oidc = OpenIdConnect(
            Client(agreed.pop("issuer", provider.issuer), **agreed),
            SECRET_KEY,
            clock=self.clock.wall,
            monotonic=self.clock.monotonic,
        )

    def leave(self, return_to: str = "/") -> tuple[str, dict[str, str]]:
        """To the provider and back; returns the cookie and what the provider sends along."""
        url, cookie = self.oidc.begin(CALLBACK, return_to)
        assert url.startswith(self.provider.address)
        back = redirected(url)
        assert back.startswith(CALLBACK + "?")
        return cookie, dict(parse_qsl(urlsplit(back).query))

    def sign_in(self, return_to: str = "/") -> tuple[Identity, str]:
        return self.oidc.finish(*self.leave(return_to))

    def refused(self) -> str:
        """Why a sign-in is refused."""
        with pytest.raises(SignInRefused) as error:
            self.sign_in()
        return error.value.reason


def redirected(url: str) -> str:
    class NoRedirects(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *arguments: Any) -> None:
            return None

    opener = urllib.request.build_opener(NoRedirects, urllib.request.ProxyHandler({}))
    with pytest.raises(urllib.error.HTTPError) as answer:
        opener.open(url, timeout=10)
    assert answer.value.code == 302
    return str(answer.value.headers["Location"])


@pytest.fixture
def office(provider: Provider) -> Office:
    return Office(provider)


# The right way


def test_somebody_signs_in(office: Office, provider: Provider) -> None:
    provider.user |= {"preferred_username": "haneul", "email": "haneul@example.com"}
    identity, return_to = office.sign_in("/#department=7")
    assert identity == Identity(
        f"{provider.issuer}|4711", "김하늘", "haneul", "haneul@example.com", ("staff",), None
    )
    assert return_to == "/#department=7"
    assert provider.requests.count("/userinfo") == 0


@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post", "none"])
def test_the_client_proves_itself_as_the_provider_wants_it(provider: Provider, way: str) -> None:
    provider.metadata["token_endpoint_auth_methods_supported"] = [way]
    if way == "none":
        provider.client_secret = None
    assert Office(provider).sign_in()[0].name == "김하늘"


def test_a_wrong_client_secret_is_refused(provider: Provider) -> None:
    assert "invalid_client" in Office(provider, client_secret="another").refused()


def test_other_signatures_are_read(provider: Provider) -> None:
    provider.key = new_key(ECKey)
    assert Office(provider).sign_in()[0].name == "김하늘"


def test_what_is_missing_in_the_token_comes_from_userinfo(provider: Provider) -> None:
    provider.user = {"sub": "4711"}
    provider.userinfo = {"sub": "4711", "name": "박바다", "email": "b@x", "groups": ["admins"]}
    identity, _ = Office(provider, admin_group="admins").sign_in()
    assert (identity.name, identity.login, identity.groups) == ("박바다", "b@x", ("admins",))
    assert identity.admin is True


def test_userinfo_of_somebody_else_is_refused(provider: Provider, office: Office) -> None:
    provider.user, provider.userinfo = {"sub": "4711"}, {"sub": "4712", "groups": ["admins"]}
    assert office.refused() == "userinfo: sub"


@pytest.mark.parametrize(
    ("claim", "user", "groups"),
    [
        ("groups", {"groups": ["a", "b"]}, ("a", "b")),
        ("groups", {"groups": "only one"}, ("only one",)),
        ("groups", {"groups": ["a", 7, None, "", "x" * 101, " edge", ["b"]]}, ("a",)),
        ("groups", {"groups": {"a": 1}}, ()),
        ("groups", {"groups": [str(n) for n in range(300)]}, tuple(str(n) for n in range(200))),
        ("roles", {"roles": ["/부서/개발"], "groups": ["x"]}, ("/부서/개발",)),
        ("realm_access.roles", {"realm_access": {"roles": ["r"]}}, ("r",)),
        ("https://x.example/groups", {"https://x.example/groups": ["g"]}, ("g",)),
        ("realm_access.roles", {"realm_access": "no object"}, ()),
    ],
)
def test_groups(provider: Provider, claim: str, user: Claims, groups: tuple[str, ...]) -> None:
    provider.user = {"sub": "1", "name": "n", **user}
    provider.userinfo = {"sub": "1"}
    assert Office(provider, groups_claim=claim).sign_in()[0].groups == groups


def test_the_admin_group_decides_if_there_is_one(provider: Provider) -> None:
    assert Office(provider, admin_group="admins").sign_in()[0].admin is False
    provider.user["groups"] = ["staff", "admins"]
    assert Office(provider, admin_group="admins").sign_in()[0].admin is True
    assert Office(provider).sign_in()[0].admin is None


def test_names_are_one_short_line(provider: Provider) -> None:
    provider.user |= {"name": "a\n\u202eb\x00" + "c" * 2_000, "preferred_username": ["no text"], "email": 7}
    identity, _ = Office(provider).sign_in()
    assert identity.name == "a b " + "c" * 96
    assert (identity.login, identity.email) == ("4711", "")


def test_people_are_sent_with_pkce_state_and_nonce(office: Office, provider: Provider) -> None:
    sent = []
    for _ in range(2):
        url, cookie = office.oidc.begin(CALLBACK)
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert query["redirect_uri"] == CALLBACK
        assert query["code_challenge_method"] == "S256"
        sent.append((query["state"], query["nonce"], query["code_challenge"]))
        assert all(len(one) >= 43 for one in sent[-1])
        assert len(cookie) < 1_500
        assert not any(one in cookie for one in sent[-1])
    assert not set(sent[0]) & set(sent[1])


# What the browser brings back


@pytest.mark.parametrize("cookie", [None, "", "x", "a.b.c.d.e", "x" * 100_000, "가", "..\ud800.."])
def test_without_the_cookie_nobody_signs_in(office: Office, cookie: str | None) -> None:
    _, query = office.leave()
    with pytest.raises(SignInRefused, match="no cookie"):
        office.oidc.finish(cookie, query)


def test_another_state_is_refused(office: Office) -> None:
    """The attack: somebody is sent to our callback with the attacker's code."""
    mine, _ = office.leave()
    _, attackers = office.leave()
    with pytest.raises(SignInRefused, match="state"):
        office.oidc.finish(mine, attackers)
    for state in ("", "x", "가", "\ud800"):
        with pytest.raises(SignInRefused, match="state"):
            office.oidc.finish(mine, {**attackers, "state": state})
    with pytest.raises(SignInRefused, match="state"):
        office.oidc.finish(mine, {"code": attackers["code"]})


def test_a_cookie_of_another_installation_is_refused(office: Office, provider: Provider) -> None:
    cookie, query = office.leave()
    client = Client(provider.issuer, provider.client_id, provider.client_secret)
    with pytest.raises(SignInRefused, match="no cookie"):
        OpenIdConnect(client, "another key").finish(cookie, query)


def test_another_server_process_may_answer(office: Office, provider: Provider) -> None:
    cookie, query = office.leave()
    assert Office(provider).oidc.finish(cookie, query)[0].name == "김하늘"


def test_a_replayed_code_is_refused(office: Office, provider: Provider) -> None:
    cookie, query = office.leave()
    office.oidc.finish(cookie, query)
    with pytest.raises(SignInRefused, match="a state that has been used"):
        office.oidc.finish(cookie, query)
    # By another process the provider is asked, which takes a code once.
    with pytest.raises(SignInRefused, match="invalid_grant"):
        Office(provider).oidc.finish(cookie, query)


def test_a_stolen_code_is_of_no_use_in_another_sign_in(office: Office) -> None:
    """Its challenge fits the victim's verifier only."""
    _, victims = office.leave()
    cookie, own = office.leave()
    with pytest.raises(SignInRefused, match="invalid_grant"):
        office.oidc.finish(cookie, {**own, "code": victims["code"]})


def test_a_provider_that_accepts_codes_twice_helps_nobody(office: Office, provider: Provider) -> None:
    provider.codes_are_used_once = False
    _, victims = office.leave()
    cookie, own = office.leave()
    with pytest.raises(SignInRefused, match="invalid_grant"):
        office.oidc.finish(cookie, {**own, "code": victims["code"]})


def test_a_sign_in_may_take_ten_minutes(office: Office) -> None:
    cookie, query = office.leave()
    office.clock.passed = pending.VALID_SECONDS + 1
    with pytest.raises(SignInRefused, match="longer than ten minutes"):
        office.oidc.finish(cookie, query)


def test_the_memory_of_used_states_has_a_bound(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "USED_STATES", 10)
    kept = pending.PendingSignIns(SECRET_KEY)
    for _ in range(30):
        begun, cookie = kept.begin(CALLBACK, "/", 0)
        assert kept.finish(cookie, begun.state, 1) == begun
    assert len(kept._used) == 10


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"iss": "https://evil.example"}, "another provider"),
        ({"error": "access_denied\r\n\x1b[1m" + "x" * 500}, "access_denied"),
        ({"code": ""}, "no code"),
    ],
)
def test_what_the_provider_sends_back(
    office: Office, provider: Provider, change: dict[str, str], reason: str
) -> None:
    provider.change_return = lambda parameters: parameters | change
    said = office.refused()
    assert reason in said
    assert said.isprintable()
    assert len(said) < 250


def test_a_provider_that_should_name_itself_must(office: Office, provider: Provider) -> None:
    provider.change_return = lambda parameters: {"code": parameters["code"], "state": parameters["state"]}
    assert "another provider" in office.refused()
    provider.metadata["authorization_response_iss_parameter_supported"] = False
    assert Office(provider).sign_in()[0].name == "김하늘"


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "",
        "x",
        "/a\nb",
        None,
    ],
)
def test_the_way_back_leads_nowhere_else(path: object) -> None:
    assert local_path(path) == "/"


def test_the_way_back_may_be_any_place_of_the_page() -> None:
    assert local_path("/?date=2026-11#department=1") == "/?date=2026-11#department=1"


# What the ID token says


def without(name: str) -> Callable[[Claims], Claims]:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


def with_(**changes: Any) -> Callable[[Claims], Claims]:
    return lambda claims: claims | changes


def at(**seconds: float) -> Callable[[Claims], Claims]:
    """Moments that many seconds after that at which the token is made."""
    return lambda claims: claims | {name: time.time() + after for name, after in seconds.items()}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(with_(iss="https://evil.example"), id="another issuer"),
        pytest.param(lambda claims: claims | {"iss": claims["iss"] + "/"}, id="nearly the issuer"),
        pytest.param(lambda claims: claims | {"iss": [claims["iss"]]}, id="a list of issuers"),
        pytest.param(with_(aud="another client"), id="another audience"),
        pytest.param(with_(aud=["another client"]), id="other audiences"),
        pytest.param(with_(aud=[]), id="no audience"),
        pytest.param(with_(aud=["calendar", "another"]), id="several audiences without azp"),
        pytest.param(with_(aud=["calendar", "another"], azp="another"), id="for another party"),
        pytest.param(with_(azp="another"), id="one audience, for another party"),
        pytest.param(at(exp=-61), id="expired"),
        pytest.param(lambda claims: claims | {"exp": str(time.time() + 300)}, id="a text as time"),
        pytest.param(with_(exp=float("nan")), id="expires never"),
        pytest.param(at(iat=900), id="issued in the future"),
        pytest.param(at(nbf=900), id="not valid yet"),
        pytest.param(with_(nonce="another"), id="another nonce"),
        pytest.param(with_(nonce=""), id="an empty nonce"),
        pytest.param(with_(nonce=None), id="no nonce's value"),
        pytest.param(with_(nonce="another", nonce_supported=False), id="a token that declines nonces"),
        pytest.param(with_(at_hash="AAAAAAAAAAAAAAAAAAAAAA"), id="of another access token"),
        pytest.param(with_(sub=""), id="an empty subject"),
        pytest.param(with_(sub=4711), id="a number as subject"),
        pytest.param(with_(sub="x" * 256), id="a long subject"),
        pytest.param(with_(sub="a\nb"), id="a subject of two lines"),
        *(
            pytest.param(without(name), id=f"no {name}")
            for name in ("iss", "sub", "aud", "exp", "iat", "nonce")
        ),
    ],
)
def test_claims_that_are_refused(
    office: Office, provider: Provider, change: Callable[[Claims], Claims]
) -> None:
    provider.change_claims = change
    assert office.refused().startswith("ID token")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(with_(aud=["calendar"]), id="a list of one"),
        pytest.param(with_(aud=["calendar", "another"], azp="calendar"), id="several, for us"),
        pytest.param(at(exp=-30), id="a clock that is behind"),
        pytest.param(without("at_hash"), id="no hash"),
        pytest.param(with_(**{f"extra{n}": "x" * 500 for n in range(100)}), id="50 KB"),
    ],
)
def test_claims_that_are_right(
    office: Office, provider: Provider, change: Callable[[Claims], Claims]
) -> None:
    provider.change_claims = change
    assert office.sign_in()[0].name == "김하늘"


# How the ID token is signed


def none(provider: Provider, claims: Claims, name: str = "none") -> str:
    return unsigned({"alg": name, "kid": provider.key.kid}, claims, lambda signed: b"")


def hmac_with(secret_of: Callable[[Key], bytes]) -> Callable[[Provider, Claims], str]:
    """Key confusion: the public key, which everybody has, as the secret of HMAC."""

    def make(provider: Provider, claims: Claims) -> str:
        secret = secret_of(provider.key)
        header = {"alg": "HS256", "kid": provider.key.kid}
        return unsigned(header, claims, lambda signed: hmac.digest(secret, signed, hashlib.sha256))

    return make


def by_a_key_of_its_own(header_of: Callable[[Key, Key], dict[str, Any]]) -> Callable[[Provider, Claims], str]:
    def make(provider: Provider, claims: Claims) -> str:
        own = new_key()
        return jwt.encode({"alg": "RS256", **header_of(provider.key, own)}, claims, own)

    return make


def by_the_right_key(header: dict[str, Any]) -> Callable[[Provider, Claims], str]:
    def make(provider: Provider, claims: Claims) -> str:
        sign = jws.JWSRegistry.algorithms[header["alg"]].sign
        key = RSAKey.import_key(provider.key.as_pem(private=True))
        return unsigned({**header, "kid": provider.key.kid}, claims, lambda signed: sign(signed, key))

    return make


def tampered(provider: Provider, claims: Claims) -> str:
    header, _, signature = provider.signed(claims).split(".")
    _, payload, _ = provider.signed(claims | {"sub": "1"}).split(".")
    return f"{header}.{payload}.{signature}"


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(none, id="alg none"),
        pytest.param(lambda provider, claims: none(provider, claims, "None"), id="alg None"),
        pytest.param(lambda provider, claims: none(provider, claims, "RS256"), id="no signature"),
        pytest.param(lambda provider, claims: none(provider, claims, ["RS256"]), id="alg in a list"),
        pytest.param(hmac_with(lambda key: key.as_pem(private=False)), id="HMAC with the PEM"),
        pytest.param(hmac_with(lambda key: key.as_der(private=False)), id="HMAC with the DER"),
        pytest.param(hmac_with(lambda key: key.as_dict(private=False)["n"].encode()), id="HMAC with n"),
        pytest.param(
            hmac_with(lambda key: json.dumps(key.as_dict(private=False)).encode()), id="with the JWK"
        ),
        pytest.param(hmac_with(lambda key: b""), id="HMAC with nothing"),
        pytest.param(by_a_key_of_its_own(lambda theirs, own: {"kid": theirs.kid}), id="another key, same id"),
        pytest.param(by_a_key_of_its_own(lambda theirs, own: {"kid": own.kid}), id="an unknown key"),
        pytest.param(by_a_key_of_its_own(lambda theirs, own: {}), id="no id of a key"),
        pytest.param(
            by_a_key_of_its_own(lambda theirs, own: {"jwk": own.as_dict(private=False)}),
            id="key in the header",
        ),
        pytest.param(
            by_a_key_of_its_own(lambda theirs, own: {"kid": theirs.kid, "jwk": own.as_dict(private=False)}),
            id="key in the header, known id",
        ),
        pytest.param(
            by_a_key_of_its_own(lambda theirs, own: {"kid": own.kid, "jku": "http://127.0.0.1:1/"}), id="jku"
        ),
        pytest.param(tampered, id="other claims"),
        pytest.param(lambda provider, claims: provider.signed(claims) + "x", id="something added"),
        pytest.param(lambda provider, claims: "x", id="no token"),
        pytest.param(lambda provider, claims: "", id="empty"),
        pytest.param(lambda provider, claims: None, id="null"),
        pytest.param(lambda provider, claims: {"a": 1}, id="an object"),
        pytest.param(lambda provider, claims: "é.é.é", id="letters"),
        pytest.param(lambda provider, claims: "x" * 900_000, id="900 KB"),
        pytest.param(by_the_right_key({"alg": "RS384"}), id="an algorithm that isn't offered"),
        pytest.param(by_the_right_key({"alg": "RS256", "crit": ["x"], "x": 1}), id="a critical extension"),
        pytest.param(by_the_right_key({"alg": "RS256", "crit": ["x"]}), id="a missing extension"),
        pytest.param(by_the_right_key({"alg": "RS256", "b64": False, "crit": ["b64"]}), id="b64 false"),
        pytest.param(by_the_right_key({"alg": "RS256", "x": "x" * 10_000}), id="a long header"),
    ],
)
def test_signatures_that_are_refused(
    office: Office, provider: Provider, make: Callable[[Provider, Claims], Any]
) -> None:
    provider.make_token = make
    assert office.refused()
    provider.make_token = None
    assert office.sign_in()[0].name == "김하늘"


def test_a_symmetric_key_among_the_keys_is_none(office: Office, provider: Provider) -> None:
    """Somebody who may publish a key may sign; but never by a secret that stands there for all to read."""
    secret = OctKey.generate_key(256, {"kid": "secret"})
    provider.published = [provider.key.as_dict(private=False), secret.as_dict()]
    provider.make_token = lambda provider, claims: jwt.encode(
        {"alg": "HS256", "kid": "secret"}, claims, secret, algorithms=["HS256"]
    )
    assert office.refused()


def test_a_provider_that_offers_no_signature_signs_nobody_in(provider: Provider) -> None:
    provider.metadata["id_token_signing_alg_values_supported"] = ["none", "HS256"]
    assert "offers no signature" in Office(provider).refused()


def test_keys_of_other_kinds_are_skipped(office: Office, provider: Provider) -> None:
    own = provider.key.as_dict(private=False)
    provider.published = [
        {"kty": "AKP", "kid": "of the future"}, "no object", {}, {"kty": "RSA", "kid": "broken", "n": 1},
        own | {"use": "enc", "kid": "for encryption"}, own,
    ]  # fmt: skip
    assert office.sign_in()[0].name == "김하늘"


def test_a_token_without_a_key_id_is_read_if_there_is_one_key(office: Office, provider: Provider) -> None:
    provider.make_token = lambda provider, claims: jwt.encode({"alg": "RS256"}, claims, provider.key)
    assert office.sign_in()[0].name == "김하늘"
    provider.published = [one.as_dict(private=False) for one in (provider.key, new_key())]
    office.clock.passed += 3_601
    assert office.refused().startswith("2 keys")


def test_the_right_key_signs_what_the_tests_make(office: Office, provider: Provider) -> None:
    """Or else the tests above would show nothing."""
    provider.make_token = by_the_right_key({"alg": "RS256", "x5t": "x" * 100, "private": "header"})
    assert office.sign_in()[0].name == "김하늘"


# Rotation, and a provider in trouble


def test_a_new_key_of_the_provider_needs_no_restart(
    office: Office, provider: Provider, other_key: Key
) -> None:
    office.sign_in()
    provider.rotate(other_key)
    assert office.sign_in()[0].name == "김하늘"
    assert provider.requests.count("/jwks") == 2
    assert provider.requests.count("/realm/.well-known/openid-configuration") == 1


def test_unknown_keys_make_no_flood_of_requests(office: Office, provider: Provider) -> None:
    office.sign_in()
    provider.make_token = by_a_key_of_its_own(lambda theirs, own: {"kid": own.kid})
    for _ in range(5):
        office.refused()
    assert provider.requests.count("/jwks") == 2
    office.clock.passed += 31
    office.refused()
    assert provider.requests.count("/jwks") == 3


def test_a_withdrawn_key_is_forgotten_within_an_hour(
    office: Office, provider: Provider, key: Key, other_key: Key
) -> None:
    office.sign_in()
    provider.published = [other_key.as_dict(private=False)]
    office.clock.passed += 3_601
    assert office.refused().startswith("0 keys")


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://another.example"},
        {"token_endpoint": "http://calendar.example/token"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"userinfo_endpoint": "http://169.254.169.254/"},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_metadata_that_are_not_used(office: Office, provider: Provider, change: dict[str, Any]) -> None:
    provider.metadata |= change
    with pytest.raises(ProviderUnavailable):
        office.oidc.begin(CALLBACK)


WELL_KNOWN = "/realm/.well-known/openid-configuration"


@pytest.mark.parametrize("path", [WELL_KNOWN, "/token", "/jwks", "/userinfo"])
@pytest.mark.parametrize(
    "answer",
    [
        (500, b"{}"), (404, b"<html>"), (200, b""), (200, b"[]"), (200, b"{"), (200, b"[" * 500_000),
        (200, b'{"keys": 7}'), (200, b'{"a": "' + b"x" * 1_100_000 + b'"}'), (302, b""), (200, b"\xff\xfe"),
    ],
    ids=lambda answer: f"{answer[0]} {answer[1][:12]!r}",
)  # fmt: skip
def test_answers_that_cannot_be_read(
    office: Office, provider: Provider, path: str, answer: tuple[int, bytes]
) -> None:
    provider.user = {"sub": "4711"}
    provider.answers[path] = answer
    with pytest.raises((ProviderUnavailable, SignInRefused)):
        office.sign_in()
    del provider.answers[path]
    provider.userinfo = {"sub": "4711", "name": "김하늘", "groups": []}
    office.clock.passed += 31
    assert office.sign_in()[0].name == "김하늘"


def test_a_provider_in_drops_is_given_up(provider: Provider) -> None:
    """Its head comes byte by byte: no timeout of a socket ends that."""

    def drip(path: str, handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            try:
                handler.wfile.write(b"X")
            except OSError:
                return
            time.sleep(0.05)

    provider.before_answer = drip
    http, began = ProviderHttp(seconds=0.3), time.monotonic()
    for _ in range(provider_http.AT_ONCE + 4):
        with pytest.raises(ProviderUnavailable):
            http.get(f"{provider.address}/jwks")
    assert time.monotonic() - began < 0.3 * provider_http.AT_ONCE + 5
    assert len(provider.requests) <= provider_http.AT_ONCE


def test_a_provider_that_is_down_is_not_asked_by_everybody(provider: Provider, office: Office) -> None:
    provider.answers[WELL_KNOWN] = (503, b"")
    for _ in range(10):
        with pytest.raises(ProviderUnavailable):
            office.oidc.begin(CALLBACK)
    assert len(provider.requests) == 1
    del provider.answers[WELL_KNOWN]
    office.clock.passed += 3
    assert office.sign_in()[0].name == "김하늘"


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://login.example.com/realms/x", True),
        ("http://127.0.0.1:8080/x", True),
        ("http://localhost/x", True),
        ("http://[::1]:1/", True),
        ("http://login.example.com/", False),
        ("http://127.0.0.1.evil.example/", False),
        ("http://127.0.0.1@evil.example/", False),
        ("https://user:password@login.example.com/", False),
        ("https://login.example.com:99999/", False),
        ("https:///x", False),
        ("ftp://127.0.0.1/", False),
        ("https://login.example.com/ x", False),
        ("https://한글.example/", False),
        ("", False),
        (None, False),
    ],
)
def test_which_addresses_may_be_asked(url: object, safe: bool) -> None:
    assert is_safe(url) is safe


def test_nothing_secret_is_logged_or_said(
    office: Office, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    cookie, query = office.leave()
    provider.change_claims = with_(aud="another")
    with pytest.raises(SignInRefused) as refused:
        office.oidc.finish(cookie, query)
    said = caplog.text + str(refused.value) + repr(office.oidc) + refused.value.reason
    for secret in (query["code"], query["state"], cookie, str(provider.client_secret), SECRET_KEY):
        assert secret not in said
