"""The triage-rules' function: which findings a rule can mend, worst first, and why not the others."""

from collections.abc import Mapping

import msgspec

from fairlead.agents.builtin.patcher_rules import table
from fairlead.core.findings import SEVERITIES, Finding
from fairlead.core.json import Json
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.tools import ToolWorld


def triage(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Sort `findings`. One that stands in the list twice, because two scanners gave it, counts once."""
    fixable: list[Json] = []
    not_fixable: list[Json] = []
    advice: dict[str, Json] = {}
    given = {one["fingerprint"]: one for one in reversed(inputs["findings"])}
    for raw in sorted(given.values(), key=_worst_first):
        finding = msgspec.convert(raw, Finding)
        if reason := table.why_not(finding):
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


def _worst_first(raw: Mapping[str, Json]) -> tuple[int, str, int, str, str]:
    return -SEVERITIES.index(raw["severity"]), raw["path"], raw["line"], raw["rule"], raw["fingerprint"]
