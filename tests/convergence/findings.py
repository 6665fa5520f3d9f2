"""What the test found wrong, by kind, with the first few of each in words."""

from collections import Counter


class Findings:
    """`add(kind, text)`; kinds: lost, duplicated, out of order, and others that name themselves."""

    SHOWN = 5

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.texts: list[str] = []

    def add(self, kind: str, text: str) -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= self.SHOWN:
            self.texts.append(f"{kind}: {text}")

    def __bool__(self) -> bool:
        return bool(self.counts)
