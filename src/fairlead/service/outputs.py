"""A run in every format that other programs read: one table, and the writing of several files after one run."""

import os.path
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import msgspec

from fairlead.core.errors import Diagnostic, FairleadError, error
from fairlead.core.findings import Severity, path_text
from fairlead.service.parts import Parts, Project
from fairlead.service.platforms import link_base
from fairlead.views.findings import FailOn, FindingView, is_over
from fairlead.views.runs import RunView

ExportFormat = Literal["sarif", "json", "md", "junit", "gitlab", "rdjson", "csv", "html", "github", "summary"]
# The formats that `review` and `run` write when they are asked to, each an option of its own name.
FILE_FORMATS: tuple[ExportFormat, ...] = ("sarif", "junit", "gitlab", "rdjson", "csv", "md", "html")
FORMAT_OF_ENDING: Mapping[str, ExportFormat] = {
    ".csv": "csv",
    ".htm": "html",
    ".html": "html",
    ".json": "json",
    ".markdown": "md",
    ".md": "md",
    ".rdjson": "rdjson",
    ".sarif": "sarif",
    ".xml": "junit",
}
CODE_HOST_BYTES_MAX = 10_000_000  # of a SARIF file under gzip: GitHub's limit for an upload


class _Rendering(NamedTuple):
    """What a format is made from."""

    parts: Parts
    project: Project
    view: RunView
    fail_on: FailOn | None  # findings that reach it are failures of a JUnit report

    def is_over(self, finding: FindingView) -> bool:
        """Whether this finding alone would make the command answer 1."""
        return is_over(finding, self.fail_on)

    def count_over(self) -> int:
        """How many findings reach the limit."""
        return sum(map(self.is_over, self.view.findings))


class FilesWritten(NamedTuple):
    """What became of the files that were asked for beside a run."""

    paths: tuple[str, ...]  # as they were asked for
    problems: tuple[Diagnostic, ...]  # FL-S014 for each that could not be written, FL-S031 for one that is too large


def render(parts: Parts, project: Project, view: RunView, form: ExportFormat, fail_on: FailOn | None = None) -> str:
    """The run as text of *form*."""
    return _RENDERERS[form](_Rendering(parts, project, view, fail_on))


def usual_fail_on(view: RunView) -> Severity | None:
    """The limit of a run when nobody names one: that of `review`, and none for other workflows."""
    return "high" if view.workflow == "review" else None


def write_outputs(
    parts: Parts,
    project: Project,
    view: RunView,
    wanted: Mapping[ExportFormat, str],
    cwd: str,
    fail_on: FailOn | None,
) -> FilesWritten:
    """Write each format into its file, whole or not at all; one that cannot be written does not keep others back."""
    written: list[str] = []
    problems: list[Diagnostic] = []
    for form, path in wanted.items():
        text = render(parts, project, view, form, fail_on)
        try:
            write_output(parts, os.path.join(cwd, path), text)
        except FairleadError as refusal:
            problems += refusal.diagnostics
            continue
        written.append(path)
        problems += too_large(form, path, text)
    return FilesWritten(tuple(written), tuple(problems))


def require_different_files(wanted: Mapping[ExportFormat, str], cwd: str) -> None:
    """Refuse two formats for one file before a run is started for them.

    Raises:
        FairleadError: FL-S030.
    """
    seen: dict[str, ExportFormat] = {}
    for form, path in wanted.items():
        place = os.path.normpath(os.path.join(cwd, path))
        # /dev/null and its like take any number.
        if place in seen and not place.startswith("/dev/"):
            message = f"--{seen[place]} and --{form} both name {path_text(path)}"
            raise error("FL-S030", message, "give each format a file of its own", exit_code=2)
        seen[place] = form


def write_output(parts: Parts, path: str, text: str) -> None:
    """Write a whole file or nothing.

    Raises:
        FairleadError: FL-S014 when the file cannot be written (exit 8).
    """
    if parts.files.exists(path) and parts.files.read(path, limit=1) is None and not path.startswith("/dev/"):
        # Writing renames a new file over the old one: a pipe or a directory must not be replaced so.
        raise error("FL-S014", f"{path_text(path)} is no regular file", "name another place", exit_code=8)
    try:
        parts.files.write(path, text.encode("utf-8", "backslashreplace"))
    except OSError as refusal:
        why = refusal.strerror or type(refusal).__name__
        raise error(
            "FL-S014", f"{path_text(path)} cannot be written: {why}", "name another place", exit_code=8
        ) from None


def too_large(form: ExportFormat, path: str, text: str) -> tuple[Diagnostic, ...]:
    """A warning when a code host would refuse this file; compressing is tried only where it could be too large."""
    if form != "sarif" or len(text) <= CODE_HOST_BYTES_MAX:
        return ()
    import gzip

    size = len(gzip.compress(text.encode("utf-8", "backslashreplace"), 6))
    if size <= CODE_HOST_BYTES_MAX:
        return ()
    message = f"{path_text(path)} has {size:,} bytes under gzip; GitHub refuses more than {CODE_HOST_BYTES_MAX:,}"
    hint = f"fairlead findings export --severity medium -o {path_text(path)}"
    return (Diagnostic("FL-S031", message, hints=(hint,), is_warning=True),)


def annotation_lines(view: RunView) -> tuple[str, ...]:
    """The run as workflow commands of GitHub Actions."""
    from fairlead.views.annotations import annotations

    return annotations(view)


def append_summary(parts: Parts, project: Project, view: RunView, fail_on: FailOn | None) -> tuple[Diagnostic, ...]:
    """Add the run to the summary of a step on GitHub. A summary that cannot be written changes nothing about a run."""
    from fairlead.views.summary import BYTES_MAX, summary_text

    path = parts.environ.get("GITHUB_STEP_SUMMARY", "")
    if not path:
        return ()
    # The limit holds for all that one step adds, and others may have added before us.
    there = len(parts.files.read(path, limit=BYTES_MAX) or b"")
    over = _Rendering(parts, project, view, fail_on).count_over()
    text = summary_text(view, over, link=link_base(parts.environ), bytes_max=BYTES_MAX - there, has_annotations=True)
    why = "the summary of this step is full" if there + len(text.encode()) > BYTES_MAX else ""
    if not why:
        try:
            parts.files.append(path, text.encode("utf-8", "backslashreplace"))
        except OSError as refusal:
            why = refusal.strerror or type(refusal).__name__
    if not why:
        return ()
    hint = "fairlead findings export --format summary -o summary.md"
    message = f"the step summary {path_text(path)} cannot be written: {why}"
    return (Diagnostic("FL-S032", message, hints=(hint,), is_warning=True),)


def _json(wanted: _Rendering) -> str:
    from fairlead.service.findings import FindingList

    view = wanted.view
    listing = FindingList(
        *(view.run, view.status, len(view.findings), view.totals, view.findings, view.root),
        older=sum(1 for one in view.findings if one.is_new is False and one.accepted is None),
        baseline=view.baseline,
        reasons=view.reasons,
    )
    return msgspec.json.format(msgspec.json.encode(listing), indent=2).decode() + "\n"


def _sarif(wanted: _Rendering) -> str:
    from fairlead import __version__
    from fairlead.views.sarif import sarif_text

    cards = {card.name: card.version for card in wanted.parts.catalog(wanted.project).cards()}
    return sarif_text(wanted.view, __version__, wanted.parts.rules(), cards)


def _markdown(wanted: _Rendering) -> str:
    from fairlead.views.markdown import markdown

    return markdown(wanted.view)


def _junit(wanted: _Rendering) -> str:
    from fairlead.views.junit import junit_text

    return junit_text(wanted.view, wanted.is_over)


def _code_quality(wanted: _Rendering) -> str:
    from fairlead.views.code_quality import code_quality_text

    return code_quality_text(wanted.view)


def _rdjson(wanted: _Rendering) -> str:
    from fairlead.views.rdjson import rdjson_text

    return rdjson_text(wanted.view, wanted.parts.rules())


def _csv(wanted: _Rendering) -> str:
    from fairlead.views.spreadsheet import csv_text

    return csv_text(wanted.view)


def _html(wanted: _Rendering) -> str:
    from fairlead import __version__
    from fairlead.service.runs import require_reader
    from fairlead.views.html import html_text
    from fairlead.views.outputs import outputs_of
    from fairlead.views.runs import project_run

    # Only this format shows what steps gave besides findings, so only it reads that.
    journal = require_reader(wanted.parts, wanted.project)
    outputs = outputs_of(project_run(journal, wanted.view.run).state, journal)
    return html_text(wanted.view, __version__, wanted.parts.rules(), outputs)


def _annotations(wanted: _Rendering) -> str:
    from fairlead.views.annotations import annotations

    return "".join(line + "\n" for line in annotations(wanted.view))


def _summary(wanted: _Rendering) -> str:
    from fairlead.views.summary import summary_text

    return summary_text(wanted.view, wanted.count_over(), link=link_base(wanted.parts.environ))


_RENDERERS: Mapping[ExportFormat, Callable[[_Rendering], str]] = {
    "sarif": _sarif,
    "json": _json,
    "md": _markdown,
    "junit": _junit,
    "gitlab": _code_quality,
    "rdjson": _rdjson,
    "csv": _csv,
    "html": _html,
    "github": _annotations,
    "summary": _summary,
}
