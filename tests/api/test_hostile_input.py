"""The API against its own description: whatever is sent, it answers, and never with a fault."""

from __future__ import annotations

import contextvars
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings

from ledger.kernel.ids import new_secret
from tests import cast

TRIED = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("part", ["administrator", "officer", "organiser", "broker", "analyst"])
def test_nothing_that_is_sent_makes_the_service_fail(
    app: Flask, place: cast.Place, part: str
) -> None:
    secret = cast.api_secret(place, part)
    schema = contextvars.Context().run(schemathesis.openapi.from_wsgi, "/api/v1/openapi.json", app)
    faults = [fault for found in schema.get_all_operations() for fault in tried(found.ok(), secret)]
    assert faults == []


def tried(operation: Any, secret: str) -> list[str]:
    faults: list[str] = []

    @TRIED
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": new_secret()}
        answer = contextvars.Context().run(case.call, headers=headers)
        known = answer.headers.get("content-type", [""])[0]
        if answer.status_code >= 500:
            faults.append(f"{case.method} {case.formatted_path} answered {answer.status_code}")
        if answer.status_code >= 400 and known != "application/problem+json":
            faults.append(f"{case.method} {case.formatted_path} refused without a problem: {known}")

    send()
    return faults
