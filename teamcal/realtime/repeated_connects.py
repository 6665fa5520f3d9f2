"""Who connects twice over one transport is connected once."""

from typing import Any


def ignore_repeated_connects(server: Any) -> None:
    """Over polling the packet CONNECT may come twice.

    Chromium sends a request again, a POST too, if the connection that it reused ended before an answer came
    (net/http/http_network_transaction.cc, ShouldResendRequest). python-socketio 5.18 answers the second
    CONNECT with `Unable to connect`; with that socket.io-client 4.8 lets go of the connection, goes on to
    call its socket connected, and never comes back.

    `server`: a socketio.Server, whose dispatcher is replaced.
    """
    connect = server._handle_connect

    def handle_connect(eio_sid: str, namespace: str | None, auth: Any) -> None:
        if server.manager.sid_from_eio_sid(eio_sid, namespace or "/") is None:
            connect(eio_sid, namespace, auth)

    server._handle_connect = handle_connect
