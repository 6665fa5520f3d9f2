"""Public holidays as the gazette has them, and the file of an installation's own days."""

from datetime import date

import pytest

from teamcal.domain.holidays import (
    MAX_FILE_BYTES,
    MAX_OWN,
    OWN,
    PUBLIC,
    SUBSTITUTE,
    TEMPORARY,
    BrokenList,
    OwnDay,
    holidays_between,
    own_days_from,
)

# Written by hand from 월력요항, the calendar that the ministry of science (since 2024 the Korea AeroSpace
# Administration) publishes in the gazette for each year; temporary holidays from the cabinet's decisions
# (관보 공고), 1 May and 17 July since 2026 from the Public Holidays Act as amended in that year.
# s: substitute, t: temporary.
GAZETTE = {
    2018: "0101 0215 0216 0217 0301 0505 0507s 0522 0606 0613 0815 0923 0924 0925 0926s 1003 1009 1225",
    2019: "0101 0204 0205 0206 0301 0505 0506s 0512 0606 0815 0912 0913 0914 1003 1009 1225",
    2020: "0101 0124 0125 0126 0127s 0301 0415 0430 0505 0606 0815 0817t 0930 1001 1002 1003 1009 1225",
    2021: "0101 0211 0212 0213 0301 0505 0519 0606 0815 0816s 0920 0921 0922 1003 1004s 1009 1011s 1225",
    2022: "0101 0131 0201 0202 0301 0309 0505 0508 0601 0606 0815 0909 0910 0911 0912s 1003 1009 1010s 1225",
    2023: "0101 0121 0122 0123 0124s 0301 0505 0527 0529s 0606 0815 0928 0929 0930 1002t 1003 1009 1225",
    2024: "0101 0209 0210 0211 0212s 0301 0410 0505 0506s 0515 0606 0815 0916 0917 0918 1001t 1003 1009 1225",
    2025: "0101 0127t 0128 0129 0130 0301 0303s 0505 0506s 0603t 0606 0815 1003 1005 1006 1007 1008s "
    "1009 1225",
    2026: "0101 0216 0217 0218 0301 0302s 0501 0505 0524 0525s 0603 0606 0717 0815 0817s 0924 0925 0926 "
    "1003 1005s 1009 1225",
    2027: "0101 0206 0207 0208 0209s 0301 0501 0503s 0505 0513 0606 0717 0719s 0815 0816s 0914 0915 0916 "
    "1003 1004s 1009 1011s 1225 1227s",
}
KINDS = {"": PUBLIC, "s": SUBSTITUTE, "t": TEMPORARY}
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize("year", GAZETTE)
def test_public_holidays_are_those_of_the_gazette(year: int) -> None:
    holidays = holidays_between(date(year, 1, 1), date(year, 12, 31))
    assert [(one.date, one.kind) for one in holidays] == [
        (f"{year}-{word[:2]}-{word[2:4]}", KINDS[word[4:]]) for word in GAZETTE[year].split()
    ]


def test_names_are_korean_and_english() -> None:
    names = {one.date: (one.name, one.name_en) for one in holidays_between(date(2025, 1, 1), YEAR[1])}
    assert names["2026-01-01"] == ("신정", "New Year's Day")
    assert names["2026-02-16"] == ("설날 전날", "The day preceding Korean New Year")
    assert names["2026-02-17"] == ("설날", "Korean New Year")
    assert names["2026-03-02"] == (
        "삼일절 대체공휴일",
        "Alternative holiday for Independence Movement Day",
    )
    assert names["2026-09-25"] == ("추석", "Chuseok")
    assert names["2025-01-27"] == ("임시공휴일", "Temporary Public Holiday")
    assert names["2025-05-05"] == ("부처님오신날, 어린이날", "Buddha's Birthday, Children's Day")


def test_both_ends_count() -> None:
    assert [one.date for one in holidays_between(date(2026, 10, 3), date(2026, 10, 9))] == [
        "2026-10-03",
        "2026-10-05",
        "2026-10-09",
    ]
    assert holidays_between(date(2026, 10, 9), date(2026, 10, 3)) == []


def test_years_that_nobody_has_reckoned_have_none() -> None:
    for year in (1, 1947, 2101, 9999):
        assert holidays_between(date(year, 1, 1), date(year, 12, 31)) == []
    assert len(holidays_between(date(1948, 1, 1), date(1948, 12, 31))) > 5
    assert len(holidays_between(date(2100, 1, 1), date(2100, 12, 31))) > 15


def test_own_days_come_after_the_public_ones_of_their_date() -> None:
    own = [OwnDay(None, 10, 9, "매년"), OwnDay(2026, 10, 8, "징검다리"), OwnDay(2025, 10, 8, "지난해")]
    holidays = holidays_between(date(2026, 10, 6), date(2027, 10, 10), own, {"2026-10-09": "창립기념일"})
    assert [(one.date, one.name, one.kind) for one in holidays if one.date[5:7] == "10"] == [
        ("2026-10-08", "징검다리", OWN),
        ("2026-10-09", "한글날", PUBLIC),
        ("2026-10-09", "매년", OWN),
        ("2026-10-09", "창립기념일", OWN),
        ("2027-10-03", "개천절", PUBLIC),
        ("2027-10-04", "개천절 대체공휴일", SUBSTITUTE),
        ("2027-10-09", "한글날", PUBLIC),
        ("2027-10-09", "매년", OWN),
    ]


def test_one_day_of_the_file_and_of_the_list_is_one() -> None:
    own = [OwnDay(None, 12, 30, "창립기념일")]
    holidays = holidays_between(date(2026, 12, 26), YEAR[1], own, {"2026-12-30": "창립기념일"})
    assert [(one.date, one.name, one.name_en, one.kind) for one in holidays] == [
        ("2026-12-30", "창립기념일", "창립기념일", OWN)
    ]


def test_the_29th_of_february_of_every_year() -> None:
    own = [OwnDay(None, 2, 29, "윤일")]
    dates = [
        one.date for one in holidays_between(date(2025, 2, 1), date(2029, 3, 31), own) if one.kind == OWN
    ]
    assert dates == ["2028-02-29"]


# The file

FILE = """# 우리 회사

2026-10-08 징검다리  휴일\t
10-09\t창립기념일 #1
  02-29 윤일
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_file_is_read(encoding: str, line_end: str) -> None:
    assert own_days_from(FILE.replace("\n", line_end).encode(encoding)) == (
        OwnDay(2026, 10, 8, "징검다리  휴일"),
        OwnDay(None, 10, 9, "창립기념일 #1"),
        OwnDay(None, 2, 29, "윤일"),
    )


def test_an_empty_file_is_one() -> None:
    assert own_days_from(b"") == own_days_from(b"\xef\xbb\xbf\n# x\n") == ()


@pytest.mark.parametrize(
    "line",
    [
        "2026-02-30 없는 날", "2026-02-29 없는 날", "13-01 없는 달", "2026-10-08", "2026-10-08 ", "10-8 x",
        "2026/10/08 x", "창립기념일 10-08", "0000-10-08 x", "10-08 \u200b", "10-08 " + "x" * 101,
        "10-08 a\x07", "10-08x", "٢٠٢٦-10-08 x",
    ],
)  # fmt: skip
def test_a_broken_line_is_named_with_what_is_allowed(line: str) -> None:
    with pytest.raises(BrokenList, match=r"^line 3 .*must be one of: YYYY-MM-DD name, MM-DD name"):
        own_days_from(f"# x\n10-09 y\n{line}\n".encode())


def test_other_broken_files() -> None:
    for content, reason in (
        (b"10-09 \xff\xff", "neither UTF-8 nor CP949"),
        (b"x" * (MAX_FILE_BYTES + 1), "bytes"),
        (b"10-09 x\n" * (MAX_OWN + 1), "500 days"),
    ):
        with pytest.raises(BrokenList, match=reason):
            own_days_from(content)
    assert len(own_days_from(b"10-09 x\n" * MAX_OWN)) == MAX_OWN
