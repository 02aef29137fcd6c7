"""Commands for a shell become lists of words, where every word is visible."""

import ast
from collections.abc import Sequence

from fairlead.agents.builtin.patcher_rules.pieces import Hole, Piece, literal, pieces_of, written
from fairlead.agents.builtin.patcher_rules.source import NoFix, Source
from fairlead.core.findings import Finding

_FUNCTIONS = frozenset(f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "Popen"))
_SHELL_SIGNS = frozenset("|&;<>()$`\\*?[]{}#~!\n")  # outside of quotes; in double ones only some of them
_IN_DOUBLE_QUOTES = frozenset("$`\\!")


def command_injection(source: Source, node: ast.AST, finding: Finding) -> None:
    """No shell reads the command any more: each value is one word, whatever it holds."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        if source.names.qualified(call.func) == "os.system" and len(call.args) == 1:
            source.add_import("subprocess")
            source.replace(call, f"subprocess.run({_listed(source, call.args[0])}, check=False)")
        return
    if not isinstance(node, ast.Call) or source.names.qualified(node.func) not in _FUNCTIONS:
        return
    shell = next((one for one in node.keywords if one.arg == "shell"), None)
    if shell is None or not isinstance(shell.value, ast.Constant) or shell.value.value is not True:
        return
    if any(one.arg == "executable" for one in node.keywords):
        raise NoFix("The command is for a shell that is named.")
    named = next((one.value for one in node.keywords if one.arg == "args"), None)
    command = node.args[0] if node.args else named
    if command is not None:
        source.replace(command, _listed(source, command))
        source.remove_argument(node, shell)


def _listed(source: Source, command: ast.expr) -> str:
    words = _words(pieces_of(source, command))
    program = words[0]
    if any(isinstance(piece, Hole) for piece in program):
        raise NoFix("The program itself is chosen by a value.")
    name = "".join(piece for piece in program if isinstance(piece, str))
    if "=" in name:
        raise NoFix("The command sets a variable of the shell.")
    return "[" + ", ".join([literal(source, name), *(written(source, word) for word in words[1:])]) + "]"


def _words(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The words as a shell would split the command, if no value held a blank."""
    words: list[list[Piece]] = []
    word: list[Piece] | None = None
    quote = ""
    for piece in pieces:
        for sign in [piece] if isinstance(piece, Hole) else piece:
            if isinstance(sign, str) and not quote and sign in " \t":
                word = None
                continue
            if word is None:
                word = []
                words.append(word)
            if isinstance(sign, str) and (sign == quote or (not quote and sign in "'\"")):
                quote = "" if quote else sign
            elif isinstance(sign, str) and sign in _signs_in(quote):
                raise NoFix(f"The command uses the shell: {sign!r}.")
            else:
                _put(word, sign)
    if quote or not words or not words[0]:
        raise NoFix("The command cannot be split into words.")
    return words


def _signs_in(quote: str) -> frozenset[str]:
    return _SHELL_SIGNS if not quote else _IN_DOUBLE_QUOTES if quote == '"' else frozenset()


def _put(word: list[Piece], sign: Piece) -> None:
    if isinstance(sign, str) and word and isinstance(word[-1], str):
        word[-1] += sign
    else:
        word.append(sign)
