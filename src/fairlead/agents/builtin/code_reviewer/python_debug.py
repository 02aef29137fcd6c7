"""Which of ruff's reports count: a program's print() is its output, and what a comment explains is no accident."""

import ast
import re
from collections.abc import Iterator, Sequence

import msgspec

from fairlead.agents.builtin.code_reviewer import late_binding
from fairlead.agents.builtin.code_reviewer.found import Found, SourceFile
from fairlead.agents.builtin.code_reviewer.python_outline import Function, Outline
from fairlead.core.findings import SEVERITIES, Severity

# Files that are started rather than imported: what they print is what they are for.
_PROGRAMS = re.compile(
    r"(^|/)(scripts?|tools?|bin|dev|devtools|ci|build|commands?|cli|console|admin_scripts|utilities)/"
    r"|(^|/)(setup|manage|fabfile|noxfile|tasks|dodo|__main__|conftest|wsgi|_?cli|cmdline|console|main|command|shell"
    r"|[^/]*_(cli|script|command|main)|(cli|script|run|print|show)_[^/]*)\.pyw?$",
    re.IGNORECASE,
)
_MAIN = re.compile(r"^if\b.*\b__name__\b", re.MULTILINE)
_SHOWS = re.compile(
    r"print|show|display|dump|report|info|usage|help|list|main|log|debug|warn|banner|complet", re.IGNORECASE
)
_ASKED_FOR = re.compile(r"verbos|debug|quiet|silent|dry_?run|interactive|stdout", re.IGNORECASE)
_KEPT_ON_PURPOSE = re.compile(r"unused|re-?export|noqa|compat|for (others|users|external|import)|backward|public|API")
# What comes from a private module is offered under a public name, and a name such as `__version__` is for others.
_HANDED_ON = re.compile(r"`(?:from )?(?:[\w.]*\.)?(?:_\w*(?:\.\w+| import \*)|__\w+__)(?: as \w+)?`")
_ITSELF = re.compile(r"\s*(\w+)\s*=\s*\1\s*(?:#|;|$)")
_COMPATIBILITY = re.compile(r"(^|/)_*(compat|py3k|six|typing|types|api)[^/]*\.py$")
_GIVEN = frozenset({"get_ipython", "reveal_type", "_", "ngettext", "unicode"})  # put among the built-in names
_SEEN = re.compile(r"#[^#]*(type: ?ignore|pyright: ?ignore|pylint: ?disable)")
_MAKES_NAMES = re.compile(r"\bglobals\(\)|\bexec\(|\b_convert_\(|\bsetattr\(sys\.modules")
_SEVERAL_IN_A_LINE = frozenset(
    f"review/{name}"
    for name in ("unused-import", "unused-variable", "undefined-name", "mutable-default", "repeated-entry")
)
_WEIGHTS: tuple[Severity, ...] = SEVERITIES[::-1]
_EXPLAINED = "A comment in the handler says why; whether that is enough only a person can say."


def kept(file: SourceFile, tree: ast.Module, outline: Outline, founds: Sequence[Found]) -> Iterator[Found]:
    """Those of ruff's reports about *file* that are worth reading."""
    if file.path.endswith(".pyi"):
        return  # declarations: nothing in them runs
    printed: list[Found] = []
    is_package = file.path.endswith("__init__.py")
    told: set[tuple[str, int]] = set()
    swallowed = {found.line for found in founds if found.rule == "review/swallowed-exception"}
    for found in sorted(founds, key=lambda one: (one.line, _WEIGHTS.index(one.severity or "low"), one.column)):
        rule = found.rule
        if rule not in _SEVERAL_IN_A_LINE and (rule, found.line) in told:
            continue  # two of ruff's rules say the same about it
        told.add((rule, found.line))
        if rule == "review/debug-output":
            printed.append(found)
        elif rule in ("review/unused-import", "review/star-import") and is_package:
            continue  # a package gathers the names of its modules
        elif (
            rule == "review/unused-import" and (_HANDED_ON.search(found.message) or _is_kept_on_purpose(file, found))
        ) or (rule == "review/star-import" and _HANDED_ON.search(found.message)):
            continue
        elif rule == "review/bare-except" and found.line in swallowed:
            continue  # the worse of the two is said
        elif rule == "review/self-assignment" and (
            found.line in outline.open_assignments or not _ITSELF.match(file.lines[found.line - 1])
        ):
            continue  # it makes a name of the outer scope one of this class or module, or is part of a longer one
        elif (
            (rule == "review/undefined-name" and _is_known_elsewhere(file, found))
            or (rule == "review/redefined-unused" and _is_declared_before(file, found))
            or (rule == "review/late-binding" and not late_binding.is_kept(tree, found.line))
        ):
            continue
        elif rule == "review/swallowed-exception" and _has_comment(file, found):
            yield msgspec.structs.replace(found, severity="info", reason=_EXPLAINED)
        else:
            yield found
    if printed and not _is_program(file):
        yield from _debug_output(tree, outline, printed)


def _is_program(file: SourceFile) -> bool:
    return file.text.startswith("#!") or _PROGRAMS.search(file.path) is not None or _MAIN.search(file.text) is not None


def _debug_output(tree: ast.Module, outline: Outline, printed: Sequence[Found]) -> Iterator[Found]:
    """One finding for each function that prints, at the first place; none for one whose name says that it prints."""
    silent = _asked_for(tree)
    by_function: dict[int, list[Found]] = {}
    for found in printed:
        if found.line in silent:
            continue
        function = _innermost(outline, found.line)
        if function is None or not _SHOWS.search(function.node.name):
            by_function.setdefault(function.node.lineno if function else 0, []).append(found)
    for founds in by_function.values():
        if len(founds) == 1:
            yield founds[0]
        else:
            places = "one more place" if len(founds) == 2 else f"{len(founds) - 1} more places"
            more = f"{founds[0].message} The same function prints in {places}."
            yield msgspec.structs.replace(founds[0], message=more)


def _innermost(outline: Outline, line: int) -> Function | None:
    holding = [one for one in outline.functions if one.node.lineno <= line <= (one.node.end_lineno or 0)]
    return max(holding, key=lambda one: one.node.lineno, default=None)


def _asked_for(tree: ast.Module) -> set[int]:
    """The lines of calls of print() that say where the text goes, or that stand under a condition such as `verbose`."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and _ASKED_FOR.search(ast.unparse(node.test)):
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        elif isinstance(node, ast.Call) and _is_directed(node):
            lines.add(node.lineno)
    return lines


def _is_directed(call: ast.Call) -> bool:
    """Whether this is print() and is told where the text goes."""
    is_print = isinstance(call.func, ast.Name) and call.func.id == "print"
    return is_print and any(keyword.arg in ("file", None) for keyword in call.keywords)


def _is_kept_on_purpose(file: SourceFile, found: Found) -> bool:
    """Whether the file is there to gather names, or a comment at or just above the import says that it is meant."""
    line = found.line
    if _COMPATIBILITY.search(file.path):
        return True
    lines = file.lines
    if "#" in lines[line - 1] and _KEPT_ON_PURPOSE.search(lines[line - 1].partition("#")[2]):
        return True
    first = line - 1
    while first > 0 and not lines[first].lstrip().startswith(("import ", "from ")):
        first -= 1  # up to where the statement begins
    above = first - 1
    while above >= 0 and lines[above].lstrip().startswith("#"):
        if _KEPT_ON_PURPOSE.search(lines[above]):
            return True
        above -= 1
    return False


def _is_known_elsewhere(file: SourceFile, found: Found) -> bool:
    """Whether the name may come from where no reader of the file can see it, or somebody has looked at it already."""
    name = re.search(r"`(\w+)`", found.message)
    if name is not None and (name[1] in _GIVEN or re.search(rf"\bdel\b.*\b{name[1]}\b", file.text)):
        return True  # what is deleted at the end was there while the file was read
    return _SEEN.search(file.lines[found.line - 1]) is not None or _MAKES_NAMES.search(file.text) is not None


def _is_declared_before(file: SourceFile, found: Found) -> bool:
    """Whether what is defined again was only a variable that reserves the name."""
    earlier = re.search(r"from line (\d+)", found.message)
    if earlier is None or not 0 < int(earlier[1]) <= len(file.lines):
        return False
    line = file.lines[int(earlier[1]) - 1].lstrip()
    return "=" in line and not line.startswith(("def ", "async ", "class ", "@"))


def _has_comment(file: SourceFile, found: Found) -> bool:
    return any("#" in line for line in file.lines[found.line - 1 : max(found.end_line, found.line)])
