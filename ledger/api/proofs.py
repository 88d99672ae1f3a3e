"""Receipts that prove themselves: of a promise, a booking or a dividend."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask.views import MethodView

from ledger.api import resource
from ledger.api.journals import book_of
from ledger.api.schemas.proofs import ReceiptProofSchema, ReceiptQuery
from ledger.exports import receipts, signing
from ledger.http import current_actor, guarded, reading

blp = resource("proofs", "Receipts that can be checked without this service")


@blp.route("/<reference>")
class ReceiptProof(MethodView):
    """One receipt."""

    @guarded("public.read")
    @blp.arguments(ReceiptQuery, location="query")
    @blp.response(200, ReceiptProofSchema)
    def get(self, query: dict[str, Any], reference: str) -> dict[str, Any]:
        """Prove what the books hold of a commitment (CMT-…), booking (BKG-…) or determination (DET-…).

        For those who may see it, or hold the paper with its code.
        """
        with reading() as session:
            subject = receipts.subject_for(session, reference, current_actor(), code=query["code"])
            found = receipts.receipt(session, book=book_of(session), subject=subject)
        base = current_app.extensions["ledger.settings"].base_url
        return {
            "reference": reference, "title": subject.title, "about": subject.about,
            "holds": receipts.check(found),
            "size": found.signed.size if found.signed else None,
            "key": found.signed.key_line if found.signed else None,
            "is_witnessed": found.standing.is_witnessed if found.standing else None,
            "entries": found.entries, "waiting": found.waiting, "text": found.text,
            "address": f"{base}/receipts/{reference}/{signing.address_code(reference)}",
        }  # fmt: skip
