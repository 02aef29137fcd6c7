"""What an agent quotes of a file never shows a credential, and everything else stays as it was said."""

import asyncio
import random

import pytest

from fairlead.agents.adapters.command import CommandAgent
from fairlead.agents.adapters.own_tool import OwnToolAgent
from fairlead.agents.adapters.tool import ToolAgent
from fairlead.agents.hiding import hidden
from fairlead.core.ids import Place, RunId
from fairlead.core.json import Digest, Json, encode
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import Agent, AgentCard, Call
from fairlead.core.tools import ProcessResult, ToolCode

SEED = 20261121
OPEN = "TO" + "DO"  # put together: this tree has none
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def token(seed: int = SEED) -> str:
    signs = LETTERS + LETTERS.lower() + "0123456789"
    return "gh" + "p_" + "".join(random.Random(seed).choices(signs, k=36))


def word(seed: int = SEED) -> str:
    """Letters of chance that nothing names."""
    return "".join(random.Random(seed).choices(LETTERS + LETTERS.lower() + "0123456789", k=40))


def finding(**more: Json) -> dict[str, Json]:
    return {"path": "app.py", "rule": "review/todo-marker", "fingerprint": "f" * 24, "message": "It is open.", **more}


def test_a_token_is_masked_in_every_text_of_an_answer() -> None:
    secret = token()
    shown = f"{secret[:4]}…{secret[-3:]}"
    rows: Json = [finding(message=f"{OPEN}: rotate {secret}", excerpt=f"# {OPEN} rotate {secret}, at once")]
    outcome = hidden(
        Succeeded({"findings": rows, "controls": [{"lacking": [f"no {secret}"]}]}, f"1 {secret}", (f"no {secret}.",))
    )
    assert isinstance(outcome, Succeeded)
    assert outcome.output == {
        "findings": [finding(message=f"{OPEN}: rotate {shown}", excerpt=f"# {OPEN} rotate {shown}, at once")],
        "controls": [{"lacking": [f"no {shown}"]}],
    }
    assert (outcome.summary, outcome.degraded) == (f"1 {shown}", (f"no {shown}.",))
    failed = hidden(Failed("agent", "FL-R241", f"it said {secret}", f"not {secret}", {"stderr": f"at {secret}"}))
    assert failed == Failed("agent", "FL-R241", f"it said {shown}", f"not {shown}", {"stderr": f"at {shown}"})


@pytest.mark.parametrize("seed", range(20))
def test_a_word_of_chance_is_masked_where_a_line_is_quoted(seed: int) -> None:
    secret = word(seed)
    outcome = hidden(Succeeded({"findings": [finding(excerpt=f'eval("{secret}")')]}))
    assert outcome.output is not None
    assert outcome.output["findings"][0]["excerpt"] == f'eval("{secret[:4]}…{secret[-3:]}")', seed


def test_a_name_decides_how_a_line_is_read() -> None:
    secret = "Zx9" + "!kq7Lw2#Pv"
    line = f"DB_PASSWORD={secret}"
    rows: Json = [finding(path="deploy/.env", excerpt=line), finding(path="app.py", excerpt=line)]
    outcome = hidden(Succeeded({"findings": rows}))
    assert outcome.output is not None
    assert [secret in row["excerpt"] for row in outcome.output["findings"]] == [False, True]


def test_what_holds_no_credential_is_the_same_answer() -> None:
    digest = "3d3c42e5aac5ba805825da76410c181273ba90b1"
    said = Succeeded(
        {
            "findings": [
                finding(excerpt=f"- uses: actions/checkout@{digest}"),
                finding(excerpt="def test_a_very_long_name_of_a_function_with_2_numbers_3(self):"),
                finding(
                    excerpt="class HTTP2ConnectionUpgradeHandlerFactory(BaseHTTPConnection1):", line=3, column=None
                ),
            ],
            "score": 92.5,
        },
        "3 findings",
        ("advisory data is 10 days old (2026-11-11)",),
    )
    assert hidden(said) == said


class Answering:
    """A world in which the function of every agent, and every program, quotes a line with a credential."""

    def __init__(self, secret: str) -> None:
        self._answer: dict[str, Json] = {"findings": [finding(excerpt=f"# {secret}", fingerprint="f" * 24)]}

    async def call_tool(self, *_: object) -> Outcome:
        return Succeeded(self._answer)

    async def perform_program(self, *_: object) -> ProcessResult:
        return ProcessResult(0, encode(self._answer), b"", 0.1)


@pytest.mark.parametrize("adapter", ["tool", "own", "command"])
def test_no_adapter_hands_on_a_credential(adapter: str) -> None:
    card = AgentCard("a", "", "", adapter, "m:f", "1", Digest(""), {}, {}, "")
    agents: dict[str, Agent] = {
        "tool": ToolAgent(card),
        "own": OwnToolAgent(card, ToolCode("a", "a.py", "f", {})),
        "command": CommandAgent(card, ("lint",), (), "findings"),
    }
    secret = token()
    call = Call(RunId("r-paper"), Place("a"), 1, "a", {}, root="/repo")
    outcome = asyncio.run(agents[adapter].perform(call, Answering(secret)))  # type: ignore[arg-type]  # half a world
    assert isinstance(outcome, Succeeded)
    assert secret not in str(outcome.output)
    assert f"# {secret[:4]}…{secret[-3:]}" in str(outcome.output)
