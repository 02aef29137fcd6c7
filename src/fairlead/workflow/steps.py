"""Steps of a file become core steps; each keeps its text beside it, so that later checks can show places."""

from collections.abc import Iterator
from typing import Literal

from fairlead.core.json import Json
from fairlead.core.workflow import (
    STEPS_MAX,
    TIMEOUT_S_DEFAULT,
    Action,
    AgentAction,
    GroupAction,
    ParallelAction,
    RunAction,
    Step,
)
from fairlead.workflow.fields import Fields
from fairlead.workflow.keys import ACTIONS, ACTIONS_LATER, PARALLEL, STEP
from fairlead.workflow.runs import read_argv
from fairlead.workflow.source import Source
from fairlead.workflow.yaml_tree import Entry, Node

NAME_MAX = 63
PARALLEL_MAX = 64


class StepText:
    """One step as the file has it."""

    def __init__(self, step: Step, node: Node, keys: dict[str, Entry], level: "Level") -> None:
        self.step = step
        self.node = node
        self.keys = keys  # of the step, those that are performed
        self.level = level  # the list that it stands in
        self.inner: Level | None = None  # the list inside, if it is a block

    @property
    def id_node(self) -> Node:
        return self.keys["id"].value if "id" in self.keys else self.node

    def key_node(self, name: str) -> Node:
        return self.keys[name].key


class Level:
    """One list of steps. Names in `needs` and `after` are those of the same list."""

    def __init__(self, kind: Literal["steps", "finally", "block"], is_sequence: bool, parent: StepText | None) -> None:
        self.kind = kind
        self.is_sequence = is_sequence
        self.parent = parent
        self.texts: list[StepText] = []

    def walk(self) -> Iterator[StepText]:
        """All steps of this list and of the lists inside, in file order."""
        for text in self.texts:
            yield text
            if text.inner:
                yield from text.inner.walk()


class StepReader:
    """Reads lists of steps. `count` is the number of steps read so far, over the whole file."""

    def __init__(self, source: Source, timeout_s: float | None) -> None:
        self.source = source
        self.fields = Fields(source)
        self.timeout_s = TIMEOUT_S_DEFAULT if timeout_s is None else timeout_s
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
        keys = self.fields.mapping(node, "", STEP)
        if keys is None:
            return
        name = self._id(node, keys)
        text = StepText(Step(id=name, action=RunAction(())), node, keys, level)
        level.texts.append(text)
        action = self._action(node, keys, text, name)
        is_block = isinstance(action, ParallelAction | GroupAction)
        optional, default, has_default = self._optional(keys)
        text.step = Step(
            id=name,
            action=action,
            title=self._title(keys),
            given=self._given(keys),
            needs=self._names(keys, "needs"),
            after=self._names(keys, "after"),
            optional=optional,
            default=default,
            has_default=has_default,
            timeout_s=TIMEOUT_S_DEFAULT if is_block else self._timeout(keys),
        )
        if is_block and "timeout" in keys:
            self._refuse_key(
                keys["timeout"], "FL-W110", "`timeout` of a block is known, but this build does not perform it yet"
            )

    def _id(self, node: Node, keys: dict[str, Entry]) -> str:
        if "id" not in keys:
            # Without keys of its own the step has no better place than its beginning.
            hint = "add `id: name`; the name appears in references and in the run's record"
            self.source.add("FL-W023", "a step needs an `id`", node.start, node.start + 1, hint)
            return ""
        return self.fields.text(keys["id"].value, "id") or ""

    def _title(self, keys: dict[str, Entry]) -> str:
        return (self.fields.text(keys["name"].value, "name", length_max=256) or "") if "name" in keys else ""

    def _action(self, node: Node, keys: dict[str, Entry], text: StepText, name: str) -> Action:
        said = [key for key in node.entries if key in ACTIONS or key in ACTIONS_LATER]
        shown = f"step `{name}`" if name else "the step"
        if not said:
            start = keys["id"].key if "id" in keys else node
            hint = "add one of: agent, run, parallel, steps"
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
        actions = [self._read_action(key, keys[key].value, text) for key in said if key in keys]
        return actions[0] if actions else RunAction(())

    def _read_action(self, key: str, value: Node, text: StepText) -> Action:
        if key == "agent":
            return AgentAction(self.fields.text(value, "agent", length_max=NAME_MAX) or "")
        if key == "run":
            return RunAction(read_argv(self.fields, value))
        if key == "steps":
            text.inner = Level("block", True, text)
            return GroupAction(self.read_list(value, "steps", text.inner))
        return self._parallel(value, text)

    def _parallel(self, node: Node, text: StepText) -> ParallelAction:
        keys = self.fields.mapping(node, "parallel", PARALLEL) or {}
        most = self.fields.integer(keys["max"].value, "parallel.max", 1, PARALLEL_MAX) if "max" in keys else 0
        fast = self.fields.boolean(keys["fail_fast"].value, "parallel.fail_fast") if "fail_fast" in keys else True
        text.inner = Level("block", False, text)
        steps: tuple[Step, ...] = ()
        if "steps" in keys:
            steps = self.read_list(keys["steps"].value, "parallel.steps", text.inner)
        elif node.kind == "mapping":
            key = text.key_node("parallel")
            self.source.add("FL-W023", "`parallel` needs `steps`", key.start, key.end, "list the steps below `steps:`")
        return ParallelAction(steps, max=most or 0, fail_fast=fast is not False)

    def _given(self, keys: dict[str, Entry]) -> dict[str, Json]:
        if "with" not in keys:
            return {}
        entry = keys["with"]
        if "agent" not in keys:
            self._refuse_key(entry, "FL-W121", "only a step with `agent` takes `with`")
            return {}
        if entry.value.kind != "mapping":
            self.fields.wrong(entry.value, "with", "a mapping", "write each input on its own line below `with:`")
            return {}
        given: dict[str, Json] = entry.value.plain()
        return given

    def _names(self, keys: dict[str, Entry], key: str) -> tuple[str, ...]:
        if key not in keys:
            return ()
        found: list[str] = []
        for item in self.fields.items(keys[key].value, key):
            name = self.fields.text(item, key)
            if name in found:
                hint = "remove one of them"
                self.source.add("FL-W115", f"`{key}` names `{name}` twice", item.start, item.end, hint)
            elif name:
                found.append(name)
        return tuple(found)

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

    def _timeout(self, keys: dict[str, Entry]) -> float:
        seconds = self.fields.timeout(keys["timeout"].value, "timeout") if "timeout" in keys else None
        return self.timeout_s if seconds is None else seconds

    def _refuse_key(self, entry: Entry, code: str, message: str) -> None:
        hint = "remove it here" if code == "FL-W121" else "set it on the steps inside"
        self.source.add(code, message, entry.key.start, entry.key.end, hint)
