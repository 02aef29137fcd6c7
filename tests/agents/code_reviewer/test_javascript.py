"""JavaScript and TypeScript under review, against planted faults and functions whose complexity is known."""

import pytest

from fairlead.agents.builtin.code_reviewer import javascript
from fairlead.agents.builtin.code_reviewer.found import Reviewed, SourceFile
from fairlead.agents.builtin.code_reviewer.javascript_debug import PLACES_MAX
from fairlead.agents.builtin.security import sources
from fairlead.agents.rules import Rule, all_rules, load_rules
from tests.corpora import marks
from tests.corpora import review_javascript as corpus
from tests.proves import proves

RULES = all_rules()
WHOLE = {path: text for path, text in corpus.FILES.items() if path != "broken.js"}


def reviewed(path: str, text: str) -> Reviewed:
    return javascript.review(
        SourceFile(path, text, is_changed=False, is_test=sources.is_test(path), is_example=sources.is_example(path))
    )


@pytest.mark.parametrize("path", WHOLE)
def test_exactly_what_is_marked_is_reported(path: str) -> None:
    file = marks.planted(WHOLE[path], "review")
    is_test = sources.is_test(path)
    reported = [
        (one.line, one.column, one.rule, one.severity or RULES[one.rule].severity)
        for one in reviewed(path, file.text).founds
        if not (is_test and RULES[one.rule].details.get("tests") is False)
    ]
    wanted = [(one.line, one.column, one.rule, one.severity or RULES[one.rule].severity) for one in file.faults]
    assert sorted(reported) == sorted(wanted)


def test_every_rule_has_a_planted_fault_and_a_file_without_it() -> None:
    faults = {path: {fault.rule for fault in marks.planted(text, "review").faults} for path, text in WHOLE.items()}
    rules = set(load_rules("review-javascript")) - {"review/js-not-parsed"}
    assert rules - {rule for found in faults.values() for rule in found} == set()
    for rule in rules:
        assert any(rule not in found for found in faults.values()), rule


@pytest.mark.parametrize("rule", load_rules("review-javascript").values(), ids=lambda rule: rule.id)
def test_the_examples_of_a_rule_are_right(rule: Rule) -> None:
    assert rule.id in {found.rule for found in reviewed("a.js", rule.bad + "\n").founds}
    assert reviewed("a.js", rule.good + "\n").founds == []


def test_what_the_grammar_does_not_know_is_said_once() -> None:
    assert [one.rule for one in reviewed("broken.js", corpus.FILES["broken.js"]).founds] == ["review/js-not-parsed"]


@proves("C9")
@pytest.mark.parametrize(
    ("body", "complexity"),
    [
        ("", 1),
        ("if (a) b();", 2),
        ("if (a) b(); else c();", 2),
        ("if (a) b(); else if (c) d(); else e();", 3),
        ("for (let i = 0; i < a; i++) b();", 2),
        ("for (const b of a) c();", 2),
        ("for (const b in a) c();", 2),
        ("while (a) b();", 2),
        ("do { b(); } while (a);", 2),
        ("switch (a) { case 1: b(); case 2: c(); default: d(); }", 3),
        ("try { b(); } catch (e) { c(); } finally { d(); }", 2),
        ("return a ? b : c;", 2),
        ("return a && b || c;", 3),
        ("return a ?? b;", 2),
        ("a ||= b; a &&= c; a ??= d;", 4),
        ("return a?.b?.c;", 1),
        ("const { b = 1, c = 2 } = a;", 1),
        ("return a & b | c;", 1),
        ("return a.map((b) => b ? 1 : 2);", 1),
        ("for (const b of a) { if (b && c) { while (d) e(); } }", 5),
    ],
)
def test_complexity_is_computed_per_function(body: str, complexity: int) -> None:
    for path in ("a.js", "a.ts", "a.jsx", "a.tsx"):
        functions = reviewed(path, f"function f(a, b, c, d, e) {{ {body} }}\n").functions
        assert (functions[0].name, functions[0].complexity) == ("f", complexity)


def test_an_inner_function_counts_for_itself() -> None:
    text = "function f(a) { if (a) b(); const g = () => a ? 1 : b && c; return g; }\n"
    assert [(one.name, one.complexity) for one in reviewed("a.js", text).functions] == [("f", 2), ("g", 3)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("function a() {}", "a"),
        ("const a = () => 1;", "a"),
        ("a.b = function () {};", "a.b"),
        ("const a = { b() {} };", "b"),
        ("const a = { b: () => 1 };", "b"),
        ("class A { b() {} }", "A.b"),
        ("class A { b = () => 1; }", "b"),
        ("list.map((a) => a);", "the function given to list.map"),
        ("export default () => 1;", "a function without a name"),
    ],
)
def test_functions_have_the_names_that_people_give_them(text: str, name: str) -> None:
    assert [one.name for one in reviewed("a.js", text).functions] == [name]


def test_places_are_counted_in_characters() -> None:
    for end in ("\n", "\r\n", "\r"):
        (found,) = reviewed("a.js", f"const a = 1;{end}/* žluťoučký 🐎 */ debugger;{end}").founds
        assert (found.line, found.column, found.end_column) == (2, 19, 28)


def test_the_same_place_keeps_its_text_when_lines_move_and_white_space_changes() -> None:
    text = marks.planted(corpus.FILES["swallowed.ts"], "review").text
    moved = "\n\n" + text.replace("  ", "\t")
    before, after = reviewed("a.ts", text).founds, reviewed("a.ts", moved).founds
    assert [(one.rule, "".join(one.text.split())) for one in before] == [
        (one.rule, "".join(one.text.split())) for one in after
    ]
    assert [one.line + 2 for one in before] == [one.line for one in after]


def test_a_file_that_writes_everywhere_is_told_once() -> None:
    few = reviewed("a.js", "console.log(order);\n" * PLACES_MAX).founds
    many = reviewed("a.js", "console.log(order);\n" * (PLACES_MAX + 1)).founds
    assert (len(few), len(many)) == (PLACES_MAX, 1)
    assert f"{PLACES_MAX + 1} places" in many[0].message


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("a.min.js", "debugger\n", "JavaScript (minified)"),
        ("a.js", "debugger;" * 100, "JavaScript (minified)"),
        ("node_modules/a/a.js", "debugger\n", "JavaScript (built or copied)"),
        ("public/jquery-3.7.1/a.js", "debugger\n", "JavaScript (built or copied)"),
        (
            "a.js",
            "/* eslint-disable */\n// This file was automatically generated.\ndebugger\n",
            "JavaScript (generated)",
        ),
        ("a.js", "// @generated by a program\ndebugger\n", "JavaScript (generated)"),
        ("a.js", "debugger\n// do not edit this\n", None),
        ("a.js", "const text = 'Code generated by hand';\ndebugger\n", None),
        ("src/a.js", "debugger\n", None),
    ],
)
def test_files_that_nobody_wrote_are_not_reviewed_and_say_why(path: str, text: str, why: str | None) -> None:
    assert javascript.why_not(path, text) == why
    assert bool(reviewed(path, text).founds) is (why is None)


@pytest.mark.parametrize(
    "text",
    [
        "if (a) " * 3_000 + "b();",
        "for (;;) {\n" * 3_000 + "}\n" * 3_000,
        "try { a(); b(); } catch (e) {}\n" * 2_000,
        "function f() {\n" * 5_000 + "debugger;" + "}\n" * 5_000,
        "const a = {\n" + "a: 1,\n" * 20_000 + "};",
        "if (a) b();\n" + "else if (a) b();\n" * 1_000,
        "a(" + "(" * 30_000 + "x" + ")" * 30_000 + ")",
        "x.catch(\n" * 2_000,
        'class A { save(a) { throw new Error("not implemented"); } }\n' * 20_000,
        "debugger\0\n\ud800",
    ],
)
def test_deep_and_odd_programs_do_no_harm(text: str) -> None:
    reviewed("a.js", text)
