"""What the operator reads in the log when DynamoDB can't be used: in Korean, with what to check."""

import logging
import re
import time

logger = logging.getLogger(__name__)

REPEAT_SECONDS = 5.0
"""A fault lasts for many requests; the operator reads of it at most this often."""

CREDENTIALS_TEXT = """✗ DynamoDB 연결 실패: 자격증명 오류 ({reason}){reasons}
  - AWS_ACCESS_KEY_ID와 AWS_SECRET_ACCESS_KEY가 올바른지 확인하세요.
  - 환경 변수 또는 .env 파일, AWS_REGION을 확인하세요.
  - IAM 사용자/역할에 DynamoDB 권한이 있는지 확인하세요."""
EXPLANATION_TEXT = "\n  - 이유: {explanation}"
CLOCK_TEXT = (
    "\n  - 이 서버의 시계가 AWS보다 {minutes}분 {direction}. 시간 동기화(NTP)를 켜세요. "
    "AWS는 5분까지만 허용합니다."
)
HINTS = (
    ("KMS", "KMS 키가 켜져 있고 이 사용자/역할이 그 키를 쓸 수 있는지 확인하세요."),
    (
        "SSO|TokenRetrieval|Login|UnauthorizedException|GetRoleCredentials|CreateToken",
        "로그인이 만료되었을 수 있습니다. 다시 로그인하세요: aws sso login (또는 aws login)",
    ),
    ("Expired", "임시 자격증명이 만료되었습니다. AWS_SESSION_TOKEN까지 새로 받아 설정하세요."),
    (
        "RegionDisabled|OptIn",
        "이 계정에서 켜져 있지 않은 리전입니다. AWS_REGION 또는 계정의 리전 설정을 확인하세요.",
    ),
    ("Profile|Config", "AWS_PROFILE과 ~/.aws/config, ~/.aws/credentials 파일을 확인하세요."),
    ("AssumeRole|IDP|IdentityToken", "맡을 역할(role)의 신뢰 정책과 STS 권한을 확인하세요."),
    (
        "AccessDenied|not authorized",
        "필요한 권한은 deploy/iam-policy.json에 있습니다. 테이블 이름을 바꾸었다면 정책도 바꾸세요.",
    ),
    (
        "UnrecognizedClient|InvalidClientTokenId|security token",
        "임시 키(ASIA…)라면 AWS_SESSION_TOKEN도 설정해야 합니다.",
    ),
)
"""Words in the code or the explanation of an error, and what to do. The first that fits is logged."""
RENEWAL_TEXT = (
    "AWS 자격증명을 미리 갱신하지 못했습니다 ({reason}): {explanation} 지금 것은 만료될 때까지 씁니다."
)
TABLE_TEXT = """테이블 '{table}'가 없습니다. 다음 명령으로 만드세요:
  pip install -r requirements.txt
  python -c "from models import DynamoDBDatabase; DynamoDBDatabase().create_tables()\""""
INDEX_TEXT = """테이블 '{table}'에 필요한 인덱스가 없습니다. 다음 명령으로 만드세요 ({explanation}):
  python -c "from models import DynamoDBDatabase; DynamoDBDatabase().create_tables()\""""
BUSY_TEXT = "테이블 '{table}'를 만들거나 바꾸는 중이라 지금은 쓸 수 없습니다 ({reason})"
THROTTLED_TEXT = "ProvisionedThroughputExceededException: 테이블 '{table}' 처리량 초과"
LIMIT_TEXT = """✗ AWS 계정 한도 초과 ({reason})
  - 테이블의 처리량이 아니라 AWS 계정 또는 리전의 한도입니다. Service Quotas에서 확인하고 늘리세요."""
CONFLICT_TEXT = (
    "DynamoDB 트랜잭션 충돌이 계속됩니다 ({reason}): 테이블 '{table}'. "
    "처리량 문제가 아니라 다른 프로그램이 같은 항목을 쓰고 있습니다."
)
REFUSED_TEXT = "✗ DynamoDB가 쓰기를 거부했습니다 ({reason}): 테이블 '{table}'"
UNSUPPORTED_TEXT = """✗ 이 엔진은 {operation}를 지원하지 않습니다: {where}
  - 트랜잭션이 있는 DynamoDB 호환 엔진이 필요합니다. AWS 또는 DYNAMODB_ENDPOINT_URL=embedded를 쓰세요."""
UNREACHABLE_TEXT = "✗ DynamoDB 연결 실패: {where} 응답 없음 ({reason})"
SERVER_ERROR_TEXT = "✗ DynamoDB 연결 실패: {where} 오류 응답 ({reason})"


class OperatorMessages:
    """Logs each kind of message at most once in REPEAT_SECONDS, without a stack trace.

    `explanation`: AWS's own words, as teamcal.storage.explanation makes them fit for the log.
    """

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def credentials_refused(self, reason: str, explanation: str = "", seconds_ahead: float = 0.0) -> None:
        reasons = EXPLANATION_TEXT.format(explanation=explanation) if explanation else ""
        if seconds_ahead:
            minutes, direction = (
                round(abs(seconds_ahead) / 60),
                "빠릅니다" if seconds_ahead > 0 else "느립니다",
            )
            reasons += CLOCK_TEXT.format(minutes=minutes, direction=direction)
        else:
            hints = (hint for words, hint in HINTS if re.search(words, f"{reason} {explanation}"))
            reasons += "".join(f"\n  - {hint}" for hint in list(hints)[:1])
        self._log("credentials", CREDENTIALS_TEXT.format(reason=reason, reasons=reasons))

    def renewal_failed(self, reason: str, explanation: str) -> None:
        text = RENEWAL_TEXT.format(reason=reason, explanation=explanation)
        self._log("renewal", text, logging.WARNING)

    def table_missing(self, table: str) -> None:
        self._log(f"missing {table}", TABLE_TEXT.format(table=table))

    def index_missing(self, table: str, explanation: str) -> None:
        self._log("index", INDEX_TEXT.format(table=table, explanation=explanation))

    def table_busy(self, table: str, reason: str) -> None:
        self._log("busy", BUSY_TEXT.format(table=table, reason=reason))

    def throttled(self, table: str, explanation: str = "") -> None:
        self._log("throttled", THROTTLED_TEXT.format(table=table) + _in_brackets(explanation))

    def account_limit(self, reason: str, explanation: str = "") -> None:
        said = EXPLANATION_TEXT.format(explanation=explanation) if explanation else ""
        self._log("limit", LIMIT_TEXT.format(reason=reason) + said)

    def conflict(self, table: str, reason: str) -> None:
        self._log("conflict", CONFLICT_TEXT.format(table=table, reason=reason))

    def refused(self, table: str, reason: str, explanation: str = "") -> None:
        text = REFUSED_TEXT.format(table=table, reason=reason)
        self._log("refused", text + _in_brackets(explanation))

    def unsupported(self, operation: str, where: str) -> None:
        self._log(f"unsupported {operation}", UNSUPPORTED_TEXT.format(operation=operation, where=where))

    def unreachable(self, where: str, reason: str) -> None:
        self._log("unreachable", UNREACHABLE_TEXT.format(where=where, reason=reason))

    def server_error(self, where: str, reason: str, explanation: str = "") -> None:
        text = SERVER_ERROR_TEXT.format(where=where, reason=reason)
        self._log("server error", text + _in_brackets(explanation))

    def engine_failed(self, text: str) -> None:
        self._log("engine", text)

    def _log(self, kind: str, text: str, level: int = logging.ERROR) -> None:
        now = time.monotonic()
        if now - self._last.get(kind, -REPEAT_SECONDS) >= REPEAT_SECONDS:
            self._last[kind] = now
            logger.log(level, "%s", text, extra={"kind": kind, "several_lines": True})


def _in_brackets(explanation: str) -> str:
    return f" ({explanation})" if explanation else ""
