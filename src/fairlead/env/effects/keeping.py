"""Where the effects of one run keep what they need: beside the trees that the run has recorded."""

import hashlib
import os

from fairlead.core.ports import EffectWorld


def _folder_of(world: EffectWorld) -> str:
    """The directory; it may not exist yet."""
    return world.trees.removesuffix(".git") + ".effects"


def state_of(world: EffectWorld) -> str:
    """The state directory, which no effect may write to."""
    return os.path.dirname(os.path.dirname(world.trees))


def record_of(world: EffectWorld) -> str:
    """The file that keeps what this very effect changes."""
    return os.path.join(_folder_of(world), hashlib.sha256(world.key.encode("utf-8", "surrogatepass")).hexdigest()[:32])


def kept_name(world: EffectWorld) -> str:
    """The same file, from the state directory."""
    return os.path.relpath(record_of(world), state_of(world))
