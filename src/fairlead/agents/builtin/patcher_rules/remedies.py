"""Which remedy is for which rule: from a file's text and a finding in it to the text that no longer holds it."""

import ast
import json
import warnings
from collections.abc import Sequence

from fairlead.agents.builtin.patcher_rules.python_fixes import FIXES
from fairlead.agents.builtin.patcher_rules.ruff_fixes import RULES, mended_by_ruff
from fairlead.agents.builtin.patcher_rules.source import NoFix, Source
from fairlead.agents.builtin.patcher_rules.table import PYTHON
from fairlead.agents.builtin.patcher_rules.text_fixes import TEXT_FIXES
from fairlead.agents.builtin.patcher_rules.versions import VERSION_FIXES
from fairlead.agents.builtin.statements import Statements
from fairlead.core.findings import Finding, folded, path_from_text
from fairlead.core.tools import ToolWorld


def alike(finding: Finding, findings: Sequence[Finding], text: str) -> list[Finding]:
    """The findings of this rule whose code reads the same: they are told apart by their order only.

    If only one of them were mended, the next would take over its fingerprint.
    """
    if finding.rule in VERSION_FIXES or not finding.line:
        return [finding]
    statements = Statements.of(path_from_text(finding.path), text)
    code = folded(statements.text_at(finding.line, finding.column))
    others = (one for one in findings if one.rule == finding.rule and one.line)
    return [one for one in others if folded(statements.text_at(one.line, one.column)) == code]


def mended_text(text: str, same: Sequence[Finding], world: ToolWorld) -> str:
    """*text* without the findings *same*, which read alike.

    Raises:
        NoFix: the place is written in a way that no rule knows, or the file would not be valid.
    """
    first = same[0]
    if first.rule in VERSION_FIXES:
        changed = VERSION_FIXES[first.rule](text, first, world)
    else:
        path = path_from_text(first.path)
        statements = Statements.of(path, text)
        spans = [span for one in same for span in statements.spans_at(one.line, one.column)]
        if first.rule in TEXT_FIXES:
            changed = TEXT_FIXES[first.rule](text, spans)
        elif first.rule in RULES:
            changed = mended_by_ruff(text, path.rpartition("/")[2], first.rule, spans, world)
        else:
            source = Source(text)
            for node in ast.walk(source.tree):
                if hasattr(node, "lineno") and any(start <= source.begin(node) < end for start, end in spans):
                    FIXES[first.rule](source, node, first)
            changed = source.changed()
    _check_syntax(first.path, text, changed)
    return changed


def _check_syntax(path: str, before: str, after: str) -> None:
    """Whether the file is still what its name says."""
    try:
        if path.endswith(PYTHON):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of somebody else's source
                compile(after, "changed.py", "exec", dont_inherit=True)
        elif path.endswith(".json"):
            json.loads(after)
        elif path.endswith(".toml"):
            import tomllib

            tomllib.loads(after)
        elif path.endswith((".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")):
            from fairlead.agents.builtin.security.js_tree import Source as JavaScript

            if JavaScript(path, after).root.has_error and not JavaScript(path, before).root.has_error:
                raise NoFix("After the change the file would not be valid.", "FL-A164")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise NoFix(f"After the change the file would not be valid: {error}.", "FL-A164") from None
