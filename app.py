"""Composition root: settings → database → app, socketio. Only this file chooses implementations."""

import gc
import sys
from contextlib import suppress

if __name__ == "__main__":  # `python app.py` serves on eventlet's own server: patch before anything else
    import eventlet

    eventlet.monkey_patch()

from models import DynamoDBDatabase
from teamcal.allocator import return_freed_memory
from teamcal.commands import add_commands, begin_command, is_command
from teamcal.dev_server import serve
from teamcal.errors import StorageError
from teamcal.factory import create_app
from teamcal.http.exposure import flask_run_address, refuse_to_start
from teamcal.library_internals import LibraryChanged
from teamcal.logs import log_server
from teamcal.settings import SettingsError, load_settings

# Python's threshold of 700 makes full collections interrupt a broadcast: to 1,000 members p99 is 602 ms
# instead of 67. Here, because every server process imports this module, whatever started it.
gc.set_threshold(50_000, 20, 100)
return_freed_memory()

serves = not is_command()
log_server() if serves else begin_command()

try:
    settings = load_settings()
except SettingsError as error:
    refuse_to_start(error)

database = DynamoDBDatabase(settings.storage)
if settings.development and settings.storage.embedded:
    with suppress(StorageError):  # the storage has logged the error; the server starts all the same
        database.create_tables()
try:
    app, socketio = create_app(settings, database, watch=serves)
    add_commands(app, settings, database)
    own = [(settings.host, settings.port)] if __name__ == "__main__" else flask_run_address()
    app.extensions["exposure"].serve_on(own)
except SettingsError as error:
    refuse_to_start(error)
except LibraryChanged as error:
    print(f"✗ 라이브러리 버전 오류 (library versions): {error}", file=sys.stderr)
    sys.exit(4)

if __name__ == "__main__":
    serve(app, socketio, settings.host, settings.port)
