"""What follows from a fault: a line for the operator, and the exception for whoever made the call."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from teamcal.errors import (
    CredentialsRefused,
    OperationUnsupported,
    StorageError,
    StorageThrottled,
    StorageUnavailable,
    TableMissing,
    WriteRefused,
)
from teamcal.settings import StorageSettings
from teamcal.storage.credentials import CredentialsFailed
from teamcal.storage.explanation import SKEW_SECONDS, explanation_of, fit_for_log, seconds_ahead
from teamcal.storage.faults import THROTTLE_CODES, Fault, code_of, engine_failure_of, reasons_of, status_of
from teamcal.storage.operator_messages import OperatorMessages


class Failures:
    """Tells the operator of faults and makes the exceptions for them."""

    def __init__(self, settings: StorageSettings) -> None:
        self._settings = settings
        self._messages = OperatorMessages()

    def failure(
        self, fault: Fault, error: Exception, operation: str, params: dict[str, Any], quiet: bool = False
    ) -> StorageError:
        """Tells the operator, and returns the exception. Not for Fault.TABLE_MISSING, see `table_missing`."""
        said = self._explanation(error)
        match fault:
            case Fault.THROTTLED:
                return self.throttled(_throttled_tables(error, params), said)
            case Fault.ACCOUNT_LIMIT:
                return self.account_limit(error)
            case Fault.CREDENTIALS:
                return self._credentials_refused(error, said)
            case Fault.UNSUPPORTED:
                return self._unsupported(operation, quiet)
            case Fault.CONFLICT:
                self._messages.conflict(_names(params), _reason(error))
                return StorageThrottled(_reason(error))
            case Fault.REFUSED:
                said = self._explanation_of_reason(error) or said
                self._messages.refused(_names(params), _reason(error), said)
                return WriteRefused(_reason(error))
        self._tell(fault, error, _names(params), said)
        return StorageUnavailable(code_of(error))

    def _tell(self, fault: Fault, error: Exception, tables: str, said: str) -> None:
        match fault:
            case Fault.INDEX_MISSING:
                self._messages.index_missing(tables, said)
            case Fault.TABLE_BUSY:
                self._messages.table_busy(tables, said or code_of(error))
            case Fault.ENGINE_FAILED:
                self._messages.engine_failed(str(engine_failure_of(error)))
            case Fault.SERVER_ERROR:
                self._messages.server_error(self._where(error), _status_and_code(error), said)
            case _:
                self._messages.unreachable(self._where(error), code_of(error))

    def throttled(self, tables: str, said: str = "") -> StorageThrottled:
        self._messages.throttled(tables, said)
        return StorageThrottled(tables)

    def account_limit(self, error: Exception) -> StorageThrottled:
        self._messages.account_limit(code_of(error), self._explanation(error))
        return StorageThrottled(code_of(error))

    def _unsupported(self, operation: str, quiet: bool) -> OperationUnsupported:
        if not quiet or operation == "TransactWriteItems":  # nothing works without
            self._messages.unsupported(operation, self._place)
        return OperationUnsupported(operation)

    def table_missing(self, name: str, quiet: bool) -> TableMissing:
        if not quiet:
            self._messages.table_missing(name)
        return TableMissing(name)

    def _credentials_refused(self, error: Exception, said: str) -> CredentialsRefused:
        cause = _cause(error)
        ahead = seconds_ahead(cause)
        source = f"{cause.operation_name}: " if _is_of_another_service(error) else ""  # type: ignore[attr-defined]
        self._messages.credentials_refused(
            source + code_of(error), said, ahead if abs(ahead) >= SKEW_SECONDS else 0.0
        )
        return CredentialsRefused(code_of(error))

    def _explanation(self, error: Exception) -> str:
        return explanation_of(_cause(error), self._secrets)

    def _explanation_of_reason(self, error: Exception) -> str:
        texts = [reason.get("Message", "") for reason in reasons_of(error)]
        return fit_for_log(" ".join(text for text in texts if text), self._secrets)

    @property
    def _secrets(self) -> list[str | None]:
        settings = self._settings
        return [settings.aws_access_key_id, settings.aws_secret_access_key, settings.aws_session_token]

    @property
    def _place(self) -> str:
        settings = self._settings
        return "내장 엔진" if settings.embedded else settings.endpoint_url or settings.aws_region

    def _where(self, error: Exception) -> str:
        """Returns who didn't answer: DynamoDB, or a service that was asked for credentials, or a proxy."""
        cause = _cause(error)
        if isinstance(cause, BotoCoreError):
            proxy = cause.kwargs.get("proxy_url")
            if proxy:
                return f"프록시 {fit_for_log(str(proxy), self._secrets)}"
            if isinstance(error, CredentialsFailed):
                return fit_for_log(str(cause.kwargs.get("endpoint_url") or self._place), self._secrets)
        if isinstance(cause, ClientError) and _is_of_another_service(error):
            return cause.operation_name
        return self._place


def tables_in(params: dict[str, Any]) -> list[str]:
    """Returns the names of the tables that a request is about."""
    if "TableName" in params:
        return [params["TableName"]]
    if "RequestItems" in params:
        return list(params["RequestItems"])
    return list(dict.fromkeys(_tables_of_actions(params)))


def _names(params: dict[str, Any]) -> str:
    return ", ".join(tables_in(params))


def _tables_of_actions(params: dict[str, Any]) -> list[str]:
    bodies = [body for action in params.get("TransactItems", []) for body in action.values()]
    return [body["TableName"] for body in bodies]


def _throttled_tables(error: Exception, params: dict[str, Any]) -> str:
    pairs = zip(reasons_of(error), _tables_of_actions(params), strict=False)
    tables = [table for reason, table in pairs if reason.get("Code") in THROTTLE_CODES]
    return ", ".join(dict.fromkeys(tables) or tables_in(params))


def _cause(error: Exception) -> BaseException:
    return error.__cause__ if isinstance(error, CredentialsFailed) and error.__cause__ else error


def _is_of_another_service(error: Exception) -> bool:
    return isinstance(error, CredentialsFailed) and isinstance(error.__cause__, ClientError)


def _reason(error: Exception) -> str:
    """Returns the code of an answer; of a cancelled transaction, those of the actions that caused it."""
    codes = [reason.get("Code", "") for reason in reasons_of(error)]
    return ", ".join(dict.fromkeys(code for code in codes if code and code != "None")) or code_of(error)


def _status_and_code(error: Exception) -> str:
    cause = _cause(error)
    status = status_of(cause) if isinstance(cause, ClientError) else 0
    return " ".join(dict.fromkeys(part for part in (str(status or ""), code_of(cause)) if part))
