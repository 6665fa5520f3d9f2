"""Who may do what: every route, everybody who may come, every kind of department, exactly as documented."""

from typing import Any

import pytest

from teamcal.rest.table import ROUTES
from tests.access.matrix_rows import ROWS, Row
from tests.access.matrix_scene import KINDS, NAMED, Scene
from tests.access.matrix_values import Values

NAMES = [route.name for route in ROUTES]


@pytest.fixture(scope="module", params=[True, False], ids=["fast path, named", "Flask, *"])
def scene(request: pytest.FixtureRequest) -> Scene:
    fast_path: bool = request.param
    return Scene(fast_path=fast_path, cors_origins=(NAMED,) if fast_path else ("*",))


def test_every_route_has_its_rows() -> None:
    assert set(ROWS) == set(NAMES)
    methods = {route.name: route.method for route in ROUTES}
    assert all(row.method == methods[name] for name, rows in ROWS.items() for row in rows)


@pytest.mark.parametrize("name", NAMES)
def test_everybody_may_what_is_documented(scene: Scene, name: str) -> None:
    wrong = [
        f"{who_name}, {kind}: {row.method} {row.path}: {problem}"
        for row in ROWS[name]
        for who_name in scene.who
        for kind in (KINDS if row.of_department else KINDS[:1])
        if (problem := problem_of(scene, row, who_name, kind))
    ]
    assert not wrong, "\n".join(wrong)


def problem_of(scene: Scene, row: Row, who_name: str, kind: str) -> str:
    """Returns what is wrong with the answer in this cell of the matrix; "" if nothing is."""
    who, came = scene.who[who_name], scene.known[who_name, kind]
    expected = row.expected(who, kind)
    is_allowed = expected == (row.ok, row.ok_code)
    values = Values(scene, came, kind, row.changes if is_allowed else "")
    if is_allowed and row.changes == "department":
        values.made_department = scene.department(kind)
        values.came = who.come(scene, values.made_department)
    elif is_allowed and row.changes == "token":
        values.came = who.come(scene, scene.departments[kind])
    answer = ask(scene, row, values)
    seen = answer.status_code, "" if answer.status_code < 400 else answer.json["code"]
    if seen != expected:
        return f"{seen} instead of {expected}"
    if row.check and answer.status_code < 400 and not row.check(values, who, answer.json):
        return answer.text
    if expected == (404, row.unseen) and row.of_department:
        unknown = ask(scene, row, Values(scene, came, "unknown"))
        if as_sent(unknown) != as_sent(answer):
            return f"told apart from what doesn't exist: {as_sent(answer)}, {as_sent(unknown)}"
    if row.method == "GET" and kind == KINDS[0]:
        head = ask(scene, row._replace(method="HEAD"), values)
        if (head.status_code, head.data) != (answer.status_code, b""):
            return f"HEAD: {head.status_code}"
    return ""


def ask(scene: Scene, row: Row, values: Values) -> Any:
    path = values.filled(row.path)
    return scene.http.open(
        path,
        method=row.method,
        json=values.filled(row.body),
        headers=values.came.headers,
        environ_base=values.came.environ,
    )


def as_sent(answer: Any) -> Any:
    return answer.status_code, sorted(answer.headers), answer.data
