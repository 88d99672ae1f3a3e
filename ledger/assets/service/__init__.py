"""What people do with the register: read files into it, add a building, list it for use."""

from __future__ import annotations

from ledger.assets.service.importing import Report, import_register
from ledger.assets.service.listings import add_building, list_asset, move_listing
from ledger.assets.service.reading import Prepared, prepare

__all__ = [
    "Prepared", "Report", "add_building", "import_register", "list_asset", "move_listing",
    "prepare",
]  # fmt: skip
