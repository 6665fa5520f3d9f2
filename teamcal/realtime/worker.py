"""What this process runs on (eventlet, gevent or threads), and how Socket.IO's libraries log in it."""

import logging
import sys
import traceback
from typing import Literal

import engineio.exceptions

from teamcal.library_internals import LibraryChanged

AsyncMode = Literal["eventlet", "gevent", "threading"]

# Decoding a client's packet raises these: its type isn't a digit, bad base64, JSON is nested too deep.
DECODING_ERRORS = (
    ValueError,
    LookupError,
    TypeError,
    RecursionError,
    engineio.exceptions.UnknownPacketError,
)


def async_mode() -> AsyncMode:
    """The kind of threads that this process runs on, judged by what has patched the standard library.

    By default Flask-SocketIO takes eventlet wherever it is installed, and no transport works under gthread or
    `flask run`. https://github.com/miguelgrinberg/Flask-SocketIO/issues/294
    """
    if _has_patched("eventlet.patcher", "is_monkey_patched"):
        return "eventlet"
    return "gevent" if _has_patched("gevent.monkey", "is_module_patched") else "threading"


def _has_patched(module_name: str, question: str) -> bool:
    module = sys.modules.get(module_name)
    if module is not None and not hasattr(module, question):
        raise LibraryChanged(f"the installed {module_name} lacks {question}, which the server needs")
    return module is not None and bool(getattr(module, question)("socket"))


def quiet_logger(name: str) -> logging.Logger:
    """A logger of warnings that reports a client's undecodable message in one line.

    If they are given a boolean instead, the libraries log each line twice, once through a handler of their
    own, and every undecodable message with a stack trace.
    """
    logger = logging.getLogger(name)
    logger.setLevel(logging.WARNING)
    if not logger.filters:
        logger.addFilter(_shorten_client_errors)
    return logger


def _shorten_client_errors(record: logging.LogRecord) -> bool:
    kind, error, trace = record.exc_info or (None, None, None)
    if kind is None:
        # An error without an exception is a mistake of the client.
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    elif isinstance(error, DECODING_ERRORS) and not any(
        "teamcal" in frame.filename for frame in traceback.extract_tb(trace)
    ):
        record.msg, record.args, record.exc_info = f"unreadable message ({kind.__name__})", (), None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True
