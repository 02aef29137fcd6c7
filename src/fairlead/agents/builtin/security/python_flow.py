"""Follows values through the expressions of one module, and shows every call to the rules."""

import ast
from collections.abc import Callable
from typing import Protocol

from fairlead.agents.builtin.security.python_known import (
    CHECKING_METHODS,
    NUMBERS,
    PASSING_CALLS,
    PASSING_METHODS,
    is_check,
    last_name,
)
from fairlead.agents.builtin.security.python_names import Names
from fairlead.agents.builtin.security.python_values import (
    ANY,
    HARMLESS,
    KNOWN,
    OPAQUE,
    Value,
    constant,
    either,
    formatted,
    joined,
    percent,
    shown,
    together,
)

Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = dict[str, Value]


class Rules(Protocol):
    """What the flow analysis asks."""

    def source(self, node: ast.expr, name: str, flow: "Flow") -> Value | None:
        """The value of *node* if it is a source: something that comes from outside."""
        ...

    def parameter(self, function: Function, argument: ast.arg, default: ast.expr | None, flow: "Flow") -> Value:
        """What is known about a parameter of *function*."""
        ...

    def call(self, call: ast.Call, name: str, receiver: Value, flow: "Flow") -> Value | None:
        """A call was reached: report it, or answer with its value if the flow does not know better."""
        ...

    def expression(self, node: ast.expr) -> None:
        """A dictionary or a comparison was reached."""
        ...

    def statement(self, node: ast.stmt, flow: "Flow") -> None:
        """A statement was reached, after its values were read."""
        ...


class Flow:
    """The state while one module is read: the names, the scopes, and what the rules want to know."""

    def __init__(self, names: Names, rules: Rules) -> None:
        self.names = names
        self.rules = rules
        self.classes: list[ast.ClassDef] = []
        self.functions: list[Function] = []
        self.here: ast.stmt = ast.Pass()
        self._read: dict[ast.expr, Value] = {}
        self._outer: Scope = {}
        self._scope: Scope = {}
        self._by_type: dict[type[ast.expr], Callable[[ast.expr], Value]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Call: self._call,
            ast.BinOp: self._operation,
            ast.JoinedStr: self._f_string,
            ast.FormattedValue: self._formatted_value,
            ast.Subscript: self._subscript,
            ast.IfExp: self._choice,
            ast.Compare: self._compare,
            ast.NamedExpr: self._named,
            ast.Lambda: self._lambda,
            ast.ListComp: self._comprehension,
            ast.SetComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.DictComp: self._comprehension,
        }

    # -------------------------------------------------------------------------------------------------- names

    def _bind(self, target: ast.expr, value: Value, written: ast.expr | None = None) -> None:
        if isinstance(target, ast.Name):
            self._scope[target.id] = value
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            self._scope[f"{target.value.id}.{target.attr}"] = value
        elif isinstance(target, ast.Tuple | ast.List):
            parts = written.elts if isinstance(written, ast.Tuple | ast.List) else []
            for number, part in enumerate(target.elts):
                own = self.known(parts[number]) if len(parts) == len(target.elts) else value._replace(text=None)
                self._bind(part, own)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, value)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and value.level > OPAQUE:
            # Something dangerous was put into a container.
            self._scope[target.value.id] = together((self.value(target.value), value))

    # ---------------------------------------------------------------------------------------------------- guards

    def _guard(self, test: ast.expr) -> None:
        """Whatever a condition looks at closely is not proven to be chosen from outside any more."""
        for node in ast.walk(test):
            if isinstance(node, ast.Compare) and any(isinstance(op, ast.In | ast.NotIn) for op in node.ops):
                self._looked_at([node.left, *node.comparators])
            elif isinstance(node, ast.Call):
                method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                if method in CHECKING_METHODS:
                    assert isinstance(node.func, ast.Attribute)
                    self._looked_at([node.func.value])
                elif is_check(last_name(node.func)):
                    self._looked_at([*node.args, *(keyword.value for keyword in node.keywords)])

    def _looked_at(self, nodes: list[ast.expr]) -> None:
        for node in nodes:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name):
                    known = self._scope.get(inner.id)
                    if known is not None and known.level > OPAQUE:
                        self._scope[inner.id] = known._replace(level=OPAQUE, source="")

    # --------------------------------------------------------------------------------------------------- values

    def value(self, node: ast.expr) -> Value:
        """Read an expression; its calls are shown to the rules."""
        read = self._by_type.get(type(node))
        found = self._other(node) if read is None else read(node)
        self._read[node] = found
        return found

    def _other(self, node: ast.expr) -> Value:
        parts = [self.value(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        if isinstance(node, ast.Await | ast.Starred | ast.YieldFrom) and parts:
            return parts[0]
        if isinstance(node, ast.BoolOp):
            whole = parts[0]
            for part in parts[1:]:
                whole = either(whole, part)
            return whole
        if isinstance(node, ast.UnaryOp):
            return HARMLESS if isinstance(node.op, ast.Not) else parts[0]._replace(text=None)
        if isinstance(node, ast.Yield):
            return ANY
        if isinstance(node, ast.Dict):
            self.rules.expression(node)
        if isinstance(node, ast.List | ast.Tuple):
            return together(parts, " ".join(shown(part) for part in parts))
        return together(parts)

    def known(self, node: ast.expr) -> Value:
        """What was known about *node* when it was read in the function that is being read."""
        return self._read.get(node, ANY)

    def lookup(self, name: str) -> Value | None:
        """The value of a local or module-level name, or of `self.name`."""
        found = self._scope.get(name)
        return found if found is not None else self._outer.get(name)

    def _constant(self, node: ast.expr) -> Value:
        assert isinstance(node, ast.Constant)
        return constant(node.value)

    def _name(self, node: ast.expr) -> Value:
        assert isinstance(node, ast.Name)
        known = self.lookup(node.id)
        if known is not None:
            return known
        name = self.names.qualified(node)
        found = self.rules.source(node, name, self)
        if found is not None:
            return found
        # A name in capitals is a constant of another module.
        return Value(KNOWN, kind=name) if node.id.isupper() else Value(kind=name)

    def _attribute(self, node: ast.expr) -> Value:
        assert isinstance(node, ast.Attribute)
        if isinstance(node.value, ast.Name):
            known = self.lookup(f"{node.value.id}.{node.attr}")
            if known is not None:
                return known
        owner = self.value(node.value)
        name = self.names.qualified(node)
        found = self.rules.source(node, name, self)
        if found is not None:
            return found
        if owner.level > OPAQUE:
            return owner._replace(text=None, kind="")
        return Value(KNOWN, kind=name) if node.attr.isupper() else Value(kind=name)

    def _subscript(self, node: ast.expr) -> Value:
        assert isinstance(node, ast.Subscript)
        owner = self.value(node.value)
        self.value(node.slice)
        found = self.rules.source(node, "", self)
        return found if found is not None else owner._replace(text=None, constant=None, kind="")

    def _operation(self, node: ast.expr) -> Value:
        assert isinstance(node, ast.BinOp)
        if isinstance(node.op, ast.Add):
            # A chain of a thousand `+` is a left-leaning tree a thousand deep.
            parts: list[Value] = []
            here: ast.expr = node
            while isinstance(here, ast.BinOp) and isinstance(here.op, ast.Add):
                parts.append(self.value(here.right))
                here = here.left
            parts.append(self.value(here))
            return joined(parts[::-1], node)
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Mod):
            return percent(left, right, node)
        if isinstance(node.op, ast.Mult) and KNOWN in (left.level, right.level):
            # "?" * count is a row of marks, and a number times a number is a number.
            return HARMLESS if left.text is not None or right.text is not None else together((left, right))
        if isinstance(node.op, ast.Div):
            return joined([left, constant("/"), right], node)
        return together((left, right))

    def _f_string(self, node: ast.expr) -> Value:
        assert isinstance(node, ast.JoinedStr)
        return joined([self.value(part) for part in node.values], node)

    def _formatted_value(self, node: ast.expr) -> Value:
        assert isinstance(node, ast.FormattedValue)
        value = self.value(node.value)
        spec = self.value(node.format_spec).text if node.format_spec is not None else None
        return HARMLESS if spec and spec[-1] in "dfxXobeEgGn%" else value

    def _choice(self, node: ast.expr) -> Value:
        assert isinstance(node, ast.IfExp)
        self.value(node.test)
        return either(self.value(node.body), self.value(node.orelse))

    def _compare(self, node: ast.expr) -> Value:
        assert isinstance(node, ast.Compare)
        self.rules.expression(node)
        for part in (node.left, *node.comparators):
            self.value(part)
        return HARMLESS

    def _named(self, node: ast.expr) -> Value:
        assert isinstance(node, ast.NamedExpr)
        value = self.value(node.value)
        self._bind(node.target, value)
        return value

    def _lambda(self, node: ast.expr) -> Value:
        assert isinstance(node, ast.Lambda)
        around, self._scope = self._scope, dict(self._scope)
        for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
            self._scope[argument.arg] = ANY
        self.value(node.body)
        self._scope = around
        return ANY

    def _comprehension(self, node: ast.expr) -> Value:
        assert isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp)
        around, self._scope = self._scope, dict(self._scope)
        for part in node.generators:
            self._bind(part.target, self.value(part.iter)._replace(constant=None, text=None))
            for condition in part.ifs:
                self.value(condition)
                self._guard(condition)
        inner = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        whole = together(self.value(part) for part in inner)
        self._scope = around
        return whole

    # ----------------------------------------------------------------------------------------------------- calls

    def _call(self, node: ast.expr) -> Value:
        assert isinstance(node, ast.Call)
        name = self.names.qualified(node.func)
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        receiver = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else ANY
        if isinstance(node.func, ast.Call | ast.Subscript | ast.Lambda):
            self.value(node.func)
        arguments = [self.value(argument) for argument in node.args]
        arguments += [self.value(keyword.value) for keyword in node.keywords]
        answer = self.rules.call(node, name, receiver, self)
        if answer is None:
            answer = self.rules.source(node, name, self)
        if answer is not None:
            return answer
        if name in NUMBERS:
            return HARMLESS
        if name in PASSING_CALLS:
            return together(arguments)._replace(
                text=arguments[0].text if len(arguments) == 1 else None, kind=f"{name}()"
            )
        if name == "os.path.join" or method == "joinpath":
            parts = [receiver, *arguments] if method == "joinpath" else arguments
            return joined([part for one in parts for part in (one, constant("/"))][:-1] or [ANY], node)
        if method == "format":
            return formatted(receiver, arguments, node)
        if method == "join" and len(arguments) == 1:
            items = arguments[0]
            return together((receiver, items), items.text, node)
        if method in PASSING_METHODS and (receiver.level != OPAQUE or receiver.text is not None):
            text = (
                receiver.text
                if method in ("strip", "lower", "upper", "encode", "decode", "replace", "lstrip", "rstrip")
                else None
            )
            return together((receiver, *arguments) if method == "replace" else (receiver,), text, receiver.made_at)
        return Value(kind=f"{name}()" if "?" not in name else (f"{receiver.kind}.{method}()" if receiver.kind else ""))
