"""What the gate itself observed of a call: never what the agent says of itself."""

import msgspec

from fairlead.core.json import Digest


class Receipt(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Facts about one attempt. Zero and "" mean: not observed for this kind of call."""

    seconds: float = 0.0  # wall time between start and end
    cpu_seconds: float = 0.0  # user and system time of the call's own processes
    memory_bytes: int = 0  # the highest resident size of one of its processes
    argv: tuple[str, ...] = ()
    exit_code: int | None = None
    output_digest: Digest = Digest("")  # of the whole output, also when it was cut
    output_bytes: int = 0
    bounds: tuple[str, ...] = ()  # limits that were reached, in words
    isolation: str = ""  # the level that was in force for code that does not ship: "L0", "L1", "L2"
    limits: tuple[str, ...] = ()  # what was in force, in words; only of L2
    violations: tuple[str, ...] = ()  # what it did to the repository that it may not touch, in words
