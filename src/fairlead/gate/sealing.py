"""From what an agent answered to the event that is recorded: large values go to the content store, cuts are said."""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from fairlead.core.events import (
    INLINE_BYTES_MAX,
    OUTPUT_BYTES_MAX,
    AttemptFailed,
    AttemptOutcome,
    AttemptSucceeded,
)
from fairlead.core.json import Digest, Json, digest, encode
from fairlead.core.outcomes import Failed, Outcome
from fairlead.core.ports import Call
from fairlead.core.receipts import Receipt

Put = Callable[[bytes], Digest]


class Left(NamedTuple):
    """The trees that a step found and left; "" where it may not write."""

    before: str = ""
    after: str = ""


NOTHING = Left()


def seal(call: Call, outcome: Outcome, receipt: Receipt, left: Left, put: Put) -> AttemptOutcome:
    """The event that *outcome* becomes. *put* keeps a large output in the content store before anything names it."""
    output, ref, receipt, bound = _keep(outcome.output, receipt, put)
    if isinstance(outcome, Failed):
        return AttemptFailed(
            call.place,
            call.attempt,
            outcome.fault,
            outcome.code,
            outcome.message,
            outcome.hint,
            output,
            receipt,
            ref,
            outcome.error,
            # JSON has no endless numbers: one would make the whole record unreadable. Nobody can wait for them either.
            outcome.retry_after_s if math.isfinite(outcome.retry_after_s) else 0.0,
        )
    degraded = outcome.degraded + ((bound,) if bound else ())
    return AttemptSucceeded(
        call.place, call.attempt, output, ref, outcome.summary, degraded, left.after, left.before, receipt
    )


def _keep(output: Json, receipt: Receipt, put: Put) -> tuple[Json, Digest, Receipt, str]:
    if not output:
        return output, Digest(""), receipt, ""
    data = encode(output)
    if len(data) <= INLINE_BYTES_MAX:
        return output, Digest(""), receipt, ""
    whole = digest(data)
    bound = ""
    if len(data) > OUTPUT_BYTES_MAX:
        bound = f"its output had {len(data):,} bytes and was cut at {OUTPUT_BYTES_MAX:,}"
        receipt = msgspec.structs.replace(receipt, bounds=(*receipt.bounds, bound))
        data = encode(_cut_to(output, OUTPUT_BYTES_MAX))
    receipt = msgspec.structs.replace(receipt, output_digest=whole, output_bytes=len(data))
    return None, put(data), receipt, bound


def _cut_to(output: Mapping[str, Json], bytes_max: int) -> dict[str, Json]:
    """*output* with its longest list or text shortened until it fits; the shape stays what the schema promises."""
    kept = dict(output)
    while len(encode(kept)) > bytes_max:
        key = max(kept, key=lambda name: len(encode(kept[name])))
        value = kept[key]
        if not isinstance(value, str | list) or len(value) < 2:
            return {}
        kept[key] = value[: len(value) // 2]
    return kept
