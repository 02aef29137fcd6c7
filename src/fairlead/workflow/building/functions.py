"""The functions that people call beside the methods of a symbol: each answers one."""

from fairlead.core.expressions import Malformed, parse
from fairlead.core.expressions.lexer import RESERVED
from fairlead.core.expressions.tree import Choice, Name, Select
from fairlead.core.references import Part, scan
from fairlead.workflow.building.calls import refuse
from fairlead.workflow.building.symbols import FIELD, NO_FIELDS, SHARED, Symbol, Value, above, binary, tree_of


def root(name: str) -> Symbol:
    """A symbol for one of the words with which expressions begin."""
    return Symbol(Name(SHARED, SHARED, 1, name))


def item(name: str = "item") -> Symbol:
    """The item of a fan-out, under the name that its step gives with `as_`.

    >>> from fairlead import item
    >>> item("finding").path
    Symbol(finding.path)
    """
    if not FIELD.fullmatch(name) or name in RESERVED | NO_FIELDS:
        refuse("FL-W323", f"`{name}` cannot be the name of an item", "small letters, digits and `_`")
    return root(name)


def has(field: Symbol) -> Symbol:
    """Whether the field is there.

    >>> from fairlead import has, steps
    >>> has(steps.scan.output.stats)
    Symbol(has(steps.scan.output.stats))
    """
    tree = tree_of(field)
    if not isinstance(tree, Select) or tree.is_optional or tree.is_test:
        refuse("FL-W326", "`has` asks for one field", "write `has(steps.a.output.field)`")
    return Symbol(Select(0, 0, tree.depth, tree.operand, tree.field, (0, 0), is_test=True))


def is_in(value: Value, among: Value) -> Symbol:
    """Whether *value* is an item of a list, or a key of a mapping.

    >>> from fairlead import is_in, steps
    >>> is_in(steps.scan.output.worst, ["high", "critical"])
    Symbol(steps.scan.output.worst in ['high', 'critical'])
    """
    return binary("in", value, among)


def if_else(condition: "Symbol | bool", then: Value, otherwise: Value) -> Symbol:
    """*then* if the condition holds, else *otherwise*.

    >>> from fairlead import if_else, inputs
    >>> if_else(inputs.is_strict, "high", "low")
    Symbol(inputs.is_strict ? 'high' : 'low')
    """
    parts = tree_of(condition), tree_of(then), tree_of(otherwise)
    return Symbol(Choice(0, 0, above(*parts), *parts))


def cel(text: str) -> Symbol:
    """An expression as it is written in YAML; symbols may stand in it as in an f-string.

    >>> from fairlead import cel, steps
    >>> cel(f"duration('90s') < duration({steps.scan.output.took})")
    Symbol(duration('90s') < duration(steps.scan.output.took))
    """
    # `${ x }` becomes (x): the tree keeps no parenthesis that it does not need.
    parts = (f"({part.expression.text})" if isinstance(part, Part) else part for part in scan(text))
    bare = "".join(part if isinstance(part, str) else part.text for part in parts)
    try:
        return Symbol(parse(bare).tree)
    except Malformed as malformed:
        first = malformed.problems[0]
        refuse(first.code, f"{first.message}: {bare}", *([first.hint] if first.hint else []))


def field(name: str, below: str) -> Symbol:
    """`inputs.NAME` and the like. Any text may stand there: the check says which ones are no names."""
    return Symbol(Select(0, 0, 2, Name(SHARED, SHARED, 1, name), below, (0, 0)))
