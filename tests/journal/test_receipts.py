"""A receipt that a client keeps finds a journal that was rolled back together with its anchor."""

import shutil
from pathlib import Path

import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.ids import RunId
from fairlead.journal import open_journal, verify
from fairlead.journal.receipts import check_receipt, receipt_for
from tests.journal.parts import FakeClock, queued
from tests.proves import proves


def write(directory: Path, *numbers: int) -> str:
    journal = open_journal(str(directory), clock=FakeClock())
    journal.put(b"{}")
    for number in numbers:
        seq = journal.record(RunId(f"r-{number:08}"), queued(n=number)).seq
    journal.close()
    return receipt_for(str(directory), seq)


def test_a_receipt_is_the_number_and_the_end_of_the_chain(quick_path: Path) -> None:
    receipt = write(quick_path / "state", 1, 2, 3)
    report = verify(str(quick_path / "state"), clock=FakeClock())
    assert receipt == f"3:{report.h}"
    assert receipt_for(str(quick_path / "state"), 4) == ""
    assert receipt_for(str(quick_path / "nothing"), 1) == ""
    assert not (quick_path / "nothing").exists()
    check_receipt(str(quick_path / "state"), receipt)
    check_receipt(str(quick_path / "state"), f" 3:{report.h[:16].upper()}\n")
    check_receipt(str(quick_path / "state"), receipt_for(str(quick_path / "state"), 1))


@proves("B1")
def test_a_record_that_was_rolled_back_whole_is_found_by_a_receipt(quick_path: Path) -> None:
    state = quick_path / "state"
    write(state, 1, 2)
    shutil.copytree(state, quick_path / "older")
    receipt = write(state, 3)
    shutil.rmtree(state)
    (quick_path / "older").rename(state)
    assert verify(str(state), clock=FakeClock()).problems == ()  # the anchor went back with it
    with pytest.raises(FairleadError, match=r"FL-L035.*ends at event 2, not at 3") as caught:
        check_receipt(str(state), receipt)
    assert caught.value.exit_code == 9
    write(state, 4)  # and then it was written on
    with pytest.raises(FairleadError, match=r"FL-L036.*another event 3"):
        check_receipt(str(state), receipt)


@pytest.mark.parametrize(
    "text", ["", "3", "3:", "3:abc", "0:" + "a" * 64, "-3:" + "a" * 64, "3:" + "g" * 64, "3:" + "a" * 65]
)
def test_what_is_no_receipt_is_said(quick_path: Path, text: str) -> None:
    with pytest.raises(FairleadError, match="FL-L037") as caught:
        check_receipt(str(quick_path), text)
    assert caught.value.exit_code == 2
