"""Sending clients away so that all of them come back.

No client library reconnects after a Socket.IO DISCONNECT packet, python-socketio doesn't after an Engine.IO
CLOSE packet, and all of them do when their transport is closed: docs/develop/decisions/send_away.md.
"""

from collections.abc import Callable, Sequence
from typing import Any

from teamcal.realtime.engineio_socket import EngineIoSocket

SLICE = 64
"""Sessions that are closed per turn of the event loop: about 5 ms."""


def mute(sessions: Sequence[Any]) -> None:
    """Sends nothing more to these sessions."""
    for session in sessions:
        session.muted = True


def close_in_slices(sessions: Sequence[Any], pause: Callable[[float], object]) -> None:
    """Closes the transports of `sessions`; between two slices other tasks run."""
    for start in range(0, len(sessions), SLICE):
        for session in sessions[start : start + SLICE]:
            if isinstance(session, EngineIoSocket):
                session.send_away()
            else:
                session.close(wait=False, abort=True)
        pause(0)
