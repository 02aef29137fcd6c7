"""Certification: what is asked of it, what it answers, and what is wrong with the question before anything is tried."""

import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from fairlead.core.errors import Diagnostic, FairleadError, error
from fairlead.core.json import Digest, Json
from fairlead.core.workflow import AgentAction, Workflow, WorkflowAction
from fairlead.service.parts import Parts, Project
from fairlead.service.starts import Definition, check_start, find_definition

POINTS_MAX = 10_000  # of one certification; what is beyond is sampled by the seed
SEED_MAX = 2**32
SCRIPT_BYTES_MAX = 10_000_000
_SCRIPTS = (".json", ".py")
_USAGE = 2
_POINT = re.compile(
    r"(commit|effect)-[1-9][0-9]*-(before|after)(\+(commit|effect)-[1-9][0-9]*-(before|after))?|(torn|full|fenced)-[1-9][0-9]*"
)


class Wanted(msgspec.Struct, frozen=True):
    """What a person asks for."""

    workflow: str  # a name or a file
    inputs: Mapping[str, Json] = {}
    scripts: Mapping[str, str] = {}  # agent → file of its answers, as it was typed
    signals: Mapping[str, Json] = {}  # what comes for a step that waits for it; null for every other
    seed: int = 0
    points_max: int = POINTS_MAX
    only: tuple[str, ...] = ()  # these points and no others
    is_approved: bool = True  # how questions are answered
    is_outside: bool = False  # programs are performed without isolation, as the person has set it for the project
    server: str = ""  # the variable in which programs find the address of a server that counts


class Setup(msgspec.Struct, frozen=True):
    """The same, read and checked."""

    wanted: Wanted
    definition: Definition
    workflow: Workflow
    scripts: Mapping[str, str]  # agent → path of its script


class EffectLine(msgspec.Struct, frozen=True):
    """One effect of the workflow, and how often it happened."""

    step: str
    kind: str  # git.commit, http.request, notify, or run for a program
    effect_class: str  # read_only, keyed, unkeyed, irreversible; once at most; outside: of a program
    expected: int  # how often it happened in the run that nobody disturbed
    times: dict[str, int]  # "0", "1", "2+" → at so many points
    counted: str  # where it was counted: repository, server, process
    problem: str = ""  # what is wrong with that


class PointLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One point at which something was wrong."""

    point: str
    problems: tuple[str, ...]
    repeated: tuple[str, ...] = ()  # steps that were performed more than once there


class Certificate(msgspec.Struct, frozen=True):
    """What a certification found."""

    workflow: str
    digest: Digest  # of the definition, its agents settled
    seed: int
    is_certified: bool
    possible: int  # points that there are
    points: dict[str, int]  # tried, by kind
    not_reached: int  # of them: the disturbed run ended before it came there
    kills: int  # processes that were really killed
    commits: int  # of the run that nobody disturbed
    effects: tuple[EffectLine, ...]
    differing: int  # points with another end than that of the undisturbed run
    asked: int  # points at which a person was asked whether an effect had happened
    failures: tuple[PointLine, ...]  # the first ones
    failed: int  # points at which something was wrong
    answers: str  # how questions were answered
    notes: tuple[str, ...]
    seconds: float
    answered: int = 0  # questions that the undisturbed run asked
    unstable: tuple[str, ...] = ()  # what differs between runs that nobody disturbs; it is not compared


Tell = Callable[[int, int, str], None]  # points done, points in all, the one that begins


def certify_workflow(parts: Parts, project: Project, cwd: str, wanted: Wanted, tell: Tell) -> Certificate:
    """Perform a workflow in disposable copies, once undisturbed and then once for each point at which it is disturbed.

    Raises:
        FairleadError: FL-R810 to FL-R818, and all that is wrong with the workflow and its inputs.
    """
    return parts.certify(project, _prepare(parts, project, cwd, wanted), tell)


def write_certificate(parts: Parts, cwd: str, file: str, certificate: Certificate) -> None:
    """Write the report as JSON.

    Raises:
        FairleadError: FL-S014 the place cannot be written.
    """
    import os.path

    data = msgspec.json.format(msgspec.json.encode(certificate), indent=2) + b"\n"
    try:
        parts.files.write(os.path.join(cwd, file), data)
    except OSError as refusal:
        raise error("FL-S014", f"{file} cannot be written: {refusal.strerror}", "name another file") from None


def _prepare(parts: Parts, project: Project, cwd: str, wanted: Wanted) -> Setup:
    """Check the question.

    Raises:
        FairleadError: everything that is wrong with it.
    """
    if not 1 <= wanted.points_max <= POINTS_MAX:
        said = f"{wanted.points_max} points are asked for; from 1 to {POINTS_MAX:,} can be tried"
        raise error("FL-R815", said, "leave --points out to try all", exit_code=_USAGE)
    if wanted.server and not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", wanted.server):
        said = f"{wanted.server!r} is no name of a variable"
        raise error("FL-R816", said, "fairlead certify my-workflow --server PAY_URL", exit_code=_USAGE)
    for point in wanted.only:
        check_point(point)
    if wanted.is_outside and not parts.isolation(project).is_off:
        said = "programs without isolation are asked for, and isolation is on for this project"
        raise error("FL-R817", said, "leave --outside out, or first: fairlead sandbox off", exit_code=_USAGE)
    definition = find_definition(parts, project, cwd, wanted.workflow)
    workflow, _, _ = check_start(parts, project, definition, wanted.inputs)
    scripts = _scripts(parts, project, cwd, wanted.scripts)
    _require_players(parts, project, workflow, scripts)
    return Setup(wanted, definition, workflow, scripts)


def check_point(text: str) -> None:
    """Refuse what is no name of a point.

    Raises:
        FairleadError: FL-R812.
    """
    if not _POINT.fullmatch(text):
        said = f"{text[:80]!r} is no point; points are called commit-7-after, effect-2-before, torn-5, full-3, fenced-4"
        raise error("FL-R812", said, "take the name from the report", exit_code=_USAGE)


def _scripts(parts: Parts, project: Project, cwd: str, given: Mapping[str, str]) -> dict[str, str]:
    import os.path

    found: dict[str, str] = {}
    for name, file in given.items():
        path = os.path.normpath(os.path.join(cwd, file))
        if not file.endswith(_SCRIPTS) or not os.path.basename(file).strip("."):
            said = f"the script of {name} is {file}; a script is a .json file with its answer, or a .py file"
            raise error("FL-R811", said, "fairlead certify --help", exit_code=_USAGE)
        data = parts.files.read(path, limit=SCRIPT_BYTES_MAX + 1)
        if data is None or len(data) > SCRIPT_BYTES_MAX:
            why = "cannot be read" if data is None else f"has more than {SCRIPT_BYTES_MAX:,} bytes"
            raise error("FL-R811", f"the script of {name}, {file}, {why}", "name a file that exists", exit_code=_USAGE)
        found[name] = path
    return found


def _require_players(parts: Parts, project: Project, workflow: Workflow, scripts: Mapping[str, str]) -> None:
    """Every agent that cannot be performed here needs a script, also in the workflows below; all are named at once."""
    wrong: dict[str, str] = {}
    called: set[str] = set()
    for one, is_shipped in _whole(parts, project, workflow, ()):
        catalog = parts.shipped_catalog() if is_shipped else parts.catalog(project)
        for planned in one.plan.values():
            action = planned.step.action
            if isinstance(action, AgentAction):
                called.add(action.name)
                card = catalog.find(action.name)
                if card is not None and card.needs and action.name not in scripts:
                    wrong.setdefault(action.name, card.needs)
    unknown = sorted(set(scripts) - called)
    if unknown:
        known = ", ".join(sorted(called)) or "none"
        said = f"the workflow calls no agent named {unknown[0]}; it calls {known}"
        raise error("FL-R811", said, "take the script out, or mend its name", exit_code=_USAGE)
    if wrong:
        options = " ".join(f"--agent {name}={name}.json" for name in sorted(wrong))
        hint = f"fairlead certify {workflow.name} {options}"
        raise FairleadError(
            *(
                Diagnostic("FL-R810", f"agent {name} needs {needs}, and has no script", hints=(hint,))
                for name, needs in sorted(wrong.items())
            ),
            exit_code=_USAGE,
        )


def _whole(
    parts: Parts, project: Project, workflow: Workflow, above: tuple[str, ...]
) -> Sequence[tuple[Workflow, bool]]:
    """The workflow and all below it, each with whether it ships."""
    from fairlead.service.children import read_child

    path = (*above, workflow.name)
    found = [(workflow, False)]
    names = {one.step.action.name for one in workflow.plan.values() if isinstance(one.step.action, WorkflowAction)}
    for name in sorted(names):
        found += _whole(parts, project, read_child(parts, project, name, path), path)
    return found
