"""From the words of a command line to one command and its options. Only the called command's parser is built."""

import argparse
from collections.abc import Sequence
from typing import NamedTuple, NoReturn

from fairlead.cli.table import BY_NAME, COMMANDS, DEFAULTS, GLOBAL, GROUPS, Command


class Misused(Exception):
    """The words do not make a command."""

    def __init__(self, message: str, *hints: str) -> None:
        super().__init__(message)
        self.message = message
        self.hints = hints


class Parsed(NamedTuple):
    """One command with its options."""

    command: Command
    options: argparse.Namespace
    directory: str  # of -C
    wants_help: bool = False
    wants_fields: bool = False


_SHARED_FLAGS = frozenset({"--json", "--jsonl", "--json?", "--ascii", "-q", "--quiet", "-v", "-vv", "--verbose"})


def parse(words: Sequence[str]) -> Parsed:
    """Read *words*, which stand behind `fairlead`.

    Raises:
        Misused: with the nearest command or option.
    """
    rest = list(words)
    shared: list[str] = []
    directory = ""
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        if word == "-C" or word == "--directory":
            if not rest:
                raise Misused("-C needs a directory", "fairlead -C DIR COMMAND")
            directory = rest.pop(0)
        elif word in _SHARED_FLAGS:
            shared.append(word)
        elif word in ("-h", "--help"):
            return Parsed(BY_NAME["home"], argparse.Namespace(), directory, wants_help=True)
        elif word == "--version":
            rest.insert(0, "version")
        else:
            raise Misused(f"fairlead has no option {word}", "fairlead --help")
    command, rest = _command_of(rest)
    wants_fields = "--json?" in shared or "--json?" in rest
    if wants_fields or {"-h", "--help"} & set(_before_dashes(rest)):
        return Parsed(command, argparse.Namespace(), directory, not wants_fields, wants_fields)
    options = _parser(command).parse_args([*shared, *rest])
    return Parsed(command, options, directory)


def _before_dashes(rest: Sequence[str]) -> Sequence[str]:
    return rest[: rest.index("--")] if "--" in rest else rest


def _command_of(rest: list[str]) -> tuple[Command, list[str]]:
    if not rest:
        return BY_NAME["home"], []
    first, rest = rest[0], rest[1:]
    if first in GROUPS:
        verbs = [one.name.split()[1] for one in COMMANDS if one.name.startswith(first + " ")]
        if rest and rest[0] in verbs:
            return BY_NAME[f"{first} {rest[0]}"], rest[1:]
        default = DEFAULTS.get(first)
        if default and (not rest or rest[0].startswith("-")):
            return BY_NAME[f"{first} {default}"], rest
        if not rest:
            raise Misused(f"{first} needs a verb: {', '.join(verbs)}", f"fairlead {first} {verbs[0]}")
        near = _nearest(rest[0], verbs) or verbs[:1]
        raise Misused(f"fairlead {first} has no {rest[0]}; it has {', '.join(verbs)}", f"fairlead {first} {near[0]}")
    if first in BY_NAME and " " not in first:
        return BY_NAME[first], rest
    if first == "help":
        return BY_NAME["home"], ["--help"]
    names = sorted({one.name.split()[0] for one in COMMANDS if not one.is_hidden})
    near = _nearest(first, names)
    raise Misused(f"fairlead has no command {first}", *(f"fairlead {name}" for name in near), "fairlead --help")


def _nearest(word: str, names: Sequence[str]) -> list[str]:
    from difflib import get_close_matches

    return get_close_matches(word, names, 2, 0.5)


def help_of(command: Command) -> str:
    """The help of one command, which ends with three examples."""
    return _parser(command).format_help()


def _parser(command: Command) -> "_Parser":
    parser = _Parser(
        prog=f"fairlead {command.name}" if command.name != "home" else "fairlead",
        description="\n".join(
            filter(None, (command.summary[:1].upper() + command.summary[1:] + ".", command.about, _siblings(command)))
        ),
        epilog="examples:\n" + "\n".join(f"  {example}" for example in command.examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    parser.known = [name for argument in (*command.arguments, *GLOBAL) for name in argument.names]
    parser.known.append("--help")
    own = parser.add_argument_group("arguments") if command.arguments else parser
    for argument in command.arguments:
        own.add_argument(*argument.names, help=argument.help, **argument.options)
    shared = parser.add_argument_group("on every command")
    for argument in GLOBAL:
        shared.add_argument(*argument.names, help=argument.help, **argument.options)
    shared.add_argument("-h", "--help", action="store_true", help="this text")
    return parser


def _siblings(command: Command) -> str:
    """The other verbs of a group, in the help of the one that is meant when none is typed."""
    group, _, verb = command.name.partition(" ")
    if DEFAULTS.get(group) != verb:
        return ""
    others = [one for one in COMMANDS if one.name.startswith(f"{group} ") and one is not command]
    wide = max(len(one.name) for one in others)
    return "\n".join(["", "others:", *(f"  fairlead {one.name:<{wide}}  {one.summary}" for one in others)])


class _Parser(argparse.ArgumentParser):
    """Raises instead of printing, and knows the nearest option."""

    known: list[str]

    def error(self, message: str) -> NoReturn:
        hints = []
        unknown = message.partition("unrecognized arguments: ")[2].split(" ")[0]
        if unknown.startswith("-"):
            near = _nearest(unknown.partition("=")[0], [name for name in self.known if name.startswith("--")])
            hints += [f"did you mean {name}?" for name in near[:1]]
            message = f"{self.prog} has no option {unknown}"
        elif unknown:
            message = f"{self.prog} does not take {unknown}"
        raise Misused(message, *hints, f"{self.prog} --help")
