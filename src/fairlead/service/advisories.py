"""`data`: the advisories that all projects of this machine share."""

import os.path
from collections.abc import Callable

from fairlead.core.findings import path_text
from fairlead.service.parts import AdvisoryState, Imported, Parts


def show_data(parts: Parts) -> AdvisoryState:
    """What is there for each ecosystem, how much, and how old."""
    return parts.advisories()


def import_data(
    parts: Parts, cwd: str, path: str, source: str, *, is_replacing: bool, tell: Callable[[int], None]
) -> Imported:
    """Take a dump of advisories over; without *source* it is named after its file.

    Raises:
        FairleadError: FL-S040, FL-N040 to FL-N046; the data that were there are still there.
    """
    full = os.path.normpath(os.path.join(cwd, path))
    named = source.strip() or path_text(os.path.basename(full))
    return parts.import_advisories(full, named[:200], is_replacing=is_replacing, tell=tell)
