"""Every place of the corpus is mended as it says, proven by a second scan, and given as a patch that git takes."""

from pathlib import Path

import pytest

from fairlead.core.patch_texts import parse_patch
from fairlead.core.patches import apply_patch
from tests.agents.patcher.parts import findings_of, mended, write
from tests.corpora.patches import MENDED


@pytest.mark.parametrize("case", MENDED)
def test_a_place_of_the_corpus_is_mended(case: str, tmp_path: Path) -> None:
    rule, before, after, path = MENDED[case]
    root = write(tmp_path, path, before)
    found = findings_of(root, rule)
    assert found, "the scanner does not see it"
    output = mended(root, found[0])
    assert (root / path).read_bytes().decode() == after
    assert apply_patch({path: before}, parse_patch(output["patch"])) == {path: after}
    assert (output["files"], output["rule"], output["changed"]) == ([path], rule, True)
    assert found[0]["fingerprint"] not in {one["fingerprint"] for one in output["rescan"]["findings"]}
