"""`workflows new`: a workflow file to start from, from a template or a sentence. Nothing is overwritten unasked."""

import os.path
import re
from difflib import get_close_matches, unified_diff

import msgspec

from fairlead.core.errors import Diagnostic, FairleadError, error
from fairlead.core.findings import path_text
from fairlead.service.parts import Parts, Project
from fairlead.service.starts import PROJECT_WORKFLOWS, WORKFLOW_FILES
from fairlead.workflow.drafts import draft_of
from fairlead.workflow.suggesting import DESCRIPTION_CHARACTERS_MAX, Suggestion, suggest

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}", re.ASCII)
_FILE_BYTES_MAX = 1_000_000
_AGENTS = ".fairlead/agents"


class Template(msgspec.Struct, frozen=True):
    """One of the templates."""

    name: str
    title: str
    needs: str = ""  # what it lacks on a machine that nobody has configured
    agents: tuple[str, ...] = ()  # agent files that belong to it


_TEMPLATES = (
    Template("review", "look at the whole repository, side by side"),
    Template("feature-validation", "what changed, tests, a scan of the change, a verdict"),
    Template("repo-health", "one number out of all checks, and a message when it is low"),
    Template("perf-tune", "change and measure in rounds, keep the best", "a model, for one step", ("perf-engineer",)),
    Template("secure-patch", "find, mend by rules, test, ask, commit to a branch"),
    Template("build-and-review", "build and test, then review"),
    Template("data-migration", "a dry run, a check, a person's yes, a branch"),
    Template("release", "tests and scans, a person's yes, a branch"),
    Template("find-and-verify", "find, then look at each finding once more"),
)


class NewWorkflow(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was written, or would be."""

    name: str
    written: tuple[str, ...]
    replaced: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()  # what lay there already with the same text
    changes: str = ""  # of what was replaced, as a unified difference
    template: str = ""
    needs: str = ""  # what the template needs that is not configured here
    suggestion: Suggestion | None = None  # of a sentence


class Templates(msgspec.Struct, frozen=True):
    """What there is to start from."""

    templates: tuple[Template, ...]


def list_templates() -> Templates:
    """All templates."""
    return Templates(_TEMPLATES)


def new_workflow(
    parts: Parts, project: Project, name: str, *, template: str = "", sentence: str | None = None, is_forced: bool
) -> NewWorkflow:
    """Write a workflow file into the project, and the agent files that belong to it.

    Raises:
        FairleadError: FL-S070 no workflow can be called *name*; FL-S071 there is no such template; FL-S072 a file is
            there already and *is_forced* was not said; FL-S073 the sentence is empty or too long; FL-S014 a file
            cannot be written.
    """
    if not _NAME.fullmatch(name):
        better = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789")[:63].strip("-") or "my-workflow"
        said = f"no workflow can be called {path_text(name)[:80]!r}"
        raise error("FL-S070", said, f"fairlead workflows new {better}", exit_code=2)
    suggestion = None
    chosen = None
    if sentence is not None:
        if not sentence.strip() or len(sentence) > DESCRIPTION_CHARACTERS_MAX:
            how = f"has {len(sentence):,} characters" if sentence.strip() else "is empty"
            most = f"say in at most {DESCRIPTION_CHARACTERS_MAX:,} characters what the workflow shall do"
            raise error("FL-S073", f"the description {how}", most, exit_code=2)
        suggestion = suggest(sentence)
        contents = {_path(name): draft_of(name, sentence, suggestion).encode()}
    else:
        chosen = _template(template or "review")
        contents = _filled(parts, chosen, name)
    written, replaced, kept, changes = _write(parts, project, name, contents, is_forced=is_forced)
    needs = chosen.needs if chosen is not None else ""
    return NewWorkflow(name, written, replaced, kept, changes, chosen.name if chosen else "", needs, suggestion)


def _path(name: str) -> str:
    return os.path.join(PROJECT_WORKFLOWS, f"{name}.yaml")


def _template(name: str) -> Template:
    known = {one.name: one for one in _TEMPLATES}
    if name not in known:
        near = get_close_matches(name, known, 3, 0.4)
        hints = [f"did you mean {' or '.join(near)}?"] if near else []
        hints.append(f"there are {', '.join(known)}")
        raise error("FL-S071", f"there is no template {path_text(name)[:80]}", *hints, exit_code=2)
    return known[name]


def _filled(parts: Parts, template: Template, name: str) -> dict[str, bytes]:
    contents = {_path(name): parts.workflow_template(f"{template.name}.yaml").replace(b"NAME", name.encode())}
    for agent in template.agents:
        contents[os.path.join(_AGENTS, f"{agent}.md")] = parts.workflow_template(f"{agent}.md")
    return contents


def _write(
    parts: Parts, project: Project, name: str, contents: dict[str, bytes], *, is_forced: bool
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], str]:
    """Write what is not there with the same text already; gives what was written, replaced and kept."""
    there = {path: parts.files.read(os.path.join(project.root, path), limit=_FILE_BYTES_MAX) for path in contents}
    blocked = [path for path in contents if parts.files.exists(os.path.join(project.root, path))]
    others = [os.path.join(PROJECT_WORKFLOWS, name + extension) for extension in WORKFLOW_FILES]
    others = [path for path in others if path not in contents and parts.files.exists(os.path.join(project.root, path))]
    changed = [path for path in blocked if there[path] != contents[path]]
    if (changed and not is_forced) or others:
        hint = f"fairlead workflows new {name} --force shows what changes, and writes it"
        hints = ("choose another name", *(() if others else (hint,)))
        said = [Diagnostic("FL-S072", f"{path} is there already", hints=hints) for path in (*changed, *others)]
        raise FairleadError(*said, exit_code=2)
    changes = "".join(difference(path, there[path] or b"", contents[path]) for path in changed)
    written = tuple(path for path in contents if path not in blocked)
    own = parts.own_agents(project)
    for path in (*written, *changed):
        full = os.path.join(project.root, path)
        if not own.is_inside(full):
            raise error("FL-S014", f"{path} lies behind a link that leads out of the project", "remove the link")
        try:
            parts.files.write(full, contents[path], is_new=path in written)
        except OSError as refusal:
            why = refusal.strerror or type(refusal).__name__
            raise error("FL-S014", f"{path} cannot be written: {why}", "fairlead doctor", exit_code=8) from None
    return written, tuple(changed), tuple(path for path in blocked if path not in changed), changes


def difference(path: str, before: bytes, after: bytes) -> str:
    """A unified difference of one file."""
    old, new = (data.decode("utf-8", "replace").splitlines(keepends=True) for data in (before, after))
    return "".join(line if line.endswith("\n") else line + "\n" for line in unified_diff(old, new, path, path))
