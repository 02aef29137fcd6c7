"""Where the effects of one run keep what they need: beside the trees that the run has recorded."""

import os

from fairlead.core.ports import EffectWorld


def folder_of(world: EffectWorld) -> str:
    """The directory; it may not exist yet."""
    return world.trees.removesuffix(".git") + ".effects"


def state_of(world: EffectWorld) -> str:
    """The state directory, which no effect may write to."""
    return os.path.dirname(os.path.dirname(world.trees))
