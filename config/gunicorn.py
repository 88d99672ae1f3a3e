"""How gunicorn serves the ledger: threads, and time-outs in an order that loses nothing.

A statement ends after 15 s, a worker gets 30 s to finish when it is asked to stop, and one that
is silent for 60 s is replaced. Threads, because a sync worker answers 500 in the middle of work
when its time is over, and a threaded one does not.
"""

from __future__ import annotations

import os
from typing import Any

from config.logging import set_up

worker_class = "gthread"
workers = int(os.environ.get("LEDGER_WEB_WORKERS") or 2)
threads = int(os.environ.get("LEDGER_WEB_THREADS") or 4)
timeout = 60
graceful_timeout = 30
keepalive = 5
max_requests = 10_000
max_requests_jitter = 1_000
limit_request_line = 8_190
limit_request_fields = 60
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108 - heartbeats only
control_socket_disable = True
forwarded_allow_ips = os.environ.get("LEDGER_FORWARDED_ALLOW_IPS") or "127.0.0.1"
accesslog = None
errorlog = "-"
loglevel = "info"


def post_worker_init(_worker: Any) -> None:
    """Let the service speak in the form that was chosen, once in each worker."""
    set_up(os.environ)
