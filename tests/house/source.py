"""The source as the house tests see it: every file parsed once, every name resolved to where it comes from."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "fairlead"


@dataclass(frozen=True)
class Reference:
    """One use of an imported or built-in name, in full: `time.monotonic`, `fairlead.core.json.encode`, `open`."""

    name: str
    line: int


@dataclass(frozen=True)
class Import:
    """One imported module or name. `inside` says that it happens in a function, so only when that is called."""

    name: str  # "rich.console", or "rich.console.Console" for a `from` import
    module: str  # "rich.console" for both
    line: int
    inside: bool


@dataclass
class SourceFile:
    """One Python file under src/fairlead."""

    path: str  # "src/fairlead/core/json.py"
    module: str  # "fairlead.core.json"
    text: str
    tree: ast.Module
    imports: list[Import] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)

    @property
    def room(self) -> str:
        """The package right under `fairlead`, or the name of a file that stands there: `core`, `app`, `__init__`."""
        parts = self.path.split("/")
        return parts[2].removesuffix(".py")

    def at(self, line: int) -> str:
        """A place as people click on it."""
        return f"{self.path}:{line}"


def source_files(root: Path = ROOT) -> list[SourceFile]:
    """Every Python file of the package under *root*, in alphabetical order."""
    folder = root / "src" / PACKAGE
    return [_read(path, root, path.stat().st_mtime_ns) for path in sorted(folder.rglob("*.py"))]


@lru_cache(maxsize=4096)
def _read(path: Path, root: Path, changed: int) -> SourceFile:
    relative = path.relative_to(root).as_posix()
    parts = relative.removeprefix("src/").removesuffix(".py").split("/")
    if parts[-1] == "__init__":
        parts.pop()
    text = path.read_text("utf-8")
    file = SourceFile(relative, ".".join(parts), text, ast.parse(text, filename=relative))
    _Reader(file).visit(file.tree)
    return file


class _Reader(ast.NodeVisitor):
    """Collects imports and references. A name bound anywhere in the file to an import counts as that import everywhere:
    a local variable of the same name would be reported wrongly, and should have another name anyway."""

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self._depth = 0
        nodes = list(ast.walk(file.tree))  # once for both: walking is what costs
        self._names = dict(_bound_imports(file, nodes))
        self._own = {name for name in _bound_names(nodes) if name not in self._names}

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._file.imports.append(Import(alias.name, alias.name, node.lineno, self._depth > 0))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = absolute(self._file, node)
        for alias in node.names:
            name = f"{module}.{alias.name}"
            self._file.imports.append(Import(name, module, node.lineno, self._depth > 0))
            self._file.references.append(Reference(name, node.lineno))

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1

    visit_AsyncFunctionDef = visit_FunctionDef
    visit_Lambda = visit_FunctionDef

    def visit_Attribute(self, node: ast.Attribute) -> None:
        dotted = self._resolve(node)
        if dotted is None:
            self._file.references.append(Reference(f"*.{node.attr}", node.lineno))  # a method of something unknown
            self.generic_visit(node)
        else:
            self._file.references.append(Reference(dotted, node.lineno))

    def visit_Name(self, node: ast.Name) -> None:
        dotted = self._resolve(node)
        if dotted is not None:
            self._file.references.append(Reference(dotted, node.lineno))

    def _resolve(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Name):
            if node.id in self._own:
                return None
            return self._names.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            inner = self._resolve(node.value)
            return None if inner is None else f"{inner}.{node.attr}"
        return None


def absolute(file: SourceFile, node: ast.ImportFrom) -> str:
    """The module that a `from` import names, with leading dots resolved."""
    if node.level == 0:
        return node.module or ""
    parts = file.module.split(".")
    is_package = file.path.endswith("__init__.py")
    keep = len(parts) - node.level + (1 if is_package else 0)
    return ".".join([*parts[:keep], *([node.module] if node.module else [])])


def _bound_imports(file: SourceFile, nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (first, first)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{absolute(file, node)}.{alias.name}"


def _bound_names(nodes: list[ast.AST]) -> Iterator[str]:
    """Every name that the file itself gives a meaning, at any depth. A method hides none outside its class."""
    methods = {id(inner) for node in nodes if type(node) is ast.ClassDef for inner in node.body}
    for node in nodes:
        kind = type(node)
        if kind not in _BINDING or id(node) in methods:
            continue
        if isinstance(node, ast.Name):
            if type(node.ctx) is ast.Store:
                yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler) and node.name:
            yield node.name


_BINDING = frozenset({ast.Name, ast.arg, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler})


def plant(root: Path, path: str, text: str) -> None:
    """Write one file of a small tree in which a house test must find its violation."""
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")
