"""What the operator reads about tables that don't fit each other: in Korean, then in English."""

from teamcal.domain.changes import ACCESS, DEPARTMENTS

_FAULTS = {
    "head_missing": ("변경 기록의 머리글(revision 0)이 없음", "the log's head (revision 0) is missing"),
    "head_differs": (
        "변경 기록과 항목이 서로 다른 시점의 것",
        "the log and the records are of different moments",
    ),
    "outdated": ("변경 기록보다 오래되었거나 없는 항목 {}개", "{} records older than the log, or missing"),
    "ghosts": ("지워진 항목이 변경 기록에는 남아 있음 {}개", "{} deleted records that the log shows as live"),
    "rows_missing": ("빠진 변경 기록 {}개", "{} rows of the log are missing"),
    "to_remove": ("삭제되었으나 목록에 남은 부서 {}개", "{} deleted departments that are still listed"),
    "to_reopen": (
        "목록에는 있으나 삭제된 것으로 기록된 부서 {}개",
        "{} listed departments whose own log is deleted",
    ),
    "to_close": (
        "삭제되었으나 아직 열려 있는 부서 {}개",
        "{} deleted departments whose own log is still open",
    ),
    "left_over": (
        "삭제된 부서에 남아 있는 이벤트 {}개",
        "{} events that are left of the deleted department",
    ),
    "unlisted": ("목록에서 사라진 부서", "the department is missing from the list"),
}


def log_name(log_id: str) -> tuple[str, str]:
    """Returns what a log is called, in Korean and in English."""
    is_list = log_id == DEPARTMENTS
    if log_id == ACCESS:
        return "사용자와 권한", "users and policies"
    return ("부서 목록" if is_list else f"부서 {log_id}"), (
        "the list of departments" if is_list else f"department {log_id}"
    )


def fault_texts(faults: dict[str, int]) -> tuple[str, str]:
    """Returns the faults of one log, by kind and number, in Korean and in English."""
    texts = [(_FAULTS[kind], number) for kind, number in faults.items()]
    korean = ", ".join(korean.format(number) for (korean, _), number in texts)
    return korean, ", ".join(english.format(number) for (_, english), number in texts)


def repaired_text(log_id: str, faults: dict[str, int]) -> str:
    korean, english = fault_texts(faults)
    korean_name, english_name = log_name(log_id)
    return (
        f"⚠ {korean_name}: 서로 맞지 않던 테이블을 바로잡았습니다 ({korean}). 백업에서 복원했거나 항목을 직접"
        " 지웠을 때 일어납니다. 접속 중인 사용자는 목록을 새로 받습니다.\n"
        f"  {english_name}: tables that didn't fit each other were repaired ({english}). This happens after a"
        " restore, or when items were removed by hand. Connected users get the calendar anew."
    )
