"""Writes that carry an Idempotency-Key, sent several times through several servers: each is made once."""

import asyncio
import json
import random
import time
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.convergence.writers import Writer

Answer = tuple[int, Any]
NO_ANSWER = 0
RETRIES = 4
RESTORE_SECONDS = 8.0
"""As long as the writers may not know yet that the tables were restored."""
MAY_CHANGE_NOTHING = ("/move", "/restore")
"""Then it is decided anew, and answered with the event as it is."""


class Repeats:
    """`share`: of the writes that carry a key."""

    def __init__(self, writer: "Writer", share: float = 0.3) -> None:
        self._writer, self._share = writer, share

    async def write(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """As `Writer.call`; some of the writes carry a key, and are repeated."""
        if random.random() >= self._share:
            return await self._writer.call(method, path, body, **headers)
        is_one = not path.endswith("/batch") or body["atomic"]
        if is_one:
            headers["Idempotency-Key"] = new_key()
        else:
            body = body | {"operations": [one | {"operation_id": new_key()} for one in body["operations"]]}
        began = time.monotonic()
        answers = await self._send(method, path, body, **headers)
        plain = [answer for answer in answers if NO_ANSWER < answer[0] < 500]
        if any("key_reused" in json.dumps(answer) for answer in plain):
            self._writer.findings.add("lost", f"a repetition of {method} {path} is taken for another request")
        self._writer.ledger.entries["writes repeated"] += len(plain) > 1
        if not path.split("?")[0].endswith(MAY_CHANGE_NOTHING):
            await self._compare(f"{method} {path}", plain, began)
        if is_one or not any(status == 200 for status, _ in plain):
            return settled(answers)
        return 200, {"results": [as_result(settled(column)) for column in columns(answers)]}

    async def _send(self, method: str, path: str, body: Any, **headers: str) -> list[Answer]:
        """Sends it until an answer is plain, perhaps twice at once and perhaps once more at the end."""

        async def again() -> Answer:
            return await self._writer.call(method, path, body, **headers)

        answers = list(await asyncio.gather(*(again() for _ in range(random.choice((1, 1, 2))))))
        while not any(NO_ANSWER < status < 500 for status, _ in answers) and len(answers) < RETRIES:
            await asyncio.sleep(0.2)
            answers.append(await again())
        if random.random() < 0.5:
            answers.append(await again())
        return answers

    async def _compare(self, what: str, answers: Sequence[Answer], began: float) -> None:
        """All answers tell of the same changes, unless those were taken back in between."""
        for column in columns(answers):
            told = {json.dumps(as_told(one), sort_keys=True) for one in column if 200 <= one[0] < 300}
            if len(told) > 1:
                await asyncio.sleep(RESTORE_SECONDS)
                if self._writer.ledger.unsure_before < began:
                    self._writer.findings.add("duplicated", f"{what} is answered {sorted(told)}"[:1000])


def new_key() -> str:
    return str(uuid.uuid4())


def columns(answers: Sequence[Answer]) -> list[list[Answer]]:
    """Returns the answers to each operation: of a batch, its result in each answer."""
    batches = [answer["results"] for _, answer in answers if "results" in answer]
    if not batches:
        return [list(answers)]
    lost = [(NO_ANSWER, {})] * (len(answers) - len(batches))
    return [[*((one["status"], one) for one in results), *lost] for results in zip(*batches, strict=True)]


def settled(answers: Sequence[Answer]) -> Answer:
    """Returns what the answers say together: done if one does, refused if all do, else nothing is certain.

    What was refused at first may have been made by a repetition.
    """
    done = next((one for one in answers if 200 <= one[0] < 300), None)
    if done is not None:
        return done
    return answers[-1] if all(400 <= status < 500 for status, _ in answers) else (NO_ANSWER, {})


def as_result(answer: Answer) -> dict[str, Any]:
    return {**answer[1], "status": answer[0]}


def as_told(answer: Answer) -> Any:
    """The answer without what is as of now."""
    status, content = answer
    if "results" in content:
        return status, [as_told((one["status"], one)) for one in content["results"]]
    return status, {name: value for name, value in content.items() if name != "overlaps"}
