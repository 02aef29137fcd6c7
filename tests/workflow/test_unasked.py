"""What a question may say and this build does not perform is said, never passed over."""

import pytest

from fairlead.workflow import read_workflow

FILE = """\
fairlead: 1
name: asking
steps:
  - id: ok
    approve:
      title: Go on?
      {line}
"""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("remind: [2h]", "nobody is reminded"),
        ("notify: [console]", "`fairlead approvals` lists the question"),
        ("not_by: [requester, author]", "only who asked for the run can be left out"),
        ("not_by: [agent_owner]", "only who asked for the run can be left out"),
        ("{on_timeout: escalate, escalate_to: [bob]}", "the question holds"),
    ],
)
def test_what_is_read_and_not_performed_is_said(line: str, said: str) -> None:
    text = FILE.replace("{line}", line.strip("{}").replace(", e", "\n      e"))
    (found,) = read_workflow("asking.yaml", text.encode()).diagnostics
    assert (found.code, found.is_warning) == ("FL-W110", True)
    assert said in found.message


def test_what_is_performed_is_not_warned_of() -> None:
    text = FILE.replace("{line}", "not_by: [requester]\n      on_timeout: reject")
    assert read_workflow("asking.yaml", text.encode()).diagnostics == ()
