"""An embedded DynamoDB for one office: a local engine in a process of its own, its data in one folder.

    endpoint = endpoint_of(Path(".data"))   # "http://127.0.0.1:23456", for boto3's endpoint_url
    id, secret = credentials_of(Path(".data"))

The first process that calls `endpoint_of` starts the engine, others join it. If the engine dies, its users
start it again; it ends after its last user has gone. What the engine acknowledged survives the death of any
process, and, by `sync`, a power cut: at once ("always") or all but the last second ("interval").

Limits. All data is in memory, in one process on one machine, on a local disk. Only programs on this machine
can connect, and only those that can read the folder's key are answered. There are no streams, backups,
imports or global tables, and no transactions in PartiQL. DynamoDB itself is ministack, whose internals
store.py, actions.py, strictness.py, catalogue.py, query.py, sorted_keys.py, batch_get.py and projection.py
use, so requirements-embedded.txt pins its version.

In the process of a user
    users.py        this process's use of an engine: joins it, starts it again, follows forks
    launch.py       starts the engine's process
    credentials.py  the key as boto3 and the AWS CLI take it
    lease.py        the connection by which they notice each other's end, and users learn what to log
In the engine's process
    __main__.py     command line, lock, log file
    engine.py       the event loop: serves, syncs, compacts, expires, decides when to end
    http_server.py  HTTP/1.1 on loopback
    strangers.py    bounds for connections of programs without the key
    store.py        ministack behind the write-ahead log
    actions.py      the actions that are offered, and who answers them
    strictness.py   what DynamoDB refuses and ministack takes
    expressions.py  the grammar of expressions
    tokens.py       their words
    catalogue.py    ministack's tables and their settings
    query.py        fast Query for plain conditions
    sorted_keys.py  sorted keys for query.py
    batch_get.py    fast BatchGetItem for plain requests
    projection.py   ProjectionExpressions, for both
    expiry.py       time to live
    disk_sync.py    when the log reaches the disk and when an answer may leave
    compaction.py   turns long logs into a snapshot, in a third process
Both
    key.py          the key of a folder's engine
    signature.py    signatures of requests: made for a lease, checked for every request
    proof.py        the proof that the engine is no other program, for each connection
    reports.py      what an operator has to know, in Korean and English
On the disk
    folder.py       the files of the data folder, and recovery from them
    log.py          the write-ahead log
    image.py        the content of log and snapshot as plain dicts
"""

from localdynamo.credentials import Credentials, credentials_of
from localdynamo.proof import demand_proof
from localdynamo.reports import EngineFailed
from localdynamo.users import endpoint_of

__all__ = ["Credentials", "EngineFailed", "credentials_of", "demand_proof", "endpoint_of"]
