"""Passwords and keys that stand in the source as text."""

import ast
import re

from fairlead.agents.builtin.security.python_sites import Report

_RULE = "hard-coded-credential"

_PASSWORD = re.compile(r"(^|[_\-.])(password|passwd|passphrase|pwd|pass_?word)\d?$", re.IGNORECASE)
_KEY = re.compile(
    r"(^|[_\-.])(secret|token|api_?key|auth_?key|access_?key|private_?key|secret_?key|client_?secret|encryption_?key"
    r"|auth_?token|access_?token|signing_?key)$",
    re.IGNORECASE,
)
WORDS = ("passw", "passphrase", "pwd", "secret", "token", "key")  # one of them stands in every such name

_PLACEHOLDER = re.compile(
    r"^$|[\s<>{}$%|]|^(x+|\*+|\.+|-+|#+)$|example|change.?me|replace|placeholder|dummy|your|todo|fixme|insert|redacted|"
    r"^(none|null|true|false|unset|empty|undefined|default|missing|required|optional|hidden|string|text|str|bytes)$",
    re.IGNORECASE,
)
# A value that is itself a name: of a form field, a header, a setting, a file, an address.
_IS_NAME = re.compile(
    r"pass|pwd|token|secret|key|auth|field|input|param|header|csrf|cred|^https?:|^/|^\.|\.(txt|json|pem|py|html)$", re.I
)


def assignment(node: ast.Assign | ast.AnnAssign, report: Report) -> None:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        if isinstance(target, ast.Name):
            _judge(target.id, node.value, report)
        elif isinstance(target, ast.Attribute):
            _judge(target.attr, node.value, report)
        elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
            _judge(target.slice.value, node.value, report)


def within(node: ast.expr, report: Report) -> None:
    """Keyword arguments, dictionary entries and comparisons inside an expression."""
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg is not None:
                _judge(keyword.arg, keyword.value, report)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant):
                _judge(key.value, value, report)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq | ast.NotEq):
        left, right = node.left, node.comparators[0]
        for name, value in ((left, right), (right, left)):
            if isinstance(name, ast.Name):
                _judge(name.id, value, report)
            elif isinstance(name, ast.Attribute):
                _judge(name.attr, value, report)


def defaults(arguments: ast.arguments, report: Report) -> None:
    """Defaults of parameters."""
    plain = [*arguments.posonlyargs, *arguments.args]
    given = arguments.defaults
    for argument, default in zip(plain[len(plain) - len(given) :], given, strict=True):
        _judge(argument.arg, default, report)
    for argument, other in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        _judge(argument.arg, other, report)


def _judge(name: object, value: ast.expr | None, report: Report) -> None:
    if not isinstance(value, ast.Constant) or not isinstance(name, str):
        return
    text = value.value.decode("latin-1") if isinstance(value.value, bytes) else value.value
    if not isinstance(text, str):
        return
    if _PASSWORD.search(name):
        is_credential = len(text) >= 4 and not _is_placeholder(name, text)
        what = "password"
    elif _KEY.search(name):
        is_credential = len(text) >= 12 and not _is_placeholder(name, text) and _is_random(text)
        what = "key or token"
    else:
        return
    if is_credential:
        report.add(_RULE, value, f"A {what} stands in the source as the value of `{name[:60]}`.", mask=True)


def _is_placeholder(name: str, text: str) -> bool:
    if len(text) > 500 or _PLACEHOLDER.search(text) or text.lower() in name.lower():
        return True
    # "password1!" is a password all the same; "password_field" is a name.
    return (
        text.replace("-", "_").isidentifier() and not re.search(r"\d", text) and _IS_NAME.search(text) is not None
    ) or (text.startswith(("http:", "https:", "/", ".")))


def _is_random(text: str) -> bool:
    """Letters and digits mixed, as no word or name is."""
    kinds = (any(c.islower() for c in text), any(c.isupper() for c in text), any(c.isdigit() for c in text))
    return sum(kinds) >= 2 and kinds[2] and len(set(text)) >= 8 and not re.fullmatch(r"[A-Za-z]+[\d.]{1,4}", text)
