"""Questions to pledges, split by noun. Quantities are whole pence (GBP) or minutes (HOUR)."""

from ledger.pledges.queries.commitments import *  # noqa: F403 - its __all__ says what
from ledger.pledges.queries.money import *  # noqa: F403 - its __all__ says what
from ledger.pledges.queries.pledges import *  # noqa: F403 - its __all__ says what
from ledger.pledges.queries.views import *  # noqa: F403 - its __all__ says what
