"""Whether two states of one run are the same, but for the times: a commit takes some."""

from fairlead.core.standing import RunState

_TIMES = {"started_at", "ended_at", "asked_at", "decided_at"}
_ELSEWHERE = {"steps", "workflow", "worst", "applied", "now", "queued_at", "granted_at", "sleeping", "timed", "lapsing"}


def unlike(one: RunState, other: RunState) -> str:
    """Where they first differ; "" when they do not."""
    if list(one.steps) != list(other.steps):
        return f"steps {sorted(set(one.steps) ^ set(other.steps))}"
    for place, step in one.steps.items():
        told = other.steps[place]
        for name in step.__struct_fields__:
            if name not in _TIMES and _plain(getattr(step, name)) != _plain(getattr(told, name)):
                return f"{place}.{name}: {getattr(step, name)} and {getattr(told, name)}"
    for name, value in vars(one).items():
        if name not in _ELSEWHERE and value != getattr(other, name):
            return f"{name}: {value} and {getattr(other, name)}"
    return ""


def _plain(value: object) -> object:
    if type(value).__name__ == "Rounds":
        return [getattr(value, name) for name in value.__slots__]  # type: ignore[attr-defined]  # what it is made of
    return value
