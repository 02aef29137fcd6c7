"""Codes of family W; see `fairlead.core.codes`."""

from fairlead.core.codes import Code

CODES: tuple[Code, ...] = ()
