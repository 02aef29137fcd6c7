"""The child's side: a Python file is performed here, and only here, and answers with the tree that it wrote down."""

import io
import linecache
import os.path
import sys
import traceback
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from types import ModuleType

import msgspec

from fairlead.core.errors import Diagnostic, FairleadError, Span
from fairlead.core.json import Json, encode
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.tools import ToolCode, ToolFunction, ToolWorld
from fairlead.workflow.building.built import places_of, plain_tree
from fairlead.workflow.building.workflow import Workflow

TREE_BYTES_MAX = 1_000_000  # as of a file
_PRINTED_MAX = 200  # characters that are shown of what a file prints
_MODULE = "__fairlead_workflow__"  # a name that no import has
_PREFERRED = "wf"


class _Words(io.TextIOBase):
    """Takes what a file prints, keeps the beginning, and counts the rest."""

    def __init__(self) -> None:
        self.kept = ""
        self.count = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.kept += text[: _PRINTED_MAX - len(self.kept)] if len(self.kept) < _PRINTED_MAX else ""
        self.count += len(text)
        return len(text)


def build(code: ToolCode) -> ToolFunction:
    """The function that performs the file and gives its tree, the places of its calls, and what is wrong."""

    def built(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
        return Succeeded(
            _perform(code.path, code.files[code.path], os.path.join(world.root, os.path.dirname(code.path)))
        )

    return built


def _perform(path: str, text: str, beside: str) -> dict[str, Json]:
    """Perform the Python file *path* with the content *text*; modules are found in the directory *beside* too."""
    # Places are told in characters of the line, and the file may not be readable from here.
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    words = _Words()
    module = ModuleType(_MODULE)
    module.__file__ = path
    sys.modules[_MODULE] = module
    # Last: nothing that lies beside the file takes the place of an installed module.
    sys.path.append(beside)
    found: list[Diagnostic] = []
    answer: dict[str, Json] = {"tree": None, "places": []}
    try:
        with redirect_stdout(words), redirect_stderr(words):
            exec(compile(text, path, "exec", dont_inherit=True), module.__dict__)
        answer.update(_tree_of(path, module.__dict__))
    except FairleadError as refusal:
        found += [_placed(one, path, refusal) for one in refusal.diagnostics]
    except MemoryError:
        raise  # the child says which limit that was
    except BaseException as error:  # SystemExit too: a file may do anything
        found.append(_raised(error, path, text))
    finally:
        sys.path.remove(beside)
        del sys.modules[_MODULE]
    if words.count and not found:
        found.append(_printed(words, path))
    answer["diagnostics"] = msgspec.to_builtins(found)
    return answer


def _tree_of(path: str, names: Mapping[str, object]) -> dict[str, Json]:
    found = {name: one for name, one in names.items() if isinstance(one, Workflow)}
    distinct = {id(one): one for one in found.values()}
    if len(distinct) > 1 and _PREFERRED in found:
        distinct = {0: found[_PREFERRED]}
    if len(distinct) != 1:
        said = "the file holds no workflow" if not distinct else f"the file holds several workflows: {', '.join(found)}"
        hint = 'begin with `wf = Workflow("name")`' if not distinct else f"call the one that is meant `{_PREFERRED}`"
        raise FairleadError(Diagnostic("FL-W330", said, file=path, span=Span(1, 1, 1, 1), hints=(hint,)))
    (workflow,) = distinct.values()
    tree = workflow.tree
    size = len(encode(tree))
    if size > TREE_BYTES_MAX:
        said = f"the workflow has {size:,} bytes; a workflow may have {TREE_BYTES_MAX:,}"
        hint = "move data out of it into files that its steps read"
        raise FairleadError(Diagnostic("FL-W333", said, file=path, span=Span(1, 1, 1, 1), hints=(hint,)))
    places = [[list(where), msgspec.to_builtins(span)] for where, span in places_of(tree, path)]
    return {"tree": plain_tree(tree), "places": places}


def _placed(found: Diagnostic, path: str, error: FairleadError) -> Diagnostic:
    """A mistake in a builder call, shown in this file also when the call stands in a module that it imports."""
    if found.file == path or not found.span:
        return msgspec.structs.replace(found, file=path)
    line = _line_of(error, path)
    said = f"{found.message} ({os.path.basename(found.file)}, line {found.span.line})"
    return msgspec.structs.replace(
        found, message=said, file=path, span=Span(line, 1, line, 1), source=linecache.getline(path, line).rstrip("\n")
    )


def _line_of(error: BaseException, path: str) -> int:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return next((line for line in reversed(lines) if line), 1)


def _raised(error: BaseException, path: str, text: str) -> Diagnostic:
    line, column, end = _line_of(error, path), 1, 0
    if isinstance(error, SyntaxError) and error.filename == path and error.lineno:
        line, column = error.lineno, error.offset or 1
        end = error.end_offset or 0 if error.end_lineno == line else 0
        said = f"the file is not Python: {error.msg}"
    else:
        message = " ".join(str(error).split())
        message = message if len(message) <= 300 else message[:300] + "…"
        said = f"the file raised {type(error).__name__}: {message}".rstrip(": ")
    hint = "mend that line"
    if isinstance(error, ModuleNotFoundError):
        hint = "only installed libraries and modules beside the file are found"
    elif isinstance(error, OSError):
        hint = "a workflow file is performed without network, and may only read the project"
    lines = text.splitlines()
    source = lines[line - 1] if line <= len(lines) else ""
    span = Span(line, column, line, max(end, column))
    clean = said.encode("utf-8", "backslashreplace").decode().replace("\0", "�")
    return Diagnostic("FL-W331", clean, file=path, span=span, source=source, hints=(hint,))


def _printed(words: _Words, path: str) -> Diagnostic:
    first = " ".join(words.kept.split()) or "white space"
    first = first if len(first) <= 60 else first[:59] + "…"
    said = f"the file printed {words.count:,} characters, which are not shown: {first}"
    clean = said.encode("utf-8", "backslashreplace").decode().replace("\0", "�")
    hint = "remove the `print`; the file is performed each time it is named"
    return Diagnostic("FL-W334", clean, is_warning=True, file=path, span=Span(1, 1, 1, 1), hints=(hint,))
