"""The setting of durability: two words, and no other one is taken for either."""

import pytest

from fairlead.core.durability import PROMISES, read_durability
from fairlead.core.errors import FairleadError


@pytest.mark.parametrize(("word", "meant"), [("", "full"), ("full", "full"), (" process\n", "process")])
def test_nothing_means_everything(word: str, meant: str) -> None:
    assert read_durability(word) == meant
    assert meant in PROMISES


@pytest.mark.parametrize("word", ["FULL", "none", "off", "normal", "process full", "0"])
def test_another_word_is_refused(word: str) -> None:
    with pytest.raises(FairleadError, match="FL-N025"):
        read_durability(word)
