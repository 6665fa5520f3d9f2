"""A DynamoDB for one office: a local engine in a process of its own, its data in one folder.

    endpoint = endpoint_of(Path(".data"))   # "http://127.0.0.1:23456"

What the engine acknowledged survives the death of any process. It is started by the first process
that asks, joined by all others, started again when it dies, and ends after the last has gone.
"""

from localdynamo.launch import EngineFailed
from localdynamo.users import endpoint_of

__all__ = ["EngineFailed", "endpoint_of"]
