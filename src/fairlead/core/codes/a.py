"""Codes of family A; see `fairlead.core.codes`."""

from fairlead.core.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        "FL-A101",
        "There is no agent of this name",
        "A step names an agent that no card describes. Nothing is started for an agent that nobody knows.",
        "`fairlead agents list` shows the names",
        bad="agent: secret-scaner",
        good="agent: secret-scanner",
    ),
    Code(
        "FL-A110",
        "The agent's file cannot be used",
        "A file that describes an agent was found, but this build cannot call what it describes; the message says why.",
        "`fairlead agents show NAME` shows the reason",
    ),
    Code(
        "FL-A111",
        "The inputs of an agent break its schema",
        "An agent is called only with inputs that its card describes: with others it would guess, or ignore them.",
        "`fairlead agents show NAME` shows what it takes",
        bad="with:\n  path: src",
        good="with:\n  paths: [src]",
    ),
    Code(
        "FL-A112",
        "A call is larger than calls may be",
        "Programs, arguments, inputs and names have maxima, so that a mistake is found before it costs anything.",
        "hand large data over in a file",
    ),
)
