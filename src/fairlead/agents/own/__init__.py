"""Agents that people write themselves in Python: one decorated function in a file of the project.

What runs in the worker's own process only reads such a file (`reading`); it is imported in a child process alone.
"""
