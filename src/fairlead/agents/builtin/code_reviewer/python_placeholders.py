"""Placeholders in Python: bodies that pretend, names and texts that say so, and markers in comments."""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence

from fairlead.agents.builtin.code_reviewer.across import Across
from fairlead.agents.builtin.code_reviewer.found import Found, SourceFile
from fairlead.agents.builtin.code_reviewer.placeholder_texts import (
    EXAMPLE_ADDRESS,
    PLACEHOLDER_NAME,
    comment_founds,
    text_says_unfinished,
)
from fairlead.agents.builtin.code_reviewer.python_outline import Function, Outline

_WORDS = re.compile(
    r"todo|fixme|hack|xxx|implemented\b|coming soon|under construction|lorem ipsum|mock_|stub_|__placeholder__"
    r"|//[\w.-]*example\.(?:com|org|net)",
    re.IGNORECASE,
)
_TEXT_WORDS = re.compile(
    r"implemented\b|coming soon|under construction|lorem ipsum|//[\w.-]*example\.(?:com|org|net)", re.IGNORECASE
)
_COMMENT_WORDS = re.compile(r"#[^#\n]*(?:todo|fixme|hack|xxx|implemented\b|coming soon|lorem ipsum)", re.IGNORECASE)
_ABSTRACT_BASES = re.compile(r"^(ABC|ABCMeta|Protocol|Interface|TypedDict|NamedTuple|Generic)$")
_ABSTRACT_NAMES = re.compile(
    r"^_*(Base|Abstract|Generic|Null|Dummy|Noop|NoOp|Fake|Stub|Mock|Silent|Quiet|Empty|No(?=[A-Z]))"
    r"|(Base|Mixin|Interface|Protocol|ABC|Hooks?|Type|Handler|Visitor|Listener|Observer|Callbacks?|Plugin|Delegate)$"
)
_SHOULD_BE_FILLED = re.compile(
    r"subclass|sub-class|derived|overrid|overload|(?:must|should) (?:be )?(?:implement|define|provide)"
    r"|abstract|concrete|not support|unsupport|does(?:n't| not)|can(?:not|'t| not)|only|unavailable|no longer",
    re.IGNORECASE,
)
_NOTHING_IS_MEANT = re.compile(
    r"^_*no_?[a-z]{2,5}$|no_?op|nothing|null|dummy|ignore|skip|pass|placeholder|hook|callback|handler|^(on|pre|post|before|after|handle|visit"
    r"|setup|set_up|teardown|tear_down|begin|end|start|stop|enter|exit|close|flush|reset|clear|init|ready|register|tick|log|debug|trace)(_|$)",
    re.IGNORECASE,
)
# A function with one of these verbs promises work or a judgement about what it is given.
_PROMISES = re.compile(
    r"^_*(calculate|compute|validate|verify|check|authenticate|authorize|authorise|process|parse|convert|transform|encrypt"
    r"|decrypt|hash|sign|send|save|store|upload|download|fetch|load|import|export|sync|charge|pay|refund|create|update|delete"
    r"|remove|insert|search|find|predict|classify|score|rank|count|sum|estimate|analy[sz]e|generate|render|build|resolve|normali[sz]e"
    r"|sanitize|sanitise|is_valid|is_authori[sz]ed|is_authenticated|has_permission|can_access|login|get_price|get_total)(_|$)"
)
_SAYS_LATER = re.compile(r"implement|todo|yet|coming", re.IGNORECASE)
_ROUTE = re.compile(r"\.(route|get|post|put|patch|delete|command|task)\b|classmethod|staticmethod")
_CONSTANT_NAME = re.compile(r"_(none|true|false|null|empty|default|never|always)(_|$)")
_MEANT_FILES = re.compile(
    r"(null|dummy|noop|no_op|fakes?|stubs?|mocks?)[^/]*\.py$|(^|/)(dummy|fakes?|stubs?|mocks?|testing)/"
)
_REPORTING = re.compile(
    r"^(print|echo|write|info|debug|warning|error|exception|jsonify|render\w*|make_response|[A-Z]\w*(Response|Error|Exception)|Exception)$"
)


def review(file: SourceFile, tree: ast.Module, outline: Outline, across: Across) -> list[Found]:
    """The placeholders of one file; a body that a subclass elsewhere may fill is left with *across*."""
    founds: list[Found] = []
    is_declaration = file.path.endswith(".pyi")
    defined = Counter(function.name for function in outline.functions)  # twice: another condition, another body
    is_left_out = is_declaration or file.is_test or file.is_example or _MEANT_FILES.search(file.path) is not None
    for function in () if is_left_out else outline.functions:
        found = _hollow(file, function) if defined[function.name] == 1 else None
        if found is None:
            continue
        if function.owner is None:
            founds.append(found)
        else:
            across.unfilled.append((function.owner.name, found))
    if _WORDS.search(file.text):
        founds += _comments(file)
        if not (file.is_test or file.is_example):
            founds += _names(file, outline)
        if _TEXT_WORDS.search(file.text) and not (file.is_test or file.is_example):
            judged = {one.body[0].lineno for one in outline.functions if len(one.body) == 1}
            founds += (found for found in _texts(file, tree) if not (found.line in judged and _raises(file, found)))
    return founds


# --------------------------------------------------------------------------------------------------------- bodies


def _hollow(file: SourceFile, function: Function) -> Found | None:
    """The finding about a function whose body does nothing of what its name promises."""
    body = function.body
    if len(body) > 1 or _is_declared(function) or function.is_nested:
        return None
    if not body:  # a docstring alone
        return _empty(file, function)
    only = body[0]
    if isinstance(only, ast.Raise):
        return _not_implemented(file, function, only)
    if isinstance(only, ast.Pass) or (isinstance(only, ast.Expr) and _is_ellipsis(only.value)):
        return _empty(file, function)
    if isinstance(only, ast.Return) and _is_constant(only.value):
        return _pretending(file, function, only)
    return None


def _not_implemented(file: SourceFile, function: Function, only: ast.Raise) -> Found | None:
    node, owner = function.node, function.owner
    raised = only.exc
    called = raised.func if isinstance(raised, ast.Call) else raised
    said = " ".join(_texts_in(raised))
    if isinstance(called, ast.Name) and called.id == "NotImplementedError":
        if said and (not _SAYS_LATER.search(said) or _SHOULD_BE_FILLED.search(said)):
            return None  # it refuses, and says what
        if not said and owner is not None and owner.bases:
            return None  # it takes away what a base class offers
    elif not text_says_unfinished(said):
        return None
    if node.decorator_list and not any(_ROUTE.search(ast.unparse(one)) for one in node.decorator_list):
        return None
    described = [ast.get_docstring(one, clean=False) or "" for one in (node, owner) if one is not None]
    if any(_SHOULD_BE_FILLED.search(text) or "interface" in text.lower() for text in described):
        return None
    message = f"{function.name} only says that it is not implemented, and no class fills it in."
    return _at(file, "review/not-implemented", function, message)


def _texts_in(node: ast.AST | None) -> list[str]:
    every = ast.walk(node) if node is not None else ()
    return [one.value for one in every if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def _empty(file: SourceFile, function: Function) -> Found | None:
    node, owner = function.node, function.owner
    if node.decorator_list or _is_special(node.name) or _NOTHING_IS_MEANT.search(node.name) or len(node.name) < 3:
        return None
    if owner is not None and owner.bases:
        return None  # it takes away what a base class does
    if not _is_promise(node.name) or _is_explained(file, function):
        return None
    message = f"{function.name} does nothing: its body is empty."
    return _at(file, "review/empty-function", function, message)


def _pretending(file: SourceFile, function: Function, only: ast.Return) -> Found | None:
    node, owner = function.node, function.owner
    parameters = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    given = parameters[1:] if owner is not None and not _is_static(node) else parameters
    given = [name for name in given if not name.startswith("_") and name not in ("self", "cls")]
    if not given or node.decorator_list or not _PROMISES.search(node.name) or _CONSTANT_NAME.search(node.name):
        return None
    if owner is not None and owner.bases:
        return None
    if _is_explained(file, function):
        return None
    value = ast.unparse(only.value) if only.value is not None else "None"
    message = f"{function.name} is given {', '.join(given[:3])} and always returns {value[:40]}."
    return _at(file, "review/pretending-function", function, message)


def _is_declared(function: Function) -> bool:
    """Whether the body is not meant to run: abstract, overloaded, or in a class that is an interface."""
    for decorator in function.node.decorator_list:
        name = ast.unparse(decorator)
        if "abstract" in name or "overload" in name:
            return True
    owner = function.owner
    if owner is None:
        return False
    if _ABSTRACT_NAMES.search(owner.name):
        return True
    names = [ast.unparse(base) for base in (*owner.bases, *(keyword.value for keyword in owner.keywords))]
    return any(_ABSTRACT_BASES.match(re.split(r"[.\[]", name)[-1 if "[" not in name else 0]) for name in names)


def _is_explained(file: SourceFile, function: Function) -> bool:
    """Whether a comment in the body, or a docstring, says that nothing is meant to happen."""
    node = function.node
    said = ast.get_docstring(node, clean=False) or ""
    if re.search(r"subclass|overrid|hook|no-?op|nothing|default|always|backward|compat|deprecat", said, re.IGNORECASE):
        return True
    lines = file.lines[node.lineno - 1 : node.end_lineno]
    comments = [line.partition("#")[2] for line in lines if "#" in line]
    return any(
        comment.strip() and not re.search(r"todo|fixme|implement|xxx|hack", comment, re.IGNORECASE)
        for comment in comments
    )


def _is_promise(name: str) -> bool:
    return not name.startswith("_") or _PROMISES.search(name) is not None


def _is_static(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in node.decorator_list)


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _is_ellipsis(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is ...


def _is_constant(value: ast.expr | None) -> bool:
    if value is None or isinstance(value, ast.Constant):
        return True
    if isinstance(value, (ast.List, ast.Tuple, ast.Set)):
        return all(map(_is_constant, value.elts))
    if isinstance(value, ast.Dict):
        return all(map(_is_constant, value.keys)) and all(map(_is_constant, value.values))
    return isinstance(value, ast.UnaryOp) and isinstance(value.operand, ast.Constant)


def _at(file: SourceFile, rule: str, function: Function, message: str) -> Found:
    node = function.node
    column = node.col_offset + (11 if isinstance(node, ast.AsyncFunctionDef) else 5)
    # A comment anywhere in so short a body may silence it.
    return Found(rule, file.path, node.lineno, column, message, node.end_lineno or node.lineno, 0, text=function.name)


# ----------------------------------------------------------------------------------------------- names and texts


def _names(file: SourceFile, outline: Outline) -> Iterator[Found]:
    if re.search(r"mock|stub|fake|testing", file.path, re.IGNORECASE):
        return
    named: list[tuple[str, ast.stmt]] = [(one.node.name, one.node) for one in outline.functions if not one.is_nested]
    named += [(owner.name, owner) for owner in outline.classes]
    for statement in outline.top:
        if isinstance(statement, ast.Assign):
            named += [(target.id, statement) for target in statement.targets if isinstance(target, ast.Name)]
    for name, node in named:
        if PLACEHOLDER_NAME.match(name):
            message = f"The name {name} says that it stands for something that is still to come."
            yield Found("review/placeholder-name", file.path, node.lineno, node.col_offset + 1, message, node.lineno, 0)


def _texts(file: SourceFile, tree: ast.Module) -> Iterator[Found]:
    """Texts that a program says or calls and that tell of something unfinished; not what it compares with."""
    for node, is_said in _constants(tree, is_said=False):
        text = str(node.value)
        place = (file.path, node.lineno, node.col_offset + 1)
        if EXAMPLE_ADDRESS.fullmatch(text):
            yield Found(
                "review/example-address",
                *place,
                f"The address {text[:60]} leads nowhere: it is reserved for examples.",
                node.lineno,
                0,
            )
        elif is_said and text_says_unfinished(text):
            yield Found(
                "review/unfinished-text", *place, f"The program says “{' '.join(text.split())[:60]}”.", node.lineno, 0
            )


def _raises(file: SourceFile, found: Found) -> bool:
    return file.lines[found.line - 1].lstrip().startswith("raise ")


def _constants(tree: ast.AST, is_said: bool) -> Iterator[tuple[ast.Constant, bool]]:
    """Every text that is data rather than description, and whether the program gives it to somebody."""
    waiting: list[tuple[ast.AST, bool]] = [(tree, is_said)]
    while waiting:
        node, said = waiting.pop()
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                yield node, said
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring, or a text that stands alone
        if isinstance(node, (ast.Compare, ast.JoinedStr, ast.arguments, ast.Assert)):
            continue
        if isinstance(node, (ast.Return, ast.Raise)):
            said = True
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            said = said or _REPORTING.match(name) is not None
            waiting += [(argument, said) for argument in node.args]
            waiting += [(keyword.value, said) for keyword in node.keywords if keyword.arg not in _DESCRIBING]
            waiting.append((node.func, said))
            continue
        if isinstance(node, ast.Dict):
            waiting += [(value, said) for value in node.values]
            continue
        waiting += [(child, said) for child in ast.iter_child_nodes(node)]


_DESCRIBING = frozenset(
    {"help", "help_text", "description", "example", "examples", "doc", "epilog", "usage", "placeholder"}
)


# ------------------------------------------------------------------------------------------------------- comments


def _comments(file: SourceFile) -> Iterator[Found]:
    if not _COMMENT_WORDS.search(file.text):
        return
    for line, column, comment in _tokens(file.text):
        is_alone = not file.lines[line - 1][: column - 1].strip()
        yield from comment_founds(file.path, line, column, comment, is_alone)


def _tokens(text: str) -> Sequence[tuple[int, int, str]]:
    try:
        tokens = tokenize.generate_tokens(io.StringIO(text, newline=None).readline)
        return [(one.start[0], one.start[1] + 1, one.string) for one in tokens if one.type == tokenize.COMMENT]
    except (tokenize.TokenError, SyntaxError, ValueError):
        return []  # it was parsed, so this is a form of text that only the tokenizer does not know
