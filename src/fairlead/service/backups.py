"""`backup`, `restore` and `journal repair`: the record as it was at one moment, kept elsewhere and brought back."""

import os.path
from typing import TYPE_CHECKING

import msgspec

from fairlead.core.errors import error
from fairlead.core.findings import path_text
from fairlead.core.ids import Micros, Seq
from fairlead.service.parts import Parts, Project

if TYPE_CHECKING:
    from fairlead.journal.backup_files import Contents


class BackedUp(msgspec.Struct, frozen=True):
    """What a backup holds."""

    path: str
    receipt: str  # of its last event
    last_event: Seq
    runs: int
    contents: int  # of the content store
    files: int  # all files of the backup but its list
    bytes: int  # of them
    made_at: Micros


class Span(msgspec.Struct, frozen=True):
    """Events from one number to another, both included."""

    first: Seq
    last: Seq


class Restored(msgspec.Struct, frozen=True):
    """What a restore brought back."""

    state_dir: str
    backup: BackedUp
    kept_as: str  # where what was there before lies now; "" when there was nothing
    lost: tuple[Span, ...]  # events that the record which was there remembers, and the backup does not hold


class Damage(msgspec.Struct, frozen=True):
    """One thing that was not as it was written."""

    event: Seq  # 0 when it is about no single one
    code: str
    text: str


class Repaired(msgspec.Struct, frozen=True):
    """What a repair found, and what it did or, without `--write`, would do."""

    state_dir: str
    is_written: bool
    damage: tuple[Damage, ...]  # none: there is nothing to repair
    last_event: Seq  # of the repaired journal
    kept: int  # events that the damaged journal still had
    from_backup: tuple[Span, ...]
    lost: tuple[Span, ...]  # events that somebody remembers and nobody has
    contents_from_backup: int
    contents_lost: tuple[str, ...]
    events_without_contents: tuple[Seq, ...]  # the first event that names each of those
    files_from_backup: int  # of runs: trees, effects, logs
    kept_as: str  # where the damaged files lie now


def make_backup(parts: Parts, project: Project, to: str) -> BackedUp:
    """Make a backup of the project's record in the new directory *to*, also while others write.

    Raises:
        FairleadError: FL-S004 nothing was ever recorded here; FL-L030, FL-L039, and FL-L0xx when the record is damaged.
    """
    from fairlead.journal.backup import back_up

    if parts.reader(project) is None:
        raise error("FL-S004", f"there is no run in {project.name} yet", "fairlead review", exit_code=2)
    return _shown(to, back_up(project.state_dir, to, clock=parts.clock))


def restore_backup(parts: Parts, project: Project, source: str, *, is_replacing: bool, receipt: str) -> Restored:
    """Bring a backup back as the project's record; what is there is only replaced when *is_replacing*, and is kept.

    Raises:
        FairleadError: FL-L031 to FL-L037, FL-L039.
    """
    from fairlead.journal.restoring import restore

    found = restore(source, project.state_dir, clock=parts.clock, is_replacing=is_replacing, receipt=receipt)
    last = found.contents.events
    lost = (Span(Seq(last + 1), Seq(last + found.lost)),) if found.lost else ()
    return Restored(project.state_dir, _shown(source, found.contents), found.kept_as, lost)


def repair_journal(parts: Parts, project: Project, backup: str, *, is_writing: bool) -> Repaired:
    """Put the project's journal together again from what it still holds and what *backup* has ("" for none).

    Raises:
        FairleadError: FL-S004 nothing was ever recorded here; FL-L031, FL-L034, FL-L038, FL-L039.
    """
    from fairlead.journal.repair import repair

    if not any(parts.files.exists(os.path.join(project.state_dir, name)) for name in ("journal.db", "anchor")):
        hint = "fairlead restore FROM" if backup else "fairlead review"
        raise error("FL-S004", f"there is no record in {project.name}", hint, exit_code=2)
    found = repair(project.state_dir, backup, clock=parts.clock, is_writing=is_writing)
    return Repaired(
        project.state_dir,
        found.is_written,
        tuple(Damage(one.seq, one.code, one.text) for one in found.problems),
        found.head,
        found.kept,
        tuple(Span(one.first, one.last) for one in found.from_backup),
        tuple(Span(one.first, one.last) for one in found.lost),
        found.contents_from_backup,
        found.contents_lost,
        found.events_without_contents,
        found.files_from_backup,
        found.kept_as,
    )


def _shown(path: str, held: "Contents") -> BackedUp:
    return BackedUp(
        path_text(path),
        *(held.receipt, Seq(held.events), held.runs, held.contents, len(held.files), held.bytes, held.made_at),
    )
