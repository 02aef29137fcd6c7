"""What a step says that it does: one function for each action that holds no steps itself."""

import re
from datetime import datetime
from typing import Literal, cast, get_args

from fairlead.core.program_outputs import PATTERN_CHARACTERS_MAX, pattern_problem
from fairlead.core.workflow import (
    APPROVAL_S_DEFAULT,
    ApproveAction,
    Approvers,
    Choice,
    EffectAction,
    NotifyAction,
    Parsing,
    WaitAction,
    WorkflowAction,
)
from fairlead.workflow.fields import Fields
from fairlead.workflow.keys import APPROVE, APPROVERS, NOTIFY, PARSERS, PARSING, WAIT
from fairlead.workflow.yaml_tree import Entry, Node

NAME_MAX = 63
TITLE_MAX = 1_000
BODY_MAX = 50_000
TARGETS_MAX = 20
SHOWN_MAX = 20
APPROVERS_MAX = 20
PARSINGS_MAX = 20
PATH_MAX = 1_000
WORKFLOW_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}", re.ASCII)
FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
_EFFECT_KIND = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*", re.ASCII)
_TARGET = re.compile(r"[a-z][a-z0-9+.-]*(?::\S.*)?", re.ASCII)
_OnTimeout = Literal["hold", "reject", "escalate"]
_PROGRAM_FIELDS = ("exit_code", "stdout", "stderr")


def read_approve(fields: Fields, node: Node, key: Node) -> ApproveAction:
    """A question to a person."""
    keys = fields.mapping(node, "approve", APPROVE) or {}
    if "title" not in keys:
        fields.missing(node, key, "approve", "title", "say in one line what is decided, below `title:`")
    title = (
        fields.text(keys["title"].value, "approve.title", length_max=TITLE_MAX, moment="item")
        if "title" in keys
        else ""
    )
    body = fields.text(keys["body"].value, "approve.body", length_max=BODY_MAX, moment="item") if "body" in keys else ""
    choices: tuple[Choice, ...] = ("approve", "reject")
    if "choices" in keys:
        # `words` answers only words that it was given.
        choices = cast("tuple[Choice, ...]", fields.words(keys["choices"].value, "approve.choices", get_args(Choice)))
        _check_choices(fields, keys["choices"].value, choices)
    if "approve_subset" in choices and "select" not in keys:
        place = keys["choices"].value
        said = "`approve_subset` needs `select`: the list of which a part may be approved"
        fields.source.add("FL-W123", said, place.start, place.end, "add `select:` with a list, or remove the choice")
    elif "select" in keys and "approve_subset" not in choices:
        place = keys["select"].key
        said = "`approve.select` says nothing without the choice `approve_subset`"
        fields.source.add("FL-W123", said, place.start, place.end, "add `approve_subset` to `choices:`")
    on_timeout = "hold"
    if "on_timeout" in keys:
        on_timeout = fields.word(keys["on_timeout"].value, "approve.on_timeout", get_args(_OnTimeout)) or "hold"
    if on_timeout == "escalate" and "escalate_to" not in keys:
        place = keys["on_timeout"].value
        said = "`on_timeout: escalate` needs `escalate_to`: who is asked then"
        fields.source.add("FL-W123", said, place.start, place.end, "add `escalate_to:` with people, or write `hold`")
    elif "escalate_to" in keys and on_timeout != "escalate":
        place = keys["escalate_to"].key
        said = "`approve.escalate_to` says nothing without `on_timeout: escalate`"
        fields.source.add("FL-W123", said, place.start, place.end, "add `on_timeout: escalate`, or remove it")
    _say_what_waits(fields, keys, on_timeout)
    timeout = fields.duration(keys["timeout"].value, "approve.timeout") if "timeout" in keys else None
    show = list(fields.items(keys["show"].value, "approve.show")) if "show" in keys else []
    remind = list(fields.items(keys["remind"].value, "approve.remind")) if "remind" in keys else []
    not_by = ("requester", "author", "agent_owner")
    return ApproveAction(
        title=title or "",
        body=body or "",
        show=tuple(fields.expression(item, "approve.show", "any", "item") for item in show[:SHOWN_MAX]),
        approvers=_approvers(fields, keys["from"].value) if "from" in keys else (),
        not_by=fields.words(keys["not_by"].value, "approve.not_by", not_by) if "not_by" in keys else (),
        choices=choices,
        select=fields.expression(keys["select"].value, "approve.select", "list", "item") if "select" in keys else "",
        timeout_s=APPROVAL_S_DEFAULT if timeout is None else timeout,
        on_timeout=cast(_OnTimeout, on_timeout),  # `word` answers one of the words it was given
        escalate_to=_people(fields, keys, "escalate_to"),
        remind_s=tuple(s for item in remind if (s := fields.duration(item, "approve.remind")) is not None),
        notify=_targets(fields, keys["notify"].value, "approve.notify") if "notify" in keys else (),
    )


def _say_what_waits(fields: Fields, keys: dict[str, Entry], on_timeout: str) -> None:
    """Note what of a question this build reads without performing it."""
    if on_timeout == "escalate":
        fields.later("on_timeout: escalate", keys["on_timeout"].value, "the question holds, as with `hold`")
    for name, meaning in (("remind", "nobody is reminded"), ("notify", "`fairlead approvals` lists the question")):
        if name in keys:
            fields.later(f"approve.{name}", keys[name].key, meaning)
    for word in keys["not_by"].value.items if "not_by" in keys else ():
        if word.value in ("author", "agent_owner"):
            fields.later(f"not_by: {word.value}", word, "only who asked for the run can be left out")


def _check_choices(fields: Fields, node: Node, choices: tuple[Choice, ...]) -> None:
    if node.kind != "list" or fields.source.has_at(node.start, node.end):
        return
    if not {"approve", "approve_subset"}.intersection(choices):
        said = "nobody could ever approve: `approve.choices` has neither `approve` nor `approve_subset`"
        fields.source.add("FL-W024", said, node.start, node.end, "add `approve`")
    elif len(choices) < 2:
        said = "`approve.choices` leaves no choice"
        fields.source.add("FL-W024", said, node.start, node.end, "add `reject` or `request_changes`")


def _people(fields: Fields, keys: dict[str, Entry], name: str) -> tuple[str, ...]:
    return fields.names(keys[name].value, f"approve.{name}", most=APPROVERS_MAX, length_max=200) if name in keys else ()


def _approvers(fields: Fields, node: Node) -> tuple[Approvers, ...]:
    found: list[Approvers] = []
    for item in fields.items(node, "approve.from"):
        keys = fields.mapping(item, "approve.from", APPROVERS)
        if keys is None:
            continue
        who = {name: fields.text(keys[name].value, f"approve.from.{name}", length_max=200) or "" for name in _who(keys)}
        fields.excludes(keys, ("user", "team", "role"), "an entry of `from`")
        if not who:
            said = "an entry of `from` names nobody"
            fields.source.add("FL-W023", said, item.start, item.start + 1, "add `user:`, `team:` or `role:`")
        least = fields.integer(keys["min"].value, "approve.from.min", 1, 100) if "min" in keys else 1
        if "user" in who and (least or 1) > 1:
            place = keys["min"].value
            said = "one person cannot decide twice: `min` of a `user` is 1"
            fields.source.add("FL-W024", said, place.start, place.end, "name a team or a role, or remove `min`")
        found.append(Approvers(min=least or 1, **who))
    return tuple(found[:APPROVERS_MAX])


def _who(keys: dict[str, Entry]) -> list[str]:
    return [name for name in ("user", "team", "role") if name in keys]


def read_notify(fields: Fields, node: Node, key: Node) -> NotifyAction:
    """A message."""
    keys = fields.mapping(node, "notify", NOTIFY) or {}
    for name, hint in (("to", "name where it goes, such as `to: [console]`"), ("title", "say it in one line")):
        if name not in keys:
            fields.missing(node, key, "notify", name, hint)
    to = _targets(fields, keys["to"].value, "notify.to") if "to" in keys else ()
    title = (
        fields.text(keys["title"].value, "notify.title", length_max=TITLE_MAX, moment="item") if "title" in keys else ""
    )
    body = fields.text(keys["body"].value, "notify.body", length_max=BODY_MAX, moment="item") if "body" in keys else ""
    if "to" in keys and keys["to"].value.kind == "list" and not keys["to"].value.items:
        place = keys["to"].value
        fields.source.add("FL-W024", "`notify.to` is empty", place.start, place.end, "write `[console]`")
    return NotifyAction(to, title or "", body or "")


def _targets(fields: Fields, node: Node, place: str) -> tuple[str, ...]:
    looks = "`console`, `file:PATH` or an address such as `https://…`"
    return fields.names(node, place, most=TARGETS_MAX, pattern=_TARGET, looks=looks)


def read_wait(fields: Fields, node: Node, key: Node) -> WaitAction:
    """A time, a moment, or a signal."""
    keys = fields.mapping(node, "wait", WAIT)
    if keys is None:
        return WaitAction()
    fields.excludes(keys, ("until", "for"), "`wait`")
    fields.excludes(keys, ("until", "event"), "`wait`")
    if not keys:
        said = "`wait` needs `for`, `until` or `event`"
        fields.source.add("FL-W023", said, key.start, key.end, "write for example `wait: {for: 10m}`")
    passed = fields.text(keys["for"].value, "wait.for", moment="item") if "for" in keys else ""
    if passed and "${" not in passed:
        fields.duration(keys["for"].value, "wait.for")
    until = fields.text(keys["until"].value, "wait.until", moment="item") if "until" in keys else ""
    if until and "${" not in until and not _is_moment(until):
        place = keys["until"].value
        said = f"`wait.until`: `{until[:40]}` is no moment"
        label = "date, time and zone, ISO 8601"
        fields.source.add("FL-W032", said, place.start, place.end, "write `2026-12-01T06:00:00Z`", label=label)
    event = fields.text(keys["event"].value, "wait.event", length_max=100) if "event" in keys else ""
    return WaitAction(passed or "", until or "", event or "")


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def read_workflow_name(fields: Fields, node: Node) -> WorkflowAction:
    """Another workflow, by its name."""
    name = fields.text(node, "workflow", length_max=NAME_MAX) or ""
    if name and not WORKFLOW_NAME.fullmatch(name):
        said = f"`{name}` is no name of a workflow"
        hint = "name a workflow of `.fairlead/workflows` by the name that stands in it"
        label = "small letters, digits and `-`, at most 63"
        fields.source.add("FL-W025", said, node.start, node.end, hint, label=label)
    return WorkflowAction(name)


def read_effect(fields: Fields, node: Node) -> EffectAction:
    """A change of the world outside, by its kind."""
    kind = fields.text(node, "effect", length_max=NAME_MAX) or ""
    if kind and not _EFFECT_KIND.fullmatch(kind):
        said = f"`{kind}` is no kind of effect"
        fields.source.add("FL-W025", said, node.start, node.end, "write for example `git.branch` or `http.request`")
    return EffectAction(kind)


def read_parse(fields: Fields, node: Node) -> tuple[Parsing, ...]:
    """Which files of a program become fields of its output."""
    if node.kind != "mapping":
        fields.wrong(node, "parse", "a mapping", "write for example `junit: junit.xml` below `parse:`")
        return ()
    found = [parsing for name, entry in node.entries.items() if (parsing := _parsing(fields, name, entry))]
    if len(found) > PARSINGS_MAX:
        said = f"`parse` has {len(found)} entries; at most {PARSINGS_MAX} are allowed"
        fields.source.add("FL-W024", said, node.start, node.start + 1, "make two steps of it")
    seen: set[str] = set()
    for parsing in found:
        if parsing.name in seen:
            said = f"two entries of `parse` give the field `{parsing.name}`"
            fields.source.add("FL-W127", said, node.start, node.start + 1, "give one of them another name")
        seen.add(parsing.name)
    return tuple(found)


def _parsing(fields: Fields, name: str, entry: Entry) -> Parsing | None:
    """One entry: `junit: junit.xml`, or with a name of its own `unit: {as: junit, file: unit.xml}`."""
    key, node = entry
    place = f"parse.{name}"
    field = name.replace("-", "_") if name.replace("-", "_") in PARSERS else name
    if field in _PROGRAM_FIELDS or not FIELD_NAME.fullmatch(field):
        said = f"`{name[:63]}` cannot be the name of a field"
        taken = f"every program gives {', '.join(_PROGRAM_FIELDS)}; " if field in _PROGRAM_FIELDS else ""
        hint = f"{taken}choose a name of small letters, digits and `_`"
        fields.source.add("FL-W127", said, key.start, key.end, hint)
        return None
    parser: str | None = field
    source_node = node
    if node.kind == "mapping":
        keys = fields.mapping(node, place, PARSING) or {}
        parser = field if field in PARSERS else None
        if "as" in keys:
            parser = fields.word(keys["as"].value, f"{place}.as", (*PARSERS, "pytest-benchmark"))
            if parser is None:
                return None
            parser = parser.replace("-", "_")
        source_key = "pattern" if parser == "regex" else "file"
        if source_key not in keys:
            hint = "write the regular expression" if parser == "regex" else "write the path of the file"
            fields.missing(node, key, place, source_key, f"{hint} below `{source_key}:`")
            return None
        other = "file" if parser == "regex" else "pattern"
        if other in keys:
            said = f"`{place}.{other}` says nothing for the parser `{parser}`"
            fields.source.add("FL-W123", said, keys[other].key.start, keys[other].key.end, f"remove `{other}`")
        source_node = keys[source_key].value
    if parser not in PARSERS:
        said = f"there is no parser `{name[:63]}`"
        otherwise = f"with a name of your own, write `{name[:63]}: {{as: junit, file: …}}`"
        hint = fields.source.did_you_mean(name, PARSERS, otherwise)
        fields.source.add("FL-W024", said, key.start, key.end, hint, label=f"one of: {', '.join(PARSERS)}")
        return None
    if parser == "regex":
        pattern = fields.text(source_node, place, length_max=PATTERN_CHARACTERS_MAX, may_refer=True)
        if pattern is None:
            return None
        if problem := pattern_problem(pattern):
            hint = "name what it finds with `(?P<name>…)`"
            fields.source.add("FL-W033", f"`{place}`: {problem}", source_node.start, source_node.end, hint)
            return None
        return Parsing(field, parser, pattern)
    path = fields.text(source_node, place, length_max=PATH_MAX)
    return Parsing(field, parser, path) if path else None
