"""Composition root: settings → database → app, socketio. Only it chooses implementations."""

import logging
import sys
from contextlib import suppress

if __name__ == "__main__":  # `python app.py` serves on eventlet's own server: patch before anything else
    import eventlet

    eventlet.monkey_patch()

from models import DynamoDBDatabase
from teamcal.dev_server import serve
from teamcal.errors import StorageError
from teamcal.factory import create_app
from teamcal.settings import SettingsError, load_settings

logging.basicConfig(
    level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
)
logging.getLogger("botocore").setLevel(logging.WARNING)

try:
    settings = load_settings()
except SettingsError as error:
    # Not a stack trace: what is wrong and what is allowed. 4 tells gunicorn that a worker can't start.
    print(f"✗ 설정 오류 (configuration): {error}", file=sys.stderr)
    sys.exit(4)

database = DynamoDBDatabase(settings.storage)
if settings.development and settings.storage.embedded:
    with suppress(StorageError):  # told in the log; the server starts all the same
        database.create_tables()
app, socketio = create_app(settings, database)

if __name__ == "__main__":
    serve(app, socketio, settings.host, settings.port)
