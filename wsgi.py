"""The WSGI entry point: ``gunicorn wsgi:app``, and where ``flask`` finds the service."""

import os

from config.settings import Settings
from ledger.app import create_app

app = create_app(Settings.from_env(os.environ))
