"""The triage-rules' function: which findings a rule can mend, worst first, and why not the others.

The table knows the rule and the kind of file. Whether the place itself can be mended is tried on its text, as far as
that costs little: no program is asked and nothing is written. What a second scan says, only the patcher finds out.
"""

from collections.abc import Mapping

import msgspec

from fairlead.agents.builtin.patcher_rules import table
from fairlead.agents.builtin.patcher_rules.files import TextFile
from fairlead.agents.builtin.patcher_rules.remedies import mended_text
from fairlead.agents.builtin.patcher_rules.ruff_fixes import RULES
from fairlead.agents.builtin.patcher_rules.source import NoFix
from fairlead.core.findings import SEVERITIES, Finding, path_from_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.tools import ToolWorld

TRIED_MAX = 1_000  # places, the worst first; whether one of the others can be mended, the patcher finds out


def triage(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Sort `findings`. One that stands in the list twice, because two scanners gave it, counts once."""
    fixable: list[Json] = []
    not_fixable: list[Json] = []
    advice: dict[str, Json] = {}
    given = {one["fingerprint"]: one for one in reversed(inputs["findings"])}
    tried = 0
    for raw in sorted(given.values(), key=_worst_first):
        finding = msgspec.convert(raw, Finding)
        reason = table.why_not(finding)
        if not reason and finding.rule not in RULES and tried < TRIED_MAX:
            tried += 1
            reason = _why_not_here(finding, world)
        if reason:
            not_fixable.append(
                {"fingerprint": finding.fingerprint, "rule": finding.rule, "path": finding.path, "why": reason}
            )
        else:
            fixable.append(raw)
            advice[finding.fingerprint] = table.MENDED[finding.rule]
    number, left = len(fixable), len(not_fixable)
    summary = f"{number} of {number + left} finding{'' if number + left == 1 else 's'} can be mended by a rule"
    output: dict[str, Json] = {"fixable": fixable, "advice": advice, "not_fixable": not_fixable, "summary": summary}
    return Succeeded(output, summary)


def _why_not_here(finding: Finding, world: ToolWorld) -> str:
    """Why the place cannot be mended; "" when its text can be changed as the rule says."""
    try:
        file = TextFile.read(world, path_from_text(finding.path), is_python=finding.path.endswith(table.PYTHON))
        mended_text(file.text, [finding], world)
    except NoFix as problem:
        return problem.reason
    return ""


def _worst_first(raw: Mapping[str, Json]) -> tuple[int, str, int, str, str]:
    return -SEVERITIES.index(raw["severity"]), raw["path"], raw["line"], raw["rule"], raw["fingerprint"]
