"""An embedded DynamoDB for one office: a local engine in a process of its own, its data in one folder.

    endpoint = endpoint_of(Path(".data"))   # "http://127.0.0.1:23456", for boto3's endpoint_url

The first process that calls `endpoint_of` starts the engine, others join it. If the engine dies, its users
start it again; it ends after its last user has gone. What the engine acknowledged survives the death of any
process, and, by `sync`, a power cut: at once ("always") or all but the last second ("interval").

Limits. All data is in memory, in one process on one machine, on a local disk. Only programs on this machine
can connect, and credentials aren't checked. There are no streams, backups, imports or global tables, and no
transactions in PartiQL. DynamoDB itself is ministack, whose internals store.py, catalogue.py, query.py and
order.py use, so requirements-embedded.txt pins its version.

In the process of a user
    users.py        this process's use of an engine: joins it, starts it again, follows forks
    launch.py       starts the engine's process
    lease.py        the connection by which engine and user notice each other's end
In the engine's process
    __main__.py     command line, lock, log file
    engine.py       the event loop: serves, syncs, compacts, expires, decides when to end
    front.py        HTTP/1.1 on loopback
    store.py        ministack behind the write-ahead log
    catalogue.py    ministack's tables and their settings
    query.py        fast Query for plain conditions
    order.py        sorted keys for query.py
    expiry.py       time to live
    sync.py         when the log reaches the disk and when an answer may leave
    compaction.py   turns long logs into a snapshot, in a third process
On the disk
    folder.py       the files of the data folder, and recovery from them
    log.py          the write-ahead log
    image.py        the content of log and snapshot as plain dicts
"""

from localdynamo.launch import EngineFailed
from localdynamo.users import endpoint_of

__all__ = ["EngineFailed", "endpoint_of"]
