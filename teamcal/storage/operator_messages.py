"""What the operator reads in the log when DynamoDB can't be used: in Korean, with what to check."""

import logging
import time

logger = logging.getLogger(__name__)

REPEAT_SECONDS = 5.0
"""A fault lasts for many requests; the operator reads of it at most this often."""

CREDENTIALS_TEXT = """✗ DynamoDB 연결 실패: 자격증명 오류 ({reason})
  - AWS_ACCESS_KEY_ID와 AWS_SECRET_ACCESS_KEY가 올바른지 확인하세요.
  - 환경 변수 또는 .env 파일, AWS_REGION을 확인하세요.
  - IAM 사용자/역할에 DynamoDB 권한이 있는지 확인하세요."""
TABLE_TEXT = """테이블 '{table}'가 없습니다. 다음 명령으로 만드세요:
  pip install -r requirements.txt
  python -c "from models import DynamoDBDatabase; DynamoDBDatabase().create_tables()\""""
THROTTLED_TEXT = "ProvisionedThroughputExceededException: 테이블 '{table}' 처리량 초과"
UNREACHABLE_TEXT = "✗ DynamoDB 연결 실패: {where} 응답 없음 ({reason})"


class OperatorMessages:
    """Logs each kind of message at most once in REPEAT_SECONDS, at level ERROR, without a stack trace."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def credentials_refused(self, reason: str) -> None:
        self._log("credentials", CREDENTIALS_TEXT.format(reason=reason))

    def table_missing(self, table: str) -> None:
        self._log(f"missing {table}", TABLE_TEXT.format(table=table))

    def throttled(self, table: str) -> None:
        self._log("throttled", THROTTLED_TEXT.format(table=table))

    def unreachable(self, where: str, reason: str) -> None:
        self._log("unreachable", UNREACHABLE_TEXT.format(where=where, reason=reason))

    def engine_failed(self, text: str) -> None:
        self._log("engine", text)

    def _log(self, kind: str, text: str) -> None:
        now = time.monotonic()
        if now - self._last.get(kind, -REPEAT_SECONDS) >= REPEAT_SECONDS:
            self._last[kind] = now
            logger.error(text)
