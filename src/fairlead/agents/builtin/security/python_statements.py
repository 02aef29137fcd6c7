"""Reads the statements of one module in order, so that the flow knows what every name holds.

One pass, no fixed point: a loop's body is read once, both ways of a branch are read and then met. That misses flows
over a loop's second round and between functions, and in exchange takes time linear in the program.
"""

import ast
from collections import deque

from fairlead.agents.builtin.security.python_flow import Flow, Function, Rules, Scope
from fairlead.agents.builtin.security.python_known import is_check, last_name
from fairlead.agents.builtin.security.python_names import Names
from fairlead.agents.builtin.security.python_values import ANY, either, joined, percent, together


def follow(tree: ast.Module, names: Names, rules: Rules) -> None:
    """Read *tree* and show its calls, statements and values to *rules*."""
    _Module(names, rules).read(tree)


class _Module(Flow):
    def __init__(self, names: Names, rules: Rules) -> None:
        super().__init__(names, rules)
        self._waiting: deque[tuple[Function, list[ast.ClassDef], list[Function], Scope]] = deque()

    def read(self, tree: ast.Module) -> None:
        """Read the whole module, and then its functions."""
        self._scope = self._outer
        self._block(tree.body)
        # Functions are read after everything around them, so that they know the module's constants.
        while self._waiting:
            function, self.classes, self.functions, around = self._waiting.popleft()
            self._scope = dict(around) if around is not self._outer else {}
            self._read.clear()
            self._function(function)

    def _block(self, body: list[ast.stmt]) -> bool:
        """Read *body*; true if its end is not reached."""
        for node in body:
            self._statement(node)
            if isinstance(node, ast.Return | ast.Raise | ast.Continue | ast.Break):
                return True
        return False

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for outer in [*node.decorator_list, *node.args.defaults, *[d for d in node.args.kw_defaults if d]]:
                self.value(outer)
            self._scope[node.name] = ANY
            self._waiting.append((node, [*self.classes], [*self.functions], self._scope))
        elif isinstance(node, ast.ClassDef):
            self._class(node)
        elif isinstance(node, ast.If):
            self._if(node)
        elif isinstance(node, ast.For | ast.AsyncFor):
            self._bind(node.target, self.value(node.iter)._replace(constant=None, text=None))
            self._either_way(node.body, node.orelse)
        elif isinstance(node, ast.While):
            self.value(node.test)
            self._either_way(node.body, node.orelse)
        elif isinstance(node, ast.Try | ast.TryStar):
            self._block(node.body)
            for handler in node.handlers:
                self._either_way(handler.body, [])
            self._block(node.orelse)
            self._block(node.finalbody)
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                value = self.value(item.context_expr)
                if item.optional_vars is not None:
                    self._bind(item.optional_vars, value)
            self._block(node.body)
        elif isinstance(node, ast.Match):
            self.value(node.subject)
            for case in node.cases:
                self._either_way(case.body, [])
        else:
            self._simple(node)
        self.rules.statement(node, self)

    def _simple(self, node: ast.stmt) -> None:
        self.here = node
        if isinstance(node, ast.Assign):
            value = self.value(node.value)
            for target in node.targets:
                self._bind(target, value, node.value)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self._bind(node.target, self.value(node.value), node.value)
        elif isinstance(node, ast.AugAssign):
            before, more = self.value(node.target), self.value(node.value)
            if isinstance(node.op, ast.Add):
                self._bind(node.target, joined([before, more], node.value))
            elif isinstance(node.op, ast.Mod):
                self._bind(node.target, percent(before, more, node.value))
            else:
                self._bind(node.target, together((before, more)))
        elif isinstance(node, ast.Expr):
            self.value(node.value)
            if isinstance(node.value, ast.Call) and is_check(last_name(node.value.func)):
                self._looked_at([*node.value.args, *(keyword.value for keyword in node.value.keywords)])
        else:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self.value(child)
            if isinstance(node, ast.Assert):
                self._guard(node.test)

    def _if(self, node: ast.If) -> None:
        self.value(node.test)
        self._guard(node.test)
        self._either_way(node.body, node.orelse)

    def _either_way(self, body: list[ast.stmt], other: list[ast.stmt]) -> None:
        before = self._scope
        self._scope = dict(before)
        is_left = self._block(body)
        after_body, self._scope = self._scope, dict(before)
        is_other_left = self._block(other) if other else False
        after_other = self._scope
        if is_left:
            met = after_other
        elif is_other_left:
            met = after_body
        else:
            met = after_body
            for name, value in after_other.items():
                mine = met.get(name)
                met[name] = value if mine is None else either(mine, value)
        # The scope that waiting functions hold must stay the same object.
        before.update(met)
        self._scope = before

    def _class(self, node: ast.ClassDef) -> None:
        for outer in [*node.decorator_list, *node.bases, *[k.value for k in node.keywords]]:
            self.value(outer)
        around, self._scope = self._scope, dict(self._scope) if self._scope is not self._outer else {}
        before = set(self._scope)
        self.classes.append(node)
        self._block(node.body)
        # A class's constants are read through `self`.
        for name in [name for name in self._scope if name not in before]:
            self._scope[f"self.{name}"] = self._scope[f"cls.{name}"] = self._scope[name]
        self.classes.pop()
        self._scope = around
        self._scope[node.name] = ANY

    def _function(self, node: Function) -> None:
        arguments = node.args
        plain = [*arguments.posonlyargs, *arguments.args]
        defaults: list[ast.expr | None] = [None] * (len(plain) - len(arguments.defaults))
        defaults += arguments.defaults
        for argument, default in [
            *zip(plain, defaults, strict=True),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]:
            self._scope[argument.arg] = self.rules.parameter(node, argument, default, self)
        for rest in (arguments.vararg, arguments.kwarg):
            if rest is not None:
                self._scope[rest.arg] = ANY
        self.functions.append(node)
        self._block(node.body)
