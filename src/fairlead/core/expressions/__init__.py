"""Expressions: CEL in a profile of our own, from text to value, with the place of everything that is wrong.

`parse` reads a text, `typed` says before a run what cannot work, `evaluate` and `holds` give values. The language is
described in docs/reference/expressions.md, which is printed from the tables here.
"""

from fairlead.core.expressions.checking import Typed, typed
from fairlead.core.expressions.evaluation import evaluate, holds
from fairlead.core.expressions.parser import Expression, parse
from fairlead.core.expressions.problems import EvaluationFailed, Malformed, Problem
from fairlead.core.expressions.reads import Reading
from fairlead.core.expressions.types import (
    ANY,
    BOOL,
    INT,
    NULL,
    NUMBER,
    STRING,
    Type,
    joined,
    list_of,
    optional_of,
    record,
    type_of,
)

__all__ = [
    "ANY",
    "BOOL",
    "INT",
    "NULL",
    "NUMBER",
    "STRING",
    "EvaluationFailed",
    "Expression",
    "Malformed",
    "Problem",
    "Reading",
    "Type",
    "Typed",
    "evaluate",
    "holds",
    "joined",
    "list_of",
    "optional_of",
    "parse",
    "record",
    "type_of",
    "typed",
]
