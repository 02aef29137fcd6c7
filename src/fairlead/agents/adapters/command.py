"""The adapter for programs: JSON inputs on stdin, one JSON document on stdout, everything else to stderr.

Exit code 0 means done, and 1 means done too, with an answer that is no: a linter that found something. The answer
stands in the document either way; any other exit code is a failure.
"""

import shlex

from fairlead.agents.adapters.own_tool import said_no
from fairlead.agents.hiding import hidden
from fairlead.agents.own.findings import completed_rows
from fairlead.core.json import Json, NotStrict, encode, parse
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import AgentCard, Call, World
from fairlead.core.tools import ProcessResult

_DONE = (0, 1)
_TAIL_CHARACTERS = 2_000  # of stderr in a failure
SHOWN_CHARACTERS_MAX = 80  # of an answer that is no JSON


class CommandAgent:
    """An agent whose card names a program."""

    def __init__(
        self,
        card: AgentCard,
        argv: tuple[str, ...],
        passed_on: tuple[str, ...],
        gives: str,
        beside: tuple[str, ...] = (),
    ) -> None:
        self._card = card
        self._argv = argv
        self._passed_on = passed_on
        self._gives = gives
        self._beside = beside  # files of the agent's own, which its digest names

    def describe(self) -> AgentCard:
        """The card as it was read."""
        return self._card

    async def perform(self, call: Call, world: World) -> Outcome:
        """Start the program, hand it the inputs, and take its one document."""
        argv = _filled(self._argv, call.inputs)
        ended = await world.perform_program(argv, encode(call.inputs) + b"\n", self._passed_on, self._beside)
        return hidden(said_no(self._outcome(ended)))

    def _outcome(self, ended: ProcessResult) -> Outcome:
        program = self._argv[0]
        if ended.reached:
            message = f"{program} went over a limit of its sandbox and was ended: {ended.reached}"
            return _failed("FL-R300", message, "let it do less at once, or raise `memory_max` in its card", ended)
        if ended.is_cut:
            message = f"{program} wrote more than is kept of an output and was stopped"
            return _failed("FL-R243", message, "let it give less, or name a file in its answer", ended)
        if ended.exit_code == 127 and not ended.stdout:
            said = ended.stderr.decode("utf-8", "replace").strip()[:300]
            hint = "install it, or mend `command` in the card"
            return Failed("platform", "FL-R244", f"{program} could not be started: {said}", hint)
        if ended.exit_code < 0:
            return _failed("FL-R242", f"{program} was ended by signal {-ended.exit_code}", _LOG, ended)
        if ended.exit_code not in _DONE:
            message = f"{program} ended with exit code {ended.exit_code}; 0 and 1 mean that it is done"
            return _failed("FL-R241", message, _LOG, ended)
        if ended.exit_code and not ended.stdout.strip():
            message = f"{program} ended with exit code {ended.exit_code} and wrote no answer"
            return _failed("FL-R241", message, _LOG, ended)
        try:
            answer = parse(ended.stdout)
        except NotStrict as error:
            message = f"{program} wrote something else than one JSON document: {error}; {_shown(ended.stdout)}"
            return _failed("FL-R240", message, "let it write everything else to stderr", ended)
        if not isinstance(answer, dict):
            message = f"{program} gave {type(answer).__name__} where a JSON object is expected"
            return _failed("FL-R240", message, 'wrap it: {"findings": […]}', ended)
        return self._answer(answer)

    def _answer(self, answer: dict[str, Json]) -> Outcome:
        if self._gives != "findings":
            return Succeeded(answer)
        rows = completed_rows(answer.get("findings"), self._card.name)
        outside = [row["path"] for row in rows if _is_outside(row)] if isinstance(rows, list) else []
        if outside:
            message = f"a finding of {self._argv[0]} has the path {outside[0][:200]!r}, which leads out of the tree"
            return Failed("agent", "FL-R247", message, "give paths from the root of the tree: src/app.js")
        count = len(rows) if isinstance(rows, list) else 0
        summary = f"{count} finding{'' if count == 1 else 's'}"
        return Succeeded({**answer, "findings": rows} if "findings" in answer else answer, summary)


def _is_outside(row: Json) -> bool:
    """Whether a finding speaks of a file that is not in the tree; what is no finding is left to the schema."""
    path = row.get("path") if isinstance(row, dict) else None
    return isinstance(path, str) and (path.startswith("/") or ".." in path.split("/"))


_LOG = "its log has what it wrote: `fairlead logs`"


def _filled(argv: tuple[str, ...], inputs: dict[str, Json]) -> tuple[str, ...]:
    """The words with inputs in the place of `{name}`: a list becomes several words, what is not given none.

    Only a word that is nothing but a placeholder is one, so that no word is ever made up of two sources.
    """
    words: list[str] = []
    for word in argv:
        name = word[1:-1]
        if not (word.startswith("{") and word.endswith("}") and name.isidentifier()):
            words.append(word)
            continue
        value = inputs.get(name)
        several = value if isinstance(value, list) else [] if value is None else [value]
        for one in several:
            text = one if isinstance(one, str) else encode(one).decode()
            # What begins with a dash would be an option of the program, whoever wrote it into an input.
            words.append(f"./{text}" if text.startswith("-") else text)
    return tuple(words)


def _failed(code: str, message: str, hint: str, ended: ProcessResult) -> Failed:
    output: dict[str, Json] = {
        "exit_code": ended.exit_code,
        "stderr": ended.stderr.decode("utf-8", "replace").replace("\0", "�")[-_TAIL_CHARACTERS:],
    }
    return Failed("agent", code, message, hint, output)


def _shown(data: bytes) -> str:
    if not data.strip():
        return "it wrote nothing"
    text = " ".join(data[: 4 * SHOWN_CHARACTERS_MAX].decode("utf-8", "replace").replace("\0", "�").split())
    return f"it begins {shlex.quote(text[:SHOWN_CHARACTERS_MAX])}"
