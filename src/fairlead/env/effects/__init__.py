"""The effects: changes outside that the platform performs itself, by their kinds."""

from collections.abc import Mapping
from functools import cache

from fairlead.core.ports import Effect


@cache
def effects() -> Mapping[str, Effect]:
    """Every effect of this build by its kind, in the order of the reference."""
    from fairlead.env.effects.files import FileWrite
    from fairlead.env.effects.patches import PatchApply
    from fairlead.env.effects.repository import GitBranch, GitCommit, GitRevert
    from fairlead.env.effects.requests import HttpRequest

    known: tuple[Effect, ...] = (GitCommit(), GitBranch(), GitRevert(), PatchApply(), FileWrite(), HttpRequest())
    return {effect.describe().kind: effect for effect in known}
