"""`journal verify`: is the record what was written?"""

import msgspec

from fairlead.core.errors import Diagnostic, FairleadError
from fairlead.service.endings import BROKEN
from fairlead.service.parts import Parts, Project

SHOWN_MAX = 20


class Verdict(msgspec.Struct, frozen=True):
    """What a whole record came to when everything in it was right."""

    events: int
    runs: int
    contents: int
    head: int
    digest: str  # of the last event: note it elsewhere, and a rollback of the whole directory can be found
    seconds: float
    sentence: str


def verify_journal(parts: Parts, project: Project, receipt: str = "") -> Verdict:
    """Read every event, payload and content of the project and compare it with its digests, the anchor and *receipt*.

    Raises:
        FairleadError: everything that is not as it was written, with exit code 9; FL-L037 *receipt* is none.
    """
    from fairlead.journal import verify
    from fairlead.journal.receipts import check_form, check_receipt

    if receipt:
        check_form(receipt)
    report = verify(project.state_dir, clock=parts.clock)
    if report.problems:
        found = [
            Diagnostic(
                problem.code,
                f"event {problem.seq}: {problem.text}" if problem.seq else problem.text,
                hints=(
                    "`fairlead journal repair --from BACKUP` shows what can be brought back, and changes nothing",
                    "copy the state directory before anything else is done with it",
                ),
            )
            for problem in report.problems[:SHOWN_MAX]
        ]
        raise FairleadError(*found, exit_code=BROKEN)
    if receipt:
        check_receipt(project.state_dir, receipt)
    sentence = (
        f"{report.events:,} events of {report.runs:,} runs and {report.blobs:,} contents are as they were written"
        f" · head {report.head} {report.h[:16]}"
    )
    return Verdict(report.events, report.runs, report.blobs, report.head, report.h, report.seconds, sentence)
