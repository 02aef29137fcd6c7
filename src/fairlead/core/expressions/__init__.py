"""Expressions: CEL in a profile of our own, from text to value, with the place of everything that is wrong.

`parse` reads a text, `typed` says before a run what cannot work, `evaluate` and `holds` give values. The language is
described in docs/reference/expressions.md, whose table of functions is printed from `functions.py`.
"""

from fairlead.core.expressions.evaluation import evaluate, holds
from fairlead.core.expressions.parser import Expression, parse
from fairlead.core.expressions.problems import EvaluationFailed, Malformed, Problem
from fairlead.core.expressions.reads import Reading

__all__ = ["EvaluationFailed", "Expression", "Malformed", "Problem", "Reading", "evaluate", "holds", "parse"]
