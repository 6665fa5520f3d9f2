"""Everything undocumented that the server reads, replaces or patches of other libraries.

Each entry is tried once at start by the module that uses it. If one doesn't fit, that module logs a WARNING
which says what is used instead and what it costs. A new version of a library is tried with
`make test-production` (botocore) and `make test`; then `checked_with` is set to it.
"""

from typing import NamedTuple


class Internal(NamedTuple):
    """One thing that a library doesn't document. `without_it`: what happens instead, and its cost."""

    library: str
    name: str
    used_for: str
    checked_with: str
    without_it: str


_BOTOCORE = "1.43.106"
_BOTOCORE_CLIENT = "botocore's own client makes every call: about 1.4 ms of CPU instead of 0.15 to 0.2"


def _of_botocore(name: str, used_for: str) -> Internal:
    return Internal("botocore", name, used_for, _BOTOCORE, _BOTOCORE_CLIENT)


BOTOCORE: tuple[Internal, ...] = (
    _of_botocore(
        "BaseClient._request_signer.signature_version", "making sure that signature version 4 is used"
    ),
    _of_botocore("BaseClient._request_signer._credentials", "signing with credentials that botocore renews"),
    _of_botocore("BaseClient._request_signer.region_name", "the region in the signature"),
    _of_botocore("BaseClient._request_signer.signing_name", "the service in the signature"),
    _of_botocore("BaseClient._endpoint.http_session", "finding botocore's HTTP session"),
    _of_botocore("URLLib3Session._proxy_config.proxy_url_for", "leaving calls through a proxy to botocore"),
    _of_botocore("URLLib3Session._manager.connection_from_url", "finding the pool of open connections"),
    _of_botocore("HTTPConnectionPool.pool", "taking an open connection out of urllib3's pool"),
    _of_botocore("HTTPConnectionPool.num_connections", "noticing an endpoint that closes every connection"),
    _of_botocore("HTTPConnection.sock", "sending and receiving on the connection's socket"),
    _of_botocore("ClientMeta.service_model.shape_for_error_code", "the details of an error"),
    _of_botocore("ClientMeta.events.emit", "the hooks that tests and benchmarks register"),
    _of_botocore("botocore.parsers.create_parser", "reading an error as botocore reads it"),
)
"""Used by teamcal/storage/fast_client.py, tried there by `look_inside` for each new client."""
