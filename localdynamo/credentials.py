"""What a program needs to call an engine: boto3's credentials, or the lines of a shell for the AWS CLI."""

import os
from pathlib import Path
from typing import NamedTuple

from localdynamo.folder import read_address
from localdynamo.key import ACCESS_KEY_ID, read_key
from localdynamo.proof import connect
from localdynamo.reports import EngineFailed, disk_trouble, no_engine

_ANSWER_SECONDS = 5.0


class Credentials(NamedTuple):
    access_key_id: str
    secret_access_key: str


def credentials_of(data_dir: Path) -> Credentials:
    """Returns the credentials of calls to this folder's engine, which has been started at least once.

    Raises EngineFailed if there are none, or if they aren't safe.
    """
    folder = Path(data_dir).absolute()
    try:
        key = read_key(folder)
    except OSError as error:
        raise EngineFailed(disk_trouble(folder, error)) from error
    if not key:
        raise EngineFailed(no_engine(folder))
    return Credentials(ACCESS_KEY_ID, key)


def export_lines(folder: Path) -> str:
    """Returns the lines that let the AWS CLI in a shell call the engine, which has to run.

    Raises EngineFailed.
    """
    credentials, port = credentials_of(folder), read_address(folder).get("port", 0)
    try:
        connect(port, credentials.secret_access_key, _ANSWER_SECONDS).close()
    except OSError as error:
        raise EngineFailed(no_engine(folder)) from error
    values = {
        "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{port}",
        "AWS_REGION": "local",
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
    }
    form = '$env:{} = "{}"' if os.name == "nt" else "export {}={}"
    return "\n".join(form.format(name, value) for name, value in values.items())
