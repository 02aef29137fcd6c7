"""The proof of large runs, with small ones; and each of its teeth."""

from fairlead.testing.proving.large_runs import _Case, _Cost, _judge, try_large_runs
from tests.proves import proves

CASE = _Case("chain", 1_000, 100)
SMALL = _Cost(0.02, 0.01, 0.01, 40, "succeeded", 100)
WHOLE = _Cost(0.2, 0.1, 0.1, 50, "succeeded", 1_000)


@proves("B1.10")
def test_a_chain_and_a_fan_out_are_performed_measured_and_killed() -> None:
    figure = try_large_runs((_Case("chain", 300, 100), _Case("fan_out", 300, 100)), 117, lambda text: None)
    # What a few hundred steps cost says little: whether it grows is asked of the lanes' thousands.
    assert [problem for problem in figure.problems if "grows" not in problem] == []
    assert (figure.counts["killed_at"], figure.counts["finished_steps_again"]) == (117, 0)
    assert figure.counts["chain_300_us_per_step"] > 0


def test_each_way_in_which_a_run_can_grow_is_told() -> None:
    assert list(_judge(CASE, SMALL, WHOLE)) == []
    assert "it is failed" in next(_judge(CASE, SMALL, WHOLE._replace(status="failed")))
    assert "with 999 steps" in next(_judge(CASE, SMALL, WHOLE._replace(steps=999)))
    assert "101 MB" in next(_judge(CASE, SMALL, WHOLE._replace(peak_mb=101)))
    assert "perform grows" in next(_judge(CASE, SMALL, WHOLE._replace(perform_s=0.41)))
    assert "fold grows" in next(_judge(CASE, SMALL, WHOLE._replace(fold_s=0.21)))
    assert "view grows" in next(_judge(CASE, SMALL, WHOLE._replace(view_s=0.21)))
