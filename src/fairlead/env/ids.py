"""Names that nothing else determines, from the operating system's randomness."""

import secrets

from fairlead.core.ids import RunId, WorkerId

# Without look-alikes (0/o, 1/i/l) a person can read an id aloud and type it from a screen.
_LETTERS = "abcdefghjkmnpqrstuvwxyz"
_SIGNS = _LETTERS + "23456789"


class RandomIds:
    """Ids begin with a letter, so that a prefix of one is never taken for a number."""

    def run_id(self) -> RunId:
        return RunId("r-" + _name(8))

    def worker_id(self) -> WorkerId:
        return WorkerId("w-" + _name(12))


def _name(length: int) -> str:
    return secrets.choice(_LETTERS) + "".join(secrets.choice(_SIGNS) for _ in range(length - 1))
