"""Statements of JavaScript that cannot be meant: swallowed exceptions, unreachable code, what stands twice."""

import re
from collections.abc import Iterator

from fairlead.agents.builtin.code_reviewer.found import Found
from fairlead.agents.builtin.code_reviewer.javascript_file import FUNCTIONS, File, statements_of
from fairlead.agents.builtin.security.js_tree import Node, arguments, bare, field

CHAIN_MAX = 200  # conditions of one chain, or keys of one object, that are compared

_NAME_DEPTH = 6  # levels of syntax from a method's name up to its call
_CATCH = re.compile(rb"\.\s*catch\s*\(")
# Where failing is an answer, or nobody could do anything: optional modules, feature detection, tidying up.
_MAY_FAIL = re.compile(
    r"\b(?:require|import|resolve|eval|Function)\s*\(|\b(?:unlink|rm|rmdir|close|kill|destroy"
    r"|abort|rollback\w*|release|dispose|disconnect|terminate|cleanup|end\w*|stop|cancel|revoke\w*|remove\w*|detach|unref|unwatch"
    r"|unsubscribe|focus|blur|play|pause|releaseLock|setPointerCapture|releasePointerCapture)(?:Sync)?\s*\(|\bstat(?:Sync)?\(|\baccess(?:Sync)?\(",
)
_STORAGE = re.compile(r"\b(?:local|session)Storage\b")
_RETURN = re.compile(r"\breturn\b")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_GIVEN = re.compile(r"([A-Za-z_$][\w$]*)\s*=(?![=>])")
_ANSWERS = frozenset({"return_statement", "throw_statement", "try_statement", "if_statement"})
_UNRUN = frozenset(
    {
        *("comment", "empty_statement", "function_declaration", "generator_function_declaration", "function_signature"),
        *("interface_declaration", "type_alias_declaration", "ambient_declaration"),
    }
)
_HARMLESS = frozenset({"break_statement", "export_statement", "import_statement"})
_CHANGES = frozenset(
    {
        *("call_expression", "new_expression", "assignment_expression", "augmented_assignment_expression"),
        *("update_expression", "await_expression", "yield_expression"),
    }
)


def founds(file: File) -> list[Found]:
    """Every such statement of the file."""
    return [
        *_swallowed(file),
        *_swallowed_promises(file),
        *_unreachable(file),
        *_double_keys(file),
        *_double_conditions(file),
        *_double_cases(file),
    ]


def _swallowed(file: File) -> Iterator[Found]:
    """`catch` blocks without anything; a comment in them is an explanation."""
    for clause in file.all("catch"):
        body = clause.child_by_field_name("body")
        if body is None or body.named_children:
            continue
        attempt = clause.parent.child_by_field_name("body") if clause.parent is not None else None
        if (
            attempt is None
            or _may_fail(file, attempt)
            or _is_explained(clause.parent)
            or _has_answer(file, clause.parent)
        ):
            continue
        message = "The exception is caught and dropped; whoever calls this takes the failure for a success."
        text = _folded(file, attempt)
        yield file.found("review/js-swallowed-exception", clause, message, text=text)


def _may_fail(file: File, attempt: Node) -> bool:
    if _STORAGE.search(file.text(attempt)) is not None:
        return True  # browsers may forbid it
    return all(_MAY_FAIL.search(file.text(statement)) is not None for statement in statements_of(attempt))


def _has_answer(file: File, attempt: Node) -> bool:
    """Whether the failure is not lost: another one is told already, or what comes next answers in its place."""
    around = attempt.parent
    while around is not None and around.type not in FUNCTIONS:
        if around.type in ("catch_clause", "finally_clause"):
            return True
        around = around.parent
    after = attempt.next_named_sibling
    if after is None or after.type not in _ANSWERS:
        return False
    text = file.text(attempt)
    if _RETURN.search(text) is not None:
        return True
    condition = after.child_by_field_name("condition") if after.type == "if_statement" else None
    asked = set(_NAME.findall(file.text(condition))) if condition is not None else set()
    return not asked.isdisjoint(_GIVEN.findall(text))  # what was not found is asked for


def _swallowed_promises(file: File) -> Iterator[Found]:
    """`.catch(() => {})`."""
    for match, node in file.matches(_CATCH, (b"catch",)):
        call = node
        for _ in range(_NAME_DEPTH):
            if call is None or (call.type == "call_expression" and call.end_byte >= match.end()):
                break
            call = call.parent
        function = field(call, "function") if call is not None and call.type == "call_expression" else None
        if call is None or function is None or function.type != "member_expression":
            continue
        named = function.child_by_field_name("property")
        given = arguments(call)
        if named is None or file.text(named) != "catch" or len(given) != 1 or given[0].type not in FUNCTIONS:
            continue
        body = given[0].child_by_field_name("body")
        if body is None or body.type != "statement_block" or body.named_children:
            continue
        if _MAY_FAIL.search(file.text(function)) is not None or _is_explained(call):
            continue
        message = "Whatever goes wrong with the promise is dropped; nobody will know that it failed."
        text = _folded(file, function)
        yield file.found("review/js-swallowed-exception", given[0], message, text=text)


def _is_explained(node: Node | None) -> bool:
    """Whether a comment stands right before the statement that holds *node*, or behind it in its last line."""
    while node is not None and not node.type.endswith(("_statement", "_declaration")):
        node = node.parent
    if node is None:
        return False
    before, after = node.prev_sibling, node.next_sibling
    if before is not None and before.type == "comment" and before.end_point[0] >= node.start_point[0] - 1:
        return True
    return after is not None and after.type == "comment" and after.start_point[0] == node.end_point[0]


def _folded(file: File, node: Node) -> str:
    return " ".join(file.text(node).split())[:200]


def _unreachable(file: File) -> Iterator[Found]:
    """The first statement of a block that comes after its end; a block is told once."""
    told_up_to = -1
    for leaving in file.all("leaving"):
        if leaving.start_byte < told_up_to:
            continue
        after = leaving.next_named_sibling
        while after is not None and (after.type in _UNRUN or _is_plain_var(after)):
            after = after.next_named_sibling
        if after is None or (not after.type.endswith(("_statement", "_declaration"))):
            continue
        if after.type in _HARMLESS or not _is_in_block(leaving):
            continue
        if after.type == "return_statement" and not after.named_children:
            continue  # some write it behind every `throw`
        told_up_to = after.end_byte
        word = leaving.type.partition("_")[0]
        message = f"This is never reached: `{word}` in line {leaving.start_point[0] + 1} comes before it."
        yield file.found("review/js-unreachable-code", after, message)


def _is_plain_var(node: Node) -> bool:
    """`var a;` only says that there is a name, wherever it stands."""
    return node.type == "variable_declaration" and all(
        child.child_by_field_name("value") is None for child in node.named_children if child.type != "comment"
    )


def _is_in_block(node: Node) -> bool:
    around = node.parent
    return around is not None and around.type in ("statement_block", "program", "switch_case", "switch_default")


def _double_keys(file: File) -> Iterator[Found]:
    for literal in file.all("object"):
        known: dict[str, Node] = {}
        if literal.named_child_count < 2:
            continue
        for pair in literal.named_children[:CHAIN_MAX]:
            if pair.type == "spread_element":
                known.clear()  # what came before may be meant for what the spread does not have
            if pair.type != "pair":
                continue
            key = pair.child_by_field_name("key")
            if key is None or key.type not in ("property_identifier", "string", "number"):
                continue
            name = file.text(key)[1:-1] if key.type == "string" else file.text(key)
            if name in known and name != "__proto__":
                line = known[name].start_point[0] + 1
                message = f"`{name}` stands in this object twice; the value of line {line} is lost."
                yield file.found("review/js-duplicate-key", key, message)
            known[name] = key


def _double_conditions(file: File) -> Iterator[Found]:
    for first in file.all("if"):
        if first.parent is not None and first.parent.type == "else_clause":
            continue
        known: dict[str, int] = {}
        branch: Node | None = first
        for _ in range(CHAIN_MAX):
            condition = bare(branch.child_by_field_name("condition")) if branch is not None else None
            if branch is None or condition is None or _changes(condition):
                break
            text = _folded(file, condition)
            if text in known:
                message = f"The same condition stands in line {known[text]}; this branch is never taken."
                yield file.found("review/js-duplicate-condition", condition, message)
            known[text] = condition.start_point[0] + 1
            other = branch.child_by_field_name("alternative")
            inner = statements_of(other) if other is not None else []
            branch = inner[0] if len(inner) == 1 and inner[0].type == "if_statement" else None


def _double_cases(file: File) -> Iterator[Found]:
    for switch in file.all("switch"):
        body = switch.child_by_field_name("body")
        known: dict[str, int] = {}
        for case in body.named_children if body is not None else ():
            value = case.child_by_field_name("value") if case.type == "switch_case" else None
            if value is None or _changes(value):
                continue
            text = _folded(file, value)
            if text in known:
                message = f"`case {text[:60]}` stands in line {known[text]} too; this one is never taken."
                yield file.found("review/js-duplicate-condition", value, message)
            known.setdefault(text, value.start_point[0] + 1)


def _changes(node: Node) -> bool:
    """Whether asking a second time may give another answer."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one.type in _CHANGES:
            return True
        waiting += one.named_children
    return False
