"""When runs of a workflow start by themselves: read and checked, and not fired by this build."""

import re

from fairlead.core.json import Json
from fairlead.workflow.fields import Fields, describe
from fairlead.workflow.keys import GIT, ON_EVENT, ON_GIT, ON_WEBHOOK, SCHEDULE, WEBHOOK
from fairlead.workflow.yaml_tree import Node

TRIGGERS_MAX = 20
PATTERNS_MAX = 50
_KINDS = ("manual", "schedule", "git", "webhook", "event")
_GIT_EVENTS = ("push", "tag", "pull_request")
_NAME = re.compile(r"[a-z][a-z0-9._-]{0,99}", re.ASCII)

# Field of a schedule: its name, its least and greatest value, the words that may stand for values.
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_CRON: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    ("day of the week", 0, 7, {name: number for number, name in enumerate(_DAYS)}),
)
_DAYS_OF_MONTH_MAX = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PART = re.compile(r"(\*|[A-Za-z]{3}|[0-9]{1,2})(?:-([A-Za-z]{3}|[0-9]{1,2}))?(?:/([0-9]{1,2}))?", re.ASCII)


def read_triggers(fields: Fields, node: Node) -> tuple[Json, ...]:
    """The triggers as the file has them."""
    items = list(fields.items(node, "triggers"))
    for item in items:
        _check(fields, item)
    if len(items) > TRIGGERS_MAX:
        said = f"`triggers` has {len(items)} items; at most {TRIGGERS_MAX} are allowed"
        fields.source.add("FL-W024", said, node.start, node.start + 1, "make several workflows of it")
    fires = [item for item in items if item.value != "manual"]
    if fires:
        said = "these triggers are read and checked, and this build fires none of them"
        hint = "start it with `fairlead run`, for example from cron, until a later version fires them"
        fields.source.add("FL-W200", said, fires[0].start, fires[0].start + 1, hint, is_warning=True)
    return tuple(item.plain() for item in items)


def _check(fields: Fields, node: Node) -> None:
    if node.is_text and node.value == "manual":
        return
    kind = next((name for name in node.entries if name in _KINDS[1:]), "")
    if not kind:
        named = next(iter(node.entries), str(node.value))
        shown = f"`{named[:40]}`" if node.is_text or node.entries else describe(node)
        hint = fields.source.did_you_mean(named, _KINDS, "write `manual`, or `schedule:`, `git:`, `webhook:`, `event:`")
        end = node.entries[named].key.end if node.entries else node.end
        fields.source.add("FL-W201", f"{shown} is no trigger", node.start, end, hint)
        return
    match kind:
        case "schedule":
            _schedule(fields, node)
        case "git":
            _git(fields, node)
        case "webhook":
            _webhook(fields, node)
        case _:
            _event(fields, node)


def _schedule(fields: Fields, node: Node) -> None:
    keys = fields.mapping(node, "triggers", SCHEDULE) or {}
    if "schedule" in keys:
        place = keys["schedule"].value
        text = fields.text(place, "schedule", length_max=200)
        if text and (problem := _cron_problem(text)):
            label = "minute hour day month weekday"
            hint = "write for example `0 6 * * 1-5`: at 6:00 on working days"
            fields.source.add("FL-W202", f"`schedule`: {problem}", place.start, place.end, hint, label=label)
    if "timezone" in keys:
        place = keys["timezone"].value
        name = fields.text(place, "timezone", length_max=100)
        if name and not _is_zone(name):
            from zoneinfo import available_timezones  # reads a thousand files: only a mistake pays for it

            zones = sorted(available_timezones())
            ending = f"/{name}".lower().replace(" ", "_")
            meant = next((zone for zone in zones if f"/{zone}".lower().endswith(ending)), "")
            otherwise = f"did you mean `{meant}`?" if meant else "write for example `Europe/Vienna` or `UTC`"
            hint = otherwise if meant else fields.source.did_you_mean(name, zones, otherwise)
            fields.source.add("FL-W203", f"there is no time zone `{name[:60]}`", place.start, place.end, hint)
    if "catch_up" in keys:
        fields.word(keys["catch_up"].value, "catch_up", ("skip", "one", "all"))


def _is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def _cron_problem(text: str) -> str:
    """Why *text* is no schedule, as a clause; "" when it is one that comes to pass."""
    parts = text.split()
    if len(parts) != len(_CRON):
        return f"a schedule has five fields, this one has {len(parts)}"
    values: list[set[int]] = []
    for part, (name, least, most, words) in zip(parts, _CRON, strict=True):
        found: set[int] = set()
        for piece in part.split(","):
            problem = _values(piece, name, least, most, words, found)
            if problem:
                return problem
        values.append(found)
    _, _, days, months, weekdays = values
    is_any_weekday = parts[4] == "*" or len({day % 7 for day in weekdays}) == 7
    if is_any_weekday and min(days) > max(_DAYS_OF_MONTH_MAX[month - 1] for month in months):
        return f"no such day ever comes: day {min(days)} in that month"
    return ""


def _values(piece: str, name: str, least: int, most: int, words: dict[str, int], found: set[int]) -> str:
    part = _PART.fullmatch(piece)
    if part is None:
        return f"`{piece[:20]}` is no {name}"
    first, last, step = part.groups()
    if step is not None and int(step) == 0:
        return f"`{piece}`: every 0th {name} is none"
    if first == "*":
        if last is not None:
            return f"`{piece}` is no {name}"
        found.update(range(least, most + 1, int(step or 1)))
        return ""
    bounds: list[int] = []
    for bound in (first, last):
        if bound is None:
            continue
        number = int(bound) if bound.isdigit() else words.get(bound.lower(), -1)
        if not least <= number <= most:
            return f"`{bound}` is no {name}: it goes from {least} to {most}"
        bounds.append(number)
    if bounds[0] > bounds[-1]:
        return f"`{piece}` goes backwards"
    end = most if step is not None and last is None else bounds[-1]
    found.update(range(bounds[0], end + 1, int(step or 1)))
    return ""


def _git(fields: Fields, node: Node) -> None:
    keys = fields.mapping(node, "triggers", ON_GIT) or {}
    inner = fields.mapping(keys["git"].value, "git", GIT) or {}
    if "on" in inner:
        fields.words(inner["on"].value, "git.on", _GIT_EVENTS)
    else:
        hint = f"say at what, for example `on: [push]`; one of: {', '.join(_GIT_EVENTS)}"
        fields.missing(keys["git"].value, keys["git"].key, "git", "on", hint)
    for name in ("branches", "paths"):
        if name in inner:
            fields.names(inner[name].value, f"git.{name}", most=PATTERNS_MAX)


def _webhook(fields: Fields, node: Node) -> None:
    keys = fields.mapping(node, "triggers", ON_WEBHOOK) or {}
    inner = fields.mapping(keys["webhook"].value, "webhook", WEBHOOK) or {}
    if "name" in inner:
        _name(fields, inner["name"].value, "webhook.name")
    else:
        fields.missing(keys["webhook"].value, keys["webhook"].key, "webhook", "name", "name it: it is part of its path")
    if "secret" in inner:
        place = inner["secret"].value
        fields.text(place, "webhook.secret", length_max=128)
    if "filter" in inner:
        fields.expression(inner["filter"].value, "webhook.filter", "boolean", "start")


def _event(fields: Fields, node: Node) -> None:
    keys = fields.mapping(node, "triggers", ON_EVENT) or {}
    _name(fields, keys["event"].value, "event")
    if "filter" in keys:
        fields.expression(keys["filter"].value, "event.filter", "boolean", "start")


def _name(fields: Fields, node: Node, place: str) -> None:
    name = fields.text(node, place, length_max=100)
    if name and not _NAME.fullmatch(name):
        said = f"`{place}`: `{name[:60]}` is not well formed"
        label = "small letters, digits, `.`, `_` and `-`"
        fields.source.add("FL-W025", said, node.start, node.end, "write for example `finding.accepted`", label=label)
