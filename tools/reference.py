"""Print the reference pages from the tables that the code uses: events, states, codes, rules, agents.

`python tools/reference.py` writes docs/reference; with --check it writes nothing and fails when a page is not what the
code says.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec

from fairlead.agents.files import places
from fairlead.agents.rules import all_rules
from fairlead.cli.table import COMMANDS, full_help
from fairlead.cli.words import help_of
from fairlead.core import agent_format, events, transitions
from fairlead.core.codes import FAMILIES, all_codes
from fairlead.core.expressions.evaluation import BYTES_MAX, STEPS_MAX
from fairlead.core.expressions.functions import FUNCTIONS, GIT_FUNCTIONS
from fairlead.core.expressions.lexer import RESERVED
from fairlead.core.expressions.macros import MACROS
from fairlead.core.expressions.parser import NESTING_MAX, TEXT_MAX
from fairlead.core.expressions.pattern_syntax import PATTERN_MAX
from fairlead.core.output_contracts import CONTRACTS
from fairlead.core.program_outputs import OUTPUTS
from fairlead.core.receipts import Receipt
from fairlead.env.effects import effects
from fairlead.workflow.roots import described
from fairlead.workflow.schema import workflow_schema

PAGES = Path(__file__).parent.parent / "docs" / "reference"
PRINTED = "*Printed by `make docs` from the code; change it there.*\n"


def events_page() -> str:
    """The table of event kinds and their fields."""
    parts = ["# Events", "", PRINTED, " ".join((events.__doc__ or "").split()), "", _FOR_EVER, ""]
    for heading, union in (("Requests", events.Request), ("Progress", events.Progress)):
        parts += [f"## {heading}", ""]
        kinds = get_args(union) or (union,)
        for kind in kinds:
            parts += [f"### `{kind.__struct_config__.tag}`", "", " ".join((kind.__doc__ or "").split()), ""]
            parts += ["| Field | Type | When absent |", "|---|---|---|"]
            for field in msgspec.structs.fields(kind):
                default = "required" if field.required else f"`{_plain(field.default)}`"
                parts.append(f"| `{field.encode_name}` | {_type_name(field.type)} | {default} |")
            parts.append("")
    parts += ["## The receipt", "", " ".join((Receipt.__doc__ or "").split()), ""]
    parts += ["| Field | Type |", "|---|---|"]
    parts += [f"| `{field.name}` | {_type_name(field.type)} |" for field in msgspec.structs.fields(Receipt)]
    return "\n".join(parts) + "\n"


_FOR_EVER = """\
**Kinds are for ever.** What a journal holds today is read by every later version: no kind is taken away or gets another
meaning, no field loses its name, and what is new is absent from old events. `tests/histories` holds runs in which every
kind and every field occurs, and each commit folds them to where they stood when they were frozen. The other way round,
an event of a kind that only a newer version knows is refused (FL-L004), not passed over."""


def states_page() -> str:
    """The state diagrams, from the tables of allowed changes."""
    parts = ["# States", "", PRINTED, " ".join((transitions.__doc__ or "").split()), ""]
    for heading, table in (("Run", transitions.RUN), ("Step run", transitions.STEP), ("Attempt", transitions.ATTEMPT)):
        parts += [f"## {heading}", "", "```mermaid", "stateDiagram-v2"]
        for before, changes in table.items():
            parts += [f"    {before or '[*]'} --> {after}: {what}" for what, after in changes.items()]
            if not changes:
                parts.append(f"    {before} --> [*]")
        parts += ["```", ""]
    return "\n".join(parts)


def codes_page() -> str:
    """Every code, by family."""
    parts = ["# Codes", "", PRINTED, "`fairlead explain CODE` prints the same, offline.", ""]
    codes = all_codes()
    for family, name in FAMILIES.items():
        mine = [code for code in codes.values() if code.code[3] == family.upper()]
        if mine:
            parts += [f"## {family.upper()} · {name}", ""]
        for code in sorted(mine):
            parts += [f"### {code.code} · {code.title}", "", code.why, "", f"*What to do:* {code.hint}", ""]
            for label, example in (("Bad", code.bad), ("Good", code.good)):
                if example:
                    parts += [f"{label}:", "", "```text", example, "```", ""]
    return "\n".join(parts)


def expressions_page() -> str:
    """The language of expressions: what it is, what it is not, its macros and functions."""
    parts = ["# Expressions", "", PRINTED, _EXPRESSIONS]
    parts += ["## Macros", "", "| Written | Gives | Example | is |", "|---|---|---|---|"]
    for macro in MACROS:
        parts.append(f"| `{macro.written}` | {_cell(macro.does)} | `{_cell(macro.example)}` | `{macro.gives}` |")
    parts += ["", "## Functions", "", "What stands in brackets may be left out; `T` is any type.", ""]
    parts += ["| Written | Gives | Example | is |", "|---|---|---|---|"]
    for function in (*FUNCTIONS, *GIT_FUNCTIONS):
        written = "<br>".join(f"`{signature}`" for signature in function.signatures)
        example = f"`{_cell(function.example)}`"
        gives = f"`{_cell(function.gives)}`" if function.gives else ""
        parts.append(f"| {written} | {_cell(function.does)} | {example} | {gives} |")
    words = ", ".join(f"`{word}`" for word in sorted(RESERVED))
    parts += [
        "",
        "## Reserved words",
        "",
        f"{words}: no names of roots or items; as fields they are fine (`x.loop`).",
        "",
    ]
    parts += ["## Limits", "", f"{TEXT_MAX:,} characters and {NESTING_MAX} levels; {STEPS_MAX:,} steps and"]
    parts += [f"{BYTES_MAX:,} bytes for each evaluation; a pattern has at most {PATTERN_MAX:,} characters.", ""]
    return "\n".join(parts)


_EXPRESSIONS = """\
An expression works out a value from what a run knows. The language is [CEL](https://cel.dev), in the profile of this
page: it has no loops, no variables and no effects, so that every expression ends, and what it costs is bounded.

```yaml
if: steps.scan.output.findings.exists(f, f.severity in ['high', 'critical'])
with:
  paths: ${ inputs.paths }
  title: ${ steps.scan.output.findings.size() } findings in ${ git.branch }
```

## Where expressions stand

`if`, `that`, `until`, `each`, `key`, `metric`, `start`, `select`, `show` and `also_key` hold an expression and
nothing else. In other texts `${ }` is filled in, and `$${` is a literal `${`. A text that is exactly one `${ }` keeps
the type of its value; inside other text a value becomes text: text as it is, everything else as JSON.

A condition has to be `true` or `false`. Text, numbers and lists are never taken for one.

## Values

What JSON has: numbers, text, booleans, null, lists and objects.

* Numbers are numbers: `1 < 2.5`, `1 == 1.0` and `1 + 2.5` work. Two whole numbers are divided to a whole number (`7 /
  2` is `3`): write `double(a) / b` where that is not meant. What is beyond 64 bits fails, and so does the value of an
  expression beyond 2**53.
* JSON has neither infinity nor NaN: division by zero fails for all numbers, and so does what would be infinite.
* Text is written in single or double quotes, over several lines in three of them, and without escapes after `r`:
  `r'\\d'`.
* The names of an object's fields are text.
* A duration is a number of seconds, a percentage a share of one: `duration('5m')` is `300`, `percent('2%')` is
  `0.02`.

## Operators

From those that bind most: `.` `[ ]` `( )`, then `!` `-`, `*` `/` `%`, `+` `-`, `<` `<=` `>` `>=` `==` `!=` `in`,
`&&`, `||`, `? :`.

* `==` compares values, lists and objects by their parts; values of different kinds are never equal.
* `<` compares numbers, texts (by their characters) or booleans.
* `&&` and `||` need one side only if it decides: `false && x` is false and `true || x` is true even where `x` fails,
  in any order.
* `in` looks for an item of a list or the name of a field.

## What may not be there

* A field that is not there fails, with the fields that are. `has(x.field)` asks first.
* `x.?field` and `x[?key]` give an optional value: nothing when the field, the item, or what stands before it is not
  there or null. What follows in the same path is optional too. `.orValue(y)` ends it:
  `steps.scan.output.?report.path.orValue('none')`. As the value of an expression, nothing is null.
* `steps.ID.previous` is null as long as no earlier run has finished. What is read from it is then *absent*: every
  comparison with something absent is false, but that with `null`; computing with it gives something absent again; as
  a condition it is false, as a value null. So `steps.score.output.score < steps.score.previous.score - 5` is false in
  the first run.

## Patterns

`matches` takes the syntax of RE2: no back-references and no look-around, in exchange for linear time. A pattern of
paths (`git.changed`, `git.tree`) is about the whole path from the top of the repository: `*` and `?` stay inside one
name, `**` stands for any folders, `[ab]` for one of some characters, `[!ab]` for one of all others.

## Checked before anything runs

`fairlead check` knows the types of inputs and outputs from their schemas and finds misspelt fields, unknown
functions, operands that do not fit, and comparisons with a word that a closed set does not have. An object whose
schema names its properties is taken to have no others, unless `additionalProperties` says so.

## Cost

A step is an operator, a function, or a list or object that is put together; each item of a comprehension costs one,
and those of its body once more. A long text, list or pattern costs further steps. What is skipped by `&&` or `?` is
counted too, so that the same expression always costs the same. Values that are only named are handed on whatever
their size.

## What differs from CEL elsewhere

Left out: bytes, unsigned numbers, timestamps, types as values, messages, names of fields that are no text, making
optional values (`optional.of`). Decided otherwise: arithmetic mixes
whole numbers with others, comparisons beyond 2**53 are exact, there is no infinity, durations are numbers, `.?` on
null is nothing, and `string(1234567.5)` has no exponent.
"""


def rules_page() -> str:
    """Every rule of the scanners."""
    rules = all_rules()
    parts = ["# Rules", "", PRINTED, f"{len(rules)} rules. `fairlead explain RULE` prints one with its examples.", ""]
    parts += ["| Rule | Severity | What it finds | CWE |", "|---|---|---|---|"]
    for rule in sorted(rules.values(), key=lambda rule: rule.id):
        parts.append(f"| `{rule.id}` | {rule.severity} | {_cell(rule.title)} | {rule.cwe} |")
    return "\n".join(parts) + "\n"


def effects_page() -> str:
    """Every kind of effect: what it does, what it takes, what it gives."""
    parts = ["# Effects", "", PRINTED, "What `effect: KIND` does, and what the step gives it under `with`.", ""]
    parts += [
        "A change outside happens only after somebody has allowed it. *Keyed*: when a process ends in the middle,"
    ]
    parts += [
        "the next attempt finds what has happened, and it happens once. *Unkeyed*: it is never repeated by itself.",
        "",
    ]
    for kind, effect in effects().items():
        card = effect.describe()
        covered = ", ".join(f"`{name}`" for name in card.covered_by)
        parts += [f"## `{kind}`", "", f"{card.title}. Class: {card.effect_class.replace('_', ' ')}.", ""]
        parts += [card.description, ""]
        if covered:
            parts += [f"An approval of exactly these values allows it without another question: {covered}.", ""]
        for heading, schema in (("Takes", card.input_schema), ("Gives", card.output_schema)):
            parts += [f"| {heading} | Type | |", "|---|---|---|"]
            for name, field in schema["properties"].items():
                needed = "required. " if heading == "Takes" and name in schema["required"] else ""
                parts.append(f"| `{name}` | {_kinds(field)} | {_cell(needed + field.get('description', ''))} |")
            parts.append("")
    return "\n".join(parts)


# As a file of a workflow writes it under `parse` → what it reads.
REPORTS = {
    "junit": "JUnit XML, as pytest, Maven, Gradle, Jest, gotestsum and googletest write it.",
    "coverage": "coverage.py's JSON, Cobertura's XML or lcov's trace file, told apart by their contents. All shares are"
    " worked out from the lines and branches that are listed, and cut, never rounded up.",
    "sarif": "SARIF 2.1.0 of any scanner. A result that is suppressed, passed or gone is no finding.",
    "json": "Any strict JSON document, as it is. It may have been there before the program began.",
    "hyperfine": "What `hyperfine --export-json` writes. At the top stand the times of the first command.",
    "pytest_benchmark": "What `pytest --benchmark-json` writes; under `parse` it may be called `pytest-benchmark` too.",
    "regex": "The standard output: the named groups of the first line that matches. What writes a number becomes one.",
}


def program_outputs_page() -> str:
    """What each parser of a `run` step gives."""
    parts = ["# What `parse` gives", "", PRINTED]
    parts += [
        "Beside `exit_code`, `stdout` and `stderr`, a `run` step gives a field for each entry of its `parse`.",
        "",
    ]
    for name, schema in OUTPUTS.items():
        parts += [f"## `{name}`", "", REPORTS[name], ""]
        rows = list(_fields(schema, ""))
        if rows:
            parts += ["| Field | Type |", "|---|---|", *(f"| `{field}` | {_cell(kind)} |" for field, kind in rows), ""]
    return "\n".join(parts)


def _fields(schema: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    """Every field of *schema* with its type, those inside lists and mappings too."""
    for name, field in schema.get("properties", {}).items():
        yield f"{prefix}{name}", _type_of(field)
        yield from _fields(field, f"{prefix}{name}.")
        yield from _fields(field.get("items", {}), f"{prefix}{name}[].")
        if isinstance(each := field.get("additionalProperties"), dict):
            yield from _fields(each, f"{prefix}{name}.NAME.")
    if not schema.get("properties") and isinstance(each := schema.get("additionalProperties"), dict):
        yield f"{prefix}NAME", _type_of(each)


def _type_of(field: dict[str, Any]) -> str:
    kinds = field.get("type", [])
    if "enum" in field:
        return ", ".join(field["enum"])
    return " or ".join([kinds] if isinstance(kinds, str) else kinds)


def _kinds(field: dict[str, object]) -> str:
    """The type that a field of a schema has, for people."""
    if "enum" in field:
        return ", ".join(f"`{value}`" if value else "empty" for value in field["enum"])  # type: ignore[attr-defined]
    either = field.get("anyOf", [field])
    return " or ".join(str(one.get("type", "anything")) for one in either)  # type: ignore[attr-defined]


def agent_files_page() -> str:
    """The keys of an agent file, where such files lie, and what their contracts say."""
    parts = ["# Agent files", "", PRINTED, " ".join((agent_format.__doc__ or "").split()), ""]
    parts += [
        "## Where they lie",
        "",
        "The first of a name wins; `fairlead agents list` names every file that is hidden.",
        "",
    ]
    for place in places.PROJECT:
        nearest = ", the directory at hand first, then those above it" if place.is_nearest_first else ""
        deep = ", with the folders in it" if place.is_deep else ""
        parts.append(f"1. `{place.folder}/*{place.suffix}`{deep}{nearest}")
    parts += [f"1. `~/.config/{place.folder}/*{place.suffix}`" for place in places.CONFIG_HOME]
    parts += [f"1. `~/{place.folder}/*{place.suffix}`" for place in places.HOME]
    parts += [f"1. installed packages: folders named by entry points of `{places.GROUP}`, read without importing", ""]
    parts += ["A file whose agent needs something that is not configured hides none that can be called,"]
    parts += ["unless it lies in `.fairlead/agents`.", "", "## Keys under `fairlead:`", ""]
    parts += ["| Key | What it says | Adapters |", "|---|---|---|"]
    for key in agent_format.KEYS:
        parts.append(f"| `{key.name}` | {_cell(key.says)} | {', '.join(key.adapters) or 'all'} |")
    parts += ["", "## Adapters", "", "| Adapter | In this build |", "|---|---|"]
    for adapter in agent_format.ADAPTERS:
        needs = agent_format.NEEDS.get(adapter)
        parts.append(f"| `{adapter}` | {f'recognised; needs {needs}' if needs else 'performed'} |")
    parts += ["", "## Contracts of `output`", "", "| Contract | Promised | Known besides |", "|---|---|---|"]
    for name, schema in CONTRACTS.items():
        required = schema.get("required", [])
        others = [field for field in schema["properties"] if field not in required]
        parts.append(f"| `{name}` | {_names(required)} | {_names(others)} |")
    parts += [
        "",
        "## Keys of other programs",
        "",
        "Kept as they stand. Only these begin a field when a file that is no",
    ]
    parts += ["strict YAML is recovered.", "", ", ".join(f"`{name}`" for name in agent_format.FOREIGN), ""]
    parts += [
        "## JSON Schema of the front matter",
        "",
        "```json",
        json.dumps(agent_format.schema(), indent=1),
        "```",
        "",
    ]
    return "\n".join(parts)


def _names(fields: list[str]) -> str:
    return ", ".join(f"`{field}`" for field in fields)


def workflow_file_page() -> str:
    """Every key of a workflow file, and everything that an expression can read."""
    parts = ["# Keys of a workflow file", "", PRINTED]
    parts += ["[workflow](workflow.md) says how a file is put together. Keys that begin with `x-` are yours.", ""]
    whole = workflow_schema()
    parts += ["## The file", "", *_keys_of(whole)]
    for shape in whole["$defs"].values():
        for table in (shape, *shape.get("anyOf", ())):
            if "properties" in table:
                what = table["title"].removeprefix("a ").removeprefix("an ")
                parts += [f"## {what[:1].upper() + what[1:]}", "", *_keys_of(table)]
    parts += ["## What expressions can read", "", "| Word | Where | What it holds |", "|---|---|---|"]
    parts += [f"| `{word}` | {where} | {holds} |" for word, where, holds in described()]
    return "\n".join(parts) + "\n"


def _keys_of(table: dict[str, Any]) -> list[str]:  # a JSON Schema
    rows = ["| Key | Value | Meaning |", "|---|---|---|"]
    for name, schema in table["properties"].items():
        needed = " (required)" if name in table.get("required", ()) else ""
        rows.append(f"| `{name}`{needed} | {_value_of(schema)} | {_cell(schema['description'])} |")
    return [*rows, ""]


def _value_of(schema: dict[str, object]) -> str:
    """What a key takes, in a few words."""
    if "const" in schema:
        return f"`{schema['const']}`"
    if isinstance(words := schema.get("enum"), list):
        return ", ".join(f"`{word}`" for word in words)
    if isinstance(reference := schema.get("$ref"), str):
        return _SHAPES_SAID.get(reference.rpartition("/")[2], "mapping")
    if isinstance(choices := schema.get("anyOf"), list):
        return " or ".join(dict.fromkeys(_value_of(one) for one in choices))
    if schema.get("type") == "array":
        items = schema.get("items")
        return f"list of {_value_of(items)}" if isinstance(items, dict) and items else "list"
    if schema.get("type") == "integer":
        most = f"{schema['minimum']} to {schema['maximum']:,}" if "maximum" in schema else "number"
        return most
    if isinstance(kind := schema.get("type"), str):
        return {"string": "text", "object": "mapping", "boolean": "`true`, `false`"}.get(kind, kind)
    return "any value"


_SHAPES_SAID = {
    "name": "name",
    "id": "id",
    "step_id": "id",
    "ids": "list of ids",
    "text": "text with `${ }`",
    "expression": "expression",
    "condition": "expression: true or false",
    "number": "expression: a number",
    "duration": "time, such as `10m`",
    "share": "share, such as `25%`",
    "join": "`all`, `any`, `quorum(n)`, `at_least(p%)`",
    "isolate": "`none`, `worktree`, `container`, `vm`",
    "env": "list of names",
    "targets": "list of addresses",
    "satisfies": "list of ids",
    "steps": "list of steps",
    "retry": "number or mapping",
    "cache": "`off`, time or mapping",
    "trigger": "trigger",
}


def command_line_page() -> str:
    """Every command with its help, as the program prints it on a terminal of 100 columns."""
    os.environ["COLUMNS"] = "100"
    parts = ["# Command line", "", PRINTED]
    parts += ["```text", *full_help(), "```", ""]
    for command in COMMANDS:
        if not command.is_hidden:
            parts += [f"## `fairlead {command.name}`", "", "```text", help_of(command).rstrip(), "```", ""]
    return "\n".join(parts)


def _plain(value: object) -> str:
    if isinstance(value, msgspec.Struct):
        return "{}"
    return msgspec.json.encode(value).decode() if value is not msgspec.NODEFAULT else "{}"


def _type_name(kind: object) -> str:
    name = getattr(kind, "__name__", "")
    text = name if name and not get_args(kind) else str(kind)
    text = text.replace("typing.", "").replace("fairlead.core.", "").replace("receipts.", "")
    return f"`{text}`".replace("|", "\\|")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> int:
    """Write the pages, or say which of them are not up to date."""
    pages = {
        "agent-files.md": agent_files_page(),
        "command-line.md": command_line_page(),
        "events.md": events_page(),
        "states.md": states_page(),
        "codes.md": codes_page(),
        "workflow-file.md": workflow_file_page(),
        "effects.md": effects_page(),
        "expressions.md": expressions_page(),
        "rules.md": rules_page(),
        "program-outputs.md": program_outputs_page(),
    }
    stale = [name for name, text in pages.items() if not _is_same(PAGES / name, text)]
    if "--check" in sys.argv:
        for name in stale:
            print(f"docs/reference/{name} is not what the code says: python tools/reference.py")
        return bool(stale)
    PAGES.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (PAGES / name).write_text(pages[name], encoding="utf-8")
        print(f"wrote docs/reference/{name}")
    return 0


def _is_same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
