"""Compare many random expressions with the oracle: `make expressions`, or ARGS="--count 5000 --seed 7".

Every difference that the profile does not decide on is printed, and makes the exit code 1.
"""

import argparse
import random
import sys

from tests.core.expressions.generator import Generator
from tests.core.expressions.oracle import Oracle, Tally

SHOWN_MAX = 20


def main() -> int:
    """Compare, and say what it came to."""
    parser = argparse.ArgumentParser(description="Compare random expressions with a second implementation.")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    options = parser.parse_args()
    print(f"seed {options.seed}")
    oracle, generator, tally = Oracle(), Generator(options.seed), Tally()
    for _ in range(options.count):
        tally.compare(oracle, generator.expression())
    for difference in sorted(tally.differences, key=lambda one: len(one.text))[:SHOWN_MAX]:
        print(f"DIFFERENT {difference.text}\n  theirs {difference.theirs}\n  ours   {difference.ours}")
    for text in sorted(tally.false_alarms, key=len)[:SHOWN_MAX]:
        print(f"CALLED WRONG {text}")
    print(f"{tally.count:,} expressions, {tally.values:,} of them with a value on both sides")
    for why, count in tally.explained.most_common():
        print(f"{count:>8,}  decided otherwise: {why}")
    print(f"{len(tally.differences)} differences, {len(tally.false_alarms)} called wrong without a reason")
    return 1 if tally.differences or tally.false_alarms else 0


if __name__ == "__main__":
    sys.exit(main())
