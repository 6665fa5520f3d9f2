"""Logging set-up: one function for the server, one for commands that an operator runs by hand."""

import logging
import sys


def log_server() -> None:
    """Logs to standard error with time, level and logger; botocore only from warnings on."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    logging.getLogger("botocore").setLevel(logging.WARNING)


def log_command() -> None:
    """Writes warnings and errors to standard error as bare text, since the operator reads nothing else.

    Replaces the handlers of the root logger.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr, force=True)
