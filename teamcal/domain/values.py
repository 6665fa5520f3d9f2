"""Values that every room uses: records, moments, ids and JSON."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson

Record = dict[str, Any]
"""A department or an event as it is stored, unknown attributes included."""


def new_id() -> str:
    return str(uuid.uuid4())


utc_now: Callable[[], datetime] = partial(datetime.now, UTC)


def timestamp(moment: datetime) -> str:
    """`2024-01-15T10:30:00.000Z`: UTC with milliseconds."""
    # A tenth of strftime's time, and there are several in a write.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


to_json: Callable[[Any], bytes] = orjson.dumps
"""JSON as it is sent: compact, in UTF-8, Korean not escaped."""
