"""Reading a Python file of the project without running any of it: which function is an agent, and what it imports.

Only what is written out can be read so: an argument of the decorator that is worked out when the file runs is named in
`hidden`, and known once the file is looked at in a child process.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import msgspec

from fairlead.agents.cards import BadCard
from fairlead.agents.own.decorator import ARGUMENTS
from fairlead.core.json import Json

_DECORATOR = "agent"
_PACKAGE = "fairlead"


class Place(msgspec.Struct, frozen=True):
    """A place in a file; both count from 1."""

    line: int
    column: int = 1


class Decorated(msgspec.Struct, frozen=True):
    """A function under `@agent`, as far as it can be read."""

    function: str
    place: Place  # of the name of the function
    given: dict[str, Json]  # arguments of the decorator that are written out
    places: dict[str, Place]  # of arguments, written out or not
    hidden: tuple[str, ...]  # arguments that are worked out when the file runs
    parameters: dict[str, Place]  # of the function; "return" is where its answer's type stands
    description: str  # the docstring


class Module:
    """One Python file, parsed."""

    def __init__(self, path: str, data: bytes) -> None:
        """Parse it.

        Raises:
            BadCard: FL-A010 it is not Python, FL-A018 it is not UTF-8.
        """
        self.path = path
        try:
            self.text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            said = f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8"
            raise BadCard("FL-A018", said, line=line, hint="save the file as UTF-8") from None
        try:
            self._tree = ast.parse(self.text)
        except SyntaxError as error:
            said = f"the file is not Python: {error.msg}"
            raise BadCard("FL-A010", said, line=error.lineno or 1, column=error.offset or 1) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise BadCard("FL-A010", f"the file is not Python: {error}", line=1) from None

    @cached_property
    def imports(self) -> frozenset[str]:
        """The top names of everything that it imports, anywhere."""
        found = set()
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
        return frozenset(found)

    @cached_property
    def decorated(self) -> tuple[Decorated, ...]:
        """The functions at the top of the file that stand under `@agent`."""
        direct, modules = _names_of_decorator(self._tree)
        return tuple(
            _decorated(node, call)
            for node in self._tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for call in node.decorator_list
            if _is_ours(call, direct, modules)
        )

    def function(self, name: str) -> Decorated | None:
        """The function *name* at the top of the file, whether or not it is decorated."""
        for one in self.decorated:
            if one.function == name:
                return one
        for node in self._tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
                return _decorated(node, None)
        return None

    def top_names(self) -> list[str]:
        """The functions at the top of the file, for a hint."""
        return [node.name for node in self._tree.body if isinstance(node, ast.FunctionDef)]


def closure(start: str, beside: Mapping[str, Module]) -> tuple[str, ...]:
    """The paths of *start* and of every module of *beside* (name → file) that it imports, however indirectly."""
    by_path = {module.path: module for module in beside.values()}
    found, open_ends = {start}, [start]
    while open_ends:
        importer = by_path.get(open_ends.pop())
        for name in importer.imports if importer else ():
            module = beside.get(name)
            if module is not None and module.path not in found:
                found.add(module.path)
                open_ends.append(module.path)
    return tuple(sorted(found))


def _names_of_decorator(tree: ast.Module) -> tuple[frozenset[str], frozenset[str]]:
    """Under which names the file knows the decorator, and the package that holds it."""
    direct, modules = set(), set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == _PACKAGE and not node.level:
            direct |= {alias.asname or alias.name for alias in node.names if alias.name == _DECORATOR}
        elif isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name for alias in node.names if alias.name == _PACKAGE}
    return frozenset(direct), frozenset(modules)


def _is_ours(decorator: ast.expr, direct: frozenset[str], modules: frozenset[str]) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(called, ast.Name):
        return called.id in direct
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        return called.attr == _DECORATOR and called.value.id in modules
    return False


def _decorated(node: ast.FunctionDef | ast.AsyncFunctionDef, decorator: ast.expr | None) -> Decorated:
    given: dict[str, Json] = {}
    places: dict[str, Place] = {}
    hidden: list[str] = []
    for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
        name = keyword.arg or "**"
        places[name] = _place(keyword)
        try:
            given[name] = _plain(ast.literal_eval(keyword.value))
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            hidden.append(name)
    parameters = {argument.arg: _place(argument) for argument in _arguments(node.args)}
    parameters["return"] = _place(node.returns) if node.returns else _place(node)
    description = " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
    return Decorated(node.name, _place(node), given, places, tuple(hidden), parameters, description)


def _arguments(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (one for one in (arguments.vararg, arguments.kwarg) if one is not None)


def _place(node: ast.expr | ast.stmt | ast.arg | ast.keyword) -> Place:
    return Place(node.lineno, node.col_offset + 1)


def _plain(value: object) -> Json:
    return list(value) if isinstance(value, tuple | set) else value


def problems_of(one: Decorated) -> Iterator[BadCard]:
    """What is wrong with the decorator as far as it is written out."""
    from difflib import get_close_matches

    for name, place in one.places.items():
        if name not in ARGUMENTS and name != "**":
            near = get_close_matches(name, ARGUMENTS, 1, 0.5)
            hint = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(ARGUMENTS)}"
            said = f"`@agent` has no argument `{name}`"
            yield BadCard("FL-A013", said, line=place.line, column=place.column, hint=hint)
    if not one.places:
        said = f"`@agent` above `{one.function}` has no arguments"
        yield BadCard("FL-A013", said, line=one.place.line, hint='write @agent(name="my-agent", version="1")')
    elif "name" not in one.places and "**" not in one.places:
        said = "`@agent` has no `name`"
        yield BadCard("FL-A013", said, line=one.place.line, hint='add name="my-agent"')
    for name, types, words in _FORMS:
        if name in one.given and not _has_form(one.given[name], types):
            place = one.places[name]
            yield BadCard("FL-A013", f"`{name}` must be {words}", line=place.line, column=place.column)


_FORMS: Sequence[tuple[str, type, str]] = (
    ("name", str, "text"),
    ("version", str, "text"),
    ("title", str, "text"),
    ("timeout", str, "a duration such as `10m`"),
    ("memory", str, "an amount such as `512 MB`"),
    ("deterministic", bool, "True or False"),
    ("reads", list, "a list of texts"),
    ("writes", list, "a list of texts"),
    ("tags", list, "a list of texts"),
)


def _has_form(value: Json, form: type) -> bool:
    if form is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, form)
