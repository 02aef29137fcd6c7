"""Codes of family X; see `fairlead.core.codes`."""

from fairlead.core.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        "FL-X001",
        "internal error",
        "The program met a state that its authors did not expect: a bug of ours. What was recorded before is safe. The"
        " bundle that the message names holds types, functions, line numbers and versions, and no text of yours.",
        "Please report it with the bundle; `fairlead runs list` shows where the run stands.",
    ),
    Code(
        "FL-X002",
        "An adapter broke down",
        "The code that speaks to an agent raised an exception: a bug of ours, not of the agent. Only this attempt is"
        " failed; the worker and the other steps go on.",
        "please report it with the lines of `fairlead logs RUN step:ID`",
    ),
    Code(
        "FL-X003",
        "The journal's writer stopped",
        "The thread that writes the journal met an exception that it does not know: a bug of ours. Nothing more is"
        " acknowledged; what was acknowledged before is safe.",
        "please report it with the message; `fairlead resume` goes on after the last recorded step",
    ),
)
