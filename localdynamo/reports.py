"""What an operator has to know of an engine, in Korean and English."""

import errno
from pathlib import Path


class EngineFailed(Exception):
    """The engine can't be used; the text gives the reason in Korean and English."""


def disk_trouble(folder: Path, error: OSError) -> str:
    """Returns a sentence that says why nothing can be stored in the folder."""
    reason = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
        return f"디스크가 가득 찼습니다: {folder} ({reason})\nThe disk is full: {folder} ({reason})"
    if error.errno == errno.EFBIG:
        return (
            f"파일 크기 한도에 걸려 더 쓸 수 없습니다(ulimit -f): {folder} ({reason})\n"
            f"The limit of the size of files is reached (ulimit -f): {folder} ({reason})"
        )
    return (
        f"데이터 폴더에 쓸 수 없습니다: {folder} ({reason})\n"
        f"The data folder can't be written: {folder} ({reason})"
    )


def room_again(folder: Path) -> str:
    return f"다시 쓸 수 있습니다: {folder}\nCan be written again: {folder}"


def compaction_failed(folder: Path, reason: str) -> str:
    return (
        f"로그를 압축하지 못했습니다. 데이터는 그대로 있고, 1분 뒤에 다시 시도합니다: {folder} ({reason})\n"
        f"Compaction of the log failed; the data stays as it is, another try in a minute: {folder} ({reason})"
    )


def key_exposed(path: Path) -> str:
    return (
        f"다른 계정이 내장 엔진의 키를 읽을 수 있어 사용하지 않습니다: {path}\n"
        f"  - chmod 600 {path}\n"
        "  - 이미 읽혔을 수 있으면 서버를 모두 중지하고 이 파일을 지우세요. 다시 시작하면 새 키를 만듭니다.\n"
        "  - 권한을 저장하는 로컬 디스크여야 합니다.\n"
        f"Another account can read the embedded engine's key, so it isn't used: {path}\n"
        f"  - chmod 600 {path}\n"
        "  - If it may have been read, stop all servers and delete it: the next start makes a new one.\n"
        "  - The disk has to be a local one that keeps permissions."
    )


def writable_by_others(folder: Path) -> str:
    return (
        f"다른 계정도 데이터 폴더에 쓸 수 있어 사용하지 않습니다: {folder}\n"
        f"  - chmod 700 {folder} (권한을 저장하는 로컬 디스크의 전용 폴더여야 합니다)\n"
        f"Other accounts can write to the data folder, so it isn't used: {folder}\n"
        f"  - chmod 700 {folder} (it has to be a folder of its own, on a local disk that keeps permissions)"
    )


def impostor(port: int) -> str:
    return (
        f"{port}번 포트의 프로그램은 이 데이터 폴더의 내장 엔진이 아니므로 아무것도 보내지 않습니다.\n"
        f"The program on port {port} isn't the embedded engine of this data folder: nothing is sent to it."
    )


def older_engine(folder: Path) -> str:
    return (
        f"이전 버전의 내장 엔진이 아직 이 폴더를 사용하고 있습니다: {folder}\n"
        "  - 이전 버전의 서버를 모두 중지하세요. 마지막 서버가 끝나고 15초쯤 뒤에 저절로 이어집니다.\n"
        f"An embedded engine of an older version still uses this folder: {folder}\n"
        "  - Stop all servers of the older version: 15 seconds after the last one this goes on by itself."
    )


def no_engine(folder: Path) -> str:
    return (
        f"이 폴더의 내장 엔진이 실행되고 있지 않습니다: {folder}\n"
        f"No embedded engine runs for this folder: {folder}"
    )
