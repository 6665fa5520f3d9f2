"""Which kind of fault an exception of botocore's is. Pure."""

from enum import Enum, auto

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from localdynamo import EngineFailed


class Fault(Enum):
    CREDENTIALS = auto()
    TABLE_MISSING = auto()
    THROTTLED = auto()
    SERVER_ERROR = auto()
    """An answer, but not DynamoDB's, or DynamoDB's with status 500 and more."""
    NO_ANSWER = auto()
    ENGINE_FAILED = auto()
    """The embedded engine can't be started."""


CREDENTIAL_CODES = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "OptInRequired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
THROTTLE_CODES = {
    "LimitExceededException",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingError",
    "ThrottlingException",
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
}
_CREDENTIAL_ERRORS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    NoRegionError,
    ProfileNotFound,
)


def fault_of(error: Exception) -> Fault | None:
    """Returns None for an answer that whoever made the call has to understand, such as a failed condition."""
    if isinstance(error, _CREDENTIAL_ERRORS):
        return Fault.CREDENTIALS
    if isinstance(error, EngineFailed):
        return Fault.ENGINE_FAILED
    if isinstance(error, ClientError):
        return _fault_of_answer(error)
    return Fault.NO_ANSWER


def _fault_of_answer(error: ClientError) -> Fault | None:
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
    if code in CREDENTIAL_CODES:
        return Fault.CREDENTIALS
    if code == "ResourceNotFoundException":
        return Fault.TABLE_MISSING
    if code in THROTTLE_CODES or ("ConditionalCheckFailed" not in reasons and reasons & THROTTLE_CODES):
        return Fault.THROTTLED
    # A number instead of a code comes of a proxy's HTML page.
    if status >= 500 or not status or not code or code.isdigit():
        return Fault.SERVER_ERROR
    return None


def code_of(error: Exception) -> str:
    """Returns the code of an answer such as AccessDeniedException; of other errors the exception's name."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__
