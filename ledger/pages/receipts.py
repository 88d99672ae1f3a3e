"""Receipts to print and to keep: for a promise, a booking or a dividend, with the proof of each."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from flask import url_for as address

from ledger.exports import receipts, signing
from ledger.http import current_actor, guarded, reading
from ledger.http.cookies import settings
from ledger.kernel.errors import Missing
from ledger.pages.checkpoints import PLAIN, book_of
from ledger.pages.codes import qr_code

blueprint = Blueprint("receipts", __name__)


@blueprint.get("/receipts/<reference>")
@guarded("public.read")
def one(reference: str) -> str:
    """A receipt, for those who may see what it is about."""
    return _page(_found(reference, ""))


@blueprint.get("/receipts/<reference>.txt")
@guarded("public.read")
def text(reference: str) -> Response:
    """The same receipt as the small file that proves itself."""
    return _text(_found(reference, ""))


@blueprint.get("/receipts/<reference>/<code>")
@guarded("public.read")
def held(reference: str, code: str) -> str:
    """A receipt, for whoever holds the paper: the code on it is the right to see it."""
    return _page(_found(reference, code))


@blueprint.get("/receipts/<reference>/<code>.txt")
@guarded("public.read")
def held_text(reference: str, code: str) -> Response:
    """The file, for whoever holds the paper."""
    return _text(_found(reference, code))


def _found(reference: str, code: str) -> receipts.Receipt:
    with reading() as session:
        subject = receipts.subject_for(session, reference, current_actor(), code=code)
        return receipts.receipt(session, book=book_of(session), subject=subject)


def _page(found: receipts.Receipt) -> str:
    reference = found.subject.reference
    path = address("receipts.held", reference=reference, code=signing.address_code(reference))
    link = settings().base_url + path
    return render_template(
        "receipts/one.html", found=found, subject=found.subject, holds=receipts.check(found),
        link=link, file=f"{path}.txt", code=qr_code(link, css="app-receipt__code"),
        address=f"{settings().base_url}/checkpoint",
    )  # fmt: skip


def _text(found: receipts.Receipt) -> Response:
    if not found.text:
        raise Missing(
            "Nothing of it is signed yet.",
            remedy="A checkpoint is signed every night. Come back tomorrow.",
            place=found.subject.reference,
        )
    answer = Response(found.text, content_type=PLAIN)
    name = f"receipt-{found.subject.reference}.txt"
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    return answer
