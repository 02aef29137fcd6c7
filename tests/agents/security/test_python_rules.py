"""Our own rules for Python, against planted code."""

import pytest

from fairlead.agents.builtin.security import python
from fairlead.agents.rules import load_rules
from tests.corpora import security_python as corpus

RULES = load_rules("security-python")
FILES = corpus.planted()

# Rules that only bandit and ruff have, and those that speak of the file as a whole.
NOT_OURS = {
    "security/insecure-protocol",
    "security/log-configuration-server",
    "security/not-parsed",
    "security/request-without-timeout",
    "security/shell-wildcard",
    "security/template-autoescape-off",
    "security/temporary-path",
    "security/trojan-source",
    "security/unpinned-download",
    "security/unread-file",
}


@pytest.mark.parametrize("path", FILES)
def test_every_planted_fault_is_found_at_its_line_and_nothing_else(path: str) -> None:
    text = FILES[path]
    found = {(m.rule, m.line, m.severity or RULES[m.rule].severity) for m in python.scan_file(path, text)}
    assert found == corpus.expected(text)


@pytest.mark.parametrize("path", FILES)
def test_no_planted_file_is_passed_over_for_its_words(path: str) -> None:
    if corpus.expected(FILES[path]):
        assert python.may_match(python.words_of(FILES[path].encode()))


def test_a_message_says_whence_the_value_comes_and_what_becomes_of_it() -> None:
    code = "from flask import request\ndef f(name):\n    eval(request.args['x'])\n    eval(name)\n"
    assert [match.message for match in python.scan_file("a.py", code)] == [
        "`request.args` comes from the request and is run as Python by eval().",
        "A value that is not constant is run as Python by eval().",
    ]


def test_every_rule_has_a_planted_fault_and_a_text() -> None:
    planted = {rule for text in FILES.values() for rule, _, _ in corpus.expected(text)}
    assert planted == set(RULES) - NOT_OURS
    for rule in RULES.values():
        assert rule.bad != rule.good
        assert rule.what
        assert rule.why
        assert rule.remedy
