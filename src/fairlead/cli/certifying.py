"""`certify`: whether a workflow survives crashes, with how often each of its effects happened."""

import shlex
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import plural
from fairlead.cli.inputs import given_inputs
from fairlead.cli.look import Look
from fairlead.cli.run_screen import next_lines
from fairlead.cli.terminal import Terminal
from fairlead.cli.terminal_text import cut, pad, safe, width, wrap
from fairlead.service.certifying import Certificate, EffectLine, PointLine, Wanted, certify_workflow, write_certificate
from fairlead.service.endings import OK
from fairlead.service.records import Json, error

_ANSWER_IS_NO = 1
_SHOWN_MAX = 3  # points with problems; all that are in the report with -v
_LINE = "\r\x1b[K"


def certify(call: Invocation) -> int:
    """Perform a workflow in disposable copies, and disturb it at every point."""
    options = call.options
    wanted = Wanted(
        workflow=options.workflow,
        inputs=given_inputs(options.inputs),
        scripts=dict(_pairs("--agent", "NAME=FILE", options.agents)),
        signals={name: _json(name, text) for name, text in _pairs("--signal", "NAME=JSON", options.signals)},
        seed=options.seed,
        points_max=options.points,
        only=tuple(options.only),
        is_approved=not options.reject,
        is_outside=options.outside,
        server=options.server,
    )
    terminal = call.terminal
    found = certify_workflow(call.parts, call.project, call.cwd, wanted, partial(_tell, terminal))
    if terminal.err.is_live and terminal.verbosity >= 0:
        terminal.write_progress(_LINE)
    if options.out:
        write_certificate(call.parts, call.cwd, options.out, found)
    terminal.give(found, lambda: _lines(call, found), found.failures)
    return OK if found.is_certified else _ANSWER_IS_NO


def _pairs(option: str, form: str, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise error("FL-S002", f"{option} takes {form}, not {safe(text)}", "fairlead certify --help", exit_code=2)
        yield name, value


def _json(name: str, text: str) -> Json:
    import json

    try:
        return json.loads(text)
    except ValueError as problem:
        said = f"the data of the signal {safe(name)} are no JSON: {problem}"
        raise error("FL-S002", said, f"""--signal '{name}={{"version": "1.2"}}'""", exit_code=2) from None


def _tell(terminal: Terminal, done: int, count: int, point: str) -> None:
    """A line that changes where a person watches; a few lines elsewhere."""
    if terminal.verbosity < 0:
        return
    if terminal.err.is_live:
        terminal.write_progress(f"{_LINE}  {done} of {count} points  {point}")
    elif count and (done == count or done % max(1, count // 10) == 0):
        terminal.tell([f"  {done} of {plural(count, 'point')}"])


def _lines(call: Invocation, found: Certificate) -> Iterator[str]:
    look = call.terminal.out
    symbol = look.symbol("succeeded" if found.is_certified else "failed")
    said = "survives" if found.is_certified else "does not survive"
    tried = sum(found.points.values())
    yield f"{symbol} {look.paint(safe(found.workflow), 'bold')} {said} {plural(tried, 'point')}  {found.digest[:19]}"
    kinds = ", ".join(f"{count} {kind}" for kind, count in found.points.items())
    sampled = f" of {found.possible:,} possible" if tried < found.possible else ""
    yield from _wrapped("points", f"{kinds}{sampled}; {found.kills:,} processes killed", look)
    if found.not_reached:
        yield from _wrapped("", f"at {found.not_reached} of them the run ended before it came there", look)
    yield from _wrapped("seed", f"{found.seed} · {found.seconds:g} s", look)
    yield ""
    yield from _effects(found.effects, look)
    equal = tried - found.differing
    yield from _wrapped("end states", f"{equal} of {tried} equal to that of the undisturbed run", look)
    if found.asked:
        yield from _wrapped("asked", f"at {plural(found.asked, 'point')} whether an effect had happened", look)
    for number, text in enumerate((*found.notes, *(f"not compared: {name}" for name in found.unstable[:10]))):
        yield from _wrapped("notes" if not number else "", text, look)
    if not found.is_certified:
        yield from _failures(call, found, look)


def _effects(effects: tuple[EffectLine, ...], look: Look) -> Iterator[str]:
    if not effects:
        yield "  no effect: nothing that the platform does outside, and no program that reaches it"
        yield ""
        return
    wide = max(width(safe(one.step)) for one in effects)
    kinds = max(len(one.kind) for one in effects)
    classes = max(len(one.effect_class) for one in effects)
    yield f"  {pad('step', wide + 2)}  {'kind':<{kinds}}  {'class':<{classes}}  happened: 0 times, once, more often"
    for one in effects:
        symbol = look.symbol("failed" if one.problem else "succeeded")
        times = " ".join(f"{count:>6}" for count in one.times.values())
        line = f"  {symbol} {pad(safe(one.step), wide)}  {one.kind:<{kinds}}  {one.effect_class:<{classes}}  {times}"
        yield line + (f"  {one.problem}" if one.problem else "")
    yield ""


def _failures(call: Invocation, found: Certificate, look: Look) -> Iterator[str]:
    yield ""
    shown = found.failures if call.terminal.verbosity > 0 else found.failures[:_SHOWN_MAX]
    for one in shown:
        yield f"  {look.symbol('failed')} {look.paint(one.point, 'bold')}{safe(_repeated(one))}"
        for problem in one.problems:
            first, *rest = wrap(safe(problem), look.columns - 8)
            yield f"      {first}"
            yield from (f"        {line}" for line in rest)
    if len(shown) < found.failed:
        more = found.failed - len(shown)
        where = "--json has" if call.terminal.verbosity > 0 else "-v shows"
        yield f"    and {plural(more, 'point')} more: {where} the first ones"
    if any(one.repeated for one in found.failures):
        yield ""
        text = (
            "A program whose end was not recorded is performed again. Let it look whether what it does has been done:"
            " FAIRLEAD_IDEMPOTENCY_KEY in its environment is the same for every attempt of a step."
        )
        yield from (f"  {line}" for line in wrap(text, look.columns - 4))
    words = f"{_asked(call)} --only {found.failures[0].point} --seed {found.seed}"
    yield from next_lines([(call.typed(words), "see the first one again")], look)


def _asked(call: Invocation) -> str:
    """What was typed, without points and seed."""
    options = call.options
    words = ["certify", options.workflow]
    words += [word for given in options.inputs for word in ("-i", given)]
    words += [word for given in options.agents for word in ("--agent", given)]
    words += [word for given in options.signals for word in ("--signal", given)]
    words += [f"--{name}" for name in ("reject", "outside") if getattr(options, name)]
    words += ["--server", options.server] if options.server else []
    return shlex.join(words)


def _repeated(one: PointLine) -> str:
    return f"  performed again: {cut(', '.join(one.repeated), 60)}" if one.repeated else ""


def _wrapped(label: str, text: str, look: Look) -> Iterator[str]:
    first, *rest = wrap(safe(text), look.columns - 14) or [""]
    yield f"  {label:<10}  {first}"
    yield from (f"  {'':<10}  {line}" for line in rest)


COMMANDS: dict[str, Callable[[Invocation], int]] = {"certify": certify}
