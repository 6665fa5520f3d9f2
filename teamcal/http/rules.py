"""What the settings say about browsers, names and proxies, as the parts that need it take it."""

from typing import NamedTuple

from teamcal.http.clients import Proxies
from teamcal.http.headers import SafeHeaders
from teamcal.http.hosts import HostRule, names_of
from teamcal.http.origins import OriginRule, OwnOrigins, origins_of
from teamcal.settings import Settings


class BrowserRules(NamedTuple):
    """`hosts` is None where the server answers under any name: in open mode, with nothing set."""

    proxies: Proxies
    origins: OriginRule
    hosts: HostRule | None
    headers: SafeHeaders


def rules_of(settings: Settings) -> BrowserRules:
    token_mode = settings.token_mode
    proxies = Proxies(settings.trusted_proxies)
    own = OwnOrigins(proxies, settings.public_url, strict=token_mode or proxies.count > 0)
    origins = OriginRule(origins_of(settings.cors_origins), own, token_mode)
    named = settings.public_url or settings.allowed_hosts or token_mode
    names = names_of(settings.public_url, settings.allowed_hosts, settings.host)
    hosts = HostRule(names, proxies) if named else None
    return BrowserRules(proxies, origins, hosts, SafeHeaders(origins.any_may_write, token_mode))
