"""How `python -c "from models import DynamoDBDatabase; …"` ends when it fails."""

import sys
from types import TracebackType

from teamcal.errors import StorageError
from teamcal.settings import SettingsError


def end_in_words() -> None:
    """Makes an error of the settings or the storage end this process with a line and status 2."""
    sys.excepthook = _end


def _end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if isinstance(error, SettingsError):
        print(f"✗ 설정 오류 (configuration): {error}", file=sys.stderr)
    elif isinstance(error, StorageError):  # the storage has logged the reason
        print(f"✗ 중단되었습니다 ({kind.__name__}). 원인을 해결한 뒤 다시 실행하세요.", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)
        return
    raise SystemExit(2)  # Python takes the status from it
