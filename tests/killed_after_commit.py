"""One request that is committed by a process that dies before it can answer (see ``test_b08``)."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from ledger.http import idempotency
from tests.reliability.served import application


def main(secret: str, key: str, group: str) -> None:
    """Post one journal to a group, and be killed between the commit and the answer."""
    whole = idempotency.surround

    def killed(unit: Callable[[Any], Any]) -> Any:
        whole(unit)
        os.kill(os.getpid(), signal.SIGKILL)

    idempotency.surround = killed
    application().test_client().post(
        "/api/v1/bench-journals", json={"group": group, "pence": 5},
        headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": key},
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
