"""What an agent answers. Expected outcomes are values; an exception is a caller's mistake or our own bug."""

from typing import Literal

import msgspec

from fairlead.core.json import Json

Fault = Literal["result", "author", "agent", "provider", "platform", "policy", "person", "budget"]


class Succeeded(msgspec.Struct, frozen=True, tag="succeeded"):
    """The work was done. `degraded` says, in whole sentences, what is less than was asked for."""

    output: dict[str, Json]
    summary: str = ""  # one line for people: "Python 3.11 · 214 files"
    degraded: tuple[str, ...] = ()


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The work was not done. `code` is a registered code such as `FL-R210`."""

    fault: Fault
    code: str
    message: str
    hint: str = ""
    output: dict[str, Json] | None = None  # what there is all the same: exit code, last lines
    retryable: bool = False


Outcome = Succeeded | Failed
