"""The Python builder: what a person writes in Python is recorded, and becomes the same tree as a YAML file.

`fairlead.Workflow` and the symbols are public from here; nothing in this package performs a step.
"""
