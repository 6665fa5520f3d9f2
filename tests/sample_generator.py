"""The desktop application's files as a company of three departments would have them after three years.

    python -m tests.sample_generator --events 10000 --out DIR [--seed 1]

The same seed gives the same files, byte for byte.
"""

import argparse
import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

DEPARTMENTS = [
    {"id": 1, "name": "개발팀", "description": "소프트웨어 개발"},
    {"id": 2, "name": "마케팅팀", "description": "브랜드와 홍보"},
    {"id": 3, "name": "경영지원팀", "description": "인사, 총무, 회계"},
]
FIRST_DAY, DAYS = datetime(2023, 1, 2), 3 * 365
TOPICS = {
    1: ["스프린트 계획", "코드 리뷰", "배포 점검", "장애 회고", "설계 검토", "보안 패치", "기술 세미나"],
    2: ["캠페인 회의", "콘텐츠 검수", "전시회 준비", "광고 성과 보고", "인터뷰 촬영", "보도자료 배포"],
    3: ["급여 마감", "신입사원 교육", "예산 심의", "비품 구매", "면접", "연말정산 안내", "소방 훈련"],
}
PLACES = ["3층 대회의실", "본관 201호", "화상회의", "판교 사무소", "부산 지사", "고객사 방문"]
PEOPLE = ["김민수", "이서연", "박지훈", "최유진", "정하늘", "강도윤", "한소희"]
TIMES = ["", "종일", "오전 9:30", "오전 11:00", "오후 2:00", "오후 4:30", "14:00", "18:30"]
DETAILS = ["주간", "월간", "분기", "긴급", "정기", "1차", "2차", "최종"]


def sample(events: int, seed: int = 1) -> dict[str, list[dict[str, Any]]]:
    """calendar_events.json with this many events, none of them in need of a repair."""
    chance = random.Random(seed)
    dated: dict[str, list[dict[str, Any]]] = {}
    for number in range(1, events + 1):
        day = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
        dated.setdefault(day.strftime("%Y-%m-%d"), []).append(_event(number, day, chance))
    return dict(sorted(dated.items()))


def _event(number: int, day: datetime, chance: random.Random) -> dict[str, Any]:
    department = chance.choice(DEPARTMENTS)["id"]
    person, place = chance.choice(PEOPLE), chance.choice(PLACES)
    changed = day - timedelta(days=chance.randrange(1, 30), seconds=chance.randrange(36_000))
    return {
        "Id": number,
        "DepartmentId": department,
        "Title": f"{chance.choice(DETAILS)} {chance.choice(TOPICS[department])}",
        "Description": f"{place}, 담당 {person}\n준비물은 전날까지 공유해 주세요."
        if chance.random() < 0.7
        else "",
        "Time": chance.choice(TIMES),
        "Url": f"https://meet.example.com/{number}" if chance.random() < 0.3 else None,
        "LastModified": changed.isoformat(),
    }


def write_sample(folder: Path, events: int, seed: int = 1) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("departments.json", {"departments": DEPARTMENTS}),
        ("calendar_events.json", sample(events, seed)),
    ):
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        (folder / name).write_bytes(text.encode())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.sample_generator", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    write_sample(options.out, options.events, options.seed)


if __name__ == "__main__":
    main()
