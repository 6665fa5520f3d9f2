"""A lock for work that never waits: while it is held, nothing calls the storage, sleeps, logs or waits for
another kind of lock. With green threads such a section would not be exclusive any more.

eventlet and gevent replace the locks of `threading` by ones of their own, in Python, that let other green
threads run. Where nothing waits while the lock is held no other green thread runs either, and real threads
are all that must be kept out. What `_thread` calls RLock does that, and both leave it as it is: with
`threading.Lock` the locks were 60 µs of a request.
"""

from _thread import RLock as BriefLock

__all__ = ["BriefLock"]
