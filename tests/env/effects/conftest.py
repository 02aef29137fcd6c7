"""Real repositories, the gate's way of performing an effect, and processes that are killed in the middle."""

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from fairlead.core.ids import RunId
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.patch_texts import make_patch
from fairlead.core.ports import Effect, EffectWorld
from fairlead.env.effects import effects
from tests.env.conftest import make_repository

FILES = {"a.py": "one\ntwo\nthree\n", "in/b.py": "b\n", "run.sh": "#!/bin/sh\necho\n"}


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make_repository(tmp_path_factory.mktemp("template") / "r", FILES)
    shutil.rmtree(made / ".git/hooks")  # examples: half of all files that a copy would have
    return made


@pytest.fixture
def root(tmp_path: Path, _template: Path) -> Path:
    """A repository with one commit."""
    return Path(shutil.copytree(_template, tmp_path / "r"))


@pytest.fixture
def world(root: Path) -> EffectWorld:
    return world_of(root)


def world_of(root: Path, key: str = "r-abcdefgh/apply") -> EffectWorld:
    """The world of one step: its key is the same for every attempt."""
    store = root / ".git/fairlead/trees/r-abcdefgh.git"
    return EffectWorld(str(root), str(store), RunId("r-abcdefgh"), key, "")


def effect(kind: str) -> Effect:
    return effects()[kind]


def attempt(kind: str, given: dict[str, Json], world: EffectWorld) -> Outcome:
    """One attempt as the gate makes it: what has happened is found, else it is performed."""

    async def whole() -> Outcome:
        return await effect(kind).find(given, world) or await effect(kind).perform(given, world)

    return asyncio.run(whole())


def done(kind: str, given: dict[str, Json], world: EffectWorld) -> dict[str, Json]:
    """The output of an attempt that must succeed."""
    outcome = attempt(kind, given, world)
    assert isinstance(outcome, Succeeded), outcome
    return outcome.output


def refused(kind: str, given: dict[str, Json], world: EffectWorld) -> Failed:
    """What an attempt that must fail says."""
    outcome = attempt(kind, given, world)
    assert isinstance(outcome, Failed), outcome
    return outcome


def found(kind: str, given: dict[str, Json], world: EffectWorld) -> Outcome | None:
    return asyncio.run(effect(kind).find(given, world))


def shown(kind: str, given: dict[str, Json], world: EffectWorld) -> dict[str, Json]:
    return {row["name"]: row["value"] for row in asyncio.run(effect(kind).show(given, world))}


def change(path: str, before: str | None, after: str | None) -> dict[str, Json]:
    """What a patcher gives."""
    return {"patch": make_patch(path, before, after), "summary": f"Mend {path}", "files": [path]}


TWO = change("a.py", FILES["a.py"], "one\nTWO\nthree\n")


def picture(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file of the checkout, with mode and time of its last change, and git's own index, HEAD and stash."""
    kept = [root / ".git" / name for name in ("index", "HEAD", "refs/stash", "logs/HEAD")]
    files = [path for path in root.rglob("*") if ".git" not in path.parts and path.is_file()]
    return {
        str(path): (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes())
        for path in (*files, *kept)
        if path.exists()
    }


def contents(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every file of the checkout by path: mode and bytes, leftovers included; and every folder."""
    found = {}
    for path in root.rglob("*"):
        if ".git" not in path.relative_to(root).parts:
            data = path.read_bytes() if path.is_file() else b"folder"
            found[str(path.relative_to(root))] = (path.lstat().st_mode, data)
    return found


def killed(perform: Callable[[], object]) -> bool:
    """Whether a process that performs this was killed; it ends quietly otherwise."""
    pid = os.fork()
    if pid == 0:
        try:
            perform()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


class Killer:
    """Kills this very process at the boundary number *at*: before or after one of the calls that it is put around."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.seen = -1

    def boundary(self) -> None:
        self.seen += 1
        if self.seen == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def quiet_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has told git a name."""
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        monkeypatch.delenv(name, raising=False)
