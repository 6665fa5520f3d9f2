"""Tries the library internals that this worker uses, once per process, and logs which fallbacks are used.

The list is teamcal/library_internals.py; each is tried in trials.py or websocket_trial.py.
"""

import functools
import logging
from importlib.metadata import version

from teamcal import library_internals as internals
from teamcal.library_internals import Internal, LibraryChanged, fallback_of
from teamcal.realtime.trials import try_polling, try_rooms, try_test_client, try_worker
from teamcal.realtime.websocket_trial import try_websocket
from teamcal.realtime.worker import AsyncMode

logger = logging.getLogger(__name__)


@functools.cache
def missing_internals(mode: AsyncMode) -> frozenset[Internal]:
    """Tries the internals used under `mode`; returns those that are missing and logs a line for each.

    Raises LibraryChanged if there is no fallback for one of them.
    """
    used = used_internals(mode)
    working = try_polling(mode) | try_websocket(mode) | try_worker(mode) | try_test_client() | try_rooms()
    missing = [internal for internal in used if internal.name not in working]
    for internal in missing:
        logger.warning(fallback_of(internal))
    fatal = [f"{internal.library}'s {internal.name}" for internal in missing if _is_fatal(internal)]
    if fatal:
        raise LibraryChanged(f"the installed libraries lack {', '.join(fatal)}")
    libraries = dict.fromkeys(internal.library for internal in used)
    installed = ", ".join(f"{library} {version(library)}" for library in libraries)
    result = f"{len(missing)} of {len(used)} internals have changed" if missing else "as checked"
    logger.info("libraries: %s: %s", installed, result)
    return frozenset(missing)


def used_internals(mode: AsyncMode) -> tuple[Internal, ...]:
    """The internals that a worker of this kind relies on."""
    if mode == "eventlet":
        common = [internal for internal in internals.ENGINEIO if internal.name != internals.WEBSOCKET_WRAPPER]
        websockets = internals.EVENTLET
    else:
        common = list(internals.ENGINEIO)
        websockets = internals.SIMPLE_WEBSOCKET + (internals.GEVENT if mode == "gevent" else ())
    return (*common, *internals.SOCKETIO, *internals.FLASK_SOCKETIO, *websockets)


def _is_fatal(internal: Internal) -> bool:
    return internal.without_it == internals.NO_START
