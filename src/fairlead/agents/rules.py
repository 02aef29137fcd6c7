"""The rule tables of the built-in scanners: what each rule finds, why it matters, and what to do about it.

A table is a TOML file beside the scanners (`builtin/rules/NAME.toml`). The fields that people read have one form for
every scanner, so that `fairlead explain` needs to know nothing about any of them; whatever else a rule carries (a
pattern, a parser's query) is its scanner's own business and stands in `details`.
"""

import msgspec

from fairlead.core.findings import Severity
from fairlead.core.json import Json

_TABLES = "fairlead.agents.builtin"  # the package that holds the folder `rules`


class Rule(msgspec.Struct, frozen=True):
    """One rule of a table. All texts are whole sentences for people, except `title`, `bad`, `good` and `cwe`."""

    id: str  # "secrets/aws-access-key": the key that findings carry and `fairlead explain` takes
    title: str
    severity: Severity
    reason: str  # why this severity
    what: str
    why: str
    remedy: str
    bad: str
    good: str
    cwe: str = ""
    details: dict[str, Json] = {}  # the keys that only the rule's own scanner reads


class BrokenTable(Exception):
    """A rule table that ships with Fairlead is wrong: a mistake of its author, found by the tests."""


def load_rules(table: str) -> dict[str, Rule]:
    """The rules of one table, for example `secrets`, by id and in the order of the file.

    Raises:
        BrokenTable: a field is missing or has the wrong type, or an id stands twice.
        FileNotFoundError: there is no such table.
    """
    # Both are imported only here: listing agents must not pay for them.
    import tomllib
    from importlib.resources import files

    text = files(_TABLES).joinpath("rules", f"{table}.toml").read_text("utf-8")
    rules: dict[str, Rule] = {}
    for row in tomllib.loads(text).get("rule", []):
        rule = _rule(row, table)
        if rule.id in rules:
            raise BrokenTable(f"{table}.toml: the rule {rule.id} stands twice")
        rules[rule.id] = rule
    return rules


def all_rules() -> dict[str, Rule]:
    """Every rule that ships, by id: tables in alphabetical order, each in the order of its file.

    Raises:
        BrokenTable: as `load_rules`, or two tables have the same id.
    """
    from importlib.resources import files

    names = sorted(entry.name for entry in files(_TABLES).joinpath("rules").iterdir())
    rules: dict[str, Rule] = {}
    for name in names:
        if not name.endswith(".toml"):
            continue
        for rule in load_rules(name.removesuffix(".toml")).values():
            if rule.id in rules:
                raise BrokenTable(f"{name}: the rule {rule.id} stands in another table too")
            rules[rule.id] = rule
    return rules


def _rule(row: dict[str, Json], table: str) -> Rule:
    public = {name: value for name, value in row.items() if name in _FIELDS}
    private = {name: value for name, value in row.items() if name not in _FIELDS}
    try:
        return msgspec.convert({**public, "details": private}, Rule)
    except msgspec.ValidationError as error:
        raise BrokenTable(f"{table}.toml: the rule {row.get('id', 'without an id')}: {error}") from None


_FIELDS = frozenset(Rule.__struct_fields__) - {"details"}
