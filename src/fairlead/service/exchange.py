"""Runs that travel: a run that has ended, as one file, and taken over into another record.

The file is JSON Lines (gzip when its name ends in .gz), in this order:

    {"fairlead_run": 1, "run": "r-7q2k…", "contents": 3, "events": 15}
    {"digest": "sha256:…", "data": "<base64>"}              contents: the definition, large outputs
    {"epoch": 0, "at": 1790000000000000, "event": {"kind": "run.queued", …}}
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
from collections.abc import Iterator

import msgspec

from fairlead import __version__
from fairlead.core.errors import FairleadError, error
from fairlead.core.events import (
    INTERPRETER,
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
from fairlead.core.state import fold
from fairlead.core.transitions import Impossible
from fairlead.core.workflow import Workflow
from fairlead.service.parts import Parts, Project
from fairlead.service.pinning import called_agents
from fairlead.service.runs import require_reader
from fairlead.views.reading import Readable

_FORMAT = 1
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


class Imported(msgspec.Struct, frozen=True):
    """A run that was taken over."""

    run: RunId
    workflow: str
    status: str
    events: int
    digest: Digest
    is_new: bool  # False: the very same run was here already, and nothing was changed


class _Head(msgspec.Struct, forbid_unknown_fields=False):
    fairlead_run: int
    run: str
    contents: int
    events: int
    version: str = ""


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
    records = _records_of(journal, run)
    if not isinstance(records[-1].event, RunEnded):
        said = f"run {run} has not ended: only what is finished travels"
        raise error("FL-S064", said, f"fairlead resume {run}", f"fairlead cancel {run}", exit_code=2)
    names = _contents(journal, records)
    encode = msgspec.json.Encoder().encode
    head = _Head(_FORMAT, run, len(names), len(records), __version__)
    lines = [encode(head)]
    lines += [encode(_Content(name, base64.b64encode(journal.get(name)).decode())) for name in names]
    lines += [encode(_Line(one.epoch, one.at, one.event)) for one in records]
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
    return Exported(run, path_text(path), len(records), len(names), len(data), digest(whole))


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
    names += _agents_of(decode_definition(journal.get(first.definition)))
    return list(dict.fromkeys(names))


def _agents_of(workflow: Workflow) -> Iterator[Digest]:
    for _, definition in called_agents(workflow):
        if definition:
            yield definition


def import_run(parts: Parts, project: Project, path: str) -> Imported:
    """Take the run of an export over. The same export twice is one run.

    Raises:
        FairleadError: FL-S067 the file is no whole export, with what is wrong where; FL-S068 another run has this id;
            FL-R103 its key belongs to another start. Nothing is changed then.
    """
    whole = _read(parts, path)
    records, contents = _parse(whole, path)
    run, first, last = records[0].run, records[0].event, records[-1].event
    assert isinstance(first, RunQueued)
    assert isinstance(last, RunEnded)
    named = digest(whole)
    taken = Imported(run, first.workflow, last.status, len(records), named, is_new=True)
    journal = parts.journal(project)
    if not _is_here(_records_of(journal, run), records):
        for data in contents.values():
            journal.put(data)
        try:
            journal.take_over(records, RunImported(named, parts.user))
            return taken
        except FairleadError as refusal:
            # Another process may have taken over the same file since we looked.
            if refusal.diagnostics[0].code != "FL-R104" or not _is_here(_records_of(journal, run), records):
                raise
    return msgspec.structs.replace(taken, is_new=False)


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


def _parse(whole: bytes, path: str) -> tuple[list[Recorded], dict[Digest, bytes]]:
    lines = whole.split(b"\n")
    if lines[-1] != b"" or len(lines) < 5:
        raise _broken(path, len(lines), "it ends in the middle, or is no export of a run")
    number = 1
    try:
        head = msgspec.json.decode(lines[0], type=_Head)
        if head.fairlead_run != _FORMAT or not _RUN_ID.fullmatch(head.run):
            raise _broken(path, 1, f"this build reads exports of format {_FORMAT} only")
        number = len(lines) - 1
        end = msgspec.json.decode(lines[-2], type=_End)
        body = whole[: len(whole) - len(lines[-2]) - 1]
        if end.end != digest(body) or len(lines) != head.contents + head.events + 3:
            raise _broken(path, number, "its end does not fit what stands before it: it was cut or altered")
        contents: dict[Digest, bytes] = {}
        for line in lines[1 : 1 + head.contents]:
            number = 2 + len(contents)
            content = msgspec.json.decode(line, type=_Content)
            data = base64.b64decode(content.data, validate=True)
            if digest(data) != content.digest:
                raise _broken(path, number, "its content is not what its digest names")
            contents[digest(data)] = data
        records: list[Recorded] = []
        for line in lines[1 + head.contents : -2]:
            number = 2 + head.contents + len(records)
            one = msgspec.json.decode(line, type=_Line)
            records.append(Recorded(Seq(len(records) + 1), RunId(head.run), one.epoch, one.at, one.event))
    except (msgspec.MsgspecError, binascii.Error) as wrong:
        raise _broken(path, number, f"it cannot be read: {wrong}") from None
    _check(records, contents, path)
    return records, contents


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
            names += _agents_of(workflow)
        missing = [name for name in names if name not in contents]
        if missing:
            raise _broken(path, 1, f"the content {missing[0][:19]}… that an event names is not in it")
        fold(workflow, records)
    except (msgspec.MsgspecError, Impossible, KeyError) as wrong:
        raise _broken(path, 1, f"its events cannot have happened: {wrong}") from None


def default_path(run: RunId) -> str:
    """Where an export goes when nobody says where."""
    return os.path.join(os.curdir, f"{run}.jsonl.gz")
