"""The grammar of DynamoDB's expressions, as strict as DynamoDB is.

ministack evaluates expressions and skips what it doesn't understand: `SET a = :a b = :b` sets `a` only. Here
each expression is parsed as a whole before ministack sees it; what DynamoDB would refuse is refused. The
grammar and the rules are those of the developer guide, pages Expressions.OperatorsAndFunctions,
Expressions.UpdateExpressions, Expressions.ProjectionExpressions, Expressions.KeyConditionExpressions and
ReservedWords.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from ministack.services import dynamodb

from localdynamo.tokens import Refused, Tokens

Path = tuple[str | int, ...]
"""Names ("title"), aliases ("#t") and list indexes, outermost first."""

_KEYWORDS = {"AND", "OR", "NOT", "BETWEEN", "IN"}
_CLAUSES = {"SET", "REMOVE", "ADD", "DELETE"}
_ORDERED_TYPES = frozenset("SNB")
_TYPES = frozenset(("S", "SS", "N", "NS", "B", "BS", "BOOL", "NULL", "L", "M"))
_SETS = frozenset(("SS", "NS", "BS"))
_BOOLEAN_FUNCTIONS = {
    # name: types that a value given as its second argument may have; None: it has no second argument
    "attribute_exists": None,
    "attribute_not_exists": None,
    "attribute_type": frozenset("S"),
    "begins_with": frozenset("SB"),
    "contains": _TYPES,
}


@dataclass
class Expression:
    """What an expression refers to."""

    names: set[str] = field(default_factory=set)
    """Aliases: "#t"."""
    values: set[str] = field(default_factory=set)
    """Placeholders: ":title"."""
    paths: list[Path] = field(default_factory=list)
    targets: list[Path] = field(default_factory=list)
    """The paths that an update changes, or that a projection returns."""
    types: list[tuple[str, str, frozenset[str]]] = field(default_factory=list)
    """(operator, placeholder, types that its value may have)."""
    distinct: list[tuple[str, Path, Path]] = field(default_factory=list)
    """(operator, path, path): operands that must not be the same."""
    type_names: list[str] = field(default_factory=list)
    """Placeholders whose value must be the name of a type."""
    betweens: list[tuple[str, str]] = field(default_factory=list)
    """Placeholders of the lower and the upper bound."""
    comparators: list[str] = field(default_factory=list)
    """Operators and words in order, such as "=", "AND", "begins_with"."""


Operand = str | Path | None
"""A placeholder, a path, or None for what a function returns."""


class _Parser(Tokens):
    """Recursive descent. The methods are named after the rules of the grammar and raise Refused."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.found = Expression()

    # Operands

    def value(self) -> str:
        if self.kind != "value":
            self.refuse()
        self.found.values.add(self.next)
        return self.take()

    def path(self) -> Path:
        parts: list[str | int] = [self._name()]
        while True:
            if self.skip("."):
                parts.append(self._name())
            elif self.skip("["):
                if self.kind != "number":
                    self.refuse()
                parts.append(int(self.take()))
                self.expect("]")
            else:
                break
        path = tuple(parts)
        self.found.paths.append(path)
        return path

    def _name(self) -> str:
        if self.kind != "name" or self.word() in _KEYWORDS:
            self.refuse()
        if self.next.startswith("#"):
            self.found.names.add(self.next)
        elif self.word() in dynamodb.AWS_KEYWORDS:
            raise Refused(f"Attribute name is a reserved keyword; reserved keyword: {self.next}")
        return self.take()

    def of_type(self, operator: str, operand: Operand, types: frozenset[str]) -> None:
        if isinstance(operand, str):
            self.found.types.append((operator, operand, types))

    # Conditions

    def condition(self) -> None:
        self.conjunction()
        while self.skip("OR"):
            self.found.comparators.append("OR")
            self.conjunction()

    def conjunction(self) -> None:
        self.negation()
        while self.skip("AND"):
            self.found.comparators.append("AND")
            self.negation()

    def negation(self) -> None:
        if self.skip("NOT"):
            self.found.comparators.append("NOT")
            self.negation()
        elif self.skip("("):
            if self.next == "(" and self._closes_twice():
                raise Refused("The expression has redundant parentheses;")
            self.condition()
            self.expect(")")
        elif self.is_call() and self.next != "size":
            self.boolean_function()
        else:
            self.comparison()

    def _closes_twice(self) -> bool:
        """Whether the bracket that opens here closes right before the one that is open already."""
        depth = 0
        for at in range(self._at, len(self._tokens)):
            depth += {"(": 1, ")": -1}.get(self._tokens[at][1], 0)
            if depth == 0:
                return self._tokens[at + 1][1] == ")"
        return False

    def boolean_function(self) -> None:
        name = self.take()
        if name not in _BOOLEAN_FUNCTIONS:
            raise Refused(f"Invalid function name; function: {name}")
        self.found.comparators.append(name)
        self.expect("(")
        path, types = self.path(), _BOOLEAN_FUNCTIONS[name]
        if types is not None:
            self.expect(",")
            operand = self.operand()
            self.of_type(name, operand, types)
            if name == "attribute_type" and isinstance(operand, str):
                self.found.type_names.append(operand)
            if isinstance(operand, tuple):
                self.found.distinct.append((name, path, operand))
        self.expect(")")

    def operand(self) -> Operand:
        if self.kind == "value":
            return self.value()
        if self.is_call() and self.skip_size():
            return None
        return self.path()

    def skip_size(self) -> bool:
        if self.next != "size":
            raise Refused(f"Invalid function name; function: {self.next}")
        self.take()
        self.expect("(")
        if self.kind == "value":
            self.value()
        else:
            self.path()
        self.expect(")")
        return True

    def comparison(self) -> None:
        first = self.operand()
        operator = self.word() or self.next
        self.found.comparators.append(operator)
        if self.skip("BETWEEN"):
            low = self._ordered("BETWEEN")
            self.expect("AND")
            high = self._ordered("BETWEEN")
            if isinstance(low, str) and isinstance(high, str):
                self.found.betweens.append((low, high))
        elif self.skip("IN"):
            self.expect("(")
            self.operand()
            while self.skip(","):
                self.operand()
            self.expect(")")
        elif operator in ("=", "<>"):
            self.take()
            self._differ(operator, first, self.operand())
        elif operator in ("<", "<=", ">", ">="):
            self.take()
            self._differ(operator, first, self._ordered(operator))
        else:
            self.refuse()

    def _ordered(self, operator: str) -> Operand:
        operand = self.operand()
        self.of_type(operator, operand, _ORDERED_TYPES)
        return operand

    def _differ(self, operator: str, first: Operand, second: Operand) -> None:
        if isinstance(first, tuple) and isinstance(second, tuple):
            self.found.distinct.append((operator, first, second))

    # Updates

    def update(self) -> None:
        used: set[str] = set()
        while self.kind != "end":
            clause = self.word()
            if clause not in _CLAUSES:
                self.refuse()
            if clause in used:
                raise Refused(f'The "{clause}" section can only be used once in an update expression;')
            used.add(clause)
            self.take()
            self.change(clause)
            while self.skip(","):
                self.change(clause)

    def change(self, clause: str) -> None:
        self.found.targets.append(self.path())
        if clause == "SET":
            self.expect("=")
            self.sum()
        elif clause != "REMOVE":
            types = _SETS | {"N"} if clause == "ADD" else _SETS
            self.of_type(clause, self.value(), types)

    def sum(self) -> None:
        first = self.set_operand()
        if self.next in ("+", "-"):
            operator = self.take()
            for operand in (first, self.set_operand()):
                self.of_type(operator, operand, frozenset("N"))

    def set_operand(self) -> Operand:
        if self.skip("("):
            self.sum()
            self.expect(")")
            return None
        if self.kind == "value":
            return self.value()
        if not self.is_call():
            return self.path()
        name = self.take()
        if name not in ("if_not_exists", "list_append"):
            raise Refused(f"Invalid function name; function: {name}")
        self.expect("(")
        first = self.path() if name == "if_not_exists" else self.set_operand()
        self.expect(",")
        second = self.set_operand()
        self.expect(")")
        if name == "list_append":
            for operand in (first, second):
                self.of_type(name, operand, frozenset("L"))
        return None

    # Projections

    def projection(self) -> None:
        self.found.targets.append(self.path())
        while self.skip(","):
            self.found.targets.append(self.path())


_RULES: dict[str, Callable[[_Parser], None]] = {
    "ConditionExpression": _Parser.condition,
    "FilterExpression": _Parser.condition,
    "KeyConditionExpression": _Parser.condition,
    "UpdateExpression": _Parser.update,
    "ProjectionExpression": _Parser.projection,
}
KINDS = tuple(_RULES)


@lru_cache(1024)
def parse(kind: str, text: str) -> Expression:
    """Returns what an expression refers to; `kind` is the parameter's name. Raises Refused."""
    if not text.strip():
        raise Refused("The expression can not be empty;")
    parser = _Parser(text)
    _RULES[kind](parser)
    parser.end()
    if kind == "KeyConditionExpression":
        _check_key_condition(parser.found)
    return parser.found


def _check_key_condition(expression: Expression) -> None:
    allowed = {"=", "<", "<=", ">", ">=", "BETWEEN", "AND", "begins_with"}
    for operator in expression.comparators:
        if operator not in allowed:
            raise Refused(f"Invalid operator used in KeyConditionExpression: {operator}")
