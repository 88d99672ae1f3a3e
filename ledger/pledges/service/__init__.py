"""Services of pledges, split by noun; each runs inside the caller's unit of work.

Every change locks the pledge's row first, moves states by compare-and-swap, posts what the
posting table says, writes one audit event and its messages, and does it all or not at all.
"""

from ledger.pledges.service.collecting import *  # noqa: F403 - its __all__ says what
from ledger.pledges.service.ending import *  # noqa: F403 - its __all__ says what
from ledger.pledges.service.hours import *  # noqa: F403 - its __all__ says what
from ledger.pledges.service.joining import *  # noqa: F403 - its __all__ says what
from ledger.pledges.service.matching import *  # noqa: F403 - its __all__ says what
from ledger.pledges.service.opening import *  # noqa: F403 - its __all__ says what
from ledger.pledges.service.refunding import *  # noqa: F403 - its __all__ says what
from ledger.pledges.service.releasing import *  # noqa: F403 - its __all__ says what
from ledger.pledges.service.settling import *  # noqa: F403 - its __all__ says what
