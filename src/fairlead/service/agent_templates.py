"""What `agents new` writes: a short agent that works at once, and one golden folder for it."""

from collections.abc import Mapping
from types import MappingProxyType

# Put together here, so that this file is no finding of the agents that it describes.
_MARKER = "TO" + "DO"

_TOOL = '''\
"""The agent {name}: a scanner of your own.

    fairlead agents check {name}    is it right?
    fairlead agents test {name}     does it find what tests/agents/{name}/*/expect.json says?

What `ctx` and `out` can do:  python -c "import fairlead; help(fairlead.Context); help(fairlead.Findings.add)"
"""

from typing import Annotated

from fairlead import Context, Findings, agent


# The types become what it takes and gives, the first lines of the docstring what it does.
@agent(name="{name}", version="1", reads=["**/*.py"], deterministic=True)
def {function}(ctx: Context, *, words: Annotated[list[str], "what to look for"] = ["{marker}"]) -> Findings:
    """Find words that should not stay in the code."""
    out = ctx.findings()
    for file in ctx.files("**/*.py"):
        for number, line in enumerate(file.lines(), start=1):
            for word in words:
                if word in line:
                    out.add(
                        rule="{name}/word",
                        severity="low",
                        path=file.path,
                        line=number,
                        column=line.index(word) + 1,
                        title=f"{{word}} is left in the code",
                        remedy="Do it now, or write down elsewhere who does it.",
                    )
    return out
'''

_CARD = """\
---
name: {name}
description: Finds words that should not stay in the code.
fairlead:
  adapter: command
  # A word that names a file beside this card stands for that file. The program works in the tree that it looks at.
  command: [sh, {name}.sh]
  version: "1"
  # It writes {{"findings": [...]}}, each with rule, severity, path, line and message; "report" is any JSON object.
  output: findings
  deterministic: true
  reads: ["**"]
  network: none
  # What it takes: JSON Schema. The inputs come as one JSON object on stdin.
  input:
    type: object
    additionalProperties: false
    properties: {{}}
---
A program: JSON on stdin, one JSON document on stdout, everything else to stderr. It ends with 0, or with 1 when its
answer is no; anything else means that it could not do its work.

    fairlead agents check {name}    is it right?
    fairlead agents test {name}     does it find what tests/agents/{name}/*/expect.json says?
"""

_SCRIPT = """\
#!/bin/sh
# The program of the agent {name}. Only the JSON document may go to stdout.
cat >/dev/null # the inputs, as JSON; this agent takes none
find . -name '*.py' -type f | LC_ALL=C sort | while IFS= read -r path; do
    grep -n '{marker}' "$path" | while IFS=: read -r line rest; do
        printf '%s\\t%s\\n' "${{path#./}}" "$line"
    done
done | awk -F '\\t' '
    BEGIN {{ printf "{{\\"findings\\": [" }}
    {{
        gsub(/\\\\/, "\\\\\\\\", $1); gsub(/"/, "\\\\\\"", $1)
        printf "%s{{\\"rule\\": \\"{name}/word\\", \\"severity\\": \\"low\\", ", (NR > 1 ? ", " : "")
        printf "\\"path\\": \\"%s\\", \\"line\\": %d, \\"message\\": \\"{marker} is left in the code\\"}}", $1, $2
    }}
    END {{ print "]}}" }}'
"""

_EXAMPLE = """\
def total(prices: list[float]) -> float:
    return sum(prices)  # {marker}: round it
"""

_EXPECT_TOOL = """\
{{
  "inputs": {{}},
  "findings": [
    {{
      "rule": "{name}/word",
      "severity": "low",
      "path": "example.py",
      "line": 2,
      "column": 27,
      "message": "{marker} is left in the code"
    }}
  ]
}}
"""

_EXPECT_COMMAND = """\
{{
  "inputs": {{}},
  "findings": [
    {{
      "rule": "{name}/word",
      "severity": "low",
      "path": "example.py",
      "line": 2,
      "message": "{marker} is left in the code"
    }}
  ]
}}
"""

# Template → path from the root of the project → text.
_TEMPLATES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "tool": {
            ".fairlead/agents/{name}.py": _TOOL,
            "tests/agents/{name}/example/repo/example.py": _EXAMPLE,
            "tests/agents/{name}/example/expect.json": _EXPECT_TOOL,
        },
        "command": {
            ".fairlead/agents/{name}.md": _CARD,
            ".fairlead/agents/{name}.sh": _SCRIPT,
            "tests/agents/{name}/example/repo/example.py": _EXAMPLE,
            "tests/agents/{name}/example/expect.json": _EXPECT_COMMAND,
        },
    }
)


def filled(template: str, name: str) -> dict[str, bytes]:
    """Path → content of the files that *template* gives for the agent *name*."""
    function = name.replace("-", "_")
    words = {"name": name, "marker": _MARKER, "function": function if function.isidentifier() else f"agent_{function}"}
    return {path.format(**words): text.format(**words).encode() for path, text in _TEMPLATES[template].items()}
