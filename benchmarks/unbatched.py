"""Our own server with a transaction for every write: what batching is measured against.

gunicorn --worker-class eventlet -w 1 benchmarks.unbatched:app
"""

import teamcal.sync.commit_queue

# A module that has it under another name would leave batching on, and the comparison without a meaning.
assert teamcal.sync.commit_queue.BATCH_CHANGES > 1
teamcal.sync.commit_queue.BATCH_CHANGES = 1

from app import app  # noqa: E402 -- imported with batching off

__all__ = ["app"]
