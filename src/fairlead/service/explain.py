"""`explain`: what a code or a rule means, offline, from the same tables that the program uses."""

import re
from collections.abc import Mapping
from difflib import get_close_matches

import msgspec

from fairlead.core.codes import FAMILIES, all_codes
from fairlead.core.errors import error
from fairlead.core.json import Json
from fairlead.service.parts import Parts

_LOOK_ALIKES = str.maketrans("OIL", "011")  # letters that a person reads where a code has digits


class KeyRow(msgspec.Struct, frozen=True):
    """One key of a workflow file, and where it stands."""

    name: str
    of: str  # "step", "loop", "workflow" …
    says: str
    is_needed: bool = False


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One code, one rule, or one key of a workflow file."""

    name: str
    kind: str  # "workflow file" and so on for a code; "rule"
    title: str
    why: str
    hint: str
    severity: str = ""
    reason: str = ""  # why this severity
    what: str = ""
    bad: str = ""
    good: str = ""
    cwe: str = ""
    related: tuple[str, ...] = ()
    keys: tuple[KeyRow, ...] = ()  # of a key: wherever it stands, then the keys inside it


class Topic(msgspec.Struct, frozen=True):
    """One line of the bare list."""

    name: str
    title: str


class Family(msgspec.Struct, frozen=True):
    """Codes, or rules, that belong together."""

    family: str
    title: str
    topics: tuple[Topic, ...]


class Topics(msgspec.Struct, frozen=True):
    """Everything that can be explained."""

    families: tuple[Family, ...]


def list_topics(parts: Parts) -> Topics:
    """All codes and rules by family, and the keys of a workflow and of its steps."""
    from fairlead.workflow.schema import workflow_schema

    codes = all_codes()
    families = [
        Family(
            letter.upper(),
            title,
            tuple(Topic(code.code, code.title) for code in codes.values() if code.code[3] == letter.upper()),
        )
        for letter, title in FAMILIES.items()
    ]
    rules = parts.rules()
    for prefix in sorted({name.partition("/")[0] for name in rules}):
        found = tuple(Topic(rule.id, rule.title) for name, rule in rules.items() if name.startswith(prefix + "/"))
        families.append(Family(prefix, "rules", found))
    schema = workflow_schema()
    words = {**schema["properties"], **schema["$defs"]["step"]["properties"]}
    keys = tuple(Topic(name, one["description"]) for name, one in sorted(words.items()))
    families.append(Family("key", "keys of a workflow file", keys))
    return Topics(tuple(family for family in families if family.topics))


def explain(parts: Parts, name: str) -> Explanation:
    """What *name* means: a code in any case, with or without `FL-`, a rule, or a key of a workflow file.

    Raises:
        FairleadError: FL-S010 with the nearest names.
    """
    wanted = name.strip()
    code_name = wanted.upper() if wanted.upper().startswith("FL-") else f"FL-{wanted.upper()}"
    codes = all_codes()
    if code_name in codes:
        code = codes[code_name]
        near = tuple(other for other in codes if other[:5] == code_name[:5] and other != code_name)
        kind = FAMILIES[code_name[3].lower()]
        return Explanation(code.code, kind, code.title, code.why, code.hint, bad=code.bad, good=code.good, related=near)
    rules = parts.rules()
    rule = rules.get(wanted) or next((one for one in rules.values() if one.id.partition("/")[2] == wanted), None)
    if rule is not None:
        return Explanation(
            name=rule.id,
            kind="rule",
            title=rule.title,
            why=rule.why,
            hint=rule.remedy,
            severity=rule.severity,
            reason=rule.reason,
            what=rule.what,
            bad=rule.bad,
            good=rule.good,
            cwe=rule.cwe,
        )
    if rows := _rows_of(wanted):
        own = [row for row in rows if row.name == wanted]
        return Explanation(
            wanted,
            "key of a workflow file",
            f"stands in {', '.join(row.of for row in own)}" if own else "what stands under it",
            "",
            "docs/reference/workflow.md shows it in a file; `fairlead schema workflow` is for editors.",
            what=own[0].says if own else "",
            keys=rows,
        )
    raise error(
        "FL-S010", f"{wanted} is neither a code, a rule nor a key of a workflow file", *_hints(parts, wanted, code_name)
    )


def _rows_of(wanted: str) -> tuple[KeyRow, ...]:
    """Where the key *wanted* stands, and which keys stand inside it; steps first, for most keys are theirs."""
    if not re.fullmatch(r"[a-z_]{2,40}", wanted):
        return ()
    from fairlead.workflow.schema import workflow_schema

    schema = workflow_schema()
    tables = {"step": schema["$defs"]["step"], "workflow": schema, **schema["$defs"]}
    rows: list[KeyRow] = []
    for of, shape in tables.items():
        table = _with_keys(shape)
        one = table.get("properties", {}).get(wanted)
        if isinstance(one, dict):
            rows.append(KeyRow(wanted, of, one.get("description", ""), wanted in table.get("required", ())))
    inner = _with_keys(schema["$defs"].get(wanted, {}))
    for name, one in inner.get("properties", {}).items():
        rows.append(KeyRow(name, wanted, one.get("description", ""), name in inner.get("required", ())))
    return tuple(rows)


def _with_keys(shape: Mapping[str, Json]) -> Mapping[str, Json]:
    """The mapping among the forms that a value may have."""
    return next((one for one in shape.get("anyOf", ()) if "properties" in one), shape)


def _hints(parts: Parts, wanted: str, code_name: str) -> list[str]:
    """What was perhaps meant: a finding, a code, a rule that is written alike, or one that speaks of the word."""
    if re.fullmatch(r"f-[0-9a-f]+", wanted):
        return [f"fairlead findings show {wanted}"]
    rules = parts.rules()
    if wanted.upper().startswith("FL-") or re.fullmatch(r"FL-[A-Z]\d\w{0,3}", code_name):
        meant = code_name[:4] + code_name[4:].translate(_LOOK_ALIKES)
        near = [meant] if meant in all_codes() else get_close_matches(code_name, all_codes(), 3, 0.6)
    else:
        from fairlead.workflow.keys import STEP, TOP

        near = get_close_matches(wanted, [*STEP.names, *TOP.names], 2, 0.75) or get_close_matches(wanted, rules, 3, 0.5)
    if not near and wanted:
        word = wanted.casefold()
        near = [name for name, rule in rules.items() if word in f"{name} {rule.title} {rule.what}".casefold()]
        near += [name for name, code in all_codes().items() if word in code.title.casefold()]
    return [f"fairlead explain {name}" for name in near[:3]] or ["fairlead explain"]
