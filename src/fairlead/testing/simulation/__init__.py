"""The whole product in one thread, one seed for everything: see `docs/how-to/simulate.md`."""
