"""The words of DynamoDB's expressions, and the steps of a parser over them."""

import re
from typing import NoReturn

_TOKEN = re.compile(
    r"\s*(?:(?P<value>:[A-Za-z0-9_]+)|(?P<name>#[A-Za-z0-9_]+|[A-Za-z_][A-Za-z0-9_]*)|(?P<number>[0-9]+)"
    r"|(?P<symbol><>|<=|>=|[=<>()\[\],.+-])|(?P<end>$)|(?P<other>\S))"
)


class Refused(Exception):
    """DynamoDB refuses the request; the text says why."""


class Tokens:
    """One expression's words, in order; a step that finds another word than expected raises Refused."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        at, kind = 0, ""
        while kind != "end":
            match = _TOKEN.match(text, at)
            assert match is not None  # `other` matches any character
            kind, at = str(match.lastgroup), match.end()
            self._tokens.append((kind, match[kind]))

    @property
    def next(self) -> str:
        return self._tokens[self._at][1]

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0]

    def word(self) -> str:
        """Returns the next token in capitals if it is a word, else ""."""
        return self.next.upper() if self.kind == "name" else ""

    def refuse(self) -> NoReturn:
        near = " ".join(text for _kind, text in self._tokens[max(self._at - 1, 0) : self._at + 2])
        raise Refused(f'Syntax error; token: "{self.next or "<EOF>"}", near: "{near.strip()}"')

    def take(self) -> str:
        token = self.next
        self._at += 1
        return token

    def skip(self, token: str) -> bool:
        if self.next == token or self.word() == token:
            self._at += 1
            return True
        return False

    def expect(self, token: str) -> None:
        if not self.skip(token):
            self.refuse()

    def end(self) -> None:
        if self.kind != "end":
            self.refuse()

    def is_call(self) -> bool:
        return self.kind == "name" and self._tokens[self._at + 1][1] == "("
