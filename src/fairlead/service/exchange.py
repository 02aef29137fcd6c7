"""Runs that travel: a run that has ended, as one file, and taken over into another record.

The file is JSON Lines (gzip when its name ends in .gz), in this order:

    {"fairlead_run": 1, "run": "r-7q2k…", "contents": 3, "events": 15}
    {"digest": "sha256:…", "data": "<base64>"}              contents: the definition, large outputs
    {"epoch": 0, "at": 1790000000000000, "event": {"kind": "run.queued", …}}
                                                             events of the run, then of each run below it: the head has
                                                             `below`, a list of {"run": …, "events": …}
    {"end": "sha256:…"}                                      of all bytes before this line

The same run gives the same bytes, also from a record that took it over. What people said of the run later (accepted
findings) stays behind: whoever takes a run over decides anew.
"""

import base64
import binascii
import gzip
import os
import re
import zlib
from collections.abc import Callable, Iterator

import msgspec

from fairlead import __version__
from fairlead.core.errors import FairleadError, error
from fairlead.core.events import (
    INTERPRETER,
    AttemptStarted,
    Event,
    Recorded,
    RunEnded,
    RunImported,
    RunQueued,
    contents_of,
    decode_definition,
)
from fairlead.core.findings import path_text
from fairlead.core.ids import Epoch, Micros, RunId, Seq
from fairlead.core.json import Digest, digest
from fairlead.core.ports import Journal
from fairlead.core.state import fold
from fairlead.core.transitions import Impossible
from fairlead.core.workflow import Workflow, WorkflowAction
from fairlead.service.parts import Parts, Project
from fairlead.service.pinning import called_agents
from fairlead.service.runs import require_reader
from fairlead.views.reading import Readable

_FORMAT = 1
_FORMAT_OF_TREES = 2  # a run with runs below it
EXPORT_BYTES_MAX = 500_000_000  # of the file, unpacked
_RUN_ID = re.compile(r"r-[0-9a-z]{1,32}", re.ASCII)


class Exported(msgspec.Struct, frozen=True):
    """A run that was written to a file."""

    run: RunId
    path: str
    events: int
    contents: int
    size_bytes: int
    digest: Digest  # of the file, unpacked: what an import records
    below: tuple[RunId, ...] = ()  # the runs that were steps of it, which travel with it


class Imported(msgspec.Struct, frozen=True):
    """A run that was taken over."""

    run: RunId
    workflow: str
    status: str
    events: int
    digest: Digest
    is_new: bool  # False: the very same run was here already, and nothing was changed
    below: tuple[RunId, ...] = ()  # the runs that were steps of it, which came with it


class _Part(msgspec.Struct):
    run: str
    events: int


class _Head(msgspec.Struct, forbid_unknown_fields=False, omit_defaults=True):
    fairlead_run: int
    run: str
    contents: int
    events: int
    version: str = ""
    below: list[_Part] = []


class _Content(msgspec.Struct):
    digest: str
    data: str


class _Line(msgspec.Struct):
    epoch: Epoch
    at: Micros
    event: Event


class _End(msgspec.Struct):
    end: str


def export_run(parts: Parts, project: Project, run: RunId, path: str) -> Exported:
    """Write a run that has ended to *path*, whole or not at all.

    Raises:
        FairleadError: FL-S064 it has not ended; FL-S014 the file cannot be written (exit 8).
    """
    journal = require_reader(parts, project)
    tree = list(_tree_of(journal, run))
    for records in tree:
        one = records[0].run
        if not isinstance(records[-1].event, RunEnded):
            said = f"run {one} has not ended: only what is finished travels"
            raise error("FL-S064", said, f"fairlead resume {one}", f"fairlead cancel {one}", exit_code=2)
    whole_tree = [record for records in tree for record in records]
    names = list(dict.fromkeys(name for records in tree for name in _contents(journal, records)))
    encode = msgspec.json.Encoder().encode
    below = [_Part(records[0].run, len(records)) for records in tree[1:]]
    head = _Head(_FORMAT_OF_TREES if below else _FORMAT, run, len(names), len(tree[0]), __version__, below)
    lines = [encode(head)]
    lines += [encode(_Content(name, base64.b64encode(journal.get(name)).decode())) for name in names]
    lines += [encode(_Line(one.epoch, one.at, one.event)) for one in whole_tree]
    body = b"".join(line + b"\n" for line in lines)
    whole = body + encode(_End(digest(body))) + b"\n"
    # Without a name and a time in it, the same run always gives the same bytes.
    data = gzip.compress(whole, mtime=0) if path.endswith(".gz") else whole
    try:
        parts.files.write(path, data)
    except OSError as refusal:
        why = refusal.strerror or type(refusal).__name__
        said = f"{path_text(path)} cannot be written: {why}"
        raise error("FL-S014", said, "name another place with -o", exit_code=8) from None
    return Exported(
        *(run, path_text(path), len(whole_tree), len(names), len(data), digest(whole)),
        below=tuple(RunId(part.run) for part in below),
    )


def _tree_of(journal: Readable, run: RunId) -> Iterator[list[Recorded]]:
    """The events of *run*, then those of every run that was a step of it, in the order in which they were begun."""
    records = _records_of(journal, run)
    yield records
    children = [one.event.child for one in records if isinstance(one.event, AttemptStarted) and one.event.child]
    for child in dict.fromkeys(children):
        if next(iter(journal.events_of(RunId(child))), None) is not None:  # an intent may be all that there is of it
            yield from _tree_of(journal, RunId(child))


def _records_of(journal: Readable, run: RunId) -> list[Recorded]:
    """The events of a run up to its end; what was said of it later is left out."""
    records: list[Recorded] = []
    for record in journal.events_of(run):
        records.append(record)
        if isinstance(record.event, RunEnded):
            break
    return records


def _contents(journal: Readable, records: list[Recorded]) -> list[Digest]:
    """What the events name in the content store, and what the workflow names there, each once."""
    names = [name for record in records for name in contents_of(record.event)]
    first = records[0].event
    assert isinstance(first, RunQueued), "a run that was read begins with run.queued"
    names += _named_in(decode_definition(journal.get(first.definition)), journal.get)
    return list(dict.fromkeys(names))


def _named_in(workflow: Workflow, get: Callable[[Digest], bytes]) -> Iterator[Digest]:
    """What *workflow* names in the content store: agents, and workflows that it calls, with all that these name."""
    for _, definition in called_agents(workflow):
        if definition:
            yield definition
    for planned in workflow.plan.values():
        action = planned.step.action
        if isinstance(action, WorkflowAction) and action.definition:
            yield action.definition
            yield from _named_in(decode_definition(get(action.definition)), get)


def import_run(parts: Parts, project: Project, path: str) -> Imported:
    """Take the run of an export over. The same export twice is one run.

    Raises:
        FairleadError: FL-S067 the file is no whole export, with what is wrong where; FL-S068 another run has this id;
            FL-R103 its key belongs to another start. Nothing is changed then.
    """
    whole = _read(parts, path)
    tree, contents = _parse(whole, path)
    records = tree[0]
    run, first, last = records[0].run, records[0].event, records[-1].event
    assert isinstance(first, RunQueued)
    assert isinstance(last, RunEnded)
    named = digest(whole)
    journal = parts.journal(project)
    missing = [one for one in tree if not _is_here(_records_of(journal, one[0].run), one)]
    if missing:
        for data in contents.values():
            journal.put(data)
    # From below: where the outermost run is, all of it is.
    taken = [one[0].run for one in reversed(missing) if _take(journal, one, RunImported(named, parts.user))]
    return Imported(
        *(run, first.workflow, last.status, sum(map(len, tree)), named),
        is_new=run in taken,
        below=tuple(one[0].run for one in tree[1:]),
    )


def _take(journal: Journal, records: list[Recorded], remark: RunImported) -> bool:
    """Take one run over; False when another process has done so since we looked."""
    try:
        journal.take_over(records, remark)
    except FairleadError as refusal:
        if refusal.diagnostics[0].code != "FL-R104" or not _is_here(_records_of(journal, records[0].run), records):
            raise
        return False
    return True


def _is_here(here: list[Recorded], records: list[Recorded]) -> bool:
    """Whether this very run stands in the record already.

    Raises:
        FairleadError: FL-S068 another run has its id.
    """
    if not here:
        return False
    if [(one.at, one.epoch, one.event) for one in here] == [(one.at, one.epoch, one.event) for one in records]:
        return True
    run = records[0].run
    raise error("FL-S068", f"another run here has the id {run}", f"fairlead runs show {run}", exit_code=2)


def _read(parts: Parts, path: str) -> bytes:
    data = parts.files.read(path, limit=EXPORT_BYTES_MAX + 1)
    if data is None:
        raise error(
            "FL-S008", f"there is no file {path_text(path)}", "name a file that `runs export` wrote", exit_code=2
        )
    if data[:2] == b"\x1f\x8b":
        unpacker = zlib.decompressobj(wbits=31)
        try:
            data = unpacker.decompress(data, EXPORT_BYTES_MAX + 1)
        except zlib.error:
            raise _broken(path, 1, "it is damaged: gzip cannot unpack it") from None
        if len(data) <= EXPORT_BYTES_MAX and not unpacker.eof:
            raise _broken(path, 1, "it ends in the middle")
    if len(data) > EXPORT_BYTES_MAX:
        raise _broken(path, 1, f"it has more than {EXPORT_BYTES_MAX:,} bytes")
    return data


def _broken(path: str, line: int, why: str) -> FairleadError:
    hint = "export the run again with `fairlead runs export`, and copy the file as it is"
    return error("FL-S067", f"{path_text(path)}, line {line}: {why}", hint, exit_code=2)


def _parse(whole: bytes, path: str) -> tuple[list[list[Recorded]], dict[Digest, bytes]]:
    lines = whole.split(b"\n")
    if lines[-1] != b"" or len(lines) < 5:
        raise _broken(path, len(lines), "it ends in the middle, or is no export of a run")
    number = 1
    try:
        head = msgspec.json.decode(lines[0], type=_Head)
        parts = [_Part(head.run, head.events), *head.below]
        is_known = head.fairlead_run in (_FORMAT, _FORMAT_OF_TREES)
        if not is_known or not all(_RUN_ID.fullmatch(part.run) and part.events > 0 for part in parts):
            raise _broken(path, 1, f"this build reads exports of the formats {_FORMAT} and {_FORMAT_OF_TREES} only")
        number = len(lines) - 1
        end = msgspec.json.decode(lines[-2], type=_End)
        body = whole[: len(whole) - len(lines[-2]) - 1]
        if end.end != digest(body) or len(lines) != head.contents + sum(part.events for part in parts) + 3:
            raise _broken(path, number, "its end does not fit what stands before it: it was cut or altered")
        contents: dict[Digest, bytes] = {}
        for line in lines[1 : 1 + head.contents]:
            number = 2 + len(contents)
            content = msgspec.json.decode(line, type=_Content)
            data = base64.b64decode(content.data, validate=True)
            if digest(data) != content.digest:
                raise _broken(path, number, "its content is not what its digest names")
            contents[digest(data)] = data
        tree: list[list[Recorded]] = []
        number = 1 + head.contents
        for part in parts:
            records: list[Recorded] = []
            for line in lines[number : number + part.events]:
                number += 1
                one = msgspec.json.decode(line, type=_Line)
                records.append(Recorded(Seq(len(records) + 1), RunId(part.run), one.epoch, one.at, one.event))
            tree.append(records)
    except (msgspec.MsgspecError, binascii.Error) as wrong:
        raise _broken(path, number, f"it cannot be read: {wrong}") from None
    for records in tree:
        _check(records, contents, path)
    _check_tree(tree, path)
    return tree, contents


def _check_tree(tree: list[list[Recorded]], path: str) -> None:
    """Whether each run below is a step of one before it, and there once."""
    seen: set[tuple[str, str]] = set()  # a run, and a child that a step of it names
    known: set[str] = set()
    for records in tree:
        run, first = records[0].run, records[0].event
        is_step = isinstance(first, RunQueued) and (first.parent, run) in seen
        if run in known or (known and not is_step):
            raise _broken(path, 1, f"{run} is not a step of a run in it")
        known.add(run)
        seen |= {(run, one.event.child) for one in records if isinstance(one.event, AttemptStarted)}


def _check(records: list[Recorded], contents: dict[Digest, bytes], path: str) -> None:
    """Whether the events are the life of one run of which nothing is missing."""
    first = records[0].event if records else None
    if not isinstance(first, RunQueued) or not isinstance(records[-1].event, RunEnded):
        raise _broken(path, 1, "its events are not those of one run from its start to its end")
    if first.interpreter != INTERPRETER:
        raise _broken(path, 1, f"the run is of interpreter {first.interpreter}; this build has {INTERPRETER}")
    names = [name for record in records for name in contents_of(record.event)]
    try:
        if first.definition in contents:
            workflow = decode_definition(contents[first.definition])
            names += _named_in(workflow, contents.__getitem__)
        missing = [name for name in names if name not in contents]
        if missing:
            raise _broken(path, 1, f"the content {missing[0][:19]}… that an event names is not in it")
        fold(workflow, records)
    except (msgspec.MsgspecError, Impossible, KeyError) as wrong:
        raise _broken(path, 1, f"its events cannot have happened: {wrong}") from None


def default_path(run: RunId) -> str:
    """Where an export goes when nobody says where."""
    return os.path.join(os.curdir, f"{run}.jsonl.gz")
