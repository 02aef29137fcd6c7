"""Codes of family R; see `fairlead.core.codes`."""

from fairlead.core.codes import Code

CODES: tuple[Code, ...] = ()
