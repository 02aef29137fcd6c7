"""The bar: each proof tries to break one promise of the engine and counts what it found. See `fairlead prove`."""

from importlib import import_module
from typing import NamedTuple

from fairlead.core.proofs import Prove


class Proof(NamedTuple):
    """One line of the bar, before it is tried."""

    name: str  # power-cuts
    title: str  # what is done to the engine, for people
    entry: str  # "module:function" of a `Prove`


# In the order in which they are performed: what costs little and says much comes first.
PROOFS: tuple[Proof, ...] = (
    Proof(
        "chain",
        "flip every bit of a journal's events, cut, swap and write them anew",
        "fairlead.testing.proving.chain:prove",
    ),
    Proof(
        "power-cuts",
        "cut the power while a journal is made, written, checkpointed and recovered",
        "fairlead.testing.proving.power_cuts:prove",
    ),
    Proof(
        "crash-points",
        "let workers die at every commit and effect of random workflows, and again while others go on",
        "fairlead.testing.proving.crash_points:prove",
    ),
    Proof(
        "io-errors",
        "let the disk refuse each call of a journal in every way",
        "fairlead.testing.proving.io_errors:prove",
    ),
    Proof(
        "corruption",
        "let database, log, anchor and contents go bad in silence, and repair them from a backup",
        "fairlead.testing.proving.corruption:prove",
    ),
    Proof(
        "backups",
        "back a journal up while two processes write, restore it and go on",
        "fairlead.testing.proving.backups:prove",
    ),
    Proof(
        "kills",
        "kill -9 the real program, its workers and their children, two runs under way, and resume",
        "fairlead.testing.proving.kills:prove",
    ),
    Proof(
        "stops",
        "stop the real program with SIGTERM and Ctrl-C while it works",
        "fairlead.testing.proving.stops:prove",
    ),
    Proof(
        "sleepers",
        "put a worker to sleep until another one has taken its run over, and wake it",
        "fairlead.testing.proving.sleepers:prove",
    ),
    Proof(
        "full-disk",
        "fill the disk under the state directory while two runs are under way, and make room again",
        "fairlead.testing.proving.full_disk:prove",
    ),
    Proof(
        "clock-jumps",
        "let the wall clock jump by hours and years in the middle of waits and of repeats",
        "fairlead.testing.proving.clock_jumps:prove",
    ),
    Proof(
        "children",
        "start programs that do not want to end, and kill or end their parents",
        "fairlead.testing.proving.children:prove",
    ),
    Proof(
        "poison",
        "let runs kill the workers that perform them, among others that do not",
        "fairlead.testing.proving.poison:prove",
    ),
    Proof(
        "adoption",
        "kill everything over thousands of open runs, and let two workers take them over",
        "fairlead.testing.proving.adoption:prove",
    ),
    Proof(
        "large-runs",
        "perform chains and fan-outs of ten thousand steps and more, and kill one in its middle",
        "fairlead.testing.proving.large_runs:prove",
    ),
)


def load(proof: Proof) -> Prove:
    """The function that tries it."""
    module, _, name = proof.entry.partition(":")
    found: Prove = getattr(import_module(module), name)
    return found
