"""Random expressions of the profile, most of them well typed, over one fixed scope.

What the profile decides differently from CEL's reference implementation is generated as little as possible: fields of
null, the order of an object's names, text forms of doubles, durations. `test_evaluation.py` shows each by itself.
"""

import random
from collections.abc import Callable
from typing import Literal

from fairlead.core.json import Json

Kind = Literal["int", "double", "string", "bool", "list(int)", "list(string)", "map", "any"]
KINDS: tuple[Kind, ...] = ("int", "double", "string", "bool", "list(int)", "list(string)", "map")

SCOPE: dict[str, Json] = {
    "i": 7,
    "z": 0,
    "big": 2**62,
    "d": 2.5,
    "s": "src/a.py",
    "t": "Äpfel und 😀",
    "yes": True,
    "no": False,
    "li": [3, 1, 2, 3],
    "none": [],
    "ls": ["high", "low", "", "high"],
    "m": {"high": 3, "low": 0, "a b": -1},
    "x": {
        "count": 3,
        "share": 0.25,
        "name": "scan",
        "ok": True,
        "tags": ["a", "b"],
        "rows": [{"id": 1, "level": "high", "new": True}, {"id": 2, "level": "low", "new": False}],
        "deep": {"list": [[1], [2, 3]], "map": {"k": "v"}},
    },
}
TYPES: dict[str, str] = {
    **dict.fromkeys(("i", "z", "big"), "int"),
    "d": "double",
    **dict.fromkeys(("s", "t"), "string"),
    **dict.fromkeys(("yes", "no"), "bool"),
    **dict.fromkeys(("li", "none"), "list(int)"),
    "ls": "list(string)",
    "m": "map",
    "x": "any",
}
_PATHS: dict[Kind, tuple[str, ...]] = {
    "int": ("x.count", "x.rows[0].id", "x['count']", "x.deep.list[1][0]", "m.high", "m['a b']", "li[0]"),
    "double": ("x.share", "d"),
    "string": ("x.name", "x.tags[1]", "x.rows[1].level", "x.deep.map.k", "ls[0]"),
    "bool": ("x.ok", "x.rows[0].new"),
    "list(int)": ("x.deep.list[1]",),
    "list(string)": ("x.tags",),
    "map": ("m",),
    "any": ("x", "x.rows", "x.deep", "x.rows[0]"),
}
_BROKEN_PATHS = (
    "x.nope",
    "x.count.more",
    "x.tags[9]",
    "x.name[0]",
    "m.nope",
    "m['']",
    "li[-1]",
    "x.rows.id",
    "ls.high",
)
_PATTERNS = (
    "a",
    "^s",
    "y$",
    "[a-c]+",
    "\\\\.py",
    "(high|low)",
    "^$",
    "a.*y",
    "\\\\w+/",
    "[^/]*",
    "(?i)SRC",
    "x{2,3}",
    "\\\\p{Lu}",
)
_TEXTS = ("''", "'a'", "'high'", "'src'", '"it\'s"', "'\\n'", "'ä'", "'😀'", "r'\\d'", "'/'", "'.py'", "'12'", "'true'")
_INTEGERS = (
    "0",
    "1",
    "2",
    "3",
    "-1",
    "10",
    "0x1F",
    "9223372036854775807",
    "-9223372036854775808",
    "4611686018427387904",
)


class Generator:
    """Makes expressions; the same seed makes the same ones."""

    def __init__(self, seed: int, wrong: float = 0.04) -> None:
        self.random = random.Random(seed)
        self.wrong = wrong  # how often a part is of another type than its place wants
        self.variables: list[tuple[str, Kind]] = []

    def expression(self) -> str:
        """One expression of any type."""
        self.variables = []
        return self.of(self.random.choice(KINDS), self.random.randint(1, 5))

    def of(self, kind: Kind, depth: int) -> str:
        """An expression of *kind*, or now and then of another."""
        if self.random.random() < self.wrong:
            # No map in place of a list: the order of its names is nobody's promise.
            others = [one for one in KINDS if one != kind and {one, kind} != {"int", "double"}]
            others = [one for one in others if not (one == "map" and kind.startswith("list"))]
            if self.random.random() < 0.4:
                return self.random.choice(_BROKEN_PATHS)
            kind = self.random.choice(others)
        if depth <= 0 or self.random.random() < 0.12:
            return self.leaf(kind)
        makers = self.makers(kind)
        text = self.random.choice(makers)(depth - 1)
        return text if self.random.random() < 0.3 else f"({text})"

    def leaf(self, kind: Kind) -> str:
        """A literal, a root, a path, or a variable of a comprehension around it."""
        choose = self.random.choice
        names = [name for name, known in self.variables if known == kind]
        if names and self.random.random() < 0.6:
            return choose(names)
        if self.random.random() < 0.45:
            return choose([*_PATHS[kind], *(name for name, known in TYPES.items() if known == kind)])
        match kind:
            case "int":
                return choose(_INTEGERS)
            case "double":
                return choose(("0.5", "1.0", "2.25", "-3.5", "1e3", ".5", "1.5e-2", "0.0"))
            case "string":
                return choose(_TEXTS)
            case "bool":
                return choose(("true", "false"))
            case "list(int)":
                return choose(("[]", "[1]", "[1, 2, 3]", "[2, 2,]"))
            case "list(string)":
                return choose(("[]", "['a', 'b']", "['high']"))
            case "map":
                return choose(("{}", "{'a': 1}", "{'high': 1, 'low': 2}"))
            case _:
                return "x"

    def makers(self, kind: Kind) -> list[Callable[[int], str]]:
        """The ways to put an expression of *kind* together."""
        of, choose = self.of, self.random.choice
        every: list[Callable[[int], str]] = [
            lambda n: f"{of('bool', n)} ? {of(kind, n)} : {of(kind, n)}",
            lambda n: f"m.?{choose(('high', 'nope'))}.orValue({of('int', n)})" if kind == "int" else of(kind, n),
        ]
        match kind:
            case "int":
                every += [
                    lambda n: f"{of('int', n)} {choose('+-*/%')} {of('int', n)}",
                    lambda n: f"-{of('int', n)}" if self.random.random() < 0.5 else f"-({of('int', n)})",
                    lambda n: f"{of(choose(('string', 'list(int)', 'list(string)', 'map')), n)}.size()",
                    lambda n: f"size({of(choose(('string', 'list(int)', 'map')), n)})",
                    lambda n: f"{of('list(int)', n)}[{of('int', n)}]",
                    lambda n: f"{of('string', n)}.{choose(('indexOf', 'lastIndexOf'))}({of('string', n)})",
                    lambda n: f"int({of(choose(('int', 'double')), n)})",
                    lambda n: f"int({choose(('42', '-7', 'x', '007', '9223372036854775808'))!r})",
                    lambda n: f"{of('list(int)', n)}[?{of('int', n)}].orValue({of('int', n)})",
                    lambda n: f"x.?{choose(('count', 'nope', 'deep.nope', 'nope.more'))}.orValue({of('int', n)})",
                ]
            case "double":
                every += [
                    lambda n: f"{of('double', n)} {choose('+-*/')} {of('double', n)}",
                    lambda n: f"-{of('double', n)}",
                    lambda n: f"double({of(choose(('int', 'double')), n)})",
                    lambda n: f"double({choose(('1.5', '1e3', '-2', 'x', ''))!r})",
                ]
            case "string":
                every += [
                    lambda n: f"{of('string', n)} + {of('string', n)}",
                    lambda n: f"string({of(choose(('int', 'bool', 'string')), n)})",
                    lambda n: f"{of('string', n)}.{choose(('lowerAscii', 'upperAscii', 'trim'))}()",
                    lambda n: f"{of('string', n)}.replace({of('string', n)}, {of('string', n)})",
                    lambda n: f"{of('string', n)}.replace('a', {of('string', n)}, {choose((-1, 0, 1, 2))})",
                    lambda n: f"{of('string', n)}.substring({choose((0, 1, 2, 99, -1))})",
                    lambda n: f"{of('string', n)}.substring({choose((0, 1, 2))}, {choose((0, 1, 3))})",
                    lambda n: f"{of('list(string)', n)}.join({choose(('', ', ', '-'))!r})",
                    lambda n: f"{of('list(string)', n)}[{of('int', n)}]",
                ]
            case "bool":
                every += [
                    lambda n: f"{of('bool', n)} {choose(('&&', '||'))} {of('bool', n)}",
                    lambda n: f"{of('bool', n)} {choose(('&&', '||'))} {of('bool', n)} || {of('bool', n)}",
                    lambda n: f"!{of('bool', n)}" if self.random.random() < 0.5 else f"!({of('bool', n)})",
                    self.comparison,
                    self.comparison,
                    lambda n: f"dyn({of('int', n)}) {choose(('<', '<=', '>', '>=', '==', '!='))} {of('double', n)}",
                    lambda n: f"dyn({of(choose(KINDS), n)}) {choose(('==', '!='))} {of(choose(KINDS), n)}",
                    lambda n: f"{of('int', n)} in {of('list(int)', n)}",
                    lambda n: f"{of('string', n)} in {of(choose(('list(string)', 'map')), n)}",
                    lambda n: f"{of('string', n)}.{choose(('contains', 'startsWith', 'endsWith'))}({of('string', n)})",
                    lambda n: f"{of('string', n)}.matches('{choose(_PATTERNS)}')",
                    lambda n: f"has(x.{choose(('count', 'nope', 'deep.map', 'deep.nope', 'nope.more', 'count.more'))})",
                    lambda n: f"has(m.{choose(('high', 'nope'))})",
                    lambda n: f"bool({choose(('true', 'false', 'yes', '1', 'TRUE'))!r})",
                    lambda n: f"x.?{choose(('count', 'nope'))}.hasValue()",
                    lambda n: self.macro(choose(("all", "exists", "exists_one")), choose((*_LISTS, "map")), "bool", n),
                    lambda n: self.rows(choose(("all", "exists", "exists_one")), n),
                ]
            case "list(int)":
                every += [
                    lambda n: f"{of('list(int)', n)} + {of('list(int)', n)}",
                    lambda n: f"[{of('int', n)}, {of('int', n)}]",
                    lambda n: self.macro("filter", "list(int)", "bool", n),
                    lambda n: self.macro("map", choose(_LISTS), "int", n),
                    lambda n: self.macro("map", choose(_LISTS), "int", n, with_condition=True),
                    lambda n: f"{self.rows('filter', n)}.map(r, r.id)",
                ]
            case "list(string)":
                every += [
                    lambda n: f"{of('list(string)', n)} + {of('list(string)', n)}",
                    lambda n: f"[{of('string', n)}, {of('string', n)}]",
                    lambda n: self.macro("filter", "list(string)", "bool", n),
                    lambda n: self.macro("map", choose(_LISTS), "string", n),
                    lambda n: f"{of('string', n)}.split({choose(('/', '', 'a', ' '))!r})",
                    lambda n: f"{of('string', n)}.split('/', {choose((-1, 0, 1, 2))})",
                ]
            case "map":
                every += [
                    lambda n: f"{{{of('string', n)}: {of('int', n)}, {of('string', n)}: {of('int', n)}}}",
                    lambda n: f"{{{choose(_TEXTS)}: {of('int', n)}}}",
                ]
        return every

    def comparison(self, depth: int) -> str:
        """`a < b` and its like, between two of one kind."""
        kind = self.random.choice(KINDS)
        signs = ("==", "!=") if kind.startswith(("list", "map")) else ("==", "!=", "<", "<=", ">", ">=")
        return f"{self.of(kind, depth)} {self.random.choice(signs)} {self.of(kind, depth)}"

    def macro(self, name: str, over: Kind, body: Kind, depth: int, with_condition: bool = False) -> str:
        """A comprehension over a list, or the names of a map."""
        item: Kind = {"list(int)": "int", "list(string)": "string", "map": "string"}[over]  # type: ignore[assignment]
        operand = self.of(over, depth)
        variable = f"v{len(self.variables)}"
        self.variables.append((variable, item))
        condition = f"{self.of('bool', depth)}, " if with_condition else ""
        text = f"{operand}.{name}({variable}, {condition}{self.of(body, depth)})"
        self.variables.pop()
        return text

    def rows(self, name: str, depth: int) -> str:
        """A comprehension over a list of objects."""
        condition = self.random.choice(
            (
                "r.new",
                "r.level == 'high'",
                "r.level in ls",
                "r.id > 1",
                "r.id < d",
                "has(r.nope)",
                "r.nope",
                "!r.new && true",
            )
        )
        if name == "filter":
            return f"x.rows.filter(r, {condition})"
        return f"x.rows.{name}(r, {condition} {self.random.choice(('&&', '||'))} {self.of('bool', depth - 1)})"


_LISTS: tuple[Kind, ...] = ("list(int)", "list(string)")
