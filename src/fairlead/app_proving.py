"""Joins what `fairlead prove` needs: the table of proofs, who performs them, and what is kept.

A part of `fairlead.app`, loaded when a person asks for a proof.
"""

from fairlead.core.ports import Clock
from fairlead.service.proofs import Audience, Evidence, Order, ProofRow
from fairlead.testing.proving import PROOFS, bundle, performing


def proofs() -> tuple[ProofRow, ...]:
    """What this version can prove."""
    return tuple(ProofRow(proof.name, proof.title) for proof in PROOFS)


def prove(order: Order, seed: int, directory: str, audience: Audience, clock: Clock) -> Evidence:
    """Try what *order* says and write the bundle, also when a signal ends it.

    Raises:
        FairleadError: FL-S014 the bundle has no place; nothing was tried then, or all of it was.
    """
    chosen = [proof for proof in PROOFS if not order.names or proof.name in order.names]
    bundle.make_place(directory)
    began = bundle.utc_text(clock)
    figures, stopped = performing.perform(chosen, order.lane, seed, directory, audience, clock)
    asked = [proof.name for proof in chosen]
    evidence = bundle.evidence_of(figures, stopped, asked, order.lane, seed, began, bundle.utc_text(clock))
    bundle.write_bundle(directory, evidence)
    return evidence
