"""Drafts of workflow files, one for each shape: short, runnable as they are, and marked where the author goes on."""

import json

from fairlead.core.shapes import Shape
from fairlead.workflow.suggesting import DESCRIPTION_CHARACTERS_MAX, SPLIT_ABOVE, Suggestion

_STEPS: dict[Shape, str] = {
    "sequential": """\
steps:
  # Each step after the one above.
  - id: look
    agent: inventory
  # Put your own program here.
  - id: work
    run: git --version
    timeout: 10m
""",
    "parallel": """\
steps:
  - id: side_by_side
    parallel:
      max: 4
      # One that fails does not stop the others.
      fail_fast: false
      steps:
        # Put what is independent here, each as a step of its own.
        - id: one
          agent: security-scanner
        - id: two
          run: git --version
          timeout: 10m
""",
    "conditional": """\
steps:
  - id: look
    agent: security-scanner
  - id: decide
    choose:
      # The first branch that holds is taken, and no other.
      - if: steps.look.output.findings.size() > 0
        steps:
          - id: when_it_holds
            run: git status --short
            timeout: 10m
      - steps:
          - id: otherwise
            run: git --version
            timeout: 10m
""",
    "iterative": """\
steps:
  - id: rounds
    loop:
      max: 5
      # Looked at after each round; a round that fails is thrown away.
      until: steps.measure.output.exit_code == 0
      on_round_failure: discard
      steps:
        # Put the change here, then what measures it.
        - id: change
          run: git --version
          timeout: 10m
        - id: measure
          run: git status --short
          timeout: 10m
""",
    "pipeline": """\
steps:
  # Each stage is given what the stage before put out, and nothing else.
  - id: extract
    agent: security-scanner
  - id: transform
    agent: health-score
    with:
      findings: ${ steps.extract.output.findings }
  # Put what takes the result here.
  - id: deliver
    run: ["git", "log", "-1", "--grep=${ steps.transform.output.score }"]
    timeout: 10m
""",
    "graph": "",
}

_SPLIT = """\
  # The work is large: half of it can be chosen with -i part=first or -i part=second.
  - id: split
    choose:
      - if: inputs.part == 'first'
        steps:
          - id: first_part
            run: git --version
            timeout: 10m
      - if: inputs.part == 'second'
        steps:
          - id: second_part
            run: git --version
            timeout: 10m
      - steps:
          - id: both_parts
            run: git --version
            timeout: 10m
"""


def draft_of(name: str, description: str, suggestion: Suggestion) -> str:
    """The text of a workflow *name* of the shape that was suggested; it passes the check as it is."""
    is_split = suggestion.effort.score > SPLIT_ABOVE
    lines = [
        f"# A draft. Shape: {suggestion.shape}, because {suggestion.reason}.",
        f"# Effort: {suggestion.effort.score} ({suggestion.effort.size}), by a rule of thumb over what the words name.",
        "fairlead: 1",
        f"name: {name}",
        f"description: {_text(description)}",
        "",
    ]
    if is_split:
        lines += [
            "inputs:",
            "  part:",
            "    type: string",
            "    enum: [all, first, second]",
            "    default: all",
            "",
        ]
    return "\n".join(lines) + "\n" + _STEPS[suggestion.shape] + (_SPLIT if is_split else "")


def _text(description: str) -> str:
    """*description* on one line in double quotes, without expressions; cut where it grows too long by that."""
    words = " ".join(description.split()).replace("${", "$${")
    if len(words) > DESCRIPTION_CHARACTERS_MAX:
        words = words[: DESCRIPTION_CHARACTERS_MAX - 1].rstrip("$") + "…"
    return json.dumps(words, ensure_ascii=not words.isprintable())
