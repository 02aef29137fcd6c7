"""The measurement of recall itself: it is perfect on what is planted, and sees what is missed and what is invented."""

from collections import Counter

from benchmarks.corpora import AGENTS, Tally, recall
from tests.corpora.cases import Corpus, Place, all_corpora
from tests.proves import proves

CODE = b"import subprocess\n\ndef run(name):\n    eval(name)\n"
RULE = "security/code-injection"
PLANTED_MIN = {
    "dependency-auditor": 60,
    "compliance-checker": 60,
    "code-reviewer": 120,
}  # whole repositories, each rule in three of them


def tallied(*corpora: Corpus) -> Tally:
    tally = Tally()
    for corpus in corpora:
        tally.take(corpus)
    return tally


@proves("C8.1")
def test_everything_planted_is_found_and_nothing_else() -> None:
    tally = tallied(*all_corpora())
    assert (tally.wrong, tally.degraded) == ([], [])
    for agent in AGENTS:
        sums = tally.of_agent(agent)
        assert recall(sums) == 1.0
        assert sums["planted"] >= PLANTED_MIN.get(agent, 300)
        assert tally.clean_files[agent] > 5


def test_what_is_planted_and_not_reported_is_missed() -> None:
    wanted = Counter([Place("a.py", RULE, 4), Place("a.py", RULE, 1), Place("a.py", RULE, 4)])
    tally = tallied(Corpus("c", "security-scanner", {"a.py": CODE}, wanted))
    assert sorted(tally.wrong) == [f"not found: c, a.py:{line}: {RULE}" for line in (1, 4)]
    assert recall(tally.of_agent("security-scanner")) == 1 / 3


def test_what_is_reported_and_not_planted_is_a_false_alarm() -> None:
    tally = tallied(Corpus("c", "security-scanner", {"a.py": CODE}, Counter()))
    assert tally.wrong == [f"false alarm: c, a.py:4: {RULE}"]
    assert tally.of_agent("security-scanner")["false alarms"] == 1


def test_only_tools_may_report_what_nobody_judges() -> None:
    tally = tallied(Corpus("c", "security-scanner", {"a.py": CODE}, Counter(), is_judged_whole=False))
    assert tally.wrong == [f"false alarm: c, a.py:4: {RULE}"], "our own rule saw it too"
