"""Values in SQL statements are handed over beside the statement, where every one of them is visible."""

import ast
import re
from collections.abc import Sequence

from fairlead.agents.builtin.patcher_rules.pieces import Hole, Piece, literal, pieces_of, written
from fairlead.agents.builtin.patcher_rules.source import NoFix, Source
from fairlead.core.findings import Finding

# How a value is marked, by the module of the database that the file imports.
_MARKS = {
    **dict.fromkeys(("sqlite3", "aiosqlite", "apsw"), "?"),
    **dict.fromkeys(("psycopg", "psycopg2", "pymysql", "MySQLdb", "mysql", "django"), "%s"),
}
# What may stand before a value that has no quotes, and what may not: names of tables and columns are no values.
_BEFORE_VALUE = re.compile(r"(?:[=<>]|\b(?:like|limit|offset))\s*\Z", re.IGNORECASE)
_IN_LIST = re.compile(r"\b(?:values|in)\s*\([^()]*[(,]\s*\Z", re.IGNORECASE)
_AFTER_VALUE = re.compile(r"\s|[),;]|\Z")


def sql_injection(source: Source, node: ast.AST, finding: Finding) -> None:
    """The database takes the values as values, whatever they hold."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "execute":
        return
    if len(node.args) != 1 or node.keywords:
        raise NoFix("The statement has values beside it already.")
    pieces = pieces_of(source, node.args[0])
    marks = {_MARKS[name] for name in source.names.modules if name in _MARKS}
    if len(marks) != 1:
        raise NoFix("Which database is asked, and so how a value is marked, is not visible in this file.")
    statement, values = _parted(source, pieces, marks.pop())
    given = f"({values[0]},)" if len(values) == 1 else f"({', '.join(values)})"
    source.replace(node.args[0], f"{literal(source, statement)}, {given}")


def _parted(source: Source, pieces: Sequence[Piece], mark: str) -> tuple[str, list[str]]:
    """The statement with marks, and Python for the value of each of them."""
    statement: list[str] = []
    values: list[str] = []
    quoted: list[Piece] | None = None  # what was read of a text in quotes
    signs: list[Piece] = [sign for piece in pieces for sign in ([piece] if isinstance(piece, Hole) else piece)]
    at = 0
    while at < len(signs):
        sign = signs[at]
        behind = signs[at + 1] if at + 1 < len(signs) else ""
        at += 1
        if quoted is not None:
            if sign == "'" and behind == "'":
                quoted.append("'")
                at += 1
            elif sign != "'":
                quoted.append(sign)
            else:
                values += _of_quoted(source, statement, quoted, mark)
                quoted = None
        elif sign == "'":
            quoted = []
        elif isinstance(sign, Hole):
            before = "".join(statement)
            if not (_BEFORE_VALUE.search(before) or _IN_LIST.search(before)) or not (
                isinstance(behind, str) and _AFTER_VALUE.match(behind)
            ):
                raise NoFix("A value stands where the name of a table, a column or a part of the statement belongs.")
            statement.append(mark)
            # Without quotes it was no text: a number stays one.
            values.append(written(source, [sign]) if sign.form else sign.code)
        elif sign in '"`?\\' or (sign == "-" and behind == "-"):
            raise NoFix(f"The statement holds {sign!r} outside of a text.")
        else:
            statement.append("%%" if sign == "%" and mark == "%s" else sign)
    if quoted is not None or not values:
        raise NoFix("The texts in the statement have no end.")
    return "".join(statement), values


def _of_quoted(source: Source, statement: list[str], quoted: Sequence[Piece], mark: str) -> list[str]:
    """What a text in quotes becomes: a mark when values stand in it, else itself."""
    joined: list[Piece] = []
    for piece in quoted:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    if any(isinstance(piece, Hole) for piece in joined):
        statement.append(mark)
        return [written(source, joined)]
    text = "".join(piece for piece in joined if isinstance(piece, str)).replace("'", "''")
    statement.append(f"'{text.replace('%', '%%') if mark == '%s' else text}'")
    return []
