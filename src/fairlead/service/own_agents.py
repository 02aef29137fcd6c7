"""`agents new`, `agents check`, `agents test`: for those who write agents of their own."""

import os.path
import re
from collections.abc import Callable, Sequence

import msgspec

from fairlead.core.errors import Diagnostic, FairleadError, error
from fairlead.core.findings import path_text
from fairlead.core.outcomes import Failed, Succeeded
from fairlead.service.agent_templates import filled
from fairlead.service.agents import show_agent
from fairlead.service.golden import Case, as_expected, differences, find_cases, unstable
from fairlead.service.parts import OwnAgents, Parts, Project

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
NAME_CHARACTERS_MAX = 63
_FILE_BYTES_MAX = 1_000_000


class NewAgent(msgspec.Struct, frozen=True):
    """What `agents new` wrote."""

    name: str
    written: tuple[str, ...]
    replaced: tuple[str, ...] = ()  # files that were there and have changed
    kept: tuple[str, ...] = ()  # files that were there and say the same already
    changes: str = ""  # what `--force` replaced, as a unified difference


class AgentFix(msgspec.Struct, frozen=True):
    """The edit that makes an agent file strict."""

    file: str
    changes: str  # as a unified difference
    is_written: bool


class AgentsChecked(msgspec.Struct, frozen=True):
    """What `agents check` found, in all files together."""

    files: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    errors: int
    warnings: int
    fixes: tuple[AgentFix, ...] = ()  # with `--fix`


class CaseResult(msgspec.Struct, frozen=True):
    """One golden folder, tried."""

    agent: str
    case: str
    status: str  # passed, failed, written, unchanged
    summary: str = ""  # what the agent says of its answer
    code: str = ""  # of a failure
    differences: tuple[str, ...] = ()
    log: str = ""  # the end of what it wrote, when something is wrong
    times: int = 1  # how often it was called


class AgentsTested(msgspec.Struct, frozen=True):
    """What `agents test` found."""

    cases: tuple[CaseResult, ...]
    passed: int
    failed: int
    written: int = 0  # by `--update`


def new_agent(parts: Parts, project: Project, name: str, *, template: str, folder: str, is_forced: bool) -> NewAgent:
    """Write a short agent that works, and one golden folder for it, below *folder* or the project's root.

    Raises:
        FairleadError: FL-S021 no agent can be called *name*; FL-S020 a file is there already, and *is_forced* was not
            said; FL-S014 a file cannot be written.
    """
    if not _NAME.fullmatch(name) or len(name) > NAME_CHARACTERS_MAX:
        better = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:NAME_CHARACTERS_MAX].strip("-") or "my-agent"
        raise error("FL-S021", f"no agent can be called {path_text(name)[:80]!r}", f"fairlead agents new {better}")
    root = folder or project.root
    contents = filled(template, name)
    before = {path: parts.files.read(os.path.join(root, path), limit=_FILE_BYTES_MAX) for path in contents}
    there = [path for path in contents if parts.files.exists(os.path.join(root, path))]
    changed = [path for path in there if before[path] != contents[path]]
    difference = "".join(_difference(path, before[path], contents[path]) for path in changed)
    if there and not is_forced:
        said = [
            Diagnostic("FL-S020", f"{path} is there already", hints=_how_to_force(name, template)) for path in there
        ]
        raise FairleadError(*said, exit_code=2)
    own = parts.own_agents(project)
    other = [file for known, file in own.names() if known == name and file not in contents] if not folder else []
    if other:
        raise error("FL-S020", f"the project has an agent {name}: {other[0]}", "choose another name", exit_code=2)
    written = [path for path in contents if path not in there]
    for path in (*written, *changed):
        whole = os.path.join(root, path)
        if not folder and not own.is_inside(whole):
            raise error("FL-S014", f"{path} lies behind a link that leads out of the project", "remove the link")
        try:
            parts.files.write(whole, contents[path], is_new=path in written)
        except OSError as refusal:
            why = refusal.strerror or type(refusal).__name__
            raise error("FL-S014", f"{path} cannot be written: {why}", "fairlead doctor", exit_code=8) from None
    kept = tuple(path for path in there if path not in changed)
    return NewAgent(name, tuple(written), tuple(changed), kept, difference)


def _how_to_force(name: str, template: str) -> tuple[str, ...]:
    option = "" if template == "tool" else f" --template {template}"
    return ("choose another name", f"fairlead agents new {name}{option} --force shows what changes, and writes it")


def _difference(path: str, before: bytes | None, after: bytes) -> str:
    from difflib import unified_diff

    old, new = ((data or b"").decode("utf-8", "replace").splitlines(keepends=True) for data in (before, after))
    return "".join(line if line.endswith("\n") else line + "\n" for line in unified_diff(old, new, path, path))


def check_agents(
    parts: Parts, project: Project, names: Sequence[str], *, is_fix: bool = False, is_written: bool = False
) -> AgentsChecked:
    """Everything that is wrong with the agents of *names*, or with all of the project's.

    With *is_fix*, the edits that make files strict which had to be recovered; with *is_written*, they are written, and
    what is wrong is what is left.

    Raises:
        FairleadError: FL-S011 no agent file has one of the names; FL-S014 a file cannot be written.
    """
    own = parts.own_agents(project)
    there = own.names()
    known = {name for name, _ in there}
    wanted = [_name_of(name) for name in names]
    files = [file for name, file in there if not wanted or name in wanted]
    for name in wanted:
        if name not in known:
            card = show_agent(parts, project, name)  # says which names are near when there is none
            if card.source.startswith("builtin/"):
                raise error("FL-S011", f"{name} is no agent of this project ({card.source})", "fairlead agents list")
            files.append(card.source)
    fixes = _fixes(parts, own, wanted, is_written=is_written) if is_fix else ()
    found = tuple(own.check(wanted))
    errors = sum(1 for one in found if not one.is_warning)
    return AgentsChecked(tuple(files), found, errors, len(found) - errors, fixes)


def _fixes(parts: Parts, own: OwnAgents, wanted: Sequence[str], *, is_written: bool) -> tuple[AgentFix, ...]:
    mends = own.mends(wanted)
    for mend in mends if is_written else ():
        if parts.files.read(mend.full, limit=_FILE_BYTES_MAX) != mend.before:
            raise error("FL-S014", f"{mend.path} has changed meanwhile", "fairlead agents check --fix")
        try:
            parts.files.write(mend.full, mend.after)
        except OSError as refusal:
            why = refusal.strerror or type(refusal).__name__
            raise error("FL-S014", f"{mend.path} cannot be written: {why}", "fairlead doctor", exit_code=8) from None
    return tuple(AgentFix(mend.path, _difference(mend.path, mend.before, mend.after), is_written) for mend in mends)


def _name_of(word: str) -> str:
    """The agent that *word* means, which may be the path of its file."""
    stem = os.path.splitext(os.path.basename(word))[0]
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-") if word.endswith((".py", ".md")) else word


def try_agents(
    parts: Parts,
    project: Project,
    names: Sequence[str],
    *,
    is_update: bool = False,
    tell: Callable[[CaseResult], None] = lambda found: None,
) -> AgentsTested:
    """Try agents over their golden folders; without *names*, all of the project's. *tell* hears of each at once.

    An agent that calls itself deterministic is called twice. With *is_update* what it answers is written down.

    Raises:
        FairleadError: FL-S011 there is no such agent; FL-A110 it cannot be used; FL-A150, FL-A151.
    """
    wanted = [_name_of(name) for name in names] or sorted({name for name, _ in parts.own_agents(project).names()})
    # What nobody could call here is tried only by its name: most agent files are for other programs.
    cards = [show_agent(parts, project, name) for name in dict.fromkeys(wanted)]
    cards = [card for card in cards if names or not card.needs]
    if not cards:
        raise error("FL-A150", "this project has no agents of its own", "fairlead agents new my-agent", exit_code=2)
    broken = [Diagnostic("FL-A110", f"{c.name}: {c.problem}", hints=(_check(c.name),)) for c in cards if c.problem]
    if broken:
        raise FairleadError(*broken, exit_code=2)
    cases = {card.name: find_cases(parts.files, project.root, card.name, is_update=is_update) for card in cards}
    found: list[CaseResult] = []
    for card in cards:
        for case in cases[card.name]:
            tried = _try(parts, project, case, card.is_deterministic, is_update)
            tell(tried)
            found.append(tried)
    statuses = [one.status for one in found]
    failed, written = statuses.count("failed"), statuses.count("written")
    return AgentsTested(tuple(found), len(found) - failed - written, failed, written)


def _check(name: str) -> str:
    return f"fairlead agents check {name}"


def _try(parts: Parts, project: Project, case: Case, is_deterministic: bool, is_update: bool) -> CaseResult:
    own = parts.own_agents(project)
    times = 2 if is_deterministic else 1
    tried = [own.attempt(case.agent, case.expected.inputs, case.repo) for _ in range(times)]
    outcome, log = tried[0].outcome, tried[0].log
    summary = outcome.summary if isinstance(outcome, Succeeded) else ""
    code = outcome.code if isinstance(outcome, Failed) else ""
    wrong = unstable(outcome, tried[1].outcome) if is_deterministic else []
    is_new = case.expected.findings is None and case.expected.output is None and not case.expected.fails
    # A failure is written down by its author only: otherwise the first slip would pass as the answer for ever.
    if is_update and not wrong and (isinstance(outcome, Succeeded) or case.expected.fails):
        changes = ["written for the first time"] if is_new else differences(case.expected, outcome)
        if changes:
            _write(parts, project, case, as_expected(case, outcome))
        status = "written" if changes else "unchanged"
        return CaseResult(case.agent, case.name, status, summary, code, tuple(changes), "", times)
    wrong += differences(case.expected, outcome)
    status = "failed" if wrong else "passed"
    return CaseResult(case.agent, case.name, status, summary, code, tuple(wrong), log if wrong else "", times)


def _write(parts: Parts, project: Project, case: Case, data: bytes) -> None:
    if not parts.own_agents(project).is_inside(case.file):
        shown = path_text(os.path.relpath(case.file, project.root))
        raise error("FL-S014", f"{shown} is a link that leads out of the project", "remove the link")
    try:
        parts.files.write(case.file, data)
    except OSError as refusal:
        why = refusal.strerror or type(refusal).__name__
        shown = path_text(os.path.relpath(case.file, project.root))
        raise error("FL-S014", f"{shown} cannot be written: {why}", "fairlead doctor", exit_code=8) from None
