"""What create_tables() tells the operator: in Korean, as warnings, since a script shows nothing less."""

import logging

logger = logging.getLogger(__name__)

AGAIN = "create_tables()를 다시 실행하면 이어서 진행합니다."
WAITING_TEXT = "테이블 '{table}'를 기다립니다: {states} ({seconds}초 경과{note})"
INDEX_NOTE = ", 데이터가 많으면 수십 분이 걸립니다"
TOO_LONG_TEXT = "✗ 테이블 '{table}'가 {seconds}초 안에 ACTIVE가 되지 않았습니다: {states}\n  - " + AGAIN
STATE_TEXT = "✗ 테이블 '{table}'를 쓸 수 없습니다: 상태 {state}\n  - {remedy}"
_RESTORE = "백업에서 복원하거나 다른 테이블 이름을 설정하세요."
REMEDIES = {
    "INACCESSIBLE_ENCRYPTION_CREDENTIALS": (
        "테이블을 암호화한 KMS 키를 쓸 수 없습니다. 키를 다시 켜거나 권한을 주세요. "
        "7일이 지나면 테이블이 보관(ARCHIVED)됩니다."
    ),
    "ARCHIVING": "KMS 키를 쓸 수 없어 테이블이 보관되는 중입니다. " + _RESTORE,
    "ARCHIVED": "KMS 키를 쓸 수 없어 테이블이 보관되었습니다. " + _RESTORE,
    "REPLICATION_NOT_AUTHORIZED": "글로벌 테이블의 복제 권한이 없습니다. 글로벌 테이블은 지원하지 않습니다.",
}
"""What to do about a state that no waiting ends."""
REPLICAS_TEXT = (
    "✗ 테이블 '{table}'는 글로벌 테이블입니다 (복제 리전: {regions}). 지원하지 않습니다: "
    "트랜잭션이 리전 사이에서 지켜지지 않아 일정이 사라질 수 있습니다."
)
TTL_OTHER_TEXT = (
    "✗ 테이블 '{table}'의 TTL이 다른 속성 '{attribute}'에 켜져 있어 오래된 행이 지워지지 않습니다. "
    "끄고 한 시간 뒤에 " + AGAIN + "\n  aws dynamodb update-time-to-live --table-name {table} "
    "--time-to-live-specification 'Enabled=false,AttributeName={attribute}'"
)
TTL_DISABLING_TEXT = (
    "테이블 '{table}'의 TTL이 꺼지는 중이라 지금은 켤 수 없습니다. 최대 한 시간 걸립니다. 그 뒤에 " + AGAIN
)
TTL_REFUSED_TEXT = (
    "테이블 '{table}'의 TTL을 켜지 못해 오래된 행이 지워지지 않습니다 ({explanation}). 한 시간 뒤에 " + AGAIN
)
TTL_UNSUPPORTED_TEXT = "이 엔진은 TTL을 지원하지 않습니다: 테이블 '{table}'의 오래된 행이 지워지지 않습니다."


def warn(text: str, **parts: object) -> None:
    logger.warning("%s", text.format(**parts))
