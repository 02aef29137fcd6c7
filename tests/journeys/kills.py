"""`kill -9` at a random moment of a 40-step run, then `resume`: what must hold, tried as often as asked.

Each step of the run writes its name to a ledger outside of everything that Fairlead keeps, so the ledger says how often
it was really performed. `python -m tests.journeys.kills --count 200` is the long lane; it prints its seed.
"""

import argparse
import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from fairlead.env.isolation import switch_isolation_off

STEPS = 40
CHAINS = 4
ORPHAN_SECONDS_MAX = 10.0
RUN_SECONDS_MAX = 120.0


class Killed(NamedTuple):
    """What was seen of one kill."""

    acknowledged: int  # steps that the door had reported as done when the kill came
    finished: int  # steps with an outcome in the journal at that moment
    repeated: int  # steps that were performed twice: they had begun, and had no outcome
    seconds: float  # after the last report that was waited for


class Broken(AssertionError):
    """A promise did not hold; the text says which, and how to repeat it."""


def workflow(ledger: Path, token: str, in_copies: int) -> str:
    """Forty steps: four chains of ten side by side, so that several are always under way.

    Those of the first *in_copies* chains work in a copy each, which costs more than all the rest of a step.
    """
    blocks = []
    for chain in range(CHAINS):
        steps = "\n".join(
            f"            - id: s{chain * 10 + n}\n"
            f"              run: [sh, -c, 'echo s{chain * 10 + n} >> {ledger}', {token}]"
            + ("" if chain < in_copies else "\n              isolate: none")
            for n in range(10)
        )
        blocks.append(f"        - id: chain{chain}\n          steps:\n{steps}")
    inside = "\n".join(blocks)
    return f"fairlead: 1\nname: forty\nsteps:\n  - id: all\n    parallel:\n      steps:\n{inside}\n"


def kill_once(directory: Path, rng: random.Random, in_copies: int = CHAINS) -> Killed:
    """One run in a fresh repository, killed at a random moment and resumed; see `workflow` for *in_copies*.

    Raises:
        Broken: an acknowledged step was lost, a finished one performed again, a process outlived, or the record is bad.
    """
    token = f"kill-token-{rng.randrange(10**12):012d}"
    repository, ledger = directory / "repository", directory / "ledger"
    repository.mkdir()
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    (repository / "forty.yaml").write_text(workflow(ledger, token, in_copies))
    # The ledger lies beside the checkout, where no isolated program could write.
    switch_isolation_off(str(directory / "data"), str(repository / ".git/fairlead"), "ada", "2026-11-21", "")
    ledger.touch()
    moment = rng.uniform(0.0, 0.15)
    acknowledged = _run_and_kill(repository, rng.randrange(STEPS), moment)
    performed_before = Counter(ledger.read_text().split())
    _no_orphans(token)
    finished = _finished(repository)
    if not acknowledged <= finished:
        raise Broken(f"acknowledged and lost: {sorted(acknowledged - finished)}")
    _resume(repository)
    performed = Counter(ledger.read_text().split())
    again = {step for step in finished if performed[step] != performed_before[step]}
    if again:
        raise Broken(f"finished and performed again: {sorted(again)}")
    missing = {f"s{n}" for n in range(STEPS)} - set(performed)
    if missing or _finished(repository) != set(performed):
        raise Broken(f"never performed: {sorted(missing)}")
    _call(repository, "journal", "verify", exit_code=0)
    _no_orphans(token)
    repeated = sum(1 for count in performed.values() if count > 1)
    return Killed(len(acknowledged), len(finished), repeated, round(moment, 3))


def _run_and_kill(repository: Path, steps: int, moment: float) -> set[str]:
    """Start the run and kill it *moment* seconds after *steps* were reported; gives all reported till then."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fairlead", "run", "forty.yaml", "--jsonl"],
        cwd=repository,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(repository),
    )
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    data = b""
    deadline = 0.0
    until = time.monotonic() + RUN_SECONDS_MAX
    while time.monotonic() < until:
        wait = max(0.0, deadline - time.monotonic()) if deadline else RUN_SECONDS_MAX
        readable, _, _ = select.select([descriptor], [], [], wait)
        if not readable:
            break
        part = os.read(descriptor, 65_536)
        if not part:
            break
        data += part
        if not deadline and data.count(b'"step.succeeded"') >= steps:
            deadline = time.monotonic() + moment
    process.send_signal(signal.SIGKILL)
    data += process.stdout.read()
    process.wait()
    process.stdout.close()
    facts = [json.loads(line) for line in data.splitlines() if line.endswith(b"}")]
    return {fact["step"] for fact in facts if fact.get("type") == "step.succeeded" and fact["step"].startswith("s")}


def _finished(repository: Path) -> set[str]:
    shown = json.loads(_call(repository, "runs", "show", "last", "--json", exit_code=None))
    return {step["step"] for step in shown["steps"] if step["status"] == "succeeded" and step["step"][1:].isdigit()}


def _resume(repository: Path) -> None:
    shown = json.loads(_call(repository, "runs", "show", "last", "--json", exit_code=None))
    if shown["status"] not in ("succeeded", "failed", "degraded", "cancelled"):
        _call(repository, "resume", "last", exit_code=0)


def _no_orphans(token: str) -> None:
    """No process of the killed run is left, ten seconds later at the latest."""
    until = time.monotonic() + ORPHAN_SECONDS_MAX
    left = _with_token(token)
    while left and time.monotonic() < until:
        for pid in left:
            _wait_for_end(pid, until)
        left = _with_token(token)
    if left:
        raise Broken(f"processes outlived their worker: {left}")


def _wait_for_end(pid: int, until: float) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
    finally:
        os.close(descriptor)


def _with_token(token: str) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                words = Path(f"/proc/{name}/cmdline").read_bytes()
            except OSError:
                continue  # it ended while we looked
            if token.encode() in words:
                found.append(int(name))
    return found


def _call(repository: Path, *words: str, exit_code: int | None) -> str:
    answer = subprocess.run(
        [sys.executable, "-m", "fairlead", *words],
        cwd=repository,
        capture_output=True,
        text=True,
        env=_environment(repository),
    )
    if exit_code is not None and answer.returncode != exit_code:
        raise Broken(f"fairlead {' '.join(words)} ended with {answer.returncode}: {answer.stdout}{answer.stderr}")
    return answer.stdout


def _environment(repository: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FAIRLEAD_")}
    return {**kept, "FAIRLEAD_DATA_DIR": str(repository.parent / "data")}


def main() -> int:
    """The long lane."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    arguments = parser.parse_args()
    seed = random.SystemRandom().randrange(10**9) if arguments.seed is None else arguments.seed
    print(f"seed {seed}")
    kills = []
    for number in range(arguments.count):
        with tempfile.TemporaryDirectory() as directory:
            kills.append(kill_once(Path(directory), random.Random(seed + number)))
    in_mid_run = sum(1 for kill in kills if 0 < kill.finished < STEPS)
    acknowledged, finished = sum(kill.acknowledged for kill in kills), sum(kill.finished for kill in kills)
    print(f"{len(kills)} kills, {in_mid_run} of them in mid-run; {acknowledged} acknowledged steps, 0 lost;")
    print(f"{finished} finished steps, 0 done again; {sum(kill.repeated for kill in kills)} begun ones repeated")
    print("no process outlived its worker; every journal verified")
    return 0


if __name__ == "__main__":
    sys.exit(main())
