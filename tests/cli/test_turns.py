"""Two processes that start a workflow of one group at once: the second one waits, says behind whom, and then begins."""

import json

from tests.cli.door import Door, wait_for
from tests.proves import proves


@proves("A5.2")
def test_the_second_process_waits_for_its_turn_and_says_behind_whom(clean: Door) -> None:
    clean.allow_outside()
    go, count = clean.root.parent / "go", clean.root.parent / "count"
    work = f"echo begin >> {count}; while ! test -e {go}; do sleep 0.05; done; echo end >> {count}"
    clean.write(
        "turns.yaml",
        "fairlead: 1\nname: turns\nconcurrency: {group: one}\n"
        f"steps:\n  - id: work\n    run:\n      - sh\n      - -c\n      - '{work}'\n",
    )
    first = clean.start("run", "turns.yaml")
    run = clean.wait_until_step_runs("work")
    second = clean.start("run", "turns.yaml", "--jsonl")

    assert second.stdout is not None
    while b"run.held" not in (line := second.stdout.readline()):
        assert line, "it ended without having waited"
    held = json.loads(line)
    assert held["summary"] == f"behind {run} of the group one"
    assert f"queued · behind {run} of the group one" in clean.call("runs", "show", held["run"]).out
    wait_for(count.exists)
    go.touch()
    assert first.communicate(timeout=60)[0] is not None
    err = second.communicate(timeout=60)[1]
    assert (first.returncode, second.returncode) == (0, 0), err
    assert count.read_text().split() == ["begin", "end", "begin", "end"]
