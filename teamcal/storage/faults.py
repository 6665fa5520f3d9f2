"""Which kind of fault an exception of botocore's is. Pure.

Answers are judged by their code, unknown ones by the words in it and by the HTTP status; botocore's own
exceptions by their class: what isn't the network is its configuration or its search for credentials.
Codes: botocore's service models of dynamodb, sts, sso, sso-oidc and signin, and
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html
"""

import re
from enum import Enum, auto

from botocore.exceptions import (
    BotoCoreError,
    ChecksumError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    ParamValidationError,
)
from botocore.exceptions import ConnectionError as NoConnectionError

from localdynamo import EngineFailed
from teamcal.storage.credentials import CredentialsFailed


class Fault(Enum):
    CREDENTIALS = auto()
    """No credentials, refused ones, a missing permission, or a configuration that botocore can't use."""
    TABLE_MISSING = auto()
    INDEX_MISSING = auto()
    TABLE_BUSY = auto()
    """The table is being created, changed or deleted, or its index is being built."""
    THROTTLED = auto()
    """A table's or an index's throughput."""
    ACCOUNT_LIMIT = auto()
    """A limit of the AWS account: its throughput, its number of tables, its rate of such requests."""
    CONFLICT = auto()
    """Another transaction on the same items is under way."""
    REFUSED = auto()
    """DynamoDB will never accept this transaction."""
    UNSUPPORTED = auto()
    """The endpoint doesn't know the operation: it isn't AWS."""
    SERVER_ERROR = auto()
    """An answer, but not DynamoDB's, or DynamoDB's with status 500 and more."""
    NO_ANSWER = auto()
    ENGINE_FAILED = auto()
    """The embedded engine can't be started."""


CONFLICT_CODES = {
    "ReplicatedWriteConflictException",
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
}
THROTTLE_CODES = {
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "ThrottlingError",
    "ThrottlingException",
}
TABLE_OPERATIONS = {
    "CreateTable",
    "DescribeTable",
    "DescribeTimeToLive",
    "UpdateTable",
    "UpdateTimeToLive",
}
"""Throttling of these is the account's; what they refuse is for the caller to understand."""
_BY_CODE = {
    **dict.fromkeys(CONFLICT_CODES, Fault.CONFLICT),
    **dict.fromkeys(THROTTLE_CODES, Fault.THROTTLED),
    "IdempotentParameterMismatch": Fault.REFUSED,
    "IdempotentParameterMismatchException": Fault.REFUSED,
    "LimitExceededException": Fault.ACCOUNT_LIMIT,
    "RequestLimitExceeded": Fault.ACCOUNT_LIMIT,
    "ResourceInUseException": Fault.TABLE_BUSY,
    "ResourceNotFoundException": Fault.TABLE_MISSING,
    "UnknownOperationException": Fault.UNSUPPORTED,
    "UnknownOperation": Fault.UNSUPPORTED,
}
_CREDENTIAL_WORDS = re.compile(
    "AccessDenied|Authenti|Authoriz|Credential|Expired|Forbidden|IDP|KMS|OptIn|RegionDisabled|Signature"
    "|Subscription|Token|UnrecognizedClient"
)
_PASSING_WORDS = re.compile("Abort|InternalFailure|Timeout|TimedOut|Unavailable")
_LIMIT_WORDS = re.compile("LimitExceeded|QuotaExceeded|RateExceeded|SlowDown|Throttl|TooManyRequests")
_NETWORK_ERRORS = (NoConnectionError, HTTPClientError, IncompleteReadError, ChecksumError)


def fault_of(error: Exception, operation: str) -> Fault | None:
    """Returns None for what whoever made the call has to understand, such as a failed condition.

    `operation`: DynamoDB's name of what was called, such as GetItem.
    """
    if isinstance(error, CredentialsFailed):
        return _fault_of_search(error.__cause__)
    if engine_failure_of(error):
        return Fault.ENGINE_FAILED
    if isinstance(error, ClientError):
        # Credentials may have to be asked for at another service: STS, SSO.
        return _fault_of_answer(error) if error.operation_name == operation else _fault_of_search(error)
    if isinstance(error, ParamValidationError):
        return None
    if isinstance(error, BotoCoreError) and not isinstance(error, _NETWORK_ERRORS):
        return Fault.CREDENTIALS
    return Fault.NO_ANSWER


def _fault_of_search(cause: BaseException | None) -> Fault:
    """Of the search for credentials, whose errors may be of any kind: files, JSON, another service."""
    if isinstance(cause, (*_NETWORK_ERRORS, ConnectionError, TimeoutError)):
        return Fault.NO_ANSWER
    if isinstance(cause, ClientError) and _is_passing(cause):
        return Fault.SERVER_ERROR
    return Fault.CREDENTIALS


def _is_passing(error: ClientError) -> bool:
    return status_of(error) >= 500 or status_of(error) == 429 or bool(_LIMIT_WORDS.search(code_of(error)))


def _fault_of_answer(error: ClientError) -> Fault | None:
    code, status = code_of(error), status_of(error)
    if error.operation_name in TABLE_OPERATIONS and code in (
        "LimitExceededException",
        "ResourceInUseException",
    ):
        return None
    if code == "ThrottlingException" and error.operation_name in TABLE_OPERATIONS:
        return Fault.ACCOUNT_LIMIT
    if code in _BY_CODE:
        return _BY_CODE[code]
    if code == "TransactionCanceledException":
        return _fault_of_cancellation({reason.get("Code") for reason in reasons_of(error)})
    if code == "ValidationException" and "index" in message_of(error):
        return _fault_of_index(message_of(error))
    # A number instead of a code comes of a proxy's HTML page.
    if status >= 500 or status in (0, 408) or not code or code.isdigit() or _PASSING_WORDS.search(code):
        return Fault.SERVER_ERROR
    if _LIMIT_WORDS.search(code) or status == 429:
        return Fault.ACCOUNT_LIMIT
    if _CREDENTIAL_WORDS.search(code) or status in (401, 403) or "KMS" in message_of(error):
        return Fault.CREDENTIALS
    return None


def _fault_of_index(message: str) -> Fault | None:
    """Tables made by hand or by an older server lack the index until create_tables() has built it."""
    if "backfilling" in message:
        return Fault.TABLE_BUSY
    return Fault.INDEX_MISSING if "the specified index" in message else None


def _fault_of_cancellation(codes: set[str | None]) -> Fault | None:
    if "ConditionalCheckFailed" in codes:
        return None
    if codes & THROTTLE_CODES:
        return Fault.THROTTLED
    if codes & CONFLICT_CODES:
        return Fault.CONFLICT
    return Fault.REFUSED


def engine_failure_of(error: BaseException) -> EngineFailed | None:
    """Returns why the embedded engine can't be used, if that is what it is."""
    if isinstance(error, HTTPClientError):  # it was found when botocore opened a connection
        error = error.kwargs.get("error") or error
    return error if isinstance(error, EngineFailed) else None


def code_of(error: BaseException) -> str:
    """Returns the code of an answer such as AccessDeniedException; of other errors the exception's name."""
    if isinstance(error, CredentialsFailed) and error.__cause__:
        return code_of(error.__cause__)
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__


def message_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message", ""))


def status_of(error: ClientError) -> int:
    """Returns the HTTP status of an answer, 0 if it isn't known."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status if isinstance(status, int) else 0


def reasons_of(error: Exception) -> list[dict[str, str]]:
    """Returns for each action of a cancelled transaction why: {"Code": …, "Message": …}."""
    response = error.response if isinstance(error, ClientError) else {}
    reasons: list[dict[str, str]] = response.get("CancellationReasons", [])  # type: ignore[assignment]
    return reasons
