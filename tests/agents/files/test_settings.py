"""What stands under `fairlead:`: every key is read and checked, and shown with its reason."""

from pathlib import Path

import pytest

from fairlead.agents.adapters.unavailable import UnavailableAgent
from fairlead.agents.catalog import FileCatalog
from fairlead.core.agent_format import KEYS, NEEDS, schema
from fairlead.core.json import Digest
from fairlead.core.outcomes import Failed
from fairlead.core.output_contracts import CONTRACTS
from fairlead.core.ports import AgentCard, Setting
from fairlead.workflow import read_values
from tests.agents.own.conftest import Workshop
from tests.proves import proves

WHOLE = """\
adapter: claude
output: patch
version: 2
title: The patcher
reads: ["**"]
writes: ["src/**", "tests/**"]
network: [api.example.org, "*.example.net:8443"]
risk: medium
effect_class: pure
limits: {timeout: 10m, memory: 1 GB, turns: 30}
budget: {usd: 0.80, turns: 25, wall: 20m, on_exceeded: ask}
cache: 7d
fallback: [code-reviewer]
health: {probe: version, every: 60s}
isolate: worktree
level: L2
at: ref
tags: [security, writes]
capabilities: [patch, {name: repair}]
input: {type: object, properties: {finding: {type: object}}}
"""


def card_of(workshop: Workshop, settings: str, name: str = "one") -> AgentCard:
    workshop.card(name, settings)
    card = workshop.found(name)
    assert isinstance(card, AgentCard)
    return card


def settings_of(workshop: Workshop, name: str = "one") -> dict[str, Setting]:
    return {one.name: one for one in workshop.agents.settings(name)}


@proves("C2")
def test_every_key_is_read(workshop: Workshop) -> None:
    card = card_of(workshop, WHOLE)
    assert card.problem == ""
    assert (card.adapter, card.contract, card.version, card.title) == ("claude", "patch", "2", "The patcher")
    assert (card.reads, card.writes) == (("**",), ("src/**", "tests/**"))
    assert (card.network, card.risk, card.effect_class) == ("api.example.org, *.example.net:8443", "medium", "pure")
    assert (card.timeout_s, card.memory_max) == (600.0, 1_000_000_000)
    assert card.budget == {"usd": 0.8, "turns": 25, "wall": "20m", "on_exceeded": "ask"}
    assert (card.cache, card.health) == ({"ttl": "7d"}, {"probe": "version", "every": "60s"})
    assert (card.fallback, card.isolate, card.level, card.at) == (("code-reviewer",), "worktree", "L2", "ref")
    assert card.tags == ("security", "writes")
    assert card.output_schema == CONTRACTS["patch"]
    assert card.needs == NEEDS["claude"]


@pytest.mark.parametrize(
    ("settings", "key", "said"),
    [
        ("adaptr: llm", "adaptr", "`fairlead` has no key `adaptr`"),
        ("adapter: lllm", "adapter", "`adapter` cannot be `lllm`; it is one of: tool, command, llm, claude, mcp, a2a"),
        ("adapter: llm\nkind: claude", "kind", "`kind` says `claude` and `adapter` something else"),
        ("output: patchs", "output", "`output` cannot be `patchs`; it is one of: findings, patch, report, metrics, "),
        ("output: ./gone.json", "output", "there is no gone.json beside the file"),
        ("output: ../schema.json", "output", "`output` cannot be `../schema.json`"),
        ("reads: '**'", "reads", "`reads` must be a list of texts"),
        ("reads: [/etc/passwd]", "reads", "`reads` holds `/etc/passwd`, which fits no path below the root"),
        ("writes: [src/../../x]", "writes", "`writes` holds `src/../../x`, which fits no path below the root"),
        ("network: everything!", "network", "`network` must be `none`, or hosts such as [api.example.org]"),
        ("network: []", "network", "`network` must be `none`, or hosts such as [api.example.org]"),
        ("network: true", "network", "`network` must be `none`, or hosts such as [api.example.org]"),
        ("budget: 3", "budget", "`budget` must be a mapping"),
        ("budget: {usds: 3}", "budget", "`budget` has no key `usds`"),
        ("budget: {usd: 0}", "budget", "`budget.usd` must be a number above 0"),
        ("budget: {turns: 2.5}", "budget", "`budget.turns` must be a whole number above 0"),
        ("budget: {wall: soon}", "budget", "`budget.wall` must be a duration such as `10m`"),
        ("budget: {on_exceeded: cry}", "budget", "`budget.on_exceeded` cannot be `cry`"),
        ("cache: soon", "cache", "`cache` must be `off`, a duration such as `7d`, or a mapping"),
        ("cache: {ttl: soon}", "cache", "`cache.ttl` must be a duration such as `10m`"),
        ("cache: {scope: world}", "cache", "`cache.scope` cannot be `world`; it is one of: run, repo, team"),
        ("fallback: other", "fallback", "`fallback` must be a list of texts"),
        ("health: {prob: x}", "health", "`health` has no key `prob`"),
        ("health: {every: often}", "health", "`health.every` must be a duration such as `10m`"),
        ("limits: {memory: lots}", "limits", "`limits.memory` must be written as `512 MB`"),
        ("limits: {turns: -1}", "limits", "`limits.turns` must be a whole number above 0"),
        ("limits: {disk: 1 GB}", "limits", "`limits` has no key `disk`"),
        ("isolate: cellar", "isolate", "`isolate` cannot be `cellar`"),
        ("level: L0", "level", "`level` cannot be `L0`; it is one of: L2, L3"),
        ("capabilities: [{}]", "capabilities", "`capabilities` must be a list of names, or of mappings with a `name`"),
        (f"capabilities: {['x'] * 65}", "capabilities", "`capabilities` must be a list of at most 64"),
    ],
)
def test_a_wrong_key_is_said_with_its_place(workshop: Workshop, settings: str, key: str, said: str) -> None:
    card = card_of(workshop, f"tags: [x]\n{settings}")
    assert said in card.problem
    [found] = [one for one in workshop.wrong("one") if not one.is_warning]
    assert found.message.startswith(said)
    assert found.span is not None
    assert found.span.line == (7 if "\n" in settings else 6)
    assert found.source.lstrip().startswith(key)


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ("adaptr: llm", "did you mean `adapter`?"),
        ("adapter: lllm", "did you mean `llm`?"),
        ("output: verdikt", "did you mean `verdict`?"),
        ("budget: {usds: 3}", "did you mean `usd`?"),
    ],
)
def test_a_misspelt_word_has_its_nearest(workshop: Workshop, settings: str, hint: str) -> None:
    workshop.card("one", settings)
    [found] = [one for one in workshop.wrong("one") if not one.is_warning]
    assert found.hints == (hint,)


@pytest.mark.parametrize("adapter", sorted(NEEDS))
@proves("C13")
def test_an_adapter_that_is_not_there_is_recognised_and_says_what_it_needs(workshop: Workshop, adapter: str) -> None:
    card = card_of(workshop, f"adapter: {adapter}")
    assert (card.problem, card.needs) == ("", NEEDS[adapter])
    agent = workshop.agents.find("one", card.digest)
    assert isinstance(agent, UnavailableAgent)
    outcome = workshop.call("one")
    assert isinstance(outcome, Failed)
    assert (outcome.fault, outcome.code) == ("platform", "FL-A030")
    assert outcome.message == f"agent one needs {NEEDS[adapter]}"
    assert outcome.error == "unavailable"


def test_an_agent_that_ships_may_need_a_model_too(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    text = "---\nname: judge\ndescription: x\nfairlead: {adapter: llm, output: verdict, version: 1}\n---\nYou judge.\n"
    (tmp_path / "cards/judge.md").write_text(text)
    card = FileCatalog(read_values, tuple, tmp_path).find("judge")
    assert card is not None
    assert (card.problem, card.needs) == ("", NEEDS["llm"])
    assert card.output_schema == CONTRACTS["verdict"]
    assert card.digest != Digest("")


def test_the_adapter_is_worked_out_where_nothing_names_it(workshop: Workshop) -> None:
    workshop.write(".fairlead/agents/code.py", "from fairlead import Context\n\n\ndef f(ctx: Context) -> dict: ...\n")
    assert card_of(workshop, "python: ./code.py:f").adapter == "tool"
    assert card_of(workshop, "command: [sh]\noutput: report").adapter == "command"
    assert card_of(workshop, "kind: tool\ncommand: [sh]\noutput: report").adapter == "command"
    assert card_of(workshop, "tags: [x]").adapter == "claude"


def test_a_schema_beside_the_file_is_its_contract_and_part_of_its_digest(workshop: Workshop) -> None:
    workshop.write(".fairlead/agents/schema.json", '{"type": "object", "required": ["a"]}')
    card = card_of(workshop, "adapter: llm\noutput: ./schema.json")
    assert (card.problem, card.contract) == ("", "./schema.json")
    assert card.output_schema == {"type": "object", "required": ["a"]}
    workshop.write(".fairlead/agents/schema.json", '{"type": "object"}')
    assert workshop.found("one").digest != card.digest
    workshop.write(".fairlead/agents/schema.json", '{"type": "strng"}')
    assert workshop.found("one").problem.startswith("FL-A017: `output_schema` is no schema")
    workshop.write(".fairlead/agents/schema.json", '{"a": 1, "a": 2}')
    assert workshop.found("one").problem.startswith("FL-A042: schema.json is no strict JSON")
    workshop.write(".fairlead/agents/schema.json", "[]")
    assert workshop.found("one").problem == "FL-A042: schema.json holds no JSON object"


@pytest.mark.parametrize("name", sorted(CONTRACTS))
def test_a_contract_is_a_schema_and_its_name_gives_it(workshop: Workshop, name: str) -> None:
    card = card_of(workshop, f"adapter: command\ncommand: [sh]\noutput: {name}")
    assert (card.problem, card.output_schema) == ("", CONTRACTS[name])


@pytest.mark.parametrize(
    ("settings", "risk"),
    [
        ("tags: [x]", "low"),
        ("writes: [a]", "medium"),
        ("network: [api.example.org]", "high"),
        ("command: [sh]\noutput: report\nenv: [TOKEN]", "high"),
        ("network: [api.example.org]\nrisk: low", "low"),
    ],
)
def test_a_risk_that_nobody_states_is_worked_out(workshop: Workshop, settings: str, risk: str) -> None:
    assert card_of(workshop, settings).risk == risk


@proves("C2")
def test_what_holds_is_shown_with_the_reason(workshop: Workshop) -> None:
    front = "name: one\ndescription: x\nmodel: inherit\ntools: Read\npermissionMode: bypassPermissions\ncolor: green\n"
    front += "hooks: {Stop: [x]}\npriority: 3\nmaxTurns: 25\nfairlead:\n  writes: [src/**]\n  limits: {timeout: 10m}\n"
    workshop.write(".fairlead/agents/one.md", f"---\n{front}---\nYou.\n")
    found = settings_of(workshop)
    wanted = {
        "adapter": ("claude", "usual for a file with instructions"),
        "needs": (NEEDS["claude"], "calls are refused until it is configured; a `fallback` takes over"),
        "model": ("the workflow's, or the one configured", "the file says `inherit`"),
        "tools": ("Read", "`tools` of the file, as far as policy allows"),
        "asks": ("asks nobody inside the sandbox", "bypassPermissions never reaches outside of it"),
        "writes": ("src/**", "`fairlead.writes` of the file"),
        "reads": ("**", "usual"),
        "risk": ("medium", "worked out: it writes in its own copy"),
        "timeout": ("600 s", "`fairlead.limits.timeout` of the file"),
        "memory": ("512 MB", "usual"),
        "isolate": ("worktree", "usual for whatever writes"),
        "budget": ("turns 25", "`maxTurns` of the file"),
        "cache": ("7d", "usual for an agent with a model"),
        "fallback": ("nobody", "usual"),
        "color": ("green", "for the eye only"),
        "hooks": ("Stop x", "commands of the repository: they run only once it is trusted, in the sandbox"),
        "priority": ("3", "not known; kept, and not acted on"),
    }
    assert {name: (found[name].value, found[name].why) for name in wanted} == wanted
    shipped = settings_of(workshop, "inventory")
    assert shipped["adapter"] == Setting("adapter", "tool", "the card that ships")
    assert settings_of(workshop, "nobody") == {}


@proves("C2")
def test_a_circle_of_fallbacks_and_one_that_leads_nowhere_are_said(workshop: Workshop) -> None:
    for name, fallback in (("one", "two"), ("two", "three"), ("three", "one"), ("four", "one"), ("five", "inventry")):
        workshop.card(name, f"adapter: llm\nfallback: [{fallback}]")
    workshop.card("six", "adapter: llm\nfallback: [inventory, code-reviewer]")
    found = {(one.file.rpartition("/")[2], one.code): one for one in workshop.wrong()}
    circles = {file: one.message.partition(": ")[2] for (file, code), one in found.items() if code == "FL-A040"}
    assert circles == {
        "one.md": "one → two → three → one",
        "two.md": "two → three → one → two",
        "three.md": "three → one → two → three",
    }
    nowhere = found["five.md", "FL-A041"]
    assert nowhere.message == "there is no agent named `inventry` to take over"
    assert nowhere.hints == ("did you mean `inventory`?",)
    assert nowhere.span is not None
    assert nowhere.source.strip() == "fallback: [inventry]"
    assert {code for file, code in found if file in ("four.md", "six.md")} == {"FL-A022"}


def test_the_schema_of_agent_files_names_every_key() -> None:
    ours = schema()["properties"]["fairlead"]
    assert list(ours["properties"]) == [key.name for key in KEYS]
    assert ours["additionalProperties"] is False
