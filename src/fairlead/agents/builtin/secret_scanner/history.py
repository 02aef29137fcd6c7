"""Credentials in the git history: what the newest commits added, within a bound of commits, bytes and time."""

import os
import re
from collections.abc import Iterator, Sequence

import msgspec

from fairlead.agents.builtin.secret_scanner import formats
from fairlead.agents.builtin.secret_scanner.texts import Past, Report, finding_of, most_severe, scan_text
from fairlead.core.findings import Finding, path_from_text, path_text
from fairlead.core.json import Json
from fairlead.core.tools import ProcessResult, ToolWorld

BYTES_MAX = 50_000_000  # of patch text
SECONDS_MAX = 30.0  # that git takes
GONE_MAX = 1000  # findings that stand only in history; the most severe ones are kept and the others counted
_PAGE_COMMITS = 50  # one answer of git; small, because it is held in memory
_PAGE_BYTES = 8_000_000
BLOCK_BYTES_MAX = 2_000_000  # of one added block, as for a file

# The repository's own configuration must not decide what is shown or which programs run.
_LOG = (
    "log",
    "-p",
    "-U0",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--no-show-signature",
    "--no-notes",
    "--no-decorate",
    "--root",
    "--relative",  # the tree may be a folder of the repository
    "--submodule=short",
    "--dst-prefix=b/",
    "--format=%x00%H %as",
)
_COMMIT = re.compile(rb"^\0[0-9a-f]{40,64} ", re.MULTILINE)  # a line of a patch never begins with a NUL
_HUNK = re.compile(rb"@@ -\S+ \+(\d+)")
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)")
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


class _Block(msgspec.Struct):
    """Neighbouring lines that one commit added to one file."""

    commit: str
    date: str
    path: str
    line: int
    lines: list[bytes]


class Search(msgspec.Struct):
    """What the history gave, and how far it was read."""

    is_searched: bool = True
    commit_count: int = 0
    byte_count: int = 0
    is_complete: bool = True
    note: str = ""
    sightings: dict[bytes, Past] = {}
    degraded: tuple[str, ...] = ()

    def stats(self) -> dict[str, Json]:
        return {
            "searched": self.is_searched,
            "commits": self.commit_count,
            "bytes": self.byte_count,
            "complete": self.is_complete,
            "note": self.note,
        }

    def findings(self, report: Report) -> list[Finding]:
        """One finding for each credential that is gone from the tree but not from the history."""
        present = {sighting.digest for sighting in report.sightings} | report.excused
        gone = [past for digest, past in self.sightings.items() if digest not in present]
        gone.sort(key=lambda past: (past.sighting.path, past.sighting.line, past.sighting.column, past.commit))
        kept = most_severe([past.sighting for past in gone], GONE_MAX)
        if len(kept) < len(gone):
            self.degraded += (f"The history holds {len(gone) - len(kept)} more credentials, which are only counted.",)
            report.beyond += len(gone) - len(kept)
        pasts = (self.sightings[sighting.digest] for sighting in kept)
        return [finding_of(past.sighting, report.fingerprints, past, is_gone=True) for past in pasts]


def nothing(why: str) -> Search:
    """No search at all, and the reason."""
    return Search(is_searched=False, is_complete=False, note=f"The history was not searched: {why}.")


def search(world: ToolWorld, report: Report, paths: Sequence[str], commits_max: int) -> Search:
    """Read the newest *commits_max* commits of HEAD that touch *paths*, newest first."""
    if not world.is_git:
        return nothing("this is no git repository")
    head = world.git("rev-parse", "-q", "--verify", "HEAD^{commit}")
    if head.exit_code != 0:
        if head.exit_code == 1:
            return Search(note="The repository has no commit yet.")
        failed = nothing(f"git ended with {head.exit_code}")
        failed.degraded = (f"The git history was not searched: {_reason(head)}.",)
        return failed
    found = Search()
    _read(world, report, found, paths, commits_max)
    if world.git("rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
        _stop(found, "the clone is shallow, so that older commits are not here")
    return found


def _read(world: ToolWorld, report: Report, found: Search, paths: Sequence[str], commits_max: int) -> None:
    wanted = ("--", *(f":(literal){path_from_text(path)}" for path in paths)) if paths else ()
    page, seconds = _PAGE_COMMITS, 0.0
    while found.commit_count < commits_max:
        if found.byte_count >= BYTES_MAX:
            return _stop(found, f"only the newest {BYTES_MAX // 1_000_000} MB of changes were read")
        if seconds >= SECONDS_MAX:
            return _stop(found, f"git took {SECONDS_MAX:.0f} s")
        count = min(page, commits_max - found.commit_count)
        limit = min(_PAGE_BYTES, BYTES_MAX - found.byte_count)
        answer = world.git(
            *_LOG,
            f"--skip={found.commit_count}",
            f"--max-count={count}",
            "HEAD",
            *wanted,
            timeout_s=max(1.0, SECONDS_MAX - seconds),
            stdout_max=limit,
        )
        seconds += answer.seconds
        if answer.is_timed_out:
            return _stop(found, f"git took {SECONDS_MAX:.0f} s")
        if answer.is_cut and count > 1:
            page = max(1, count // 4)  # ask for less, so that only a single huge commit is ever cut
            continue
        if answer.is_cut:
            _stop(found, f"a commit of more than {limit // 1_000_000} MB was read only in part")
        commits = len(_COMMIT.findall(answer.stdout))
        _look(answer.stdout, world, report, found)
        found.commit_count += min(commits, count)
        page = min(_PAGE_COMMITS, page * 2)
        found.byte_count += len(answer.stdout)
        world.progress(f"{found.commit_count} commits of the history")
        if answer.exit_code != 0 and not answer.is_cut:
            found.degraded = (f"The git history was not read to its end: {_reason(answer)}.",)
            return _stop(found, f"git ended with {answer.exit_code}")
        if commits < count:
            return None
    following = world.git("rev-list", "--max-count=1", f"--skip={found.commit_count}", "HEAD", *wanted)
    if following.stdout.strip():
        _stop(found, f"only the newest {found.commit_count} commits were read")
    return None


def _reason(answer: ProcessResult) -> str:
    said = answer.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"git ended with {answer.exit_code} ({said[0][:200] if said else 'no message'})"


def _stop(found: Search, why: str) -> None:
    found.is_complete = False
    found.note = f"{found.note} " if found.note else ""
    found.note += f"{why[0].upper()}{why[1:]}."


def _look(patch: bytes, world: ToolWorld, report: Report, found: Search) -> None:
    forms = formats.forms_for(patch)  # once for the page: its blocks are many and short
    scratch = Report()  # counts of the past are not counts of the tree
    for block in _blocks(patch):
        data = b"\n".join(block.lines)
        if len(data) > BLOCK_BYTES_MAX or b"\0" in data[:8192]:
            continue
        sightings = scan_text(data.decode("utf-8", "replace"), path_text(os.fsdecode(block.path)), scratch, forms)
        for sighting in sightings:
            sighting.line += block.line - 1
            known = found.sightings.get(sighting.digest)
            if known is None:
                found.sightings[sighting.digest] = Past(sighting, block.commit, block.date)
            elif known.commit == block.commit:
                continue
            else:
                # Commits come newest first: an older one is the better answer to "since when".
                found.sightings[sighting.digest] = Past(sighting, block.commit, block.date, known.commits + 1)
    report.excused |= scratch.excused


def _blocks(patch: bytes) -> Iterator[_Block]:
    commit = date = path = ""
    block: _Block | None = None
    is_header = True  # between "diff --git" and the first hunk, where "+++" is no added line
    for line in patch.split(b"\n"):
        if not is_header and line.startswith(b"+"):
            if block is not None:
                block.lines.append(line[1:])
            continue
        if line.startswith(b"@@ "):
            is_header = False
            if block is not None and block.lines:
                yield block
            start = _HUNK.match(line)
            block = _Block(commit, date, path, int(start[1]), []) if start and path else None
        elif line.startswith(b"diff --git "):
            is_header = True
            path = ""
        elif line.startswith(b"\0"):
            is_header = True
            commit, _, date = line[1:].decode("ascii", "replace").partition(" ")
        elif line.startswith(b"+++ "):
            path = _path(line[4:])
    if block is not None and block.lines:
        yield block


def _path(name: bytes) -> str:
    """The path after `+++ `, without git's quotes; empty for a deleted file."""
    name = name.rstrip(b"\t")
    if name.startswith(b'"') and name.endswith(b'"'):
        name = _ESCAPED.sub(_unescaped, name[1:-1])
    return os.fsdecode(name.removeprefix(b"b/")) if name != b"/dev/null" else ""


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8)]) if len(code) == 3 else _LETTERS.get(code, code)
