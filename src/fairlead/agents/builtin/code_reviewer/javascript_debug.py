"""What somebody left in JavaScript after looking for a mistake: `debugger` and output to the console."""

import re
from collections.abc import Iterator

import msgspec

from fairlead.agents.builtin.code_reviewer.found import Found
from fairlead.agents.builtin.code_reviewer.javascript_file import File, function_around
from fairlead.agents.builtin.security.js_tree import Node, field

# `warn`, `error` and `info` are what programs tell people; these are for who looks for a mistake.
_OUTPUT = re.compile(
    rb"(?<![\w$.])(?:(?:window|globalThis|global|self)\s*\.\s*)?console\s*\.\s*(log|debug|dir|trace|table)\s*\("
)
# Files whose output is what they are for.
_SPEAKING_PATHS = re.compile(
    r"(^|/)(bin|cli|cmd|commands?|scripts?|tools?|build|gulp|tasks|hack|ci|\.github|\.storybook|migrations?|seeds?|seeders"
    r"|generators?|templates?|lambda|workers?|repl|playground|sandbox|storybook|stories|mocks?|__mocks__|[\w-]*-tests?|tests?-[\w-]*)/"
    r"|(^|/)[^/]*(logger|logging|log|reporter|console|printer|debug|cli|script|seed|config|rc|setup|gulpfile|gruntfile"
    r"|build|release|publish|server-start|postinstall|preinstall|install|stories)[^/]*\.\w+$",
    re.IGNORECASE,
)
_SPEAKERS = (
    r"commander|yargs|minimist|inquirer|@inquirer/\w+|meow|cac|chalk|ora|colors(?:/safe)?|picocolors|kleur|cli-table\w*"
    r"|cli-tableau|(?:node:)?readline"
)
_SPEAKING_TEXT = re.compile(
    rf"\A#!|\bprocess\s*\.\s*(?:argv|exit\s*\()|\brequire\s*\(\s*['\"](?:{_SPEAKERS})['\"]"
    rf"|\bfrom\s+['\"](?:{_SPEAKERS})['\"]|\brequire\.main\s*===?\s*module"
)
_ALLOWED = re.compile(
    r"eslint-disable(?:-next-line|-line)?\s[^\n]*\bno-console\b|tslint:disable[^\n]*no-console|biome-ignore[^\n]*noConsole"
)
_WHOLE_FILE = re.compile(r"/\*\s*eslint-disable\s*(?:\*/|[^*]*\bno-console\b)")
# Whoever guards the output, or gives it a name, means it.
_GUARD = re.compile(
    r"debug|verbose|__DEV__|NODE_ENV|quiet|silent|log|trace|devtools|isDev|environment|production", re.IGNORECASE
)
PLACES_MAX = 10  # of one file that are told one by one
_GUARDED_DEPTH = 12  # levels of syntax above the call
_LISTENING = re.compile(r"\blisten\b", re.IGNORECASE)


def founds(file: File) -> list[Found]:
    """Every such place of the file."""
    told = [
        file.found("review/js-debugger", node, "The program stops here for whoever has developer tools open.")
        for node in file.all("debugger")
    ]
    if "console" not in file.source.text or _is_speaking(file):
        return told
    return [*told, *_told_once(list(_output(file)))]


def _told_once(told: list[Found]) -> list[Found]:
    """A file that writes in many places does it on purpose, rightly or not: that is one thing to decide."""
    if len(told) <= PLACES_MAX:
        return told
    first = msgspec.structs.replace(
        told[0],
        message=f"The file writes to the console of whoever runs this in {len(told)} places.",
        severity="info",
        reason="So much output is mostly wanted; then it deserves a name, or a logger.",
        text="console",
    )
    return [first]


def _is_speaking(file: File) -> bool:
    path, text = file.source.path, file.source.text
    return (
        file.source.is_example
        or _SPEAKING_PATHS.search(path) is not None
        or _SPEAKING_TEXT.search(text) is not None
        or _WHOLE_FILE.search(text) is not None
    )


def _output(file: File) -> Iterator[Found]:
    lines = file.source.lines
    for match, node in file.matches(_OUTPUT, (b"console",)):
        if node.type not in ("identifier", "property_identifier"):
            continue  # in a string or a comment
        call = node
        while call is not None and call.type != "call_expression":
            call = call.parent
        if call is None or _is_meant(file, call):
            continue
        row = call.start_point[0]
        if any(_ALLOWED.search(line) for line in lines[max(0, row - 1) : row + 1]):
            continue
        name = match[1].decode()
        yield file.found(
            "review/js-debug-output", call, f"`console.{name}` writes to the console of whoever runs this."
        )


def _is_meant(file: File, call: Node) -> bool:
    """Whether a condition, or the name of the function around, says that the output is wanted."""
    inner = call
    around = call.parent
    for _ in range(_GUARDED_DEPTH):
        if around is None:
            break
        if around.type in ("if_statement", "ternary_expression", "while_statement"):
            condition = around.child_by_field_name("condition")
            if condition is not None and condition != inner and _GUARD.search(file.text(condition)):
                return True
        elif around.type == "binary_expression":
            left = around.child_by_field_name("left")
            if left is not None and left != inner and _GUARD.search(file.text(left)):
                return True
        elif around.type == "arguments" and around.parent is not None:
            called = field(around.parent, "function")
            if called is not None and _LISTENING.search(file.text(called)[-60:]):
                return True  # the server says where it listens
        inner, around = around, around.parent
    function = function_around(call)
    return function is not None and _GUARD.search(file.name_of(function)) is not None
