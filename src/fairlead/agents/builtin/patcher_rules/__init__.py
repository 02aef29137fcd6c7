"""The patcher-rules: mends one finding by rules, proves by a second scan that it is gone, and gives a patch.

What it can mend stands in `table`; how, in one module for each kind of place: Python, commands, SQL, dependencies.
"""
