"""Awkward agent files, as people and editors leave them, and what must be read of each.

Every one names an agent somehow and must be usable; those in `HOPELESS` are nothing that could be used, and must be
entries with their reason. The forms come from what public collections hold, the texts are our own.
"""

from typing import NamedTuple

from fairlead.core.json import Json

STRICT = frozenset[str]()
MENDED = frozenset(("FL-A004",))
BODY = "You look closely, and say what you see.\n"


class Case(NamedTuple):
    """One file, and what must be read of it. A field that is None is not looked at."""

    what: str
    data: bytes
    name: str
    codes: frozenset[str] = STRICT  # of its warnings
    title: str | None = None
    description: str | None = None
    tools: tuple[str, ...] | None = None
    body: str | None = "You look closely, and say what you see."
    fields: tuple[str, ...] = ()  # that must be kept
    adapter: str = "claude"
    file: str = ""  # its name; "" for one made of the agent's


def _front(front: str, body: str = BODY) -> bytes:
    return f"---\n{front}---\n{body}".encode()


def _case(what: str, front: str, name: str, codes: frozenset[str] = STRICT, **more: Json) -> Case:
    return Case(what, _front(front), name, codes, **more)


def _codes(*codes: str) -> frozenset[str]:
    return frozenset(codes)


_READ = ("Read", "Grep")
_EXAMPLE = """\
description: Use this one when something has changed. Examples:
<example>
Context: the user has written a function
user: "Please look: is it right?"
assistant: "I'll ask the reader"
<commentary>
It changed, so: look.
</commentary>
</example>
"""
_SAID = _EXAMPLE.removeprefix("description: ").rstrip("\n")

CASES: tuple[Case, ...] = (
    # ------------------------------------------------------------------------------------ strict, and yet not plain
    _case("nothing special", "name: plain\ndescription: Looks.\n", "plain", description="Looks.", title="plain"),
    _case("name with spaces", "name: Front End Reader\ndescription: x\n", "front-end-reader", title="Front End Reader"),
    _case("name with underscores", "name: my_reader\ndescription: x\n", "my-reader", title="my_reader"),
    _case("name in capitals", "name: READER\ndescription: x\n", "reader", title="READER"),
    _case("name with accents", "name: Prüfer für Café\ndescription: x\n", "prufer-fur-cafe", title="Prüfer für Café"),
    _case("name with a slash", "name: team/reader\ndescription: x\n", "team-reader"),
    _case("name with an emoji", 'name: "🚀 Rocket"\ndescription: x\n', "rocket", title="🚀 Rocket"),
    _case("name longer than names may be", f"name: {'long ' * 30}\ndescription: x\n", ("long-" * 13)[:63].rstrip("-")),
    _case("name is a number", "name: 42\ndescription: x\n", "42", title="42"),
    _case("name is true", "name: true\ndescription: x\n", "true"),
    _case("name is on", "name: on\ndescription: x\n", "on"),
    _case("tools are a text", "name: t1\ndescription: x\ntools: Read, Grep\n", "t1", tools=_READ),
    _case("tools are a list", "name: t2\ndescription: x\ntools: [Read, Grep]\n", "t2", tools=_READ),
    _case("tools are a list of lines", "name: t3\ndescription: x\ntools:\n  - Read\n  - Grep\n", "t3", tools=_READ),
    _case(
        "tools are a mapping", "name: t4\ndescription: x\ntools:\n  Read: true\n  Bash: false\n", "t4", tools=("Read",)
    ),
    _case("tools are empty", "name: t5\ndescription: x\ntools:\n", "t5", tools=()),
    _case("tools are an empty list", "name: t6\ndescription: x\ntools: []\n", "t6", tools=(), fields=("tools",)),
    _case(
        "tools with brackets",
        "name: t7\ndescription: x\ntools: Bash(git log:*), Bash(a, b), Read\n",
        "t7",
        tools=("Bash(git log:*)", "Bash(a, b)", "Read"),
    ),
    _case("tools twice the same", "name: t8\ndescription: x\ntools: Read, Read\n", "t8", tools=("Read",)),
    _case("description is folded", "name: d1\ndescription: >-\n  One\n  two.\n", "d1", description="One two."),
    _case("description is a block", "name: d2\ndescription: |\n  One:\n  two.\n", "d2", description="One:\ntwo."),
    _case("description in quotes", 'name: d3\ndescription: "a: b"\n', "d3", description="a: b"),
    _case("description over two lines", "name: d4\ndescription: One\n  two.\n", "d4", description="One two."),
    _case("description is a list", "name: d5\ndescription:\n  - One\n  - Two\n", "d5", description="One\nTwo"),
    _case("description with escapes as text", "name: d6\ndescription: a\\n\\nb\n", "d6", description="a\\n\\nb"),
    _case("unknown fields", "name: u1\ndescription: x\nvibe: calm\npriority: 3\n", "u1", fields=("vibe", "priority")),
    _case(
        "nested foreign fields", "name: u2\ndescription: x\nhooks:\n  Stop:\n    - run: x\n", "u2", fields=("hooks",)
    ),
    _case("a comment", "# mine\nname: c1 # that is it\ndescription: x\n", "c1"),
    _case("empty lines", "\nname: e1\n\n\ndescription: x\n\n", "e1"),
    _case("spaces around", "name:   s1   \ndescription:   x   \n", "s1", description="x"),
    _case("in JSON", '{"name": "j1", "description": "x", "tools": ["Read"]}\n', "j1", tools=("Read",)),
    _case("a model list", "name: m1\ndescription: x\nmodel: [one, two]\n", "m1"),
    _case("a remote agent", "kind: remote\nname: r1\ndescription: x\n", "r1", adapter="a2a"),
    Case("byte order mark", b"\xef\xbb\xbf" + _front("name: b1\ndescription: x\n"), "b1"),
    Case("Windows line ends", _front("name: w1\ndescription: x\n").replace(b"\n", b"\r\n"), "w1", description="x"),
    Case("mark and Windows", b"\xef\xbb\xbf" + _front("name: w2\ndescription: x\n").replace(b"\n", b"\r\n"), "w2"),
    Case("fences with spaces", b"---  \nname: f1\ndescription: x\n--- \n" + BODY.encode(), "f1"),
    Case("no end of line at the end", b"---\nname: f2\ndescription: x\n---\nHello", "f2", body="Hello"),
    Case(
        "a line of dashes in the text",
        _front("name: f3\ndescription: x\n", "One\n\n---\n\nTwo\n"),
        "f3",
        body="One\n\n---\n\nTwo",
    ),
    _case("older word for adapter", "name: k1\ndescription: x\nfairlead: {kind: llm}\n", "k1", adapter="llm"),
    _case(
        "a tool with a command",
        "name: k2\ndescription: x\nfairlead:\n  adapter: tool\n  command: [sh, k2.sh]\n  output: report\n",
        "k2",
        adapter="command",
    ),
    _case("a word for ours that is empty", "name: k3\ndescription: x\nfairlead:\n", "k3"),
    Case("capital ending of the file", _front("name: g1\ndescription: x\n"), "g1", file="G1.MD"),
    # ------------------------------------------------------------------------------------------- little is said
    _case("no name", "description: x\n", "n1", _codes("FL-A020"), file="n1.md"),
    _case("an empty name", "name:\ndescription: x\n", "n2", _codes("FL-A020"), file="n2.md"),
    _case("a name of signs only", "name: '★'\ndescription: x\n", "n3", _codes("FL-A020"), title="★", file="n3.md"),
    _case("no description", "name: n4\n", "n4", _codes("FL-A021"), description=""),
    _case("an empty description", "name: n5\ndescription:\n", "n5", _codes("FL-A021"), description=""),
    Case("no text", b"---\nname: n6\ndescription: x\n---\n", "n6", _codes("FL-A022"), body=""),
    Case("nothing after the fence", b"---\nname: n7\ndescription: x\n---", "n7", _codes("FL-A022"), body=""),
    Case(
        "nothing between the fences", b"---\n---\nYou.\n", "n8", _codes("FL-A020", "FL-A021"), body="You.", file="n8.md"
    ),
    _case("tools are a number", "name: n9\ndescription: x\ntools: 3\n", "n9", _codes("FL-A024"), fields=("tools",)),
    _case("turns are a word", "name: n10\ndescription: x\nmaxTurns: many\n", "n10", _codes("FL-A024")),
    _case(
        "a key of another adapter",
        "name: n11\ndescription: x\nfairlead:\n  adapter: claude\n  command: [sh]\n",
        "n11",
        _codes("FL-A023"),
    ),
    _case(
        "a word that no input fills",
        'name: n12\ndescription: x\nfairlead:\n  adapter: command\n  output: report\n  command: [wc, "{path}", "{n}"]\n'
        "  input: {properties: {n: {type: integer}}}\n",
        "n12",
        _codes("FL-A025"),
        adapter="command",
    ),
    # --------------------------------------------------------------------------------------------- recovered
    _case("a colon", "name: q1\ndescription: Owns: the door\n", "q1", MENDED, description="Owns: the door"),
    _case(
        "a colon and more below",
        "name: q2\ndescription: One: two\ntools: Read, Grep\nmodel: sonnet\n",
        "q2",
        MENDED,
        description="One: two",
        tools=_READ,
        fields=("tools", "model"),
    ),
    _case("an example", f"name: q3\n{_EXAMPLE}tools: Read\n", "q3", MENDED, description=_SAID, tools=("Read",)),
    _case("a quote inside", "name: q4\ndescription: 'It's the one'\n", "q4", MENDED, description="It's the one"),
    _case("a quote not closed", 'name: q5\ndescription: "One\n', "q5", MENDED),
    _case("quoted begin", 'name: q6\ndescription: "One" and two\n', "q6", MENDED, description='"One" and two'),
    _case("begins with a star", "name: q7\ndescription: *bold* text\n", "q7", MENDED, description="*bold* text"),
    _case("begins with a sign", "name: q8\ndescription: @reader looks\n", "q8", MENDED, description="@reader looks"),
    _case("begins with a backtick", "name: q9\ndescription: `x` it is\n", "q9", MENDED, description="`x` it is"),
    _case("begins with a percent", "name: q10\ndescription: %x\n", "q10", MENDED, description="%x"),
    _case("begins with a bracket", "name: q11\ndescription: [One] two\n", "q11", MENDED, description="[One] two"),
    _case("begins with a brace", "name: q12\ndescription: {One} two\n", "q12", MENDED, description="{One} two"),
    _case("begins with a mark", "name: q13\ndescription: !now\n", "q13", MENDED),
    _case("tools are a star", "name: q14\ndescription: x\ntools: *\n", "q14", MENDED, tools=("*",)),
    _case("a list not closed", "name: q15\ndescription: x\ntools: [Read, Grep\n", "q15", MENDED, tools=_READ),
    _case("a tab before the value", "name:\tq16\ndescription:\tOne: two\n", "q16", MENDED, description="One: two"),
    _case("a tab that indents a list", "name: q17\ndescription: x\ntools:\n\t- Read\n", "q17", MENDED, tools=("Read",)),
    _case("a tab that indents a key", "name: q18\n\tdescription: x\n", "q18", MENDED, description="x"),
    _case(
        "tabs in our block",
        "name: q19\ndescription: x\nfairlead:\n\tadapter: llm\n\toutput: report\n",
        "q19",
        MENDED,
        adapter="llm",
    ),
    _case("a key twice", "name: q20\nname: other\ndescription: x\n", "q20", MENDED),
    _case(
        "a key three times",
        "name: q21\ntools: Read\ntools: Bash\ntools: Edit\ndescription: x\n",
        "q21",
        MENDED,
        tools=("Read",),
    ),
    _case("no space after a colon", "name:q22\ndescription:One\n", "q22", MENDED, description="One"),
    _case("keys in capitals", "Name: q23\nDescription: One: two\n", "q23", MENDED, description="One: two"),
    _case("all of it indented", "  name: q24\n  description: One: two\n", "q24", MENDED, description="One: two"),
    _case(
        "an unknown field beside",
        "name: q25\ndescription: a: b\ntools: Read\npriority: 3\n",
        "q25",
        MENDED,
        tools=("Read",),
        fields=("priority",),
    ),
    _case(
        "a line without a key", "name: q26\ntools: Read\njust words\ndescription: x\n", "q26", MENDED, tools=("Read",)
    ),
    _case("hooks that cannot be read", "name: q27\ndescription: x\nhooks: {a: [b}\n", "q27", MENDED, fields=("hooks",)),
    _case("a tag", "name: !mine q28\ndescription: x\n", "mine-q28", MENDED),
    _case("a merge key", "name: q29\ndescription: a: b\n<<: *base\n", "q29", MENDED),
    Case("no second fence", b"---\nname: q30\ndescription: x\n\n" + BODY.encode(), "q30", MENDED),
    Case(
        "no second fence and no text", b"---\nname: q31\ndescription: x\n", "q31", _codes("FL-A004", "FL-A022"), body=""
    ),
    Case("no first fence", b"name: q32\ndescription: x\n---\n" + BODY.encode(), "q32", MENDED),
    Case("no fence at all", b"name: q33\ndescription: x\n\n" + BODY.encode(), "q33", MENDED),
    Case("dots close it", b"---\nname: q34\ndescription: x\n...\n" + BODY.encode(), "q34", MENDED),
    Case("more than three dashes", b"-----\nname: q35\ndescription: x\n-----\n" + BODY.encode(), "q35", MENDED),
    Case("empty lines above", b"\n\n" + _front("name: q36\ndescription: x\n"), "q36", MENDED),
    Case(
        "a heading above",
        b"# Mine\n\n" + _front("name: q37\ndescription: x\n"),
        "q37",
        MENDED,
        body="# Mine\n" + BODY.strip(),
    ),
    Case("a remark above", b"<!-- mine -->\n" + _front("name: q38\ndescription: x\n"), "q38", MENDED, body=None),
    Case(
        "in a fence of code",
        b"```markdown\n" + _front("name: q39\ndescription: x\n") + b"```\n",
        "q39",
        MENDED,
        body=None,
    ),
    Case("UTF-16", _front("name: q40\ndescription: é\n").decode().encode("utf-16"), "q40", MENDED, description="é"),
    Case("UTF-16 without its mark", _front("name: q41\ndescription: x\n").decode().encode("utf-16-le"), "q41", MENDED),
    Case(
        "UTF-16, big end first",
        b"\xfe\xff" + _front("name: q42\ndescription: x\n").decode().encode("utf-16-be"),
        "q42",
        MENDED,
    ),
    Case(
        "Latin-1",
        _front("name: q43\ndescription: Café\n").decode().encode("latin-1"),
        "q43",
        MENDED,
        description="Café",
    ),
    Case(
        "Windows-1252 quotes",
        b"---\nname: q44\ndescription: \x93One\x94\n---\n" + BODY.encode(),
        "q44",
        MENDED,
        description="“One”",
    ),
    Case(
        "a byte of the text is not UTF-8", b"---\nname: q45\ndescription: x\n---\nCaf\xe9\n", "q45", MENDED, body="Café"
    ),
    Case("carriage returns alone", _front("name: q46\ndescription: x\n").replace(b"\n", b"\r"), "q46", MENDED),
    Case(
        "mixed line ends",
        b"---\r\nname: q47\ndescription: a: b\r\n---\n" + BODY.encode(),
        "q47",
        MENDED,
        description="a: b",
    ),
    Case(
        "a control character",
        b"---\nname: q48\ndescription: O\x0bne\n---\n" + BODY.encode(),
        "q48",
        MENDED,
        description="One",
    ),
    Case("a NUL", b"---\nname: q49\ndescription: O\0ne\n---\n" + BODY.encode(), "q49", MENDED, description="One"),
    Case("a line separator", _front("name: q50\ndescription: One\u2028two\n"), "q50", MENDED, description="Onetwo"),
    Case("a mark inside", _front("name: q51\ndescription: \ufeffOne\n"), "q51", MENDED, description="One"),
    Case(
        "Windows and a colon",
        _front("name: q52\ndescription: a: b\n").replace(b"\n", b"\r\n"),
        "q52",
        MENDED,
        description="a: b",
    ),
)

# What no reading could make an agent of: an entry with its reason all the same.
HOPELESS: tuple[tuple[str, bytes, str], ...] = (
    ("empty", b"", "FL-A001"),
    ("blank", b" \n\n\t\n", "FL-A001"),
    ("only-text", b"# Notes\n\nNothing of this is an agent.\n", "FL-A001"),
    ("unknown-keys", b"---\ncolour: red\nuser: me: you\n---\nHello\n", "FL-A001"),
    ("binary", bytes(range(256)), "FL-A018"),
    ("not-utf16", b"\xff\xfe\x00", "FL-A018"),
    ("too-large", b"---\nname: big\ndescription: x\n---\n" + b"x" * 256_000, "FL-A018"),
    ("a-list", b"---\n- name: x\n---\nHello\n", "FL-A001"),
    ("ours-broken", b"---\nname: x\ndescription: y\nfairlead:\n  adapter: [tool\n---\nHello\n", "FL-A002"),
    ("ours-no-mapping", b"---\nname: x\ndescription: y\nfairlead: yes\n---\nHello\n", "FL-A003"),
    ("ours-unknown-key", b"---\nname: x\ndescription: y\nfairlead: {adaptr: llm}\n---\nHello\n", "FL-A003"),
    ("ours-unknown-adapter", b"---\nname: x\ndescription: y\nfairlead: {adapter: robot}\n---\nHello\n", "FL-A003"),
)


def file_of(case: Case) -> str:
    """The name of the file that holds *case*."""
    return case.file or f"{case.name}.md"
