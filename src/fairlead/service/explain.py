"""`explain`: what a code or a rule means, offline, from the same tables that the program uses."""

import re
from difflib import get_close_matches

import msgspec

from fairlead.core.codes import FAMILIES, all_codes
from fairlead.core.errors import error
from fairlead.service.parts import Parts


_LOOK_ALIKES = str.maketrans("OIL", "011")  # letters that a person reads where a code has digits


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One code or one rule."""

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
    """All codes and rules, by family."""
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
    return Topics(tuple(family for family in families if family.topics))


def explain(parts: Parts, name: str) -> Explanation:
    """What *name* means: a code in any case, with or without `FL-`, or a rule.

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
    raise error("FL-S010", f"{wanted} is neither a code nor a rule of this version", *_hints(parts, wanted, code_name))


def _hints(parts: Parts, wanted: str, code_name: str) -> list[str]:
    """What was perhaps meant: a finding, a code, a rule that is written alike, or one that speaks of the word."""
    if re.fullmatch(r"f-[0-9a-f]+", wanted):
        return [f"fairlead findings show {wanted}"]
    rules = parts.rules()
    if wanted.upper().startswith("FL-") or re.fullmatch(r"FL-[A-Z]\d\w{0,3}", code_name):
        meant = code_name[:4] + code_name[4:].translate(_LOOK_ALIKES)
        near = [meant] if meant in all_codes() else get_close_matches(code_name, all_codes(), 3, 0.6)
    else:
        near = get_close_matches(wanted, rules, 3, 0.5)
    if not near and wanted:
        word = wanted.casefold()
        near = [name for name, rule in rules.items() if word in f"{name} {rule.title} {rule.what}".casefold()]
        near += [name for name, code in all_codes().items() if word in code.title.casefold()]
    return [f"fairlead explain {name}" for name in near[:3]] or ["fairlead explain"]
