"""What stands in JavaScript instead of the work: functions that do nothing, texts that promise, notes to oneself."""

import re
from collections.abc import Iterator

import msgspec

from fairlead.agents.builtin.code_reviewer.found import Found
from fairlead.agents.builtin.code_reviewer.javascript_file import File, function_around, statements_of
from fairlead.agents.builtin.code_reviewer.placeholder_texts import comment_founds
from fairlead.agents.builtin.security.js_tree import Node, bare

_NOTE = re.compile(
    rb"TO" + rb"DO|FIX" + rb"ME|HACK|XXX|@todo|@fixme|implemented|[Cc]oming soon|lorem ipsum|placeholder "
)  # put together: this file has none
_NOTE_WORDS = (b"to" + b"do", b"fix" + b"me", b"hack", b"xxx", b"implemented", b"coming", b"lorem", b"placeholder ")
_PROMISE_WORDS = (b"coming", b"lorem", b"construction", b"in progress", b"placeholder ", b"goes here")
_MISSING = re.compile(
    rb"\bnot[ _-]?(?:yet[ _-]?)?implemented\b(?! by)|\bunimplemented\b(?! by)|\bimplement me\b"
    rb"|\bnot yet (?:available|done)\b|\bto be (?:implemented|done)\b|\bimplementation (?:missing|pending|goes here)\b",
    re.IGNORECASE,
)
_PROMISE = re.compile(
    rb"\bcoming[ -]soon\b|\blorem ipsum\b|\bunder construction\b|\bwork in progress\b"
    rb"|\bplaceholder (?:text|content|page|component)\b|\b(?:page|feature|component|content|screen) goes here\b",
    re.IGNORECASE,
)
_STAND_IN = re.compile(rb"(?<![\w$.'\"`/-])(?:(?:mock|stub|fake|dummy)_\w+|__placeholder__\w*)")
_EXAMPLE_HOST = re.compile(rb"https?://(?:[\w-]+\.)*example\.(?:com|org|net)\b")
_ASKING = re.compile(
    r"\b(?:fetch|axios|get|post|put|patch|request|ajax|got|open|connect|WebSocket|EventSource|superagent)\b"
)
# A name that says that something is done. Of hooks and callbacks (`onClose`, `noop`, `ngOnInit`) nothing is expected.
_DOING = re.compile(
    r"^(?:async\s+)?_?(?:save|send|create|update|delete|store|persist|upload|download|fetch|load|submit|validate|verify|check"
    r"|authenticate|authorize|authorise|login|logout|register|charge|pay|refund|process|calculate|compute|generate|export|import"
    r"|sync|migrate|backup|restore|encrypt|decrypt|hash|sign|parse|convert|transform|apply|publish|notify|schedule|build"
    r"|insert|add|remove|get|find|search|list|read|write|place|checkout|order)(?:[A-Z_]|$)"
)
_ANSWERING = re.compile(
    r"^_?(?:validate|verify|check|authenticate|authorize|authorise|calculate|compute|process|login|charge|pay|encrypt|decrypt"
    r"|hash|sign|fetch|search)(?:[A-Z_]|$)"
)
_FOR_OTHERS = re.compile(
    r"@abstract|@virtual|@interface|\boverrid|\bsub-?class|\bextend|\bhook\b|\bno-?op", re.IGNORECASE
)
_CONSTANTS = frozenset({"true", "false", "null", "undefined", "number", "string"})
_NOT_SHOWN = frozenset(
    {"throw_statement", "pair", "arguments", "jsx_attribute", "expression_statement", "statement_block", "program"}
)
_HOLLOW_TEXT_MAX = 80
_HOLLOW_BYTES_MAX = 200  # of the body of a function that does nothing


def founds(file: File) -> list[Found]:
    """Every such place of the file."""
    return [
        *_notes(file),
        *_missing(file),
        *_promises(file),
        *_stand_ins(file),
        *_example_addresses(file),
        *_hollow(file),
    ]


def _notes(file: File) -> Iterator[Found]:
    """Comments that leave something for later."""
    told = -1
    for _, node in file.matches(_NOTE, _NOTE_WORDS):
        if node.type not in ("comment", "html_comment") or node.start_byte == told:
            continue
        told = node.start_byte
        row, column = node.start_point
        for found in comment_founds(file.source.path, row + 1, file.tree.at(row, column), file.text(node)):
            yield msgspec.structs.replace(found, text=found.message)


def _missing(file: File) -> Iterator[Found]:
    """`throw new Error("not implemented")`, but for what a subclass must bring."""
    for _, node in file.matches(_MISSING, (b"implement", b"not yet", b"to be done")):
        thrown: Node | None = node
        for _ in range(8):
            if thrown is None or thrown.type in ("throw_statement", "statement_block", "program"):
                break
            if thrown.type == "call_expression" and _is_rejecting(file, thrown):
                break
            thrown = thrown.parent
        if thrown is None or thrown.type not in ("throw_statement", "call_expression"):
            continue
        function = function_around(thrown)
        if function is None or not _is_whole_body(function, thrown) or _is_abstract(file, function):
            continue
        name = file.name_of(function)
        yield file.found("review/js-not-implemented", thrown, f"{name} is not written yet; it always fails.", text=name)


def _is_whole_body(function: Node, thrown: Node) -> bool:
    """Whether failing is all that *function* does; a branch that is not supported is another thing."""
    inner = _body(function)
    if not inner:
        return bool(function.child_by_field_name("body") == thrown)  # `() => Promise.reject(…)`
    last = inner[-1]
    if thrown.type == "call_expression":
        return len(inner) == 1 and bool(last.named_children[:1] == [thrown])
    return len(inner) <= 2 and bool(last == thrown)


def _is_rejecting(file: File, call: Node) -> bool:
    function = call.child_by_field_name("function")
    return function is not None and file.text(function) in ("Promise.reject", "reject")


def _is_abstract(file: File, function: Node) -> bool:
    """Whether a method waits for a subclass: its class is abstract, is called so, or is extended in this file."""
    owner = function.parent
    while owner is not None and owner.type not in ("class_declaration", "class", "abstract_class_declaration"):
        owner = owner.parent
    if owner is None:
        return False
    before = function.prev_sibling
    if before is not None and before.type == "comment" and _FOR_OTHERS.search(file.text(before)) is not None:
        return True
    name = owner.child_by_field_name("name")
    text = file.text(name) if name is not None else ""
    if owner.type == "abstract_class_declaration" or re.search(r"Abstract|Base|Interface|Adapter$|^I[A-Z]", text):
        return True
    return text in file.extended


def _promises(file: File) -> Iterator[Found]:
    """Text for people that says that there is nothing yet."""
    for match, node in file.matches(_PROMISE, _PROMISE_WORDS):
        is_shown = node.type == "jsx_text" or (node.type == "string_fragment" and _is_returned(node))
        if is_shown and len(file.text(node).strip()) <= _HOLLOW_TEXT_MAX:
            said = match[0].decode("utf-8", "replace")
            yield file.found("review/unfinished-text", node, f"People are shown “{said}” instead of the thing itself.")


def _is_returned(node: Node) -> bool:
    """Whether a text is what a function answers, or stands in what it shows."""
    around = node.parent
    for _ in range(6):
        if around is None or around.type in _NOT_SHOWN:
            return False
        if around.type in ("return_statement", "jsx_expression", "arrow_function"):
            return True
        around = around.parent
    return False


def _stand_ins(file: File) -> Iterator[Found]:
    told: set[bytes] = set()
    for match, node in file.matches(_STAND_IN, (b"mock_", b"stub_", b"fake_", b"dummy_", b"__placeholder")):
        if node.type not in ("identifier", "property_identifier", "shorthand_property_identifier") or match[0] in told:
            continue
        told.add(match[0])
        name = match[0].decode("utf-8", "replace")
        yield file.found(
            "review/placeholder-name", node, f"`{name}` says of itself that it only stands in for something."
        )


def _example_addresses(file: File) -> Iterator[Found]:
    """Requests to a host that exists for documentation only."""
    for match, node in file.matches(_EXAMPLE_HOST, (b"example.",)):
        if node.type not in ("string_fragment", "template_string"):
            continue
        around = node.parent
        for _ in range(4):
            if around is None or around.type in ("call_expression", "new_expression"):
                break
            around = around.parent
        if around is None or around.type not in ("call_expression", "new_expression"):
            continue
        called = around.child_by_field_name("function") or around.child_by_field_name("constructor")
        if called is not None and _ASKING.search(file.text(called)[-60:]):
            host = match[0].decode("utf-8", "replace")
            yield file.found("review/example-address", node, f"{host} is for documentation; nobody answers there.")


def _hollow(file: File) -> Iterator[Found]:
    """Functions whose name says that they do something, and that do nothing."""
    for function in file.all("function"):
        body = function.child_by_field_name("body")
        if body is None or body.end_byte - body.start_byte > _HOLLOW_BYTES_MAX or body.type != "statement_block":
            continue
        if any(child.type == "comment" for child in body.named_children):
            continue  # somebody says why
        inner = _body(function)
        if len(inner) > 1:
            continue
        name = _own_name(file, function)
        if not inner:
            if _DOING.match(name) and _has_parameters(function) and not _is_expected_hollow(file, function):
                message = f"{file.name_of(function)} does nothing, though its name says otherwise."
                yield file.found("review/js-empty-function", function, message, text=name)
        elif inner[0].type == "return_statement" and _ANSWERING.match(name) and _has_parameters(function):
            value = bare(inner[0].named_children[0]) if inner[0].named_children else None
            if value is not None and value.type in _CONSTANTS and not _is_expected_hollow(file, function):
                message = f"{file.name_of(function)} looks at nothing that it is given and always answers the same."
                yield file.found("review/js-constant-answer", function, message, text=name)


def _is_expected_hollow(file: File, function: Node) -> bool:
    """Methods that a subclass may replace, that fulfil an interface or replace another, and what is given to a call."""
    if function.type == "method_definition":
        owner = function.parent.parent if function.parent is not None else None
        if owner is None or owner.type not in ("class_declaration", "class", "abstract_class_declaration"):
            return True  # of an object: mostly one of the shapes that somebody else asks for
        if _is_abstract(file, function):
            return True
        return any(child.type == "class_heritage" for child in owner.named_children)
    around = function.parent
    return around is not None and around.type in ("arguments", "pair", "assignment_pattern", "binary_expression")


def _own_name(file: File, function: Node) -> str:
    return file.name_of(function).rpartition(".")[2]


def _has_parameters(function: Node) -> bool:
    if function.child_by_field_name("parameter") is not None:
        return True
    listed = function.child_by_field_name("parameters")
    return listed is not None and any(child.type != "comment" for child in listed.named_children)


def _body(function: Node) -> list[Node]:
    body = function.child_by_field_name("body")
    return statements_of(body) if body is not None and body.type == "statement_block" else []
