"""How often Python looks for rings of objects that nothing else holds."""

import gc

_NEW_OBJECTS = 20_000  # between two looks at the newest; Python's own 700 looks thousands of times through a large run


def look_rarely() -> None:
    """Leave alone what has been loaded, and look rarely at what is made from now on.

    For a process that performs runs: what a run is made of cannot be part of a ring, and most of it lives to its end.
    """
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 20, 50)
