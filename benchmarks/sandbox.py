"""What a sandbox costs: `true` in one and without, one after the other, and the fingerprint of ten thousand files.

python -m benchmarks.sandbox [--count 50]
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from fairlead.core.ports import Confinement, Program
from fairlead.env.fingerprints import fingerprint
from fairlead.env.spawner import LocalSpawner, start_spawner

_FILES = 10_000


def main() -> None:
    """Print one line for each thing that is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50)
    count = parser.parse_args().count
    spawner = start_spawner()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("copy", "place"):
                (Path(folder) / name).mkdir()
            shut_in = Confinement(f"{folder}/place")
            for title, confinement in (("L0", None), ("L2", shut_in)):
                program = Program(("true",), f"{folder}/copy", confinement=confinement)
                _perform(spawner, program)  # the first one fills caches
                taken = [_seconds(partial(_perform, spawner, program)) for _ in range(count)]
                _tell(f"start {title}", taken)
            for number in range(_FILES):
                path = Path(folder) / "place" / str(number // 100) / str(number)
                path.parent.mkdir(exist_ok=True)
                path.touch()
            _tell(
                f"fingerprint of {_FILES:,} files",
                [_seconds(partial(fingerprint, f"{folder}/place")) for _ in range(5)],
            )
    finally:
        spawner.close()


def _perform(spawner: LocalSpawner, program: Program) -> None:
    end = asyncio.run(spawner.perform_program(program))
    assert end.process.exit_code == 0, end.process.stderr


def _seconds(perform: Callable[[], object]) -> float:
    began = time.perf_counter()
    perform()
    return time.perf_counter() - began


def _tell(title: str, taken: list[float]) -> None:
    print(f"{title:<32} p50 {statistics.median(taken) * 1000:7.1f} ms   max {max(taken) * 1000:7.1f} ms")


if __name__ == "__main__":
    main()
