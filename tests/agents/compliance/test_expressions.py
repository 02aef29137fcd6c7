"""Licence expressions: what one allow list says of them."""

import pytest

from fairlead.agents.builtin.compliance_checker.expressions import (
    DEPTH_MAX,
    EXPRESSION_MAX,
    Judge,
    Unknown,
    default_allowed,
    known_name,
)

ALLOWED = ("MIT", "Apache-2.0", "BSD-3-Clause")


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        ("MIT", "allowed"),
        ("mit", "allowed"),
        (" MIT  ", "allowed"),
        ("MIT License", "allowed"),
        ("The MIT License", "allowed"),
        ("Apache License, Version 2.0", "allowed"),
        ("MIT OR GPL-3.0-only", "allowed"),
        ("GPL-3.0-only OR MIT", "allowed"),
        ("(MIT)", "allowed"),
        ("MIT AND Apache-2.0", "allowed"),
        ("MIT AND (GPL-3.0-only OR Apache-2.0)", "allowed"),
        ("Apache-2.0 WITH LLVM-exception", "allowed"),
        ("MIT OR Ours", "allowed"),
        ("GPL-3.0-only", "not allowed"),
        ("GPL-3.0", "not allowed"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "not allowed"),
        ("MIT AND GPL-3.0-only", "not allowed"),
        ("MIT AND (GPL-3.0-only OR AGPL-3.0-only)", "not allowed"),
        ("GPL-3.0-only AND Ours", "not allowed"),
        ("BSD", "not allowed"),  # it may mean BSD-2-Clause, which this list does not have
        ("Ours", "unknown"),
        ("LicenseRef-ours", "unknown"),
        ("Our own words", "unknown"),
        ("MIT AND Ours", "unknown"),
        ("GPL-3.0-only OR Ours", "unknown"),
        ("MIT WITH Ours", "unknown"),
        ("", "unknown"),
        ("   ", "unknown"),
        ("§", "unknown"),
        ("MIT OR", "broken"),
        ("MIT OR ISC OR", "broken"),
        ("MIT OR (ISC OR)", "broken"),
        ("OR MIT", "broken"),
        ("MIT ISC OR MIT", "broken"),
        ("MIT OR ()", "broken"),
        ("(MIT", "broken"),
        ("MIT AND OR ISC", "broken"),
        ("MIT) AND (ISC", "broken"),
        ("AND", "broken"),
        ("GPL-3.0-only WITH", "broken"),
    ],
)
def test_an_expression_is_judged_by_its_structure(text: str, standing: str) -> None:
    assert Judge(ALLOWED).judge(text).standing == standing


def test_the_names_that_decide_are_given() -> None:
    assert Judge(ALLOWED).judge("MIT AND GPL-3.0 AND AGPL-3.0-only").names == ("GPL-3.0-only", "AGPL-3.0-only")
    assert Judge(ALLOWED).judge("MIT AND Ours").names == ("Ours",)


def test_an_exception_that_is_on_the_list_is_allowed_without_its_licence() -> None:
    judge = Judge(["GPL-2.0-only WITH Classpath-exception-2.0"])
    assert judge.judge("GPL-2.0 WITH Classpath-exception-2.0").standing == "allowed"
    assert judge.judge("GPL-2.0-only").standing == "not allowed"


def test_an_expression_of_any_length_and_depth_ends() -> None:
    judge = Judge(ALLOWED)
    assert judge.judge("(" * 100_000).standing == "unknown"
    assert judge.judge("(" * (DEPTH_MAX + 1) + "MIT" + ")" * (DEPTH_MAX + 1)).standing == "broken"
    assert judge.judge("(" * DEPTH_MAX + "MIT" + ")" * DEPTH_MAX).standing == "allowed"
    assert judge.judge(" AND ".join(["MIT"] * EXPRESSION_MAX)).standing == "unknown"


def test_the_list_that_ships_holds_only_what_spdx_knows() -> None:
    allowed = default_allowed()
    Judge(allowed).check_list()
    assert len(allowed) == len(set(allowed))
    assert {"MIT", "Apache-2.0", "BSD-3-Clause", "ISC"} <= set(allowed)
    assert not [name for name in allowed if name.startswith(("GPL", "LGPL", "AGPL", "MPL", "EPL"))]


@pytest.mark.parametrize("name", ["Apache-2", "MIT OR ISC", "no such", "", "("])
def test_a_list_with_a_name_that_means_nothing_is_refused(name: str) -> None:
    with pytest.raises(Unknown, match=r".*"):
        Judge(["MIT", name]).check_list()


def test_names_that_people_write_mean_what_spdx_knows() -> None:
    assert known_name("License :: OSI Approved :: MIT License") == "MIT"
    assert known_name("Mozilla Public License 2.0 (MPL 2.0)") == "MPL-2.0"
    assert known_name("something else") == "something else"


def test_a_single_allowed_name_needs_no_library() -> None:
    import subprocess
    import sys

    program = (
        "import sys; from fairlead.agents.builtin.compliance_checker.expressions import Judge, default_allowed\n"
        "print(Judge(default_allowed()).judge('MIT').standing, 'license_expression' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["allowed", "False"]
