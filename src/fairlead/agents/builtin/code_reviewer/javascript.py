"""JavaScript and TypeScript: what the syntax tree of a file shows, with tree-sitter."""

from functools import cache
from typing import Any

from fairlead.agents.builtin.code_reviewer import (
    javascript_debug,
    javascript_functions,
    javascript_placeholders,
    javascript_statements,
    unwritten,
)
from fairlead.agents.builtin.code_reviewer.found import Reviewed, SourceFile
from fairlead.agents.builtin.code_reviewer.javascript_file import File
from fairlead.agents.builtin.security import javascript
from fairlead.agents.builtin.security.js_tree import Parsed, language

_QUERY = """
[(function_declaration) (function_expression) (arrow_function) (method_definition) (generator_function_declaration)
 (generator_function)] @function
[(if_statement) (for_statement) (for_in_statement) (while_statement) (do_statement) (switch_case) (catch_clause)
 (ternary_expression)] @division
(binary_expression operator: ["&&" "||" "??"]) @division
(augmented_assignment_expression operator: ["&&=" "||=" "??="]) @division
[(for_statement) (for_in_statement) (while_statement) (do_statement)] @loop
(if_statement) @if
(switch_statement) @switch
(catch_clause) @catch
[(return_statement) (throw_statement) (break_statement) (continue_statement)] @leaving
(object) @object
(debugger_statement) @debugger
"""


@cache
def _query(kind: str) -> Any:  # the library's types are loaded with it
    grammar = language(kind)
    import tree_sitter

    return tree_sitter.Query(grammar, _QUERY)


def wants(path: str) -> bool:
    """Whether *path* is JavaScript or TypeScript, by its name."""
    return javascript.wants(path)


def why_not(path: str, text: str) -> str | None:
    """Why the file is not reviewed although it is JavaScript: people did not write it. None if it is reviewed."""
    return javascript.why_not(path, text) or unwritten.why_not("JavaScript", path, text)


def review(source: SourceFile) -> Reviewed:
    """Everything about one file that its own text shows; nothing for a file that `why_not` names.

    Raises:
        PartMissing: tree-sitter or a grammar is not installed.
    """
    if source.path.endswith((".d.ts", ".d.mts", ".d.cts")) or why_not(source.path, source.text) is not None:
        return Reviewed([], [])  # declarations alone: nothing in them runs
    tree = Parsed(source.path, source.text)
    file = File(source, tree, tree.captured(_query(tree.kind)))
    functions, founds = javascript_functions.measured(file)
    founds += javascript_statements.founds(file)
    founds += javascript_debug.founds(file)
    founds += javascript_placeholders.founds(file)
    error = tree.first_error()
    if error is not None:
        message = "The grammar does not know what stands here; rules may have missed something near it."
        # Newer syntax than the grammar's looks the same as a mistake, so this is not called one.
        founds.append(file.found("review/js-not-parsed", error, message, text="not parsed"))
    return Reviewed(founds, functions)
