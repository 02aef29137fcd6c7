"""Codes of family P; see `fairlead.core.codes`."""

from fairlead.core.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        "FL-P010",
        "A request may not go to this address",
        "The name leads into a private network, which needs `allow_private: true`, or to an address that requests never"
        " go to: that of a group, a reserved one, or one where a machine hands out its own credentials.",
        "say `allow_private: true` when a private network is meant",
        bad="url: http://build.internal/start",
        good="url: http://build.internal/start\nallow_private: true",
    ),
    Code(
        "FL-P011",
        "A server did not prove who it is",
        "Its certificate is not for this name, has expired, or is signed by nobody whom this machine trusts. The check"
        " is never left out.",
        "let the server have a certificate that this machine trusts, or let the machine trust its issuer",
    ),
    Code(
        "FL-P012",
        "A secret would be sent without encryption",
        "Whoever stands between here and the server could read it. Only requests to this very machine are exempt.",
        "write the address with https",
        bad="url: http://example.org/hook",
        good="url: https://example.org/hook",
    ),
    Code(
        "FL-P300",
        "A step asks for isolation that is switched off",
        "Its author wrote which level it needs at least, and isolation is switched off for this project by the person"
        " who runs it. A lower level than the one that was asked for is never given.",
        "switch it on again: `fairlead sandbox on`",
    ),
)
