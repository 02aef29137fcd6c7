"""Which functions made in a loop outlive their turn: the others read the loop's variable while it is right."""

import ast
import re
from collections.abc import Iterator

_KEEPS = re.compile(
    r"^(append|appendleft|add|insert|setdefault|put|push|register|connect|subscribe|bind|on|submit|schedule|defer|Thread"
    r"|Timer|Process|partial|create_task|call_later|call_soon|after|enqueue|atexit|Button)$|^add_|^on_|^register_|callback"
)
_KEPT_KEYWORDS = frozenset({"command", "callback", "target", "handler", "on_click", "default_factory"})


def is_kept(tree: ast.Module, line: int) -> bool:
    """Whether the function around *line* is put somewhere where a later turn of the loop, or nobody, calls it."""
    values = list(_kept_values(tree))
    names = {value.id for value in values if isinstance(value, ast.Name)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name not in names:
            continue
        if node.lineno <= line <= (node.end_lineno or node.lineno):
            return True
    return any(
        isinstance(value, ast.Lambda) and value.lineno <= line <= (value.end_lineno or value.lineno) for value in values
    )


def _kept_values(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if _KEEPS.search(name):
                yield from map(_unpacked, node.args)
            yield from (one.value for one in node.keywords if one.arg in _KEPT_KEYWORDS or _KEEPS.search(name))
        elif isinstance(node, ast.Assign):
            if any(isinstance(target, (ast.Subscript, ast.Attribute)) for target in node.targets):
                yield _unpacked(node.value)
        elif isinstance(node, (ast.Return, ast.Yield)) and node.value is not None:
            yield _unpacked(node.value)


def _unpacked(value: ast.expr) -> ast.expr:
    """The last part of a pair: `calls.append((name, lambda: …))`."""
    return value.elts[-1] if isinstance(value, (ast.Tuple, ast.List)) and value.elts else value
