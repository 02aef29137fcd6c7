"""The operations, one function each. Every door translates in, calls one of these, and translates out.

Nothing is imported here: a door imports the one file whose operation it calls, so that `--help` pays for none.
"""
