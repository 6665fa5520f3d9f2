"""A packet whose greater part is shared with others: a calendar in the answers to all who ask for it."""

import struct
from collections.abc import Iterator
from typing import Any

from engineio.packet import MESSAGE, Packet

CHUNK = 262_144
"""Bytes that are written at a time; after them, other tasks run."""
SMALL = 16_384
"""Below this, copying costs less than writing in parts."""

Buffer = bytes | memoryview


def frame_header(size: int, first_byte: int = 0x81) -> bytes:
    """The header of a server's websocket frame, which is not masked (RFC 6455, section 5.2): of a text."""
    if size < 126:
        return struct.pack("!BB", first_byte, size)
    if size < 65_536:
        return struct.pack("!BBH", first_byte, 126, size)
    return struct.pack("!BBQ", first_byte, 127, size)


class SharedPacket:
    """An Engine.IO message: the text `head`, `shared`, `tail`, in UTF-8. `shared` is a part of an object that
    all such packets refer to and nobody copies.

    It looks like engineio's Packet, for the places where it has to be copied after all.
    """

    packet_type, binary = MESSAGE, False

    def __init__(self, head: bytes, shared: memoryview, tail: bytes) -> None:
        self.head, self.shared, self.tail = head, shared, tail
        self.own_size = len(head) + len(tail) + 1
        self.size = self.own_size + len(shared)

    @property
    def data(self) -> str:
        return b"".join((self.head, self.shared, self.tail)).decode()

    def encode(self, b64: bool = False) -> str:
        return str(MESSAGE) + self.data

    def chunks(self) -> Iterator[Buffer]:
        """Yields the packet's text in parts of at most `CHUNK` bytes."""
        yield str(MESSAGE).encode() + self.head
        for start in range(0, len(self.shared), CHUNK):
            yield self.shared[start : start + CHUNK]
        yield self.tail

    def frame(self) -> Iterator[Buffer]:
        """Yields the packet as a websocket frame, in the same parts."""
        yield frame_header(self.size)
        yield from self.chunks()


def message_packet(head: bytes, shared: memoryview, tail: bytes) -> Any:
    """Returns the packet of this text; a small one is an ordinary packet."""
    if len(shared) >= SMALL:
        return SharedPacket(head, shared, tail)
    return Packet(MESSAGE, b"".join((head, shared, tail)).decode())


def size_of(packet: Any) -> int:
    """Returns the bytes of a packet on the wire; they are counted once."""
    size: int | None = getattr(packet, "size", None)
    if size is None:
        encoded = packet.encode()
        size = packet.size = len(encoded.encode() if isinstance(encoded, str) else encoded)
    return size
