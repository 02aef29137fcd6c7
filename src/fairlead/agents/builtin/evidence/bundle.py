"""The evidence-bundle: what shows that a run did what it says, as files with digests that anybody can compare."""

from collections.abc import Callable, Mapping

import msgspec

from fairlead.agents.builtin.evidence.reading import read_evidence
from fairlead.agents.builtin.evidence.verdict import judge, markdown
from fairlead.agents.hiding import hidden
from fairlead.core.json import Json, digest, encode
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.tools import ToolWorld

_VERSION = 1  # of the bundle's form


def bundle(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Write the evidence down in every format that this build writes; the others are named, and the step degraded.

    The plain bundle is always written. The same evidence gives the same bytes, and so the same digest.
    """
    evidence: dict[str, Json] = inputs.get("evidence") or {}
    asked = list(dict.fromkeys(str(name) for name in inputs.get("formats") or ()))
    written = [name for name in _WRITERS if name == "json" or name in asked]
    missing = [name for name in asked if name not in _WRITERS]
    rows: list[Json] = []
    for name in written:
        path, write = _WRITERS[name]
        content = _masked(path, write(evidence))
        data = content.encode("utf-8")
        rows.append({"path": path, "format": name, "digest": digest(data), "bytes": len(data), "content": content})
    degraded = []
    if missing:
        degraded.append(f"Not written, because this build has no such format: {', '.join(missing)}.")
    if not evidence:
        degraded.append("No evidence was handed in, so the bundle is empty: give it `evidence: ${ run.evidence }`.")
    output: dict[str, Json] = {
        "files": rows,
        "digest": digest(encode([[row["path"], row["digest"]] for row in rows])),
        "not_written": missing,
    }
    line = f"{len(rows)} file{'' if len(rows) == 1 else 's'}: {', '.join(written)}"
    return Succeeded(output, line, tuple(degraded))


def _masked(path: str, content: str) -> str:
    """*content* as it will be recorded: masked any later, it would not be what its digest names."""
    output = hidden(Succeeded({"path": path, "content": content})).output
    assert output is not None, "what succeeded has an output"
    return str(output["content"])


def _json(evidence: Mapping[str, Json]) -> str:
    """The evidence as it was recorded, with the verdict that its rules give."""
    verdict, reasons = judge(read_evidence(evidence))
    whole = {"fairlead_evidence": _VERSION, "verdict": verdict, "reasons": reasons, "evidence": evidence}
    return msgspec.json.format(encode(whole), indent=2).decode("utf-8") + "\n"


def _markdown(evidence: Mapping[str, Json]) -> str:
    return markdown(read_evidence(evidence))


_WRITERS: dict[str, tuple[str, Callable[[Mapping[str, Json]], str]]] = {
    "json": ("evidence/evidence.json", _json),
    "markdown": ("evidence/verdict.md", _markdown),
}
