"""What an agent answers. Expected outcomes are values; an exception is a caller's mistake or our own bug."""

from typing import Literal

import msgspec

from fairlead.core.json import Digest, Json
from fairlead.core.workflow import ErrorClass

Fault = Literal["result", "author", "agent", "provider", "platform", "policy", "person", "budget"]


class Check(msgspec.Struct, frozen=True, omit_defaults=True):
    """One expectation, and whether it held: the evidence for the requirements that it satisfies."""

    that: str
    holds: bool
    say: str = ""  # why not
    satisfies: tuple[str, ...] = ()
    is_warning: bool = False


class Succeeded(msgspec.Struct, frozen=True, gc=False, tag="succeeded"):
    """The work was done. `degraded` says, in whole sentences, what is less than was asked for."""

    output: dict[str, Json]
    summary: str = ""  # one line for people: "Python 3.11 · 214 files"
    degraded: tuple[str, ...] = ()


class Failed(msgspec.Struct, frozen=True, gc=False, tag="failed"):
    """The work was not done. `code` is a registered code such as `FL-R210`."""

    fault: Fault
    code: str
    message: str
    hint: str = ""
    output: dict[str, Json] | None = None  # what there is all the same: exit code, last lines
    error: ErrorClass = ""  # its class decides whether it is repeated; "" is an answer, not an error
    retry_after_s: float = 0.0


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """A person must decide before the call may happen."""

    title: str
    body: str
    shown: Json  # a list of {name, value}
    digest: Digest  # of the exact call
    effect: str  # its class


Outcome = Succeeded | Failed
