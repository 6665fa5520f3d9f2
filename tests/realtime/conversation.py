"""Two members of a department, on a websocket and on polling, and the changes that they receive."""

from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.serving import make_server

from tests.house import Server
from tests.realtime.raw_clients import RawPolling, RawWebsocket, rest
from tests.realtime.socket_pairs import SECONDS, spawn

CHANGES = 40


@contextmanager
def serving(server: Server) -> Iterator[str]:
    """The address of `server` on Werkzeug's threads."""
    web = make_server("127.0.0.1", 0, server.app, threaded=True)
    thread = spawn(web.serve_forever)
    try:
        yield f"http://127.0.0.1:{web.server_port}"
    finally:
        server.socketio.server.eio.disconnect()
        web.shutdown()
        web.server_close()
        thread.join(SECONDS)


def check_members_receive_changes(url: str) -> None:
    """Both members receive all changes in order."""
    department = rest(url, "POST", "/api/departments", {"name": "개발팀"})["department"]["id"]
    join = f'42["join_department",{{"department_id":"{department}"}}]'
    websocket, polling = RawWebsocket(url).connect(), RawPolling(url).connect()
    websocket.receive()
    websocket.send(join)
    assert websocket.receive().startswith('42["joined_department"')
    polling.post(join.encode())
    assert polling.poll()[0].startswith('42["joined_department"')
    for number in range(CHANGES):
        body = {"event_date": "2024-01-20", "title": f"{number}."}
        rest(url, "POST", f"/api/events/{department}", body)
    received = [websocket.receive() for _ in range(CHANGES)]
    assert all(f'"{number}."' in text for number, text in enumerate(received))
    polled: list[str] = []
    while len(polled) < CHANGES:
        polled += [text for text in polling.poll() if text != "2"]
    assert polled == received
    websocket.close()
