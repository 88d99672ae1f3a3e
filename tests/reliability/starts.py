"""A host that starts the service as gunicorn does: it imports the service once, and forks.

Each line on its input is a list of two: an address of a database, and what is done to the driver
before. It prints how that start ended and what it said on its standard error.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import replace

from gunicorn.app import wsgiapp

from config.settings import Settings
from ledger.app import create_app

GUNICORN = ["gunicorn", "-c", "config/gunicorn.py", "--check-config", "wsgi:app"]


def start(url: str, before: str) -> None:
    """Load the service as before serving; ends this process."""
    os.environ["LEDGER_DATABASE_URL"] = url
    sys.argv = GUNICORN
    exec(before, {})  # noqa: S102 - the test's own words
    wsgiapp.run()


def main() -> None:
    """Start in a fork for each line read."""
    create_app(replace(Settings.from_env(os.environ), serving=False))  # it loads every part
    for line in sys.stdin:
        url, before = json.loads(line)
        with tempfile.TemporaryFile() as said:
            child = os.fork()
            if child == 0:
                os.dup2(said.fileno(), 2)
                start(url, before)
            _, status = os.waitpid(child, 0)
            said.seek(0)
            ended = os.waitstatus_to_exitcode(status)
            print(json.dumps([ended, said.read().decode()]), flush=True)


if __name__ == "__main__":
    main()
