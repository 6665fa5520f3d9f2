"""Socket.IO: connections, rooms and live messages."""
