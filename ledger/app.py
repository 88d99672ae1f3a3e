"""The application: settings in, a Flask service out."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_migrate import Migrate

from config.settings import Settings
from ledger import wings
from ledger.kernel.db import configure, db, driver_url, transaction
from ledger.kernel.grants import check_service, check_who_serves
from ledger.kernel.keys import KeyStore
from ledger.kernel.limits import FORM_FIELDS_MAX, REQUEST_BYTES_MAX
from ledger.parties.queries import check_store


def create_app(settings: Settings) -> Flask:
    """Build the service. When it is to serve requests, refuse to start on an unsafe database.

    Raises:
        NotReady: the database lacks a migration, a guard or a safe set-up, or is reached by a role
            that can do less or more than the service needs.
    """
    app = Flask(__name__, static_folder=None, template_folder="pages/templates")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=driver_url(settings.database_url),
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings),
        MAX_CONTENT_LENGTH=REQUEST_BYTES_MAX,
        MAX_FORM_PARTS=FORM_FIELDS_MAX,
        TESTING=settings.testing,
    )
    app.extensions["ledger.settings"] = settings
    keys_url = settings.keys_url or f"sqlite:///{settings.data_dir / 'keys.sqlite'}"
    app.extensions["ledger.keys"] = KeyStore(keys_url)
    db.init_app(app)
    Migrate(app, db, directory="migrations")
    with app.app_context():
        configure(db.engine)
    wings.attach(app)
    if settings.serving:
        with app.app_context():
            check_service()
            check_who_serves(db.engine, role=settings.database_role)
            with transaction(read_only=True) as session:
                check_store(session)
    return app


def _engine_options(settings: Settings) -> dict[str, Any]:
    if settings.database_url.startswith("sqlite"):
        import pysqlite3.dbapi2

        settings.data_dir.mkdir(parents=True, exist_ok=True)
        return {"module": pysqlite3.dbapi2}
    return {"pool_size": 5, "max_overflow": 10}
