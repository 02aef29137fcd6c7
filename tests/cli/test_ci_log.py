"""No line of a log is a command of a stranger, on any platform, and documents mean what they meant."""

import json
import random
from xml.etree import ElementTree as xml

import pytest

from fairlead.cli.ci_log import GROUP_LINES_MAX, Group, folded, unfolded, without_commands
from fairlead.service.platforms import Folding
from tests.proves import proves
from tests.views import log_readers
from tests.views.paper import HOSTILE

_PIECES = (*HOSTILE, "::", ":", "#", "##", "[", "]", "-", "+", " ", "\n", "\r", "debug", "vso", "group", "x")


def garbled(seed: int) -> str:
    rng = random.Random(seed)
    return "".join(rng.choice(_PIECES) for _ in range(rng.randint(1, 40)))


def obeyed(text: str) -> list[object]:
    return [*log_readers.github(text), *log_readers.azure(text), *log_readers.buildkite(text)]


@proves("J1.2")
@pytest.mark.parametrize("seed", range(200))
def test_no_platform_obeys_a_line_of_foreign_text(seed: int) -> None:
    text = garbled(seed)
    assert obeyed(without_commands(text)) == []


def test_the_readers_would_obey_what_is_not_guarded() -> None:
    assert [one.name for one in log_readers.github("\n".join(HOSTILE))] == [
        *("set-output", "add-mask", "stop-commands", "add-mask", "error", "warning"),
    ]
    assert log_readers.azure(HOSTILE[4]) == ["##vso[task.setvariable variable=x]"]
    assert log_readers.gitlab(HOSTILE[6]) == [("start", "x")]
    assert log_readers.buildkite("--- a\n+++ b") == ["--- a", "+++ b"]


@pytest.mark.parametrize("text", ["plain", "a :: b", "x --- y", "# [a]", "C++", "café ## heading", "a::b::c", " - - "])
def test_harmless_text_is_left_alone(text: str) -> None:
    assert without_commands(text) == text


def test_what_is_escaped_can_still_be_read() -> None:
    assert without_commands("  ::add-mask::x") == "  \\x3a:add-mask::x"
    assert without_commands("a ##[error]b ##vso[x]") == "a ##\\x5berror]b ##vso\\x5bx]"
    assert without_commands("--- a\n+++ b") == "\\x2d-- a\n\\x2b++ b"


@pytest.mark.parametrize("seed", range(50))
def test_documents_mean_what_they_meant(seed: int) -> None:
    text = garbled(seed)
    document = without_commands(json.dumps({"a": text}), "json")
    assert json.loads(document) == {"a": text}
    assert obeyed(document) == []
    plain = "".join(c for c in text if c.isprintable() or c == "\n")
    element = xml.Element("a")
    element.text = plain
    written = without_commands(xml.tostring(element, encoding="unicode"), "xml")
    assert (xml.fromstring(written).text or "") == plain
    assert obeyed(written) == []


def groups() -> list[Group]:
    lines = tuple(f"  {text}" for text in ("one", "::error::forged", "##[endgroup]", "::endgroup::", "--- forged"))
    return [Group("✓ a  x%y", lines, "fairlead_0_a", 100, 2.5), Group("✗ ::b", ("x",) * 300, "fairlead_1_b", 101, 0.0)]


@pytest.mark.parametrize("folding", ["github", "azure", "gitlab", "buildkite", "none"])
def test_groups_are_the_only_commands_and_are_closed(folding: Folding) -> None:
    lines = list(folded(groups(), folding))
    text = "\n".join(lines)
    seen = [one.name for one in log_readers.github(text)]
    if folding == "github":
        assert seen == ["group", "endgroup"] * 2
        assert log_readers.github(text)[0].data == "✓ a  x%y"
    elif folding == "azure":
        assert log_readers.azure(text) == ["##[group]", "##[endgroup]"] * 2
    elif folding == "gitlab":
        assert log_readers.gitlab(text) == [
            *(("start", "fairlead_0_a"), ("end", "fairlead_0_a")),
            *(("start", "fairlead_1_b"), ("end", "fairlead_1_b")),
        ]
        assert "section_start:97:fairlead_0_a[collapsed=true]" in text
        assert "section_end:100:fairlead_0_a\r" in text
    elif folding == "buildkite":
        assert log_readers.buildkite(text) == ["--- ✓ a  x%y", "--- ✗ ::b"]
        assert list(unfolded(folding, "end")) == ["+++ end"]
    else:
        assert lines == []
    if lines:
        assert f"  … {300 - GROUP_LINES_MAX} lines more" in lines
