"""From a step that may start to the call it makes: expressions become values."""

from typing import Any

import msgspec

from fairlead.core.events import AttemptFailed
from fairlead.core.expressions import EvaluationFailed
from fairlead.core.findings import path_from_text
from fairlead.core.ids import Place
from fairlead.core.json import Digest, Json, digest, encode
from fairlead.core.lineage import SideBySide, tree_before
from fairlead.core.ports import Call
from fairlead.core.quorum import is_lapsed
from fairlead.core.references import Unresolved, resolve
from fairlead.core.standing import RunState, StepRun
from fairlead.core.workflow import AgentAction, EffectAction, NotifyAction, RunAction
from fairlead.runtime.scope import Load, Scope
from fairlead.runtime.turns import looked_at


def call_for(state: RunState, place: Place, attempt: int, load: Load) -> Call | AttemptFailed:
    """The call of the step at *place*, or why its author's text cannot become one."""
    step = state.steps[place]
    assert state.queued is not None  # a run that may start steps has been queued
    written = step.planned.step
    try:
        scope = Scope(state, load, step)
        inputs = resolve(written.given, scope)
        return Call(
            run=state.run,
            place=place,
            attempt=attempt,
            root=path_from_text(state.queued.root),
            timeout_s=written.timeout_s,
            tree=str(resolve(written.tree, scope)) if written.tree else tree_before(state, place),
            reads=_patterns(written.reads, scope),
            writes=_patterns(written.writes, scope),
            sandbox=written.sandbox,
            isolate=written.isolate,
            env=written.env,
            granted=_granted(state, step),
            asked=_asked(step),
            feedback=_feedback(step),
            **_of_action(step, inputs, scope),
        )
    except (EvaluationFailed, Unresolved, SideBySide) as error:
        return looked_at(place, attempt, error)


def _patterns(written: tuple[str, ...], scope: Scope) -> tuple[str, ...]:
    return tuple([str(resolve(pattern, scope)) for pattern in written]) if written else ()


def _of_action(step: StepRun, inputs: dict[str, Json], scope: Scope) -> dict[str, Any]:  # Any: fields of several types
    written = step.planned.step
    match written.action:
        case AgentAction(name, definition, prompt):
            if step.alternative:
                name = written.fallback[step.alternative - 1]
                known = written.fallback_definitions
                definition = known[step.alternative - 1] if known else Digest("")
            if prompt:
                inputs = {**inputs, "prompt": resolve(prompt, scope)}
            return {"agent": name, "inputs": inputs, "definition": definition}
        case RunAction(words, parse):
            return {
                "agent": "run",
                "inputs": inputs,
                "argv": tuple(_word(resolve(word, scope)) for word in words),
                "parse": parse,
            }
        case EffectAction(kind):
            return {"agent": kind, "inputs": inputs, "effect": kind}
        case NotifyAction(to, title, body):
            message = NotifyAction(to, str(resolve(title, scope)), str(resolve(body, scope)))
            return {"agent": "notify", "inputs": inputs, "message": message}
        case _:
            raise AssertionError(f"{step.place} makes no call")


def _granted(state: RunState, step: StepRun) -> str:
    """The approval of this very step, unless it has lapsed."""
    if not isinstance(step.planned.step.action, EffectAction | AgentAction | RunAction):
        return ""
    return "" if step.granted and is_lapsed(state.granted_at[step.granted], state.now) else step.granted


def _asked(step: StepRun) -> Digest:
    """What the call must still be. Whoever says "do it again" of an effect has decided on what it is given."""
    return step.asked.digest if step.asked is not None and step.asked.about == "effect" else Digest("")


def _feedback(step: StepRun) -> tuple[str, ...]:
    """Why the last attempt that ended was not good enough: whoever tries again shall know."""
    if step.attempt_status not in ("failed", "lost") or not step.message:
        return ()
    return tuple(check.say for check in step.checks if not check.holds) or (step.message,)


def _word(value: Json) -> str:
    """One word of an argv: text as it is, everything else as its JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def is_covered(state: RunState, call: Call, covered_by: tuple[str, ...]) -> str:
    """The approval that granted exactly the values that *call* takes its effect from; "" when there is none."""
    values = [call.inputs[name] for name in covered_by if name in call.inputs]
    approvals = [state.granted.get(digest(encode(value)), "") for value in values]
    if not all(one and not is_lapsed(state.granted_at[one], state.now) for one in approvals):
        return ""
    return approvals[0] if approvals else ""
