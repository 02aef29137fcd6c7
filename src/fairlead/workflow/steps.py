"""Steps of a file become core steps; each keeps its text beside it, so that later checks can show places."""

import re
from typing import cast

from fairlead.core.json import Json
from fairlead.core.workflow import (
    FALLBACKS_MAX,
    ROUNDS_MAX,
    STEPS_MAX,
    TIMEOUT_S_DEFAULT,
    Action,
    AgentAction,
    Block,
    Branch,
    ChooseAction,
    Goal,
    GroupAction,
    Isolate,
    Join,
    LoopAction,
    ParallelAction,
    Retry,
    RunAction,
    Stall,
    Step,
)
from fairlead.core.workflow import Level as Isolation
from fairlead.workflow.actions import (
    BODY_MAX,
    NAME_MAX,
    PATH_MAX,
    read_approve,
    read_effect,
    read_notify,
    read_parse,
    read_wait,
    read_workflow_name,
)
from fairlead.workflow.fields import Fields
from fairlead.workflow.keys import ACTIONS, BRANCH, LOOP, PARALLEL, STALL, STEP, TAKEN_BY
from fairlead.workflow.levels import Level, StepText
from fairlead.workflow.modifiers import (
    PARALLEL_MAX,
    Defaults,
    read_budget,
    read_cache,
    read_each,
    read_expect,
    read_isolate,
    read_join,
    read_retry,
    read_satisfies,
)
from fairlead.workflow.runs import read_argv
from fairlead.workflow.source import Source
from fairlead.workflow.yaml_tree import Entry, Node

BRANCHES_MAX = 50
PATTERNS_MAX = 100
ID = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)
_ISOLATIONS = ("L0", "L1", "L2", "L3")


class StepReader:
    """Reads lists of steps. `count` is the number of steps read so far, over the whole file."""

    def __init__(self, source: Source, fields: Fields, defaults: Defaults) -> None:
        self.source = source
        self.fields = fields
        self.defaults = defaults
        self.count = 0

    def read_list(self, node: Node, place: str, level: Level) -> tuple[Step, ...]:
        """The steps of one list; *level* is filled with their texts."""
        if node.kind == "list" and not node.items:
            self.source.add(
                "FL-W119", f"`{place}` has no step", node.start, node.end, "write a step, or remove the key"
            )
        for item in self.fields.items(node, place):
            self.count += 1
            if self.count == STEPS_MAX + 1:
                message = f"the file has more than {STEPS_MAX:,} steps"
                self.source.add("FL-W112", message, item.start, item.end, "split it into several workflows")
            if self.count > STEPS_MAX:
                break
            self._read(item, level)
        return tuple(text.step for text in level.texts)

    def _read(self, node: Node, level: Level) -> None:
        fields = self.fields
        keys = fields.mapping(node, "", STEP)
        if keys is None:
            return
        text = StepText(Step(id="", action=RunAction(())), node, keys, level)
        level.texts.append(text)
        # Expressions of this step are noted with it; the steps inside lay their own lists there and give this one back.
        outer, fields.written = fields.written, text.written
        name = self._id(node, keys)
        text.step = Step(id=name, action=RunAction(()))  # the steps inside ask for the id of the block around them
        action_key, action = self._action(node, keys, text, name)
        text.step = self._whole(keys, name, action_key, action)
        fields.written = outer

    def _whole(self, keys: dict[str, Entry], name: str, action_key: str, action: Action) -> Step:
        fields, defaults = self.fields, self.defaults
        is_program = action_key in ("agent", "run")
        if action_key:
            self._refuse_keys(keys, action_key)
        taken = {key: entry for key, entry in keys.items() if action_key in TAKEN_BY.get(key, (action_key,))}
        each = read_each(fields, keys, ID)
        optional, default, has_default = self._optional(keys)
        retry = defaults.retry if action_key in TAKEN_BY["retry"] else None
        if "retry" in taken:
            retry = read_retry(fields, taken["retry"].value, "retry", retry) or retry
        isolate: Isolate = defaults.isolate if is_program else ""
        if "isolate" in taken:
            isolate = read_isolate(fields, taken["isolate"], "isolate")
        cache = defaults.cache if action_key in TAKEN_BY["cache"] else None
        if "cache" in taken:
            cache = read_cache(fields, taken["cache"], "cache")
        budget = defaults.budget if is_program else None
        if "budget" in keys:
            budget = read_budget(fields, keys["budget"], "budget", budget)
        return Step(
            id=name,
            action=action,
            title=self._title(keys),
            given=self._given(taken),
            condition=fields.expression(keys["if"].value, "if", "boolean", "before") if "if" in keys else "",
            each=each,
            join=read_join(fields, keys) if each else Join(),
            needs=self._edges(keys, "needs"),
            after=self._edges(keys, "after"),
            fallback=self._fallback(taken, action),
            optional=optional,
            default=default,
            has_default=has_default,
            retry=retry or Retry(),
            timeout_s=self._timeout(taken, action),
            expect=read_expect(fields, keys["expect"].value) if "expect" in keys else (),
            satisfies=read_satisfies(fields, keys),
            reads=self._patterns(taken, "reads"),
            writes=self._patterns(taken, "writes"),
            tree=(fields.text(taken["in"].value, "in", moment="item") or "") if "in" in taken else "",
            env=read_env(fields, taken["env"].value) if "env" in taken else (),
            isolate=isolate,
            sandbox=self._sandbox(taken),
            is_hidden=bool("hide" in keys and fields.boolean(keys["hide"].value, "hide")),
            cache=cache,
            budget=budget,
        )

    def _refuse_keys(self, keys: dict[str, Entry], action: str) -> None:
        """Note every key that says nothing for this action."""
        for key, entry in keys.items():
            takers = TAKEN_BY.get(key)
            if takers is None or action in takers:
                continue
            said = f"a step with `{action}` does not take `{key}`"
            hint = f"remove it: only {_listed(takers)} {'takes' if len(takers) == 1 else 'take'} it"
            if key == "timeout":
                other = {"approve": "write it inside `approve:`", "wait": "write `for:` inside `wait:`"}
                hint = other.get(action, hint)
            elif key == "with" and action == "run":
                hint = "remove it: a program has its arguments"
            self.source.add("FL-W121", said, entry.key.start, entry.key.end, hint)

    def _id(self, node: Node, keys: dict[str, Entry]) -> str:
        if "id" not in keys:
            # Without keys of its own the step has no better place than its beginning.
            hint = "add `id: name`; the name appears in expressions and in the run's record"
            self.source.add("FL-W023", "a step needs an `id`", node.start, node.start + 1, hint)
            return ""
        return self.fields.text(keys["id"].value, "id") or ""

    def _title(self, keys: dict[str, Entry]) -> str:
        return (self.fields.text(keys["name"].value, "name", length_max=256) or "") if "name" in keys else ""

    # ------------------------------------------------------------------------------------------------------- actions

    def _action(self, node: Node, keys: dict[str, Entry], text: StepText, name: str) -> tuple[str, Action]:
        said = [key for key in node.entries if key in ACTIONS]
        shown = f"step `{name}`" if name else "the step"
        if not said:
            start = keys["id"].key if "id" in keys else node
            hint = f"add one of: {', '.join(ACTIONS)}"
            end = keys["id"].value.end if "id" in keys else node.end
            self.source.add("FL-W104", f"{shown} has no action", start.start, end, hint)
        for second in said[1:]:
            entry = node.entries[second]
            self.source.add(
                "FL-W105",
                f"{shown} has two actions: `{said[0]}` and `{second}`",
                entry.key.start,
                entry.key.end,
                "make two steps of it: a step does exactly one thing",
            )
        # All of them are read, for their own mistakes; the first one counts.
        actions = [self._read_action(key, keys[key], keys, text) for key in said]
        return (said[0], actions[0]) if actions else ("", RunAction(()))

    def _read_action(self, name: str, entry: Entry, keys: dict[str, Entry], text: StepText) -> Action:
        fields, (key, value) = self.fields, entry
        match name:
            case "agent":
                prompt = ""
                if "prompt" in keys:
                    node = keys["prompt"].value
                    prompt = fields.text(node, "prompt", length_max=BODY_MAX, moment="item") or ""
                return AgentAction(fields.text(value, "agent", length_max=NAME_MAX) or "", prompt=prompt)
            case "run":
                parse = read_parse(fields, keys["parse"].value) if "parse" in keys else ()
                return RunAction(read_argv(fields, value), parse)
            case "approve":
                return read_approve(fields, value, key)
            case "effect":
                return read_effect(fields, value)
            case "notify":
                return read_notify(fields, value, key)
            case "wait":
                return read_wait(fields, value, key)
            case "workflow":
                return read_workflow_name(fields, value)
            case "parallel":
                return self._parallel(value, key, text)
            case "loop":
                return self._loop(value, key, text)
            case "choose":
                return self._choose(value, text)
            case _:
                return GroupAction(self._inner(value, "steps", text, is_sequence=True))

    def _inner(self, node: Node, place: str, text: StepText, *, is_sequence: bool, branch: int = 0) -> tuple[Step, ...]:
        """The steps of a list inside the block *text*."""
        level = Level("block", is_sequence, text, branch)
        text.inner.append(level)
        return self.read_list(node, place, level)

    def _steps_of(self, node: Node, key: Node, place: str, keys: dict[str, Entry], text: StepText) -> tuple[Step, ...]:
        if "steps" in keys:
            return self._inner(keys["steps"].value, f"{place}.steps", text, is_sequence=place != "parallel")
        self.fields.missing(node, key, place, "steps", "list the steps below `steps:`")
        return ()

    def _parallel(self, node: Node, key: Node, text: StepText) -> ParallelAction:
        fields = self.fields
        keys = fields.mapping(node, "parallel", PARALLEL) or {}
        most = fields.integer(keys["max"].value, "parallel.max", 1, PARALLEL_MAX) if "max" in keys else 0
        fast = fields.boolean(keys["fail_fast"].value, "parallel.fail_fast") if "fail_fast" in keys else True
        join = read_join(fields, {"join": keys["join"]}, "parallel.") if "join" in keys else None
        steps = self._steps_of(node, key, "parallel", keys, text)
        if join is not None and join.kind == "quorum" and join.count > len(steps) > 0:
            place = keys["join"].value
            said = f"`parallel` has {len(steps)} steps, so {join.count} of them can never end well"
            self.source.add("FL-W024", said, place.start, place.end, f"write at most `quorum({len(steps)})`")
        action = ParallelAction(steps, max=most or 0, fail_fast=fast is not False)
        return action if join is None else ParallelAction(steps, action.max, action.fail_fast, join)

    def _loop(self, node: Node, key: Node, text: StepText) -> LoopAction:
        fields = self.fields
        keys = fields.mapping(node, "loop", LOOP) or {}
        for name in ("goal", "start", "stall"):
            fields.requires(keys, name, "metric", place="loop.")
        keep = fields.word(keys["keep"].value, "loop.keep", ("best", "last")) if "keep" in keys else None
        if keep == "best":
            fields.requires(keys, "keep", "metric", place="loop.")
        on_failure = None
        if "on_round_failure" in keys:
            words = ("discard", "stop", "fail")
            on_failure = fields.word(keys["on_round_failure"].value, "loop.on_round_failure", words)
        goal = fields.word(keys["goal"].value, "loop.goal", ("minimize", "maximize")) if "goal" in keys else None
        # `max` and `start` are known before the first round, `until` and `metric` after each one.
        most: Json = self._rounds(keys["max"].value) if "max" in keys else 1
        if "max" not in keys:
            hint = "say how many rounds there are at most, for example `max: 5`"
            fields.missing(node, key, "loop", "max", hint)
        start = fields.expression(keys["start"].value, "loop.start", "number", "item") if "start" in keys else ""
        metric = fields.expression(keys["metric"].value, "loop.metric", "number", "round") if "metric" in keys else ""
        until = fields.expression(keys["until"].value, "loop.until", "boolean", "round") if "until" in keys else ""
        stall = self._stall(keys["stall"].value, keys["stall"].key) if "stall" in keys else None
        # `word` answers one of the words it was given.
        return LoopAction(
            steps=self._steps_of(node, key, "loop", keys, text),
            max=most,
            until=until,
            metric=metric,
            goal=cast(Goal, goal or "minimize"),
            start=start,
            stall=stall,
            keep="best" if keep == "best" else "last",
            on_round_failure="discard" if on_failure == "discard" else "stop" if on_failure == "stop" else "fail",
        )

    def _rounds(self, node: Node) -> Json:
        if node.is_text:
            text = self.fields.text(node, "loop.max", may_refer=True) or ""
            if "${" in text:
                self.fields.texts(node, "loop.max", "item", "number")
                return text
        most = self.fields.integer(node, "loop.max", 1, ROUNDS_MAX)
        return 1 if most is None else most

    def _stall(self, node: Node, key: Node) -> Stall | None:
        keys = self.fields.mapping(node, "loop.stall", STALL)
        if keys is None:
            return None
        if "rounds" not in keys:
            self.fields.missing(node, key, "loop.stall", "rounds", "say after how many rounds, for example `rounds: 2`")
        rounds = (
            self.fields.integer(keys["rounds"].value, "loop.stall.rounds", 1, ROUNDS_MAX) if "rounds" in keys else 1
        )
        gain = self.fields.share(keys["min_gain"].value, "loop.stall.min_gain") if "min_gain" in keys else 0.0
        return Stall(rounds or 1, gain or 0.0)

    def _choose(self, node: Node, text: StepText) -> ChooseAction:
        fields = self.fields
        found: list[Branch] = []
        items = list(fields.items(node, "choose"))
        if node.kind == "list" and not items:
            self.source.add("FL-W119", "`choose` has no branch", node.start, node.end, "write a branch with `steps:`")
        if len(items) > BRANCHES_MAX:
            said = f"`choose` has {len(items)} branches; at most {BRANCHES_MAX} are allowed"
            self.source.add("FL-W024", said, node.start, node.start + 1, "make several steps of it")
        for number, item in enumerate(items[:BRANCHES_MAX]):
            keys = fields.mapping(item, "", BRANCH)
            if keys is None:
                continue
            condition = ""
            if "if" in keys:
                condition = fields.expression(keys["if"].value, "choose.if", "boolean", "item")
            elif number < len(items) - 1:
                said = "a branch without `if` is always taken, so those below it never are"
                hint = "give it an `if`, or make it the last branch: that is the else"
                self.source.add("FL-W125", said, item.start, item.start + 1, hint)
            if "steps" not in keys:
                self.source.add(
                    "FL-W023", "a branch needs `steps`", item.start, item.start + 1, "list its steps below `steps:`"
                )
                continue
            inner = self._inner(keys["steps"].value, "choose.steps", text, is_sequence=True, branch=number)
            found.append(Branch(inner, condition))
        return ChooseAction(tuple(found))

    # ----------------------------------------------------------------------------------------------------- modifiers

    def _given(self, keys: dict[str, Entry]) -> dict[str, Json]:
        if "with" not in keys:
            return {}
        entry = keys["with"]
        if entry.value.kind != "mapping":
            self.fields.wrong(entry.value, "with", "a mapping", "write each input on its own line below `with:`")
            return {}
        self.fields.texts(entry.value, "with", "item")
        given: dict[str, Json] = entry.value.plain()
        return given

    def _edges(self, keys: dict[str, Entry], key: str) -> tuple[str, ...]:
        return self.fields.names(keys[key].value, key, most=STEPS_MAX) if key in keys else ()

    def _patterns(self, keys: dict[str, Entry], key: str) -> tuple[str, ...]:
        if key not in keys:
            return ()
        return self.fields.names(keys[key].value, key, most=PATTERNS_MAX, length_max=PATH_MAX, moment="item")

    def _fallback(self, keys: dict[str, Entry], action: Action) -> tuple[str, ...]:
        if "fallback" not in keys:
            return ()
        node = keys["fallback"].value
        names = self.fields.names(node, "fallback", most=FALLBACKS_MAX, length_max=NAME_MAX)
        if node.kind == "list" and not node.items:
            self.source.add("FL-W024", "`fallback` is empty", node.start, node.end, "name an agent, or remove the key")
        for item in node.items:
            if isinstance(action, AgentAction) and action.name and item.value == action.name:
                said = f"`fallback` names `{action.name}`, the agent that it stands in for"
                self.source.add("FL-W115", said, item.start, item.end, "name another agent, or set `retry`")
        return names

    def _sandbox(self, keys: dict[str, Entry]) -> Isolation:
        if "sandbox" not in keys:
            return ""
        # `word` answers one of the words it was given.
        return cast(Isolation, self.fields.word(keys["sandbox"].value, "sandbox", _ISOLATIONS) or "")

    def _optional(self, keys: dict[str, Entry]) -> tuple[bool, Json, bool]:
        optional = bool(self.fields.boolean(keys["optional"].value, "optional")) if "optional" in keys else False
        if "default" not in keys:
            return optional, None, False
        entry = keys["default"]
        self.fields.refuse_references(entry.value, "default")
        if not optional:
            self.source.add(
                "FL-W111",
                "`default` is used only when an `optional` step fails",
                entry.key.start,
                entry.key.end,
                "add `optional: true`, or remove `default`",
                is_warning=True,
            )
        return optional, entry.value.plain(), True

    def _timeout(self, keys: dict[str, Entry], action: Action) -> float:
        is_block = isinstance(action, Block)
        seconds = self.fields.timeout(keys["timeout"].value, "timeout") if "timeout" in keys else None
        if is_block and "timeout" in keys:
            self.fields.later("timeout of a block", keys["timeout"].key, "the limits of the steps inside hold")
        if is_block:
            return TIMEOUT_S_DEFAULT
        default = TIMEOUT_S_DEFAULT if self.defaults.timeout_s is None else self.defaults.timeout_s
        return default if seconds is None else seconds


def read_env(fields: Fields, node: Node) -> tuple[str, ...]:
    """Names of the environment."""
    looks = "a name such as `CI`: letters, digits and `_`"
    return fields.names(node, "env", pattern=_ENV_NAME, looks=looks, length_max=128)


def _listed(names: tuple[str, ...]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
