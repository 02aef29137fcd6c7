"""The `fairlead` command with a script in the place of the agents that need a model: `python -m … run perf-tune`.

The engineer makes the search cheaper in its first and third round, and breaks it in the second.
"""

import sys
from collections.abc import Mapping

from fairlead.core.json import Json
from fairlead.testing import Scene, command, scripted

_PATH = "src/shop/search.py"
_TRIES = (("== wanted", "== wanted", 60), ("== wanted", "!= wanted", 1), ("== wanted", "== wanted", 20))


def engineer(scene: Scene) -> Mapping[str, Json]:
    """One round: it knows from `already_tried` which one."""
    number = len(scene.inputs["already_tried"])
    before, after, cost = _TRIES[number]
    lines = scene.read(_PATH).replace(before, after).split("\n")
    scene.write(_PATH, "\n".join(f"COST_MS = {cost}" if line.startswith("COST_MS") else line for line in lines))
    return {"summary": f"try {number + 1} costs {cost} ms"}


VALIDATOR: Mapping[str, Json] = {
    "criteria": [{"criterion": "An order can be shared.", "met": True, "why": "share(), and test_files."}]
}

if __name__ == "__main__":
    playing = [scripted("perf-engineer", engineer), scripted("feature-validator", VALIDATOR)]
    sys.exit(command(sys.argv[1:], agents=playing))
