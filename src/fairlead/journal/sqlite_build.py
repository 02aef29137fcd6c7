"""Which SQLite this is: the one that apsw brings, whatever the machine or Python has."""

import apsw

# A log that one connection resets while another one writes or checkpoints could lose commits: sqlite.org, March 2026.
# Here only the holder of the writer's lock does either, but another program that opens the file does not ask for it.
_RESET_BUG = ((3, 7, 0), (3, 51, 2))
_WITHDRAWN = (3, 52, 0)


def library_version() -> str:
    """`3.54.1`."""
    return apsw.sqlite_lib_version()


def library_problem(version: str | None = None) -> str:
    """What to do about this SQLite; "" when nothing need be done."""
    numbers = tuple(int(part) for part in (version or library_version()).split(".")[:3])
    if _RESET_BUG[0] <= numbers <= _RESET_BUG[1]:
        return "install a newer apsw: this SQLite can lose commits when another program opens the journal (WAL reset)"
    return "install a newer apsw: this SQLite was withdrawn" if numbers == _WITHDRAWN else ""
