"""The child's side: an agent of one's own is imported here, and only here, from the bytes that its digest names."""

import importlib.abc
import importlib.util
import os.path
import sys
import traceback
from collections.abc import Callable, Mapping
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import msgspec

from fairlead.agents.own.context import Context
from fairlead.agents.own.decorator import MARK, Marked
from fairlead.agents.own.findings import FINDINGS_MAX, Findings, WrongUse
from fairlead.agents.own.signature import Signature, Unusable, signature_of
from fairlead.core.errors import FairleadError
from fairlead.core.findings import Finding, Fingerprints
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.tools import ToolCode, ToolFunction, ToolWorld

UNREAD_SHOWN_MAX = 100  # findings about files that were not read; more are counted in `stats`
_LOG = "its log has the traceback: `fairlead logs`"


class _FromMemory(importlib.abc.SourceLoader):
    """Loads the files of an agent as they were handed over: what lies on disk by now is not asked."""

    def __init__(self, code: ToolCode) -> None:
        self.files = dict(code.files)
        self.modules = {os.path.basename(path).removesuffix(".py"): path for path in self.files}

    def get_filename(self, fullname: str) -> str:
        return self.modules[fullname]

    def get_data(self, path: "bytes | str") -> bytes:
        if path not in self.files:
            raise OSError(f"{path!r} is no part of this agent")
        return self.files[str(path)].encode()


class _Beside(importlib.abc.MetaPathFinder):
    """Finds the modules that lie beside an agent, after everything that is installed: none of them can shadow."""

    def __init__(self, code: ToolCode) -> None:
        self._loader = _FromMemory(code)

    def find_spec(self, fullname: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname not in self._loader.modules:
            return None
        return importlib.util.spec_from_loader(fullname, self._loader, origin=self._loader.modules[fullname])

    def load(self, path: str) -> ModuleType:
        """Import the agent's own file."""
        # Under a name that nothing else has: an agent called `json` must not take the place of the library.
        name = "fairlead_agent_" + os.path.basename(path).removesuffix(".py").replace("-", "_")
        self._loader.modules[name] = path
        spec = importlib.util.spec_from_loader(name, self._loader, origin=path)
        assert spec is not None  # a loader was given
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        self._loader.exec_module(module)
        return module


class _Broken(Exception):
    """The agent cannot be called; carries the outcome that says why."""

    def __init__(self, outcome: Failed) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


class _Own(msgspec.Struct, frozen=True):
    """An agent, imported."""

    function: Callable[..., Any]  # Any: it gives what its type says
    marked: Marked
    signature: Signature


def describe(code: ToolCode) -> ToolFunction:
    """The function that tells what cannot be read without importing: schemas, and the decorator's arguments."""

    def described(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
        try:
            own = _load(code)
        except _Broken as broken:
            return broken.outcome
        output: dict[str, Json] = msgspec.to_builtins(own.marked)
        output["description"] = (own.function.__doc__ or "").strip()
        output["input_schema"] = own.signature.input_schema
        output["output_schema"] = own.signature.output_schema
        return Succeeded(output)

    return described


def prepare(code: ToolCode) -> ToolFunction:
    """The function that calls the agent."""

    def call(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
        try:
            own = _load(code)
            return _call(own, code, inputs, world)
        except _Broken as broken:
            return broken.outcome

    return call


def _load(code: ToolCode) -> _Own:
    beside = _Beside(code)
    sys.meta_path.append(beside)
    try:
        module = beside.load(code.path)
    except MemoryError:
        raise
    except BaseException as error:  # SystemExit too: a module may do anything
        traceback.print_exc()
        hint = f"mend that line, then: fairlead agents check {code.name}"  # `check` keeps no log
        if isinstance(error, ModuleNotFoundError):
            hint = f"only files directly beside it in {os.path.dirname(code.path)} and installed libraries are found"
        failed = _failed("FL-A153", f"importing the agent raised {_told(error)}", error, code, hint)
        raise _Broken(failed) from None
    function = getattr(module, code.function, None)
    if not callable(function):
        reason = f"there is no function `{code.function}` in {code.path}"
        raise _Broken(Failed("author", "FL-A011", reason, "mend the name after the colon"))
    marked = getattr(function, MARK, None) or Marked(name=code.name)
    try:
        return _Own(function, marked, signature_of(function))
    except Unusable as error:
        where = {"return": "what it gives", "": f"`{code.function}`"}.get(error.parameter, f"`{error.parameter}`")
        output: dict[str, Json] = {"path": code.path, "parameter": error.parameter}
        raise _Broken(Failed("author", "FL-A012", f"{where}: {error}", "", output)) from None


def _call(own: _Own, code: ToolCode, inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    context = Context(code.name, code.reads or own.marked.reads, world)
    try:
        arguments = own.signature.arguments(inputs)
    except Unusable as error:
        return Failed("author", "FL-A111", f"the input `{error.parameter}` does not fit: {error}")
    try:
        answer = own.function(context, **arguments)
    except (MemoryError, FairleadError):
        raise  # of the world, which says better what it is
    except WrongUse as error:
        _log_traceback(error)
        return _failed("FL-R246", str(error), error, code, "mend the agent; `fairlead agents test` tries it")
    except BaseException as error:  # SystemExit too: ending is not the agent's to decide
        _log_traceback(error)
        return _failed("FL-R230", f"the agent raised {_told(error)}", error, code, _LOG)
    if own.signature.gives is Findings:
        return _reported(answer, context, world)
    try:
        output = msgspec.to_builtins(msgspec.convert(msgspec.to_builtins(answer), own.signature.gives))
    except (TypeError, ValueError, RecursionError) as error:
        said = f"the function's answer is not what its type says: {error}"
        return Failed("agent", "FL-R246", said, "return what the function's type promises")
    return Succeeded(output, "", tuple(_left_out(context)))


def _reported(answer: object, context: Context, world: ToolWorld) -> Outcome:
    if not isinstance(answer, Findings):
        said = f"the function gave {type(answer).__name__} instead of its findings"
        return Failed("agent", "FL-R246", said, "end it with `return out`, where `out = ctx.findings()`")
    degraded: list[str] = []
    if answer.more:
        degraded.append(f"It found {len(answer):,} problems; only the first {FINDINGS_MAX:,} are kept.")
    if context.left_out:
        degraded.append(f"{context.left_out} files of the tree were left out because there are too many.")
    findings = answer.completed() + _unread_findings(context)
    world.found(len(findings) + answer.more - len(answer))
    files = len(context.seen) - len(context.unread)
    stats = {
        "files": files,
        "unread": len(context.unread),
        "binary": len(context.binary),
        "left_out": context.left_out,
    }
    rows = [{**msgspec.to_builtins(finding), "origin": list(finding.origin)} for finding in findings]
    number = len(findings)
    summary = f"{number} finding{'' if number == 1 else 's'} in {files} file{'' if files == 1 else 's'}"
    return Succeeded({"findings": rows, "stats": stats}, summary, tuple(degraded))


def _unread_findings(context: Context) -> list[Finding]:
    """What could not be read is reported, never taken for clean."""
    prints = Fingerprints()
    rule = f"{context.agent}/unread-file"
    shown = sorted(context.unread.items())[:UNREAD_SHOWN_MAX]
    return [
        Finding(
            rule=rule,
            severity="info",
            path=path,
            line=0,
            column=0,
            message=f"The file was not read: {why}.",
            fingerprint=prints.of(rule, path, why),
            origin=(context.agent,),
        )
        for path, why in shown
    ]


def _left_out(context: Context) -> list[str]:
    said = []
    if context.unread:
        first, why = sorted(context.unread.items())[0]
        said.append(f"{len(context.unread)} files were not read, the first {first}: {why}.")
    if context.left_out:
        said.append(f"{context.left_out} files of the tree were left out because there are too many.")
    return said


def _failed(code: str, message: str, error: BaseException, own: ToolCode, hint: str) -> Failed:
    """A failure with the place in the agent's own code where it happened, and never the values of its variables."""
    place = ""
    output: dict[str, Json] = {}
    if isinstance(error, SyntaxError) and error.filename in own.files and error.lineno:
        output = {"path": error.filename, "line": error.lineno}
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename in own.files and frame.lineno:
            output = {"path": frame.filename, "line": frame.lineno}
    if output:
        place = f" ({output['path']}, line {output['line']})"
    return Failed("author" if code.startswith("FL-A") else "agent", code, message + place, hint, output or None)


def _log_traceback(error: BaseException) -> None:
    """Without our own frame: the author's code is what has to be mended."""
    trace = error.__traceback__
    traceback.print_exception(error.with_traceback(trace.tb_next if trace and trace.tb_next else trace))


def _told(error: BaseException) -> str:
    text = " ".join(str(error).split())
    text = text if len(text) <= 300 else text[:300] + "…"
    text = text.encode("utf-8", "backslashreplace").decode().replace("\0", "�")
    return f"{type(error).__name__}: {text}".rstrip(": ")
