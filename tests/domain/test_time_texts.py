"""Which texts of the field `time` are times, which stay texts, and what old clients see instead of times."""

import json
import random
import time
import unicodedata
from datetime import date, timedelta
from pathlib import Path

import pytest

from teamcal.domain.time_texts import Times, text_of, times_from

# "start", "start-end" or "all".
UNDERSTOOD = {
    # One time with a half of the day.
    "오후 2:00": "14:00", "오전 9시 30분": "09:30", "오전9:30": "09:30", "오후1시30분": "13:30",
    "오후 2시 반": "14:30", "오후 2시반": "14:30", "오후 3시 5분": "15:05", "오후 두 시": "14:00",
    "오전 열한시 반": "11:30", "오후 １:３０": "13:30", "오후 2 : 00": "14:00", "오후  2시": "14:00",
    "오후 2시 정각": "14:00", "오후 12:00": "12:00", "오후 12시 30분": "12:30",
    "오전 12:10": "00:10",  # as digital clocks show it, but not 오전 12시
    "오전 0시 30분": "00:30",
    "오후 14:00": "14:00",  # can't be anything else
    "14:00 PM": "14:00", "2:00 PM": "14:00", "2:00 p.m.": "14:00", "2:30pm": "14:30", "2pm": "14:00",
    "12 AM": "00:00", "AM 9:00": "09:00", "PM 1:30": "13:30", "pm2시": "14:00", "㏘ 2:00": "14:00",
    "2:00 오후": "14:00",  # "h:mm tt" of a Korean Windows
    "정오": "12:00", "저녁 7시": "19:00", "밤 11시": "23:00", "새벽 1시": "01:00",
    "새벽 0시 30분": "00:30", "아침 8시": "08:00", "낮 12시": "12:00", "낮 11시": "11:00",
    "낮 1시": "13:00", "점심 12시": "12:00",
    # One time on a 24-hour clock, or one that can only be in the morning or at noon.
    "14:00": "14:00", "14시": "14:00", "14시 30분": "14:30", "14시30": "14:30", "14：00": "14:00",
    "１４:００": "14:00", "14 : 00": "14:00",
    "14:00:00": "14:00",  # TimeSpan.ToString() of .NET
    "9:05": "09:05", "10시": "10:00", "12시": "12:00",
    "02:00": "02:00",  # who writes the zero has a 24-hour clock
    "06시 30분": "06:30", "00:00": "00:00", "0시": "00:00", "오후 2시부터": "14:00",
    "14:00 시작": "14:00", "14시에": "14:00", "13:00 ~": "13:00", "10시부터 시작": "10:00",
    # Ranges.
    "14:00~15:00": "14:00-15:00", "14:00 - 15:30": "14:00-15:30", "09:00-18:00": "09:00-18:00",
    "10:00-11:30": "10:00-11:30", "9:00~18:00": "09:00-18:00",
    "10:00∼11:00": "10:00-11:00",  # Hangul's tilde operator
    "10:00〜11:00": "10:00-11:00", "１０：００～１１：００": "10:00-11:00", "14시~16시": "14:00-16:00",
    "14시30분~16시": "14:30-16:00", "14:00:00~15:00:00": "14:00-15:00", "02:00~04:00": "02:00-04:00",
    "0시~6시": "00:00-06:00", "10~11시": "10:00-11:00", "10-11시": "10:00-11:00",
    "10~11시 30분": "10:00-11:30", "09~18시": "09:00-18:00", "오후 2:00 ~ 4:00": "14:00-16:00",
    "오후 2시~4시": "14:00-16:00", "오후 2-4시": "14:00-16:00", "오후 02:00~04:00": "14:00-16:00",
    "오후 2시~4시 반": "14:00-16:30", "오후 2:00~16:30": "14:00-16:30", "오후 12시~1시": "12:00-13:00",
    "정오~1시": "12:00-13:00", "오전 10시 30분 ~ 11시 30분": "10:30-11:30",
    "오전 10시~12시": "10:00-12:00", "오전 11:30~12:30": "11:30-12:30",
    "오전 9시~6시": "09:00-18:00",  # the clock's next six o'clock is in the afternoon
    "오전 9시부터 11시까지": "09:00-11:00", "오전 9시~18시": "09:00-18:00",
    "오전 10시 ~ 오후 1시": "10:00-13:00", "오전 9시 ~ 저녁 6시": "09:00-18:00",
    "오전 9 ~ 오후 6": "09:00-18:00", "AM 9:00 ~ PM 6:00": "09:00-18:00",
    "9:00 am - 6:00 pm": "09:00-18:00", "9am-6pm": "09:00-18:00", "저녁 6시~8시": "18:00-20:00",
    "2:00~4:00 PM": "14:00-16:00", "02:00~04:00 PM": "14:00-16:00", "2-4pm": "14:00-16:00",
    "10:00 – 11:00 AM": "10:00-11:00", "10:00-1:00 PM": "10:00-13:00", "9:00-5:00 PM": "09:00-17:00",
    "11시~오후 1시": "11:00-13:00", "9시~오후 6시": "09:00-18:00", "1시~오후 3시": "13:00-15:00",
    "12시~오후 1시": "12:00-13:00", "11시~정오": "11:00-12:00", "9시~오전 11시": "09:00-11:00",
    # Into the night.
    "22:00~02:00": "22:00-02:00",
    "18:00~09:00": "18:00-09:00",  # a night on duty
    "22시~2시": "22:00-02:00", "22:00~24:00": "22:00-00:00", "14:00~00:00": "14:00-00:00",
    "00:00~24:00": "00:00-00:00", "오후 6시~오전 9시": "18:00-09:00", "오후 10시~2시": "22:00-02:00",
    "저녁 8시~12시": "20:00-00:00", "밤 10시~밤 12시": "22:00-00:00",
    "밤 11시~새벽 1시": "23:00-01:00", "오후 10시~자정": "22:00-00:00",
    "22:00~익일 02:00": "22:00-02:00", "22:00~다음날 2:00": "22:00-02:00",
    "09:00 ~ 익일 09:00": "09:00-09:00",
    # A duration.
    "오후 1시 2시간": "13:00-15:00", "14:00 (90분)": "14:00-15:30", "14:00(2h)": "14:00-16:00",
    "14:00 (1.5시간)": "14:00-15:30", "14:00 (2h30m)": "14:00-16:30", "9시 30분 (1시간)": "09:30-10:30",
    "오후 2시부터 30분간": "14:00-14:30", "오후 2시부터 1시간 30분": "14:00-15:30",
    "10:00, 1시간 반": "10:00-11:30", "오후 11시 (2시간)": "23:00-01:00",
    "14:00~16:00 (2시간)": "14:00-16:00",
    # All day.
    "종일": "all", "하루종일": "all", "하루 종일": "all", "ALL DAY": "all", "All-day": "all",
    # What the server writes for several days; the last day isn't in the answer.
    "종일 (~11/11)": "all", "종일 (~2027/1/3)": "all", "오후 2:00 (~11/11)": "14:00",
    "오후 2:00 (~11/11 오후 4:00)": "14:00-16:00", "오후 3:00~다음 날 오후 2:00": "15:00-14:00",
}  # fmt: skip

TEXTS = [
    # No time.
    *["", " ", "미정", "추후 공지", "TBD", "점심"],
    *["점심 이후", "저녁", "오전", "오후", "오전 중", "오후 중", "아침"],
    *["회의 후", "퇴근 후", "퇴근 후 7시", "3층", "오후 1교시", "제10시리즈", "전일", "하루", "종일 회의"],
    *["오전반차", "오전 반차", "오후 반차", "오후반차", "반차", "오후 반", "반"],
    # Only nearly: a reminder would be exact.
    *["2시쯤", "10시경", "약 10시", "오후 2시 전후"],
    *["14:00 예정", "14시 이후", "오후 2시 전", "9시 30분 (약 1시간)"],
    # An end alone; a time of something else than the beginning.
    *["~ 18:00", "18:00까지", "오후 6시까지", "오후 6시 마감", "14:00 도착"],
    # Hours 1 to 6 without a half of the day.
    *["2시반", "2:00", "3시", "6:30", "한시", "두 시 반", "5시부터", "3:00 ~", "2시 (1시간)"],
    *["1:00~2:00", "2시~4시", "2~4시", "9:00~2:00"],
    *["9:00~6:00", "12:00~1:00", "11시~1시", "10시~2시", "01:00~3:00"],
    *["3시~18시", "13시~5시", "14:00~4:00"],
    # Which half the other end settles isn't certain.
    "7시~오후 9시",  # the morning, or 19:00
    "08:00~10:00 PM",
    "6시~밤 10시",
    "6시~오전 9시",  # a morning, or a night on duty
    "10:00~2:00 AM",
    "11:00~12:00 AM",
    "12:00~2:00 AM",
    "02:00~오후 4:00",
    "오후 2:00~09:00",  # two kinds of clock
    "9시~0시",
    "18시~9시",
    "22시~12시",
    "8시~익일 7시",
    "22시~익일 12시",
    # An end before the start that isn't said to be on the next day is rather a mistake.
    *["09:00~05:00", "10:00~01:00", "11:00~02:00"],
    *["15:00~14:00", "14:00~14:00", "14:00~04:00", "12:00~01:00"],
    *["오후 4시~오후 2시", "오전 11시~오전 2시", "오후 4시~2시", "오전 11:00~오전 12:00", "오전 9시~9시"],
    *["오전 2시~밤 2시", "오후 2시~오전 11시", "10:00~익일 11:00", "09:00~익일 10:00"],
    # Midnight and the hours after it: does the night before or after this day count?
    *["자정", "24:00", "24시", "밤 12시", "밤 1시", "자정~오전 6시", "24:00~02:00"],
    "오전 12시",  # some write it for noon
    "오후 0시 30분",
    # Clocks that don't exist.
    *["25:00", "14:60", "24:30", "오전 14:00", "14:00 AM"],
    *["새벽 10시", "아침 3시", "낮 9시", "저녁 1시", "오후 24:00"],
    *["99시", "14:5", "1400", "114:00", "14:00:30", "오후 2:00 PM", "0:30 PM", "오후 99시~100시"],
    *["오후 2시~99시", "99:00~18:00", "14:00~24:30"],
    # Numbers that are no time, or may be none.
    *["10", "2024", "1-2", "10-11", "9-18", "2~3"],
    *["오후 2", "PM 2", "오후 2-4", "16:9", "1:1", "10.30", "14.30"],
    *["11/11", "11-11", "D-1", "오후 12시간"],
    *["2시간", "1~2시간", "10~11시간", "오후 2시 30분간", "오후 2시, 30분"],
    # Two times or a change are no range; other words beside the time.
    *["오후 2시, 4시", "10:00/14:00", "10시 14시", "오전 10시 오후 2시", "14:00 → 16:00", "14:00->16:00"],
    *["10시 또는 14시", "1부 14:00", "14:00 회의", "매일 09:00", "내일 10시", "11/11 14:00", "14:00 KST"],
    *["10:00~11", "10시~11", "10:00~11:00~12:00", "14:00 (화상)", "10:00~11:00, 14:00~15:00", "9시~퇴근"],
    *["14:00~16:00 (1시간)", "14:00 (0분)", "14:00 (25시간)", "14:00 (2시간", "14:00 2시간)"],
    *["종일 (~13/1)", "종일 (~11/32)", "종일 (~11/11", "2:00 (~11/11)", "오후 2:00 (~11/11 4:00)"],
    # Other digits and signs that look like a time.
    *["١٤:٠٠", "१४:००", "①④:⓪⓪", "¹⁴:⁰⁰", "1️⃣4️⃣:00", "오후 ②시", "오후 ½시", "14:00\u0301", "1\u03054:00"],
    *["14\u200b:00", "\u202e00:41", "오후 2시\u11a8", "오후 二時", "午後 2:00", "2:00 ＰＭ!", "pſm 2:00"],
]  # fmt: skip


def shown(times: Times | None) -> str | None:
    if times is None:
        return None
    return "all" if times.start is None else times.start + (f"-{times.end}" if times.end else "")


@pytest.mark.parametrize(("text", "expected"), UNDERSTOOD.items(), ids=UNDERSTOOD)
def test_a_text_that_is_understood(text: str, expected: str) -> None:
    assert shown(times_from(text)) == expected
    assert shown(times_from(f"  {text.upper()} ")) == expected
    assert shown(times_from(unicodedata.normalize("NFD", text))) == expected


@pytest.mark.parametrize("text", TEXTS, ids=[ascii(text) for text in TEXTS])
def test_a_text_that_stays_one(text: str) -> None:
    assert times_from(text) is None


def test_no_word_beside_a_time_is_overlooked() -> None:
    for text in UNDERSTOOD:
        for word in ("쯤", " 예정", "?", "!", " 또는", "/", "x", "회의 "):
            assert times_from(text + word) is None, text
            assert times_from(word + text) is None, text


# What old clients see

DAY = "2026-11-09"
QUARTERS = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 15, 30, 45)]


@pytest.mark.parametrize(
    ("times", "text"),
    [
        (("14:00", None, None), "오후 2:00"),
        (("14:00", "16:00", None), "오후 2:00~4:00"),
        (("14:00", "16:00", DAY), "오후 2:00~4:00"),
        (("10:00", "13:00", None), "오전 10:00~오후 1:00"),
        (("12:00", None, None), "오후 12:00"),
        (("00:00", None, None), "오전 12:00"),
        (("09:05", "09:50", None), "오전 9:05~9:50"),
        (("22:00", "02:00", None), "오후 10:00~오전 2:00"),
        (("22:00", "02:00", "2026-11-10"), "오후 10:00~오전 2:00"),
        (("22:00", "00:00", None), "오후 10:00~오전 12:00"),
        # Without the words it would look like a mistake.
        (("15:00", "14:00", None), "오후 3:00~다음 날 오후 2:00"),
        (("09:00", "09:00", None), "오전 9:00~다음 날 오전 9:00"),
        ((None, None, None), ""),
        ((None, None, DAY), ""),
        ((None, None, "2026-11-11"), "종일 (~11/11)"),
        ((None, None, "2027-01-03"), "종일 (~2027/1/3)"),
        (("14:00", "16:00", "2026-11-11"), "오후 2:00 (~11/11 오후 4:00)"),
        (("14:00", "16:00", "2026-11-10"), "오후 2:00 (~11/10 오후 4:00)"),
        (("14:00", None, "2026-11-11"), "오후 2:00 (~11/11)"),
        (("22:00", "02:00", "2026-11-11"), "오후 10:00 (~11/11 오전 2:00)"),
        (("22:00", "23:30", "2027-01-03"), "오후 10:00 (~2027/1/3 오후 11:30)"),
    ],
)
def test_the_text_for_old_clients(times: tuple[str | None, str | None, str | None], text: str) -> None:
    assert text_of(DAY, *times) == text


def test_every_pair_of_quarter_hours_comes_back() -> None:
    for start in QUARTERS:
        assert times_from(text_of(DAY, start, None, None)) == (start, None)
        for end in QUARTERS:
            text = text_of(DAY, start, end, None)
            assert times_from(text) == (start, end), text
            assert times_from(text.replace("오전", "AM").replace("오후", "PM")) == (start, end), text


def test_several_days_give_their_times_back() -> None:
    chance = random.Random(12)
    for _ in range(5_000):
        first = date(2026, 1, 1) + timedelta(days=chance.randrange(10_000))
        last = first + timedelta(days=chance.randrange(2, 900))
        start, end = (chance.choice([None, *QUARTERS]) for _ in range(2))
        text = text_of(first.isoformat(), start, end, last.isoformat())
        assert len(text) <= 50
        assert times_from(text) == (start, end if start else None), text


def test_the_text_of_any_year_fits() -> None:
    assert len(text_of("0001-12-31", "10:10", "22:22", "9999-12-31")) <= 50


# Hostile texts

PIECES = [
    "오전",
    "오후",
    "밤",
    "자정",
    "am",
    "p.m.",
    "12",
    "3",
    "09",
    ":",
    ":00",
    "시",
    "분",
    "30분",
    "반",
    " ",
    "  ",
]
PIECES += [
    "~",
    "-",
    "부터",
    "까지",
    "다음 날",
    "(",
    ")",
    "1시간",
    "(~11/11",
    "종일",
    "열",
    "열두",
    "\u0301",
    "１",
    "٣",
]


def seconds_of(texts: list[str]) -> float:
    before = time.thread_time()
    for text in texts:
        times_from(text)
    return time.thread_time() - before


def test_hostile_texts_take_no_time() -> None:
    repeated = [piece * (length // len(piece) + 1) for piece in PIECES for length in (50, 5_000, 1_000_000)]
    framed = [f"오후 2{piece * 40}"[:50] for piece in PIECES] + [f"{piece * 40}2시"[-50:] for piece in PIECES]

    assert seconds_of(repeated + framed) < 0.5


def test_random_pieces_never_raise_and_take_little_time() -> None:
    chance = random.Random(7)
    texts = ["".join(chance.choices(PIECES, k=chance.randrange(1, 30))) for _ in range(20_000)]

    assert seconds_of(texts) < 5


def test_what_is_understood_is_a_time() -> None:
    chance = random.Random(8)
    texts = ["".join(chance.choices(PIECES, k=chance.randrange(1, 7))) for _ in range(100_000)]

    for times in filter(None, map(times_from, texts)):
        assert times.start is None or times.start in {f"{h:02}:{m:02}" for h in range(24) for m in range(60)}
        assert times.start or not times.end


def test_the_page_reads_as_the_server_does() -> None:
    """The cases of the page's reader, which quick entry previews with (web/test/time-texts.test.js)."""
    cases = json.loads((Path(__file__).parents[2] / "web/test/time-texts.json").read_text("utf-8"))

    assert {text: shown(times_from(text)) for text in cases} == cases
