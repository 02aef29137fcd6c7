"""Codes of family P; see `fairlead.core.codes`."""

from fairlead.core.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        "FL-P300",
        "A step asks for isolation that is switched off",
        "Its author wrote which level it needs at least, and isolation is switched off for this project by the person"
        " who runs it. A lower level than the one that was asked for is never given.",
        "switch it on again: `fairlead sandbox on`",
    ),
)
