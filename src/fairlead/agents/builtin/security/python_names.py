"""Which imported thing a name stands for: `loads` after `from pickle import loads` is `pickle.loads`."""

import ast
from collections import deque


class Names:
    """The imports of one module, those inside functions included."""

    def __init__(self, tree: ast.Module) -> None:
        self._stands_for: dict[str, str] = {}
        self.modules: set[str] = set()  # the first parts of everything imported: "flask"
        waiting: deque[ast.AST] = deque(tree.body)
        while waiting:
            node = waiting.popleft()
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.partition(".")[0]
                    self.modules.add(first)
                    self._stands_for[alias.asname or first] = alias.name if alias.asname else first
            elif isinstance(node, ast.ImportFrom):
                module = "." * node.level + (node.module or "")
                self.modules.add(module.partition(".")[0])
                for alias in node.names:
                    self._stands_for[alias.asname or alias.name] = f"{module}.{alias.name}"
            else:
                # Imports are statements: there is no need to look into expressions, which are most of a tree.
                for field in ("body", "orelse", "finalbody", "handlers", "cases"):
                    inner = getattr(node, field, None)
                    if isinstance(inner, list):
                        waiting.extend(inner)

    def qualified(self, node: ast.expr) -> str:
        """The full name of *node*, with `()` for a call; a part that has no name is `?`."""
        parts: list[str] = []
        here = node
        while True:
            if isinstance(here, ast.Attribute):
                parts.append("." + here.attr)
                here = here.value
            elif isinstance(here, ast.Call):
                parts.append("()")
                here = here.func
            elif isinstance(here, ast.Name):
                parts.append(self._stands_for.get(here.id, here.id))
                break
            else:
                parts.append("?")
                break
        return "".join(reversed(parts))

    def is_imported(self, name: str) -> bool:
        """Whether *name* came in by an import."""
        return name in self._stands_for
