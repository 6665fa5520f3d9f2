"""An authority of the tests' own, and what it certifies for loopback."""

import ssl
from pathlib import Path

import trustme

_authority = trustme.CA()


def server_side() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def bundle(folder: Path) -> str:
    """A file for AWS_CA_BUNDLE."""
    path = folder / "authority.pem"
    _authority.cert_pem.write_to_path(path)
    return str(path)
