"""Getting botocore's credentials: within the deadline, without stack traces, with every failure in one form.

botocore asks STS, SSO, a container's or an instance's metadata service or a program when a call needs
credentials, in the thread of that call. Whatever goes wrong there comes out as any exception at all.
"""

import logging
import threading
import time
from typing import Any

from botocore.credentials import RefreshableCredentials

from teamcal.deadline import remaining
from teamcal.errors import StorageUnavailable
from teamcal.storage.explanation import explanation_of
from teamcal.storage.operator_messages import OperatorMessages

FAILURE_SECONDS = 1.0
"""So long a failure holds for the calls that come after it: they don't ask again."""
AGAIN_SECONDS = 10.0
"""So long after a failed renewal the old credentials are used without asking again, while they are valid."""
LOOK_SECONDS = 1.0
"""So long credentials are used before botocore is asked again whether they are still good."""
VALID_SECONDS = 30
"""Credentials that expire within this time aren't used any more."""
_LOGGERS = ("botocore.credentials", "botocore.tokens")


_messages = OperatorMessages()


class CredentialsFailed(Exception):
    """No credentials could be had. `__cause__` says why."""


def without_frames(error: Exception) -> Exception:
    """Returns the exception fit to be kept: a stack trace keeps all that its callers' variables hold."""
    part: BaseException | None = error
    while part is not None and (part.__traceback__ or part is error):
        part.__traceback__ = None
        part = part.__cause__ or part.__context__
    return error


class CredentialSource:
    """botocore's credentials, which one thread at a time renews.

    botocore wants to renew them from 15 minutes before their end and, from 10 minutes before it, fails every
    call when it can't, each after its own time-outs. Here the old ones serve until they expire.
    """

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials
        self._renewing = threading.Lock()
        self._last: Any = None
        self._looked_at = -LOOK_SECONDS
        self._failure: Exception | None = None
        self._failed_at = 0.0

    def get_frozen_credentials(self) -> Any:
        """As botocore's. Raises CredentialsFailed; StorageUnavailable when another thread takes too long."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return self._last
        if not self._is_due():
            self._last, self._looked_at = self._ask(), now
            return self._last
        old = self._last if self._last and not self._credentials.refresh_needed(VALID_SECONDS) else None
        if old and time.monotonic() - self._failed_at < AGAIN_SECONDS:
            return old
        # botocore's own lock has no time limit: calls would wait for one another's time-outs.
        if not self._renewing.acquire(timeout=0 if old else remaining()):
            if old:
                return old
            raise StorageUnavailable("waiting for credentials")
        try:
            return self._renew(old)
        finally:
            self._renewing.release()

    def _is_due(self) -> bool:
        return isinstance(self._credentials, RefreshableCredentials) and self._credentials.refresh_needed()

    def _renew(self, old: Any) -> Any:
        """Returns new credentials, or `old` if there are some and new ones can't be had."""
        if self._failure and time.monotonic() - self._failed_at < FAILURE_SECONDS:
            raise CredentialsFailed(str(self._failure)) from self._failure
        try:
            self._last = self._ask()
        except CredentialsFailed as error:
            if old is None:
                raise
            _tell(error.__cause__ or error)
            return old
        if self._is_due():  # botocore has kept the failure to itself
            self._failed_at = time.monotonic()
        return self._last

    def _ask(self) -> Any:
        try:
            return self._credentials.get_frozen_credentials()
        except Exception as error:
            self._failure, self._failed_at = without_frames(error), time.monotonic()
            raise CredentialsFailed(str(error)) from error


class OneLine(logging.Filter):
    """Replaces what botocore logs of a failed renewal, stack traces at every call, by one line now and then.

    A renewal that had to succeed fails its call as well, which tells the operator.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if record.levelno < logging.WARNING:
            return True
        if isinstance(error, Exception) and "mandatory" not in record.getMessage():
            _tell(error)
        return False


def _tell(error: BaseException) -> None:
    _messages.renewal_failed(type(error).__name__, explanation_of(error))


for _name in _LOGGERS:
    logging.getLogger(_name).addFilter(OneLine())
