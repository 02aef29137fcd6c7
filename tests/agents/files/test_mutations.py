"""Mutated agent files: each is an entry with a name and a reason or a reading, and no mend changes what is said."""

import random

from fairlead.agents.cards import BadCard
from fairlead.agents.catalog import FileCatalog
from fairlead.agents.files.opening import Opened, open_card
from fairlead.workflow import read_values
from tests.corpora.agent_files import CASES, HOPELESS

_PIECES = (
    *(b"\n", b"---\n", b": ", b"\t", b"name: z\n", b"fairlead:\n  adapter: llm\n", b"\xff", b"\0", b"'", b'"', b"["),
    *(b"{", b"\r", b"  ", b"tools: x\n", b"#", b"|", b">\n", b"\xef\xbb\xbf", b"\xc2\x85"),
)


def _mutated(rng: random.Random, files: list[bytes]) -> bytes:
    data = bytearray(rng.choice(files))
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(5):
            case 0:
                del data[at : at + rng.randint(1, 8)]
            case 1:
                data[at:at] = rng.choice(_PIECES)
            case 2 if data:
                data[at % len(data)] = rng.randrange(256)
            case 3:
                data[at:at] = rng.choice(files)[: rng.randint(0, 60)]
            case _:
                del data[at:]
    return bytes(data)


def _opened(data: bytes) -> Opened | BadCard:
    try:
        return open_card(data, read_values)
    except BadCard as bad:
        return bad


def test_a_mutated_file_is_never_lost_and_its_mend_says_the_same() -> None:
    seed = random.randrange(1_000_000)
    rng = random.Random(seed)
    files = [case.data for case in CASES] + [data for _, data, _ in HOPELESS if len(data) < 10_000]
    recovered = 0
    for _ in range(600):
        data = _mutated(rng, files)
        files_found = [(".claude/agents/f.md", data)]
        catalog = FileCatalog(read_values, files_found.copy)
        [card] = [one.card for one in catalog.definitions()]
        assert card.name
        said = f"seed {seed}: {data!r}"
        opened = _opened(data)
        if isinstance(opened, BadCard):
            assert card.problem == str(opened), said
            continue
        assert [one for one in card.warnings if one.startswith("FL-A004")] == [
            f"FL-A004: {note.text}" for note in opened.notes
        ], said
        if opened.mended:
            recovered += 1
            again = open_card(opened.mended, read_values)
            assert again.notes == (), said
            assert again.front.fields == opened.front.fields, said
    assert recovered > 100
