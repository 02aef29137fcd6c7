"""Which of ruff's reports count: print() in a program is its output, and what a comment explains is no accident."""

import ast
import re
from collections.abc import Iterator, Sequence

from fairlead.agents.builtin.code_reviewer.found import Found, SourceFile

# Files that are started rather than imported: what they print is what they are for.
_PROGRAMS = re.compile(
    r"(^|/)(scripts?|tools?|bin|dev|devtools|ci|build|commands?|cli|console|admin_scripts|utilities)/"
    r"|(^|/)(setup|manage|fabfile|noxfile|tasks|dodo|__main__|conftest|wsgi|_?cli|cmdline|console|main|command|shell"
    r"|[^/]*_(cli|script|command|main)|(cli|script|run|print|show)_[^/]*)\.pyw?$",
    re.IGNORECASE,
)
_MAIN = re.compile(r"^if\s+\(?(__name__\s*==|['\"]__main__['\"]\s*==)", re.MULTILINE)


def kept(file: SourceFile, tree: ast.Module, founds: Sequence[Found]) -> Iterator[Found]:
    """Those of ruff's reports about *file* that are worth reading."""
    silent: set[int] | None = None
    is_program: bool | None = None
    is_package = file.path.endswith("__init__.py")
    for found in founds:
        if found.rule == "review/debug-output":
            if is_program is None:
                is_program = _is_program(file)
            if is_program:
                continue
            if silent is None:
                silent = _directed_prints(tree)
            if found.line in silent:
                continue
        elif is_package and found.rule in ("review/unused-import", "review/star-import"):
            continue  # a package gathers the names of its modules
        yield found


def _is_program(file: SourceFile) -> bool:
    return file.text.startswith("#!") or _PROGRAMS.search(file.path) is not None or _MAIN.search(file.text) is not None


def _directed_prints(tree: ast.Module) -> set[int]:
    """The lines of calls of print() that say where the text goes."""
    return {
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
        and any(keyword.arg in ("file", None) for keyword in node.keywords)
    }
