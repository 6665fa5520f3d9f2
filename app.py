"""Composition root: settings → database → app, socketio. Only this file chooses implementations."""

import gc
import sys
from contextlib import suppress

if __name__ == "__main__":  # `python app.py` serves on eventlet's own server: patch before anything else
    import eventlet

    eventlet.monkey_patch()

from models import DynamoDBDatabase
from teamcal.dev_server import serve
from teamcal.errors import StorageError
from teamcal.factory import create_app
from teamcal.library_internals import LibraryChanged
from teamcal.logs import log_server
from teamcal.settings import SettingsError, load_settings

# Python's threshold of 700 makes full collections interrupt a broadcast: to 1,000 members p99 is 602 ms
# instead of 67. Here, because every server process imports this module, whatever started it.
gc.set_threshold(50_000, 20, 100)

log_server()

try:
    settings = load_settings()
except SettingsError as error:
    # No stack trace: the message names the variable and what is allowed. gunicorn takes exit status 4 as
    # "the worker can't start".
    print(f"✗ 설정 오류 (configuration): {error}", file=sys.stderr)
    sys.exit(4)

database = DynamoDBDatabase(settings.storage)
if settings.development and settings.storage.embedded:
    with suppress(StorageError):  # the storage has logged the error; the server starts all the same
        database.create_tables()
try:
    app, socketio = create_app(settings, database)
except LibraryChanged as error:
    print(f"✗ 라이브러리 버전 오류 (library versions): {error}", file=sys.stderr)
    sys.exit(4)

if __name__ == "__main__":
    serve(app, socketio, settings.host, settings.port)
