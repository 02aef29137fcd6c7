"""The whole product in one thread: an engine, a gate and a journal whose every order, clock and fault one seed draws.

`fairlead prove --only crash-points` performs it; `again` performs one case that it found, by the line it printed.
"""

from fairlead.testing.simulation.cases import again as again
