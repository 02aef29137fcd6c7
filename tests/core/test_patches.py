"""Patches are read strictly, written as git takes them, applied only where they fit, and joined without a guess."""

import os
import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from fairlead.core.patch_texts import (
    COMPARED_LINES_MAX,
    PATCH_CHARACTERS_MAX,
    PATCH_FILES_MAX,
    BadPatch,
    make_patch,
    parse_patch,
)
from fairlead.core.patches import Conflict, DoesNotApply, apply_patch, combine_patches, split_lines

SEED = 20261121
PLAIN = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n"

_LINES = st.lists(st.sampled_from(["a", "b", "c", "", "- x", "+ y", "@@ -1 +1 @@", "\\ n", "ü\r", "\ufeff", "--- a/b"]))
_TEXTS = st.builds(lambda lines, end: "\n".join(lines) + end, _LINES, st.sampled_from(["", "\n"]))


def git(directory: Path, *words: str, patch: str = "") -> str:
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    argv = ["git", *words]
    done = subprocess.run(argv, cwd=directory, env=environ, input=patch.encode(), capture_output=True, check=False)
    assert done.returncode == 0, (SEED, words, done.stderr)
    return done.stdout.decode()


@seed(SEED)
@settings(max_examples=150, deadline=None)
@given(_TEXTS, _TEXTS)
def test_what_was_made_is_read_and_applied_again(before: str, after: str) -> None:
    patch = make_patch("app.py", before, after)
    if before == after:
        assert patch == ""
    else:
        assert apply_patch({"app.py": before, "x": "y"}, parse_patch(patch)) == {"app.py": after, "x": "y"}


def test_git_applies_what_was_made(tmp_path: Path) -> None:
    """Line ends, marks of byte order, missing ends, new, empty and deleted files, and names that need quotes."""
    rng = random.Random(SEED)
    names = [
        "plain.py",
        "two words.py",
        'quo"te\\.py',
        "größe.py",
        "tab\there.py",
        os.fsdecode(b"raw\xff.py"),
        "d/e/f.py",
    ]
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for number, name in enumerate(names * 5):
        path = f"{number}/{name}"
        end = rng.choice(["\n", "\r\n"])
        old = [rng.choice(["a", "b", "", "é"]) for _ in range(rng.randrange(0, 30))]
        new = [line for line in old if rng.random() > 0.2]
        new.insert(rng.randrange(len(new) + 1), "new")
        mark = rng.choice(["", "\ufeff"])
        if number % 5 != 1:
            before[path] = mark + end.join(old) + rng.choice(["", end])
        if number % 5 != 2:
            after[path] = mark + end.join(new) + rng.choice(["", end])
    before["empty-gone"] = after["empty-new"] = ""
    for path, text in before.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text.encode())
    patch = "".join(make_patch(path, before.get(path), after.get(path)) for path in sorted({*before, *after}))
    git(tmp_path, "apply", "--whitespace=nowarn", "-", patch=patch)
    left = {
        str(file.relative_to(tmp_path)): file.read_bytes().decode() for file in tmp_path.rglob("*") if file.is_file()
    }
    assert left == after, SEED
    assert apply_patch(before, parse_patch(patch)) == after, SEED


def test_what_git_writes_is_read(tmp_path: Path) -> None:
    tree = ""
    texts = {"a b.py": PLAIN, "größe.txt": "x", "gone": "1\n", "empty": ""}
    after = {
        "a b.py": PLAIN.replace("two", "2").replace("nine", "9\n9b"),
        "größe.txt": "x\n",
        "new\t1": "n",
        "also": "",
    }
    git(tmp_path, "init", "-q", ".")
    for files in (texts, after):
        for name in texts:
            (tmp_path / name).unlink(missing_ok=True)
        for name, text in files.items():
            (tmp_path / name).write_bytes(text.encode())
        git(tmp_path, "add", "-A")
        tree = git(tmp_path, "write-tree").strip() if files is texts else tree
    patch = git(tmp_path, "diff", "--cached", "--no-renames", tree)
    assert apply_patch(texts, parse_patch(patch)) == after


def test_bytes_that_are_no_utf_8_survive_where_nothing_changes() -> None:
    raw = b"# \xe9\xff\n" + b"x\n" * 9 + b"y = 1\n"
    text = raw.decode("utf-8", "surrogateescape")
    patch = make_patch("latin.py", text, text.replace("y = 1", "y = 2"))
    patch.encode()  # a patch itself is clean
    after = apply_patch({"latin.py": text}, parse_patch(patch))["latin.py"]
    assert after.encode("utf-8", "surrogateescape") == raw.replace(b"y = 1", b"y = 2")
    with pytest.raises(BadPatch, match="not UTF-8"):
        make_patch("latin.py", text, text.replace("# ", "#"))
    with pytest.raises(BadPatch, match="binary"):
        make_patch("b", "\0\n", "\0a\n")


HEAD = "diff --git a/f b/f\n"
BODY = "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"


@pytest.mark.parametrize(
    ("patch", "reason"),
    [
        ("", "names no file"),
        ("hello\n", "belongs to no file"),
        (HEAD + "rename from f\nrename to g\n", "renames"),
        ("--- a/f\n+++ b/g\n@@ -1 +1 @@\n-a\n+b\n", "renames"),
        (HEAD + "old mode 100644\nnew mode 100755\n", "mode"),
        (HEAD + "new file mode 120000\n" + BODY, "regular"),
        (HEAD + "new file mode 100644\n" + BODY, "do not agree"),
        (HEAD + "GIT binary patch\n", "binary"),
        (HEAD + "Binary files a/f and b/f differ\n", "binary"),
        (HEAD + "index 1..2 100644\n", "changes nothing"),
        (BODY.replace("a/f", "a/../f").replace("b/f", "b/../f"), "inside of the tree"),
        (BODY.replace("a/f", "a//etc/f").replace("b/f", "b//etc/f"), "inside of the tree"),
        (BODY.replace("a/f", "/etc/f").replace("b/f", "/etc/f"), "begin with"),
        (BODY.replace("/f", "/.git/config"), "git's own"),
        (BODY.replace("/f", "/d/.GIT/config"), "git's own"),
        (BODY.replace("+b\n", ""), "ends inside"),
        (BODY + "+c\n", "more lines"),
        (BODY.replace("-1 +1", "-1,2 +1"), "ends inside"),
        (BODY.replace("-1 +1", "-0 +1"), "begin at 1"),
        (BODY.replace("-1 +1", "-x +1"), "head of a hunk"),
        (BODY + BODY, "twice"),
        ("diff --git a/g b/g\n" + BODY, "another file"),
        ("--- a/f\n", "missing"),
        ("--- a/f\n+++ b/f\n", "hunk"),
        ("--- a/f\0\n", "NUL"),
        ('--- "a/f\n', "begin with"),
        ('--- "a/\\q"\n', "begin with"),
        ("a" * (PATCH_CHARACTERS_MAX + 1), "at most"),
        ("".join(BODY.replace("/f", f"/{n}") for n in range(PATCH_FILES_MAX + 1)), "more than 1,000 files"),
    ],
)
def test_what_is_no_patch_is_refused(patch: str, reason: str) -> None:
    with pytest.raises(BadPatch, match=reason):
        parse_patch(patch)


def test_no_patch_out_of_random_damage_raises_anything_else() -> None:
    rng = random.Random(SEED)
    patch = make_patch("app.py", PLAIN, PLAIN.replace("two", "2").replace("ten\n", "10")) + make_patch("new", None, "x")
    for _ in range(600):
        at = rng.randrange(len(patch))
        broken = (
            patch[:at] + rng.choice(["", "\n", "@", "-", "+", " ", "\\", "9", '"']) + patch[at + rng.randrange(3) :]
        )
        try:
            apply_patch({"app.py": PLAIN}, parse_patch(broken))
        except (BadPatch, DoesNotApply):
            pass  # what else it raises is the test's failure, with the seed in the file


@pytest.mark.parametrize(
    ("texts", "patch", "hunk", "reason"),
    [
        ({}, make_patch("f", "a\n", "b\n"), 0, "not there"),
        ({"f": "a\n"}, make_patch("f", None, "b\n"), 0, "there already"),
        ({"f": "a\nmore\n"}, make_patch("f", "a\n", None), 0, "more lines"),
        ({"f": "A\n"}, make_patch("f", "a\n", "b\n"), 1, "line 1"),
        ({"f": "a"}, make_patch("f", "a\n", "b\n"), 1, "line 1"),
        ({"f": "a\r\n"}, make_patch("f", "a\n", "b\n"), 1, "line 1"),
        ({"f": "new\n" + PLAIN}, make_patch("f", PLAIN, PLAIN.replace("five", "5")), 1, "line 2"),
        ({"f": PLAIN[:-4]}, make_patch("f", PLAIN, PLAIN.replace("one", "1").replace("ten", "10")), 2, "line 7"),
        ({"f": "a\nb"}, "--- a/f\n+++ b/f\n@@ -2,0 +3 @@\n+c\n", 0, "without an end"),
    ],
)
def test_a_patch_of_another_text_is_refused(texts: dict[str, str], patch: str, hunk: int, reason: str) -> None:
    with pytest.raises(DoesNotApply, match=reason) as problem:
        apply_patch(texts, parse_patch(patch))
    assert (problem.value.path, problem.value.hunk) == ("f", hunk)


def test_a_difference_beyond_the_limit_is_still_right() -> None:
    before = "".join(f"{n}\n" for n in range(COMPARED_LINES_MAX + 10))
    after = before.replace("5\n", "five\n")
    assert apply_patch({"f": before}, parse_patch(make_patch("f", before, after))) == {"f": after}


def patches_of(text: str, *afters: str) -> list[str]:
    return [make_patch("f", text, after) for after in afters]


def test_patches_of_one_text_are_joined() -> None:
    patches = patches_of(
        PLAIN,
        PLAIN.replace("two", "2"),
        PLAIN.replace("three", "3"),  # beside it
        PLAIN.replace("two", "2"),  # the very same
        PLAIN.replace("nine", "9").replace("one\n", ""),
    )
    found = combine_patches({"f": PLAIN}, [parse_patch(one) for one in patches])
    assert found.texts == {
        "f": PLAIN.replace("two", "2").replace("three", "3").replace("nine", "9").replace("one\n", "")
    }
    assert (found.taken, found.conflicts) == ((0, 1, 2, 3), ())


def test_what_meets_an_earlier_patch_is_left_out_whole_and_named() -> None:
    patches = patches_of(PLAIN, PLAIN.replace("two", "2"), PLAIN.replace("two", "II").replace("ten", "X"))
    patches += ["--- a/gone\n+++ b/gone\n@@ -1 +1 @@\n-a\n+b\n", make_patch("f", PLAIN, None)]
    patches += [make_patch("f", PLAIN, PLAIN.replace("ten", "10"))]
    found = combine_patches({"f": PLAIN}, [parse_patch(one) for one in patches])
    assert found.texts == {"f": PLAIN.replace("two", "2").replace("ten", "10")}
    assert found.taken == (0, 4)
    assert found.conflicts == (
        Conflict(1, "f", "both change line 2", 0),
        Conflict(2, "gone", "it is not there"),
        Conflict(3, "f", "both make or delete the file, and not alike", 0),
    )


def test_lines_put_at_one_place_conflict_unless_all_are_imports() -> None:
    text = "import os\n\nx = 1\n"
    both = patches_of(text, "import os\nimport ssl\n\nx = 1\n", "import os\nfrom a import b\n\nx = 1\n")
    found = combine_patches({"f": text}, [parse_patch(one) for one in both])
    assert found.texts == {"f": "import os\nimport ssl\nfrom a import b\n\nx = 1\n"}
    both = patches_of(text, text + "y = 1\n", text + "z = 1\n")
    found = combine_patches({"f": text}, [parse_patch(one) for one in both])
    assert (found.texts, found.taken) == ({"f": text + "y = 1\n"}, (0,))
    assert found.conflicts == (Conflict(1, "f", "both change line 4", 0),)


def test_two_that_delete_one_file_agree_and_a_missing_end_is_not_joined_over() -> None:
    gone = parse_patch(make_patch("f", PLAIN, None))
    assert combine_patches({"f": PLAIN, "g": ""}, [gone, gone]).texts == {"g": ""}
    two = [parse_patch(make_patch("f", "a\nb\n", after)) for after in ("a\nb", "a\nb\nc\n")]
    found = combine_patches({"f": "a\nb\n"}, two)
    assert (found.texts, found.taken, found.conflicts[0].patch) == ({"f": "a\nb"}, (0,), 1)


@seed(SEED)
@settings(max_examples=60, deadline=None)
@given(st.lists(st.sets(st.integers(0, 9), max_size=4), max_size=5))
def test_joined_patches_hold_exactly_the_changes_of_those_taken(changed: list[set[int]]) -> None:
    lines = split_lines(PLAIN)
    patches = [
        make_patch("f", PLAIN, "".join(f"{n} by {who}\n" if n in some else line for n, line in enumerate(lines)))
        for who, some in enumerate(changed)
    ]
    made = [number for number, some in enumerate(changed) if some]
    found = combine_patches({"f": PLAIN}, [parse_patch(patches[number]) for number in made])
    taken: list[int] = []
    for nth, number in enumerate(made):
        is_free = not any(changed[number] & changed[other] for other in taken)
        assert (nth in found.taken) is is_free
        taken += [number] if is_free else []
    owner = {n: who for who in taken for n in changed[who]}
    wanted = "".join(f"{n} by {owner[n]}\n" if n in owner else line for n, line in enumerate(lines))
    assert found.texts == {"f": wanted}
