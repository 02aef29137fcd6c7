"""What is done with a symbol is recorded as a person would write it, and what nobody can do is refused at its line."""

import inspect
import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from fairlead import (
    FairleadError,
    Symbol,
    Workflow,
    cel,
    data,
    env,
    expect,
    git,
    has,
    host,
    if_else,
    inputs,
    is_in,
    item,
    output,
    round_,
    run,
    steps,
    vars,
)
from fairlead.core.expressions import Malformed, parse
from fairlead.core.expressions.printing import written
from tests.core.expressions.printing import shape
from tests.proves import proves

a, b, c = steps.a, steps.b, steps.c
found = steps.scan.output.findings

RECORDED: dict[str, Symbol] = {
    "data.advisories.revision": data.advisories.revision,
    "env.HOME": env.HOME,
    "git.branch": git.branch,
    "host.cpu_model": host.cpu_model,
    "inputs.x": inputs.x,
    "vars.x": vars.x,
    "run.id": run.id,
    "round.best": round_.best,
    "output.exit_code": output.exit_code,
    "item": item(),
    "finding.path": item("finding").path,
    "steps.a + steps.b - 1": a + b - 1,
    "steps.a - (steps.b - steps.c)": a - (b - c),
    "1 - steps.a": 1 - a,
    "'x' + steps.a": "x" + a,
    "2 * steps.a / 3 % steps.b": 2 * a / 3 % b,
    "6 / steps.a": 6 / a,
    "7 % steps.a": 7 % a,
    "(steps.a + steps.b) * steps.c": (a + b) * c,
    "-steps.a < -1": -a < -1,
    "steps.a == null": a == None,  # noqa: E711  # recorded, not asked
    "steps.a != true": a != True,  # noqa: E712  # as above
    "steps.a <= 1 && steps.b >= 2 && !steps.c": (a <= 1) & (b >= 2) & ~c,
    "steps.a > 1 || steps.b && steps.c": (a > 1) | b & c,
    "true && steps.a": True & a,
    "false || steps.a": False | a,
    "!(steps.a && steps.b)": ~(a & b),
    "steps.a.output['x y']": a.output["x y"],
    "steps.a.output[0].from": a.output[0].from_,
    "steps.a.output['in']": a.output["in"],
    "steps.a.output['true']": a.output.true,
    "steps.a.?output.b": a.opt.output.b,
    "steps.a[?0].orValue([])": a.opt[0].orValue([]),
    "steps.a.opt": cel("steps.a.opt"),
    "has(steps.a.b)": has(a.b),
    "steps.a in ['x', 1, 2.5, null, {'k': [true]}]": is_in(a, ["x", 1, 2.5, None, {"k": (True,)}]),
    "'x' in steps.a": is_in("x", a),
    "steps.a.ok ? 'yes' : steps.b": if_else(a.ok, "yes", b),
    "duration('5m') < steps.a && !(steps.b > 1)": cel(f"duration('5m') < {a} && !{b > 1}"),
    "size(steps.a.filter(f, f.ok))": cel(f"size({a.filter(lambda f: f.ok)})"),
    "steps.scan.output.findings.filter(f, f.is_new && f.severity in ['high', 'critical']).size() == 0": (
        found.filter(lambda f: f.is_new & is_in(f.severity, ["high", "critical"])).size() == 0
    ),
    "steps.scan.output.findings.all(f, true)": found.all(lambda f: True),
    "steps.scan.output.findings.map(x, x.ok, x.path)": found.map(lambda x: x.ok, lambda y: y.path),
    "steps.scan.output.findings.exists(f, steps.a.all(g, g != f.path))": found.exists(
        lambda f: a.all(lambda g: g != f.path)
    ),
    "steps.scan.output.findings.sortBy(f, f.line)[0]": found.sortBy(lambda f: f.line)[0],
    "steps.scan.output.findings.exists(f, f.all(f, f.ok))": found.exists(lambda f: f.all(lambda f: f.ok)),
    "steps.a.startsWith('src/')": a.startsWith("src/"),
    "git.changed('src/**')": git.changed("src/**"),
}


@pytest.mark.parametrize("text", RECORDED)
def test_what_is_recorded_is_what_a_person_would_write(text: str) -> None:
    assert repr(RECORDED[text]) == f"Symbol({text})"
    assert shape(parse(text).tree) == shape(RECORDED[text].__tree__)


def test_a_symbol_in_a_text_stands_between_braces() -> None:
    assert f"{a.output.n} of {b}" == "${ steps.a.output.n } of ${ steps.b }"
    assert "found " + str(a.size()) == "found ${ steps.a.size() }"
    assert f"{found.filter(lambda f: f.name == '}')}" == "${ steps.scan.output.findings.filter(f, f.name == '}') }"


wrong: Any = found  # what a type checker would refuse before Fairlead can
RUN = run.id

REFUSED: dict[str, tuple[str, str, Callable[[], object]]] = {
    "if": ("FL-E021", "`&`", lambda: bool(a.ok)),
    "and": ("FL-E021", "`&`", lambda: wrong and wrong),
    "or": ("FL-E021", "`|`", lambda: wrong or wrong),
    "not": ("FL-E021", "`~`", lambda: not a.ok),
    "a chain of comparisons": ("FL-E021", "`&`", lambda: 1 < a < 5),
    "in": ("FL-E021", "is_in", lambda: "x" in a.names),
    "len": ("FL-E021", ".size()", lambda: len(a.names)),
    "for": ("FL-E021", "each=", lambda: [x for x in wrong.names]),  # noqa: C416  # the loop is what is refused
    "int": ("FL-E021", "the symbol itself", lambda: int(a)),
    "float": ("FL-E021", "the symbol itself", lambda: float(a)),
    "range": ("FL-E021", "the symbol itself", lambda: range(a)),
    "a key": ("FL-E021", "plain text", lambda: {a: 1}),
    "setting": ("FL-E021", "", lambda: setattr(a, "x", 1)),
    "& before ==": ("FL-W322", "(a > 1) & (b > 2)", lambda: wrong > 1 & wrong),
    "| before ==": ("FL-W322", "(a > 1) | (b > 2)", lambda: wrong | "x"),
    "a format": ("FL-W324", "colon", lambda: f"{a:.2f}"),
    "opt alone": ("FL-W325", ".opt.field", lambda: a.opt + 1),
    "an unknown method": ("FL-W326", "did you mean `startsWith`?", lambda: a.startswith("x")),
    "a call of a root": ("FL-W326", "methods", lambda: run()),
    "has of no field": ("FL-W326", "has(", lambda: has(run)),
    "a slice": ("FL-W321", ".slice(", lambda: wrong[1:2]),
    "an object": ("FL-W321", "JSON", lambda: wrong == object()),
    "a lambda as a value": ("FL-W321", "JSON", lambda: wrong + (lambda: 1)),
    "a number beyond": ("FL-W321", "JSON", lambda: a == 2**70),
    "no number": ("FL-W321", "JSON", lambda: a == float("nan")),
    "no lambda": ("FL-W323", "lambda x", lambda: wrong.filter(True)),
    "a lambda of nothing": ("FL-W323", "lambda x", lambda: wrong.filter(lambda: True)),
    "two arguments": ("FL-W323", "lambda x", lambda: wrong.filter(lambda x, y: x)),
    "too many lambdas": ("FL-W323", "lambda x", lambda: wrong.filter(lambda x: x, lambda x: x)),
    "a reserved word": ("FL-W323", "another name", lambda: wrong.filter(lambda package: package.ok)),
    "a name that hides": ("FL-W323", "another name", lambda: wrong.filter(lambda f: f.x == item("f").x)),
    "a name that hides a root": ("FL-W323", "another name", lambda: wrong.filter(lambda run: run == RUN)),
    "a bad name": ("FL-W323", "letters", lambda: item("a b")),
    "a broken text": ("FL-E010", "", lambda: cel("a +")),
}


@proves("J7")
@pytest.mark.parametrize("name", REFUSED)
def test_what_only_a_value_could_answer_is_refused_at_its_line(name: str) -> None:
    code, hint, action = REFUSED[name]
    with pytest.raises(FairleadError) as refused:
        action()
    assert refused.value.code == code
    assert any(hint in one for one in refused.value.diagnostics[0].hints) or not hint
    assert not hint or refused.value.hint
    place = refused.value.diagnostics[0]
    assert place.file == __file__
    assert place.span is not None
    assert place.span.line == inspect.getsourcelines(action)[1]
    assert place.source.startswith('    "')


def test_deep_expressions_are_refused_and_long_conditions_are_not() -> None:
    symbol = condition = a.ok
    for _ in range(500):
        condition = condition & a.ok
    assert len(parse(repr(condition)[7:-1]).text) > 500
    for _ in range(60):
        symbol = symbol + 1
    with pytest.raises(FairleadError, match="64 levels"):
        symbol + 1 + 1


def test_python_itself_may_look_at_a_symbol() -> None:
    assert repr(a) == "Symbol(steps.a)"
    assert not hasattr(a, "__wrapped__")
    assert callable(a)


def test_random_operations_record_the_tree_that_python_made_of_them() -> None:
    """The oracle is a text in which every operation stands in parentheses."""
    seed = random.randrange(2**32)
    rng = random.Random(seed)
    tried = 0
    for _ in range(100):
        symbol, text = _random(rng, 3)
        printed, meant = written(symbol.__tree__), shape(parse(text).tree)
        assert shape(parse(printed).tree) == meant, f"seed {seed}: {text}"
        for less in _without_one_pair(printed):
            tried += 1
            assert _shape_of(less) != meant, f"seed {seed}: {printed} could be {less}"
    assert tried > 50


def _random(rng: random.Random, depth: int) -> tuple[Symbol, str]:
    if depth == 0:
        name = rng.choice("abc")
        return getattr(steps, name), f"steps.{name}"
    left, one = _random(rng, depth - 1)
    right, two = _random(rng, depth - 1)
    match rng.randrange(12):
        case 0:
            return left + right, f"({one}) + ({two})"
        case 1:
            return left - right, f"({one}) - ({two})"
        case 2:
            return left * right, f"({one}) * ({two})"
        case 3:
            return left / right, f"({one}) / ({two})"
        case 4:
            return left == right, f"({one}) == ({two})"
        case 5:
            return left < right, f"({one}) < ({two})"
        case 6:
            return ~left, f"!({one})"
        case 7:
            return -left, f"-({one})"
        case 8:
            return left[right], f"({one})[{two}]"
        case 9:
            return if_else(left, right, 1), f"({one}) ? ({two}) : 1"
        case 10:
            return is_in(left, [right, "x"]), f"({one}) in [({two}), 'x']"
        case _:
            return left.filter(lambda v: v.size() > right), f"({one}).filter(v, v.size() > ({two}))"


def _without_one_pair(text: str) -> list[str]:
    """*text* without each pair of parentheses that belongs to no call and holds no quotes."""
    found = []
    for opening in re.finditer(r"(?<![A-Za-z0-9_])\(", text):
        depth = 0
        for at in range(opening.start(), len(text)):
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            if depth == 0:
                inner = text[opening.end() : at]
                if "'" not in inner and '"' not in inner:
                    found.append(text[: opening.start()] + inner + text[at + 1 :])
                break
    return found


def _shape_of(text: str) -> Any:  # a tree without its places, of any kind
    try:
        return shape(parse(text).tree)
    except Malformed:
        return None


def test_the_symbol_of_the_environment_is_there_when_its_room_has_been_imported() -> None:
    import fairlead
    import fairlead.env.clock

    assert isinstance(fairlead.env, Symbol)
    assert fairlead.env.clock.SystemClock is not None  # a field of the symbol
    from fairlead.env.clock import SystemClock

    assert isinstance(SystemClock, type)


def test_an_unknown_public_name_is_no_symbol() -> None:
    import fairlead

    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        fairlead.nothing  # type: ignore[attr-defined]  # noqa: B018  # what the test is about


def test_an_expectation_is_what_the_file_has() -> None:
    said = expect(output.n > 1, f"only {output.n}", ["REQ-1"], "warn")
    assert said == {
        "that": "output.n > 1",
        "say": "only ${ output.n }",
        "satisfies": ["REQ-1"],
        "level": "warn",
    }
    assert Workflow("look").run("x", "date", expect=[said]) is not None
