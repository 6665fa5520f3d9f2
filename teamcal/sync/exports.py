"""What was made of a replica's events for other programs: a piece for each event, and whole documents."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from teamcal.deadline import remaining
from teamcal.domain.values import Record
from teamcal.errors import StorageUnavailable
from teamcal.sync.locks import held

Piece = TypeVar("Piece")
KEPT_BYTES = 32 * 2**20
"""Of the pieces of a replica's events, and of each document; what is larger is made anew each time."""
DOCUMENTS = 2
"""Documents that are kept of a replica, the newest of each name."""
PIECE_BYTES = 400
"""Memory of a piece besides its bytes."""


class Exports:
    """Whoever makes something holds `lock`, so that it is made once for all who ask at the same time.

    `memory`: bytes of all that is kept.
    """

    def __init__(self, log_id: str) -> None:
        self._log_id, self._lock = log_id, threading.RLock()
        self._pieces: dict[str, tuple[Record, Any]] = {}
        self._documents: dict[str, tuple[str, bytes]] = {}
        self._pieces_bytes = 0

    def lock(self) -> AbstractContextManager[None]:
        """Raises StorageUnavailable if it isn't free before the deadline."""
        return held(self._lock, self._log_id)

    @property
    def memory(self) -> int:
        return self._pieces_bytes + sum(len(content) for _, content in list(self._documents.values()))

    def document(self, name: str, tag: str) -> bytes | None:
        """Returns the document that was kept as `name`, if it was kept with this tag."""
        kept = self._documents.get(name)
        return kept[1] if kept is not None and kept[0] == tag else None

    def keep(self, name: str, tag: str, content: bytes) -> None:
        self._documents.pop(name, None)
        if len(content) <= KEPT_BYTES:
            self._documents[name] = tag, content
        while len(self._documents) > DOCUMENTS:
            del self._documents[next(iter(self._documents))]

    @contextmanager
    def pieces(
        self, make: Callable[[Record], Piece], size_of: Callable[[Piece], int]
    ) -> Iterator[Callable[[Record], Piece]]:
        """Gives a function that returns the piece of a record; `make` is called for those that are new.

        The pieces of records that aren't asked for are forgotten at the end. The function raises
        StorageUnavailable at the deadline; the next request goes on from there.
        """
        known, made, size = self._pieces, dict[str, tuple[Record, Any]](), 0

        def piece_of(record: Record) -> Piece:
            nonlocal size
            kept = known.get(record["id"])
            if kept is not None and kept[0] is record:
                piece: Piece = kept[1]
            elif remaining() <= 0:
                raise StorageUnavailable(f"{self._log_id} is being exported")
            else:
                piece = make(record)
            bytes_of_piece = PIECE_BYTES + size_of(piece)
            if size + bytes_of_piece <= KEPT_BYTES:
                made[record["id"]] = record, piece
                size += bytes_of_piece
            return piece

        try:
            yield piece_of
        finally:
            self._pieces, self._pieces_bytes = made, size

    def clear(self) -> None:
        """Forgets everything: the records are others."""
        self._pieces, self._documents, self._pieces_bytes = {}, {}, 0
