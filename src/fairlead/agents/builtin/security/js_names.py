"""What names of a JavaScript file stand for: modules that they were imported from, and values that they were given."""

import re
from typing import NamedTuple

from fairlead.agents.builtin.security.js_tree import Node, Source, arguments, field, unescaped

_GLOBALS = ("window.", "globalThis.", "self.", "global.")
_ANSWER = re.compile(r",\s*(res|response|reply)\b")
DEPTH_MAX = 12  # a.b.c.… longer than this is no name that a rule knows


class Given(NamedTuple):
    """A value that a name got somewhere. `path` is the way into it for a destructured name."""

    scope: tuple[int, int]
    value: Node | None  # None: nothing is known, as of a parameter
    path: str = ""


class Names:
    """The names of one file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.imported: dict[str, str] = {}
        self.given: dict[str, list[Given]] = {}
        for statement in source.captures.get("import", ()):
            self._import(statement)
        for declarator in source.captures.get("declarator", ()):
            name, value = declarator.child_by_field_name("name"), field(declarator, "value")
            if name is not None:
                self._bind(name, value, source.scope(declarator.start_byte), "")
        for assignment in source.captures.get("assignment", ()):
            left = assignment.child_by_field_name("left")
            if left is not None and left.type in ("identifier", "object_pattern"):
                self._bind(left, field(assignment, "right"), self._scope_of(source.text(left), left.start_byte), "")
        for function in source.captures.get("function", ()):
            self._parameters(function)

    def values(self, name: str, offset: int) -> list[Given]:
        """Everything that *name*, as seen at *offset*, was given; empty if it is not of this file."""
        inside = [given for given in self.given.get(name, ()) if given.scope[0] <= offset < given.scope[1]]
        if not inside:
            return []
        innermost = max(given.scope[0] for given in inside)
        return [given for given in inside if given.scope[0] == innermost]

    def qualified(self, node: Node | None) -> str:
        """The full name of a function or object: `child_process.exec` for `cp.exec`, "" if it has none."""
        parts: list[str] = []
        for _ in range(DEPTH_MAX):
            if node is None:
                return ""
            if node.type == "member_expression":
                last = node.child_by_field_name("property")
                parts.append(self.source.text(last) if last is not None else "")
                node = field(node, "object")
                continue
            head = self._head(node)
            if not head:
                return ""
            name = ".".join([head, *reversed(parts)])
            for prefix in _GLOBALS:
                name = name.removeprefix(prefix)
            return name
        return ""

    def _head(self, node: Node) -> str:
        if node.type in ("identifier", "this"):
            name = self.source.text(node)
            return self.imported.get(name, name)
        if node.type == "call_expression":
            return self._required(node)
        return ""

    def _required(self, node: Node | None) -> str:
        """The module that `require("module")` gives, else ""."""
        if node is None or node.type not in ("call_expression", "import"):
            return ""
        function = field(node, "function")
        if function is None or self.source.text(function) not in ("require", "import"):
            return ""
        given = arguments(node)
        return _module(self.source.text(given[0])) if given and given[0].type == "string" else ""

    def _bind(self, name: Node, value: Node | None, scope: tuple[int, int], path: str) -> None:
        if name.type in ("identifier", "shorthand_property_identifier_pattern"):
            text = self.source.text(name)
            self.given.setdefault(text, []).append(Given(scope, value, path))
            if module := self._module_of(value):
                self.imported.setdefault(text, f"{module}.{path}" if path else module)
        elif name.type in ("object_pattern", "array_pattern"):
            for child in name.named_children:
                if child.type == "pair_pattern":
                    key, target = child.child_by_field_name("key"), child.child_by_field_name("value")
                    if key is not None and target is not None:
                        self._bind(target, value, scope, f"{path}.{self.source.text(key)}".lstrip("."))
                elif child.type in ("object_assignment_pattern", "assignment_pattern"):
                    left = child.child_by_field_name("left")
                    if left is not None:
                        self._bind(left, value, scope, f"{path}.{self.source.text(left)}".lstrip("."))
                elif child.type == "shorthand_property_identifier_pattern":
                    self._bind(child, value, scope, f"{path}.{self.source.text(child)}".lstrip("."))
                elif child.type != "rest_pattern":
                    self._bind(child, value, scope, path)
                elif child.named_children:
                    self._bind(child.named_children[0], value, scope, path)
        elif name.type == "assignment_pattern":
            left = name.child_by_field_name("left")
            if left is not None:
                self._bind(left, value, scope, path)

    def _module_of(self, value: Node | None) -> str:
        if value is None:
            return ""
        if value.type == "member_expression":
            inner = self._required(field(value, "object"))
            last = value.child_by_field_name("property")
            return f"{inner}.{self.source.text(last)}" if inner and last is not None else ""
        if value.type != "call_expression":
            return ""
        if module := self._required(value):
            return module
        # A promise-giving twin of a function is as dangerous as the function.
        function, given = field(value, "function"), arguments(value)
        if function is not None and given and self.source.text(function).rpartition(".")[2] == "promisify":
            name = self.qualified(given[0])
            return name if "." in name else ""
        # `require("express")()` and the like are told apart by the rules that need it.
        return ""

    def _import(self, statement: Node) -> None:
        origin = statement.child_by_field_name("source")
        if origin is None:
            return
        module = _module(self.source.text(origin))
        waiting = list(statement.named_children)
        while waiting:
            node = waiting.pop()
            if node.type == "identifier":
                self.imported[self.source.text(node)] = module
            elif node.type == "namespace_import" and node.named_children:
                self.imported[self.source.text(node.named_children[0])] = module
            elif node.type == "import_specifier":
                name, alias = node.child_by_field_name("name"), node.child_by_field_name("alias")
                if name is not None:
                    local = self.source.text(alias if alias is not None else name)
                    self.imported[local] = f"{module}.{self.source.text(name)}"
            elif node.type in ("import_clause", "named_imports"):
                waiting += node.named_children

    def _parameters(self, function: Node) -> None:
        scope = (function.start_byte, function.end_byte)
        single = function.child_by_field_name("parameter")
        listed = function.child_by_field_name("parameters")
        for node in [single] if single is not None else listed.named_children if listed is not None else ():
            if node.type in ("required_parameter", "optional_parameter"):
                node = node.child_by_field_name("pattern")
            if node is None:
                continue
            if node.type == "identifier":
                self.given.setdefault(self.source.text(node), []).append(Given(scope, None))
            elif node.type in ("object_pattern", "array_pattern", "assignment_pattern"):
                # `({ query }, res) => …` takes a request apart.
                is_request = listed is not None and _ANSWER.search(self.source.text(listed)) is not None
                self._bind(node, None, scope, "req" if is_request else "")

    def _scope_of(self, name: str, offset: int) -> tuple[int, int]:
        inside = [given.scope for given in self.given.get(name, ()) if given.scope[0] <= offset < given.scope[1]]
        return max(inside, default=self.source.scope(offset))


def _module(quoted: str) -> str:
    return unescaped(quoted[1:-1]).removeprefix("node:").removesuffix("/promises")
