"""How CI platforms read a log, written from what they publish: what in a line would they obey?

GitHub: the runner's `ActionCommand.cs`, `ActionCommandManager.cs` and `OutputManager.cs` (actions/runner). Azure: the
agent's `CommandStringConvertor` (microsoft/azure-pipelines-agent). GitLab: "Custom collapsible sections". Buildkite:
"Managing log output".
"""

import re
from dataclasses import dataclass

KNOWN = frozenset(
    {
        *("add-mask", "set-output", "set-env", "add-path", "save-state", "echo", "add-matcher", "remove-matcher"),
        *("error", "warning", "notice", "debug", "group", "endgroup", "stop-commands"),
    }
)
_TURNED_BACK = (("%0D", "\r"), ("%0A", "\n"))
_IN_PROPERTIES = (*_TURNED_BACK, ("%3A", ":"), ("%2C", ","))


@dataclass(frozen=True)
class Obeyed:
    """One command that a platform takes out of a log."""

    name: str
    properties: dict[str, str]
    data: str


def lines_of(text: str) -> list[str]:
    """Lines as .NET's `ReadLine` ends them."""
    return re.split(r"\r\n|\r|\n", text)


def github(text: str) -> list[Obeyed]:
    """Every command that the runner obeys, in order."""
    found = [_second_form(line) or _first_form(line) for line in lines_of(text)]
    return [one for one in found if one is not None]


def _second_form(line: str) -> Obeyed | None:
    line = line.lstrip()
    end = line.find("::", 2)
    if not line.startswith("::") or end < 0:
        return None
    name, _, told = line[2:end].partition(" ")
    if name.lower() not in KNOWN:
        return None
    pairs = [one.partition("=") for one in told.strip().split(",") if one]
    properties = {key: _unescaped(value, _IN_PROPERTIES) for key, _, value in pairs if key and value}
    return Obeyed(name.lower(), properties, _unescaped(line[end + 2 :], _TURNED_BACK))


def _first_form(line: str) -> Obeyed | None:
    begin = line.find("##[")
    end = line.find("]", begin)
    if begin < 0 or end < 0:
        return None
    name = line[begin + 3 : end].partition(" ")[0].lower()
    return Obeyed(name, {}, line[end + 1 :]) if name in KNOWN else None


def _unescaped(text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for written, meant in pairs:
        text = text.replace(written, meant)
    return text.replace("%25", "%")


def azure(text: str) -> list[str]:
    return re.findall(r"##vso\[[^\]]*\]", text, re.IGNORECASE) + re.findall(r"##\[\w+\]", text)


def gitlab(text: str) -> list[tuple[str, str]]:
    """Beginnings and ends of sections: (`start` or `end`, name)."""
    return re.findall(r"section_(start|end):\d+:([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?\r\x1b\[0K", text)


def buildkite(text: str) -> list[str]:
    return [line for line in lines_of(text) if re.match(r"(---|\+\+\+|~~~) |\^\^\^ \+\+\+", line)]
