"""Completion: a small script for each shell that asks `fairlead __complete` with the words typed so far.

`__complete` answers one candidate per line, `candidate<TAB>what it is`. It never fails aloud: a broken
completion must not spoil a command line.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fairlead.cli.table import BY_NAME, COMMANDS, GLOBAL, GROUPS, SEVERITY_WORDS, Command
from fairlead.cli.terminal_text import safe

if TYPE_CHECKING:
    from fairlead.cli.command import Invocation
    from fairlead.service.parts import Parts, Project

CANDIDATES_MAX = 60

_BASH = r"""_fairlead() {
    local IFS=$'\n' line
    COMPREPLY=()
    for line in $(fairlead __complete bash -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null); do
        COMPREPLY+=("${line%%$'\t'*}")
    done
    if [ ${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")); fi
}
complete -o nosort -F _fairlead fairlead 2>/dev/null || complete -F _fairlead fairlead
"""
_ZSH = r"""#compdef fairlead
_fairlead() {
    local -a found
    local line
    while IFS= read -r line; do
        found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done < <(fairlead __complete zsh -- "${words[@]:1:$((CURRENT-1))}" 2>/dev/null)
    if (( ${#found} )); then _describe -V fairlead found; else _files; fi
}
compdef _fairlead fairlead
"""
_FISH = r"""function __fairlead_complete
    fairlead __complete fish -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null
end
complete -c fairlead -f -a '(__fairlead_complete)'
"""
_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def give_script(call: "Invocation") -> int:
    """The script for one shell."""
    script = _SCRIPTS[call.options.shell]
    if call.terminal.form == "text":
        call.terminal.answer_text(script)  # for a shell: exactly as it is
    else:
        call.terminal.give({"shell": call.options.shell, "script": script}, lambda: ())
    return 0


def complete(words: Sequence[str], parts: "Parts") -> int:
    """Print what may stand at the place of the last word. *words* is: shell, `--`, the words behind `fairlead`."""
    typed = list(words[2:]) or [""]
    try:
        found = [one for one in _candidates(typed, parts) if one[0].startswith(typed[-1])]
    except Exception:
        found = []  # whatever is wrong here, the command itself will say it better
    for value, about in found[:CANDIDATES_MAX]:
        print(f"{safe(value)}\t{safe(about)}")
    return 0


def _candidates(typed: Sequence[str], parts: "Parts") -> Iterator[tuple[str, str]]:
    """Everything that could stand at the last place."""
    before, current = list(typed[:-1]), typed[-1]
    directory = parts.cwd
    while before and before[0].startswith("-"):
        if before.pop(0) == "-C" and before:
            import os.path

            directory = os.path.join(directory, before.pop(0))
    if not before:
        yield from _commands()
        return
    command, rest = _command(before)
    if command is None:
        for one in COMMANDS:
            if one.name.startswith(before[0] + " "):
                yield one.name.split()[1], one.summary
        return
    yield from _values(command, rest, current, parts, directory)


def _commands() -> Iterator[tuple[str, str]]:
    seen = set()
    for command in COMMANDS:
        first = command.name.split()[0]
        if not command.is_hidden and first not in seen:
            seen.add(first)
            yield first, "" if first in GROUPS else command.summary


def _command(before: list[str]) -> tuple[Command | None, list[str]]:
    if before[0] in GROUPS:
        if len(before) > 1 and f"{before[0]} {before[1]}" in BY_NAME:
            return BY_NAME[f"{before[0]} {before[1]}"], before[2:]
        return None, []
    return BY_NAME.get(before[0]), before[1:]


def _values(
    command: Command, rest: list[str], current: str, parts: "Parts", directory: str
) -> Iterator[tuple[str, str]]:
    by_name = {name: argument for argument in (*command.arguments, *GLOBAL) for name in argument.names}
    if current.startswith("-"):
        for name, argument in by_name.items():
            if name.startswith("--"):
                yield name, argument.help
        return
    asked = rest[-1] if rest and rest[-1] in by_name and "action" not in by_name[rest[-1]].options else ""
    if asked in ("--severity", "--fail-on"):
        yield from ((word, "") for word in reversed(SEVERITY_WORDS))
        if asked == "--fail-on":
            yield from ((f"new-{word}", "only new ones") for word in reversed(SEVERITY_WORDS))
            yield "none", "never"
        return
    if asked and (choices := by_name[asked].options.get("choices")):
        yield from ((word, "") for word in choices)
        return
    if asked and asked != "--run":
        return
    wants = {"--run"} if asked else {argument.names[0] for argument in command.arguments}
    yield from _names(wants, rest, current, parts, directory)


def _names(wants: set[str], rest: list[str], current: str, parts: "Parts", directory: str) -> Iterator[tuple[str, str]]:
    if "shell" in wants:
        yield from ((shell, "") for shell in _SCRIPTS)
    if "name" in wants:
        from fairlead.service.explain import list_topics

        for family in list_topics(parts).families:
            yield from ((topic.name, topic.title) for topic in family.topics)
        return
    if not wants & {"run", "--run", "words", "finding", "findings", "agent", "workflow", "files", "approval", "what"}:
        return
    project = parts.project(directory)
    if "agent" in wants:
        from fairlead.service.agents import list_agents

        yield from ((card.name, card.title) for card in list_agents(parts, project).agents)
    elif "approval" in wants:
        from fairlead.service.approvals import open_approvals

        yield from ((one.id, one.title) for one in open_approvals(parts, project).approvals)
    elif "what" in wants:
        from fairlead.service.permissions import show_permissions

        yield from ((kind, "kind of effect") for kind in show_permissions(parts, project).kinds)
        yield "self", "deciding on the own request"
    elif wants & {"workflow", "files"}:
        from fairlead.service.starts import workflow_names

        yield from ((name, "workflow") for name in workflow_names(parts, project))
    elif wants & {"finding", "findings"}:
        from fairlead.service.findings import list_findings
        from fairlead.service.runs import find_run

        found = list_findings(parts, project, find_run(parts, project, "last"))
        yield from ((one.id, f"{one.severity} {one.rule} {one.path}:{one.line}") for one in found.findings)
    elif "words" in wants and current.startswith("step:"):
        from fairlead.service.runs import find_run, show_run

        named = next((word for word in rest if not word.startswith(("-", "step:"))), "last")
        view = show_run(parts, project, find_run(parts, project, named))
        yield from ((f"step:{step.step}", step.status) for step in view.steps)
    else:
        yield from _runs(parts, project)


def _runs(parts: "Parts", project: "Project") -> Iterator[tuple[str, str]]:
    from fairlead.cli.times import ago_text

    journal = parts.reader(project)
    now = parts.clock.now()
    for row in journal.runs(20) if journal is not None else ():
        yield row.run, f"{row.workflow} {row.status} {ago_text(row.queued_at, now)}"
    yield "last", "the newest run"
    yield "last-failed", "the newest that failed"
