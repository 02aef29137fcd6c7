"""What the files that a program leaves become: one file per format, each `parse(data) -> value` or `NotParsed`.

The readers run in a child process (`outputs.py`), because what they read was written by code that nobody vouches for.
The shapes that they give stand in `fairlead.core.program_outputs`.
"""
