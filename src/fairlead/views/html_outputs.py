"""What agents gave besides findings, as tables: scores, metrics, controls with their evidence, whatever else there is.

Nothing here knows an agent. A list of records is a table, a record of single values is a table of two columns, and
everything has a largest size, because a program of the user may give anything.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from fairlead.core.json import Json
from fairlead.views.html_text import Html, Piece, element, joined

TABLE_ROWS_MAX = 200
TABLE_COLUMNS_MAX = 12
TABLES_MAX = 40  # of one output
CELL_CHARACTERS_MAX = 500
CELL_LINES_MAX = 20

_SHOWN_OPEN = ("score", "metrics", "controls")  # what a reader of a report came for; the rest is folded away
_VERDICTS = ("status", "state", "verdict", "outcome")  # columns in which a word says how something went
_SIGNS = {
    **dict.fromkeys(("pass", "passed", "ok", "met", "succeeded"), "✓"),
    **dict.fromkeys(("fail", "failed", "unmet", "missing", "open"), "✗"),
    **dict.fromkeys(("degraded", "partial", "warn", "warning", "unknown", "not checked"), "▲"),
}


def measures_html(outputs: Mapping[str, Json]) -> Html:
    """Scores, metrics and controls of all steps; empty when no step has any."""
    found = []
    for step, output in outputs.items():
        tables = [table for name in _SHOWN_OPEN if (table := _table(step, name, _of(output, name))) is not None]
        if tables:
            found.append(joined(element("h3", step), tables))
    return joined(found)


def output_html(step: str, output: Json) -> Html:
    """Everything else that a step gave, folded away; empty when there is nothing."""
    if not isinstance(output, dict):
        return joined()
    names = [name for name in output if name != "findings" and name not in _SHOWN_OPEN]
    single = {name: output[name] for name in names if _is_single(output[name])}
    tables = [_table(step, "values", single)] if single else []
    tables += [_table(step, name, output[name]) for name in names if name not in single]
    shown = [table for table in tables if table is not None][:TABLES_MAX]
    if not shown:
        return joined()
    return element("details", element("summary", "What it gave"), shown)


def _of(output: Json, name: str) -> Json:
    return output.get(name) if isinstance(output, dict) else None


def _is_single(value: Json) -> bool:
    return value is None or isinstance(value, str | int | float)


def _table(step: str, name: str, value: Json) -> Html | None:
    """A list or a record as a table with its name as caption, a single value as a line; None when it is empty."""
    if _is_empty(value):
        return None
    if isinstance(value, dict):
        rows = [[_words(key), inner] for key, inner in value.items()]
        return _table_html(step, name, ("name", "value"), rows)
    if isinstance(value, list):
        if all(isinstance(row, dict) for row in value):
            told = (key for row in value[:TABLE_ROWS_MAX] for key, inner in row.items() if not _is_empty(inner))
            columns = list(dict.fromkeys(told))[:TABLE_COLUMNS_MAX]  # one that says nothing in any row is left out
            rows = [[row.get(key) for key in columns] for row in value]
            return _table_html(step, name, columns, rows) if columns else None
        return _table_html(step, name, (name,), [[row] for row in value])
    return element("p", _words(name).capitalize(), " ", element("b", _single(value)), class_="score")


def _is_empty(value: Json) -> bool:
    """Whether there is nothing; zero and no are something."""
    return value is None or value in ("", [], {})


def _table_html(step: str, name: str, columns: Sequence[str], rows: Sequence[Sequence[Json]]) -> Html:
    left = len(rows) - TABLE_ROWS_MAX
    caption = _words(name) + (f" ({left} more rows are in the record)" if left > 0 else "")
    table = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", (element("th", _words(column), scope="col") for column in columns))),
        element("tbody", (element("tr", map(_cell, columns, row)) for row in rows[:TABLE_ROWS_MAX])),
    )
    # Wide tables scroll by themselves, so a keyboard must be able to reach them.
    return element("div", table, class_="wide", tabindex="0", role="region", aria_label=f"{step}: {_words(name)}")


def _words(name: str) -> str:
    """The name of a field, for people."""
    return name.replace("_", " ") or "–"


def _cell(column: str, value: Json) -> Html:
    if isinstance(value, str) and column in _VERDICTS and value.lower() in _SIGNS:
        sign = element("span", _SIGNS[value.lower()], class_="shape", aria_hidden="true")
        return element("td", sign, " ", value)
    if isinstance(value, list) and len(value) > 1:
        lines = [element("li", _single(one)) for one in value[:CELL_LINES_MAX]]
        more = [element("li", f"{len(value) - CELL_LINES_MAX} more")] if len(value) > CELL_LINES_MAX else []
        return element("td", element("ul", lines, more))
    if isinstance(value, list) and value:
        return element("td", _single(value[0]))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return element("td", _single(value), class_="number" if is_number else "")


def _single(value: Json) -> Piece:
    if _is_empty(value):
        return "–"
    match value:
        case bool():
            return "yes" if value else "no"
        case str():
            return _cut(value)
        case {"path": str()}:
            return _place(value)
        case dict():
            return _cut("; ".join(_pairs(value)))
        case list():
            return _cut(_compact(value))
        case int():
            return f"{value:,}"
        case _:
            return str(value)


def _place(value: Mapping[str, Json]) -> Piece:
    """A place in the tree and what stands there, as evidence gives it."""
    line = f":{value['line']}" if value.get("line") else ""
    rest = {key: inner for key, inner in value.items() if key not in ("path", "line", "what")}
    said = "; ".join(filter(None, (str(value.get("what") or ""), *_pairs(rest))))
    return [element("code", _cut(f"{value['path']}{line}")), " ", _cut(said)]


def _pairs(value: Mapping[str, Json]) -> Iterator[str]:
    for key, inner in value.items():
        yield f"{_words(key)}: {inner if isinstance(inner, str) else _compact(inner)}"


def _compact(value: Json) -> str:
    return msgspec.json.encode(value).decode()


def _cut(text: str) -> str:
    return text if len(text) <= CELL_CHARACTERS_MAX else text[:CELL_CHARACTERS_MAX] + "…"
