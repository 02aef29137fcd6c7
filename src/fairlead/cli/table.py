"""All commands, as data. Help, parsing and completion read this; what a command does is imported when it is called."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

SEVERITY_WORDS = ("info", "low", "medium", "high", "critical")
EXPORT_WORDS = ("sarif", "json", "md", "junit", "gitlab", "rdjson", "csv", "html", "github", "summary")
CI_WORDS = ("github", "gitlab", "buildkite", "jenkins")
SCHEMA_WORDS = (
    *("workflow", "agent", "requirements", "finding"),
    *("findings", "patch", "report", "metrics", "verdict"),
)


class Argument(NamedTuple):
    """One option or operand, as argparse takes it."""

    names: tuple[str, ...]
    help: str
    options: Mapping[str, Any] = MappingProxyType({})  # what argparse.add_argument takes besides: its own types


class Command(NamedTuple):
    """One command."""

    name: str  # "runs list"
    summary: str
    arguments: tuple[Argument, ...] = ()
    examples: tuple[str, ...] = ()
    about: str = ""
    is_hidden: bool = False


def _flag(name: str, text: str) -> Argument:
    return Argument((name,), text, {"action": "store_true"})


def _option(name: str, value: str, text: str, **more: Any) -> Argument:  # argparse's own keywords
    return Argument((name,), text, {"metavar": value, "default": "", **more})


_FAIL_ON = Argument(
    ("--fail-on",),
    "exit 1 when a finding is at least so severe (info low medium high critical), only when a new one is"
    " (new-high and so on), or none",
    {"metavar": "SEVERITY", "choices": (*SEVERITY_WORDS, *(f"new-{word}" for word in SEVERITY_WORDS), "none")},
)
_NEW_SINCE = _option("--new-since", "REF", "count only findings that are not in REF, for example origin/main")
_STRICT = _flag("--strict", "exit 7 when the run is degraded")
_EXIT_ZERO = _flag("--exit-zero", "exit 0 when the run is complete, whatever it found")
_DETACH = _flag("--detach", "leave the work to a worker process and return at once")
_DURABILITY = _option(
    "--durability", "WORD", "full (usual), or process: faster, survives kill -9 and not a power cut; the run says so"
)
_AT_ONCE = Argument(
    ("--at-once",),
    "with --all: how many runs are performed side by side (10)",
    {"metavar": "N", "type": int},
)
_LABEL = Argument(
    ("--label",),
    "a name and a value to find the run by; may be repeated",
    {"metavar": "NAME=VALUE", "action": "append", "default": [], "dest": "labels"},
)
_INPUTS = Argument(
    ("-i", "--input"),
    "an input; may be repeated",
    {"metavar": "NAME=VALUE", "action": "append", "default": [], "dest": "inputs"},
)
_RUN = Argument(
    ("run",),
    "id or its beginning, a workflow's name, last, last-failed, @{2}",
    {"metavar": "RUN", "nargs": "?", "default": "last"},
)
_RECEIPT = _option("--receipt", "SEQ:H", "refuse a record that does not hold this: what a client was told is durable")
_RUN_OPTION = Argument(("--run",), "findings of this run", {"metavar": "RUN", "default": "last"})
_RUNS: dict[str, Any] = {"metavar": "RUN", "nargs": "*"}
_SELECT = (
    Argument(("--severity",), "at least so severe", {"metavar": "SEVERITY", "choices": SEVERITY_WORDS}),
    _option("--rule", "RULE", "of one rule, or of a family such as secrets"),
    _option("--path", "PATH", "in one file or below one directory"),
)
# Each may be named; all are written after the run, each whole or not at all.
_FILES = (
    _option("--sarif", "FILE", "also write the findings as SARIF 2.1.0"),
    _option("--junit", "FILE", "also write steps and findings as JUnit XML"),
    _option("--gitlab", "FILE", "also write a GitLab code quality report"),
    _option("--rdjson", "FILE", "also write reviewdog's diagnostics (rdjson)"),
    _option("--csv", "FILE", "also write the findings as CSV"),
    _option("--md", "FILE", "also write the findings as Markdown"),
    _option("--html", "FILE", "also write a report: one file to read, search and print"),
)
_NO_ANNOTATIONS = _flag("--no-annotations", "on GitHub: write neither annotations nor a step summary")

_DECIDING = (
    Argument(
        ("approval",),
        "its id or the beginning of it, or its run; none: the only open one",
        {"metavar": "ID", "nargs": "?", "default": ""},
    ),
    Argument(("-m", "--message"), "why, kept in the record", {"metavar": "TEXT", "default": ""}),
    Argument(("--record-only",), "record it, and leave going on to others", {"action": "store_true"}),
)

COMMANDS: tuple[Command, ...] = (
    Command(
        "review",
        "review the repository you are in: no key, no server, nothing leaves the machine",
        (
            Argument(("paths",), "files or directories; none for everything", {"metavar": "PATH", "nargs": "*"}),
            _flag("--all", "look at every file, also in a tree of more than 20,000"),
            _flag("--no-history", "do not look for secrets in the git history"),
            _NEW_SINCE,
            _FAIL_ON,
            _STRICT,
            _EXIT_ZERO,
            *_FILES,
            _NO_ANNOTATIONS,
            _DURABILITY,
            _LABEL,
            _DETACH,
        ),
        (
            "fairlead review",
            "fairlead review src tests --fail-on medium",
            "fairlead review --sarif out.sarif --exit-zero",
        ),
        "Exit 1 when a finding is high or critical, unless --fail-on says otherwise.",
    ),
    Command(
        "run",
        "start a workflow, a file or a name, and follow it",
        (
            Argument(("workflow",), "a file, a workflow of the project, or review", {"metavar": "WORKFLOW"}),
            _INPUTS,
            _NEW_SINCE,
            _FAIL_ON,
            _STRICT,
            *_FILES,
            _NO_ANNOTATIONS,
            _DETACH,
            _option("--from", "STEP", "keep everything before this step from the last finished run", default=""),
            _option("--only", "STEP", "this step alone, with what it needs from the last finished run", default=""),
            _option("--key", "KEY", "starting again with the same key gives the same run"),
            _DURABILITY,
            _LABEL,
            _flag("--plan", "show what would run, as fairlead plan does, and start nothing"),
        ),
        (
            "fairlead run .fairlead/workflows/my-review.yaml",
            "fairlead run my-review -i history=true",
            "fairlead run review --detach",
        ),
        "On a terminal a worker process does the work: Ctrl-C once leaves it running, twice cancels it.",
    ),
    Command(
        "plan",
        "what a workflow would do: steps, order, approvals, effects, time, cost; starts nothing",
        (
            Argument(("workflow",), "a file, a workflow of the project, or review", {"metavar": "WORKFLOW"}),
            _INPUTS,
        ),
        ("fairlead plan my-review", "fairlead plan my-review -i history=true", "fairlead plan review --json"),
        "It supposes that every step ends well. What follows from values that nobody can know yet is said to be open.",
    ),
    Command(
        "certify",
        "prove that a workflow survives crashes: it is killed at every point, in copies",
        (
            Argument(("workflow",), "a file or a workflow of the project", {"metavar": "WORKFLOW"}),
            _INPUTS,
            Argument(
                ("--agent",),
                "a script for an agent: .json with its output, or .py with a function play(scene); may be repeated",
                {"metavar": "NAME=FILE", "action": "append", "default": [], "dest": "agents"},
            ),
            Argument(
                ("--signal",),
                "what comes with a signal that the workflow waits for, null without it; may be repeated",
                {"metavar": "NAME=JSON", "action": "append", "default": [], "dest": "signals"},
            ),
            _flag("--reject", "answer questions to people with no, instead of yes"),
            _flag("--outside", "perform programs without isolation, as is set for the project: what they do is real"),
            _option("--server", "NAME", "give programs, in this variable, the address of a server that counts"),
            Argument(
                ("--only",),
                "only this point, as the report names it; may be repeated",
                {"metavar": "POINT", "action": "append", "default": []},
            ),
            _option("--points", "N", "try so many points at most, drawn by the seed", type=int, default=10_000),
            _option("--seed", "N", "what is drawn follows from it", type=int, default=0),
            _option("--out", "FILE", "also write the report, as JSON"),
        ),
        (
            "fairlead certify deliver",
            "fairlead certify deliver --agent namer=namer.json --out certificate.json",
            "fairlead certify deliver --only commit-7-after --seed 3",
        ),
        "It performs the workflow in disposable copies of the project: undisturbed, then once for each point, where\n"
        "the process is killed, the power goes, the disk is full, or another worker takes the run. Requests go to a\n"
        "server of its own; nothing leaves the machine. Exit 1 when a keyed effect did not happen exactly once,\n"
        "another one more than once, or the end is not that of the undisturbed run.",
    ),
    Command(
        "resume",
        "go on with a run that was interrupted; nothing finished is done again",
        (
            Argument(
                ("run",), "the run; without it the newest open one", {"metavar": "RUN", "nargs": "?", "default": ""}
            ),
            _flag("--all", "every open run of this checkout that nobody performs, as after a power cut"),
            _AT_ONCE,
            _DURABILITY,
            _FAIL_ON,
            _STRICT,
            _EXIT_ZERO,
            _DETACH,
        ),
        ("fairlead resume", "fairlead resume r-7q2k --strict", "fairlead resume --all"),
        "With --all it ends when no run can go on without a person: 0 when all ended well, 3 when one did not, 4 when"
        " one waits. Timers keep the time that is left, and what waits for a person still waits.",
    ),
    Command(
        "rerun",
        "do a run again: same workflow and inputs, over the files as they are now",
        (
            Argument(("run",), "id or its beginning, last, last-failed", {"metavar": "RUN"}),
            Argument(
                ("--failed",), "only what failed and what comes after it; the rest is kept", {"action": "store_true"}
            ),
            _option("--from", "STEP", "only this step and what comes after it; the rest is kept", default=""),
            _LABEL,
            _FAIL_ON,
            _STRICT,
            _EXIT_ZERO,
            *_FILES,
            _NO_ANNOTATIONS,
            _DETACH,
        ),
        ("fairlead rerun last", "fairlead rerun last-failed --failed", "fairlead rerun r-7q2k --from tests --detach"),
        "Kept steps cost nothing and are shown as kept. A step that changed files is done again: the run is over the"
        " files as they are now.",
    ),
    Command(
        "fork",
        "a new run that shares everything before a step, with the files as they were",
        (
            Argument(("run",), "id or its beginning, last, last-failed", {"metavar": "RUN"}),
            _option("--at", "STEP", "the first step that is done anew", required=True),
            Argument(
                ("-i", "--input"),
                "another value for an input; may be repeated",
                {"metavar": "NAME=VALUE", "action": "append", "default": [], "dest": "inputs"},
            ),
            _LABEL,
            _FAIL_ON,
            _STRICT,
            _DETACH,
        ),
        (
            "fairlead fork r-7q2k --at triage",
            "fairlead fork last --at patch -i min_severity=high",
            "fairlead fork last-failed --at tests --detach",
        ),
    ),
    Command(
        "pause",
        "let a run wait: what runs may end, nothing begins",
        (
            Argument(("run",), "id or its beginning", {"metavar": "RUN"}),
            Argument(("-m", "--message"), "the reason, kept in the record", {"metavar": "TEXT", "default": ""}),
        ),
        ("fairlead pause r-7q2k", 'fairlead pause last -m "the disk is nearly full"', "fairlead pause last --json"),
        "fairlead resume goes on; fairlead cancel ends it.",
    ),
    Command(
        "cancel",
        "stop a run; what stands under finally is still done",
        (
            Argument(("run",), "id or its beginning", {"metavar": "RUN"}),
            Argument(("-m", "--message"), "the reason, kept in the record", {"metavar": "TEXT", "default": ""}),
        ),
        ("fairlead cancel r-7q2k", 'fairlead cancel last -m "wrong branch"', "fairlead cancel r-7q2k --json"),
    ),
    Command(
        "approvals list",
        "what waits for a person's decision",
        (),
        ("fairlead approvals", "fairlead approvals --json", "fairlead -C ../other approvals"),
    ),
    Command(
        "approvals show",
        "one question, with all that is shown",
        (Argument(("approval",), "its id or the beginning of it, or its run", {"metavar": "ID"}),),
        ("fairlead approvals show a-5kx2", "fairlead approvals show r-7q2k", "fairlead approvals show a-5kx2 --json"),
    ),
    Command(
        "approvals allow",
        "let a kind of effect happen without a question in this project; or `self`, decisions on the own request",
        (
            Argument(("what",), "a kind of effect, or self", {"metavar": "KIND"}),
            _option("--reason", "TEXT", "why; kept with it"),
        ),
        (
            'fairlead approvals allow git.commit --reason "only on branches of my own"',
            'fairlead approvals allow self --reason "nobody else works here"',
            'fairlead approvals allow file.write --reason "a scratch repository" --json',
        ),
        "It holds for you alone, and is kept outside of the checkout. What cannot be taken back is always asked about.",
    ),
    Command(
        "approvals disallow",
        "ask about it again",
        (Argument(("what",), "a kind of effect, or self", {"metavar": "KIND"}),),
        (
            "fairlead approvals disallow git.commit",
            "fairlead approvals disallow self",
            "fairlead approvals disallow file.write --json",
        ),
    ),
    Command(
        "approvals allowed",
        "what happens without a question in this project, and what could",
        (),
        ("fairlead approvals allowed", "fairlead approvals allowed --json", "fairlead -C ../other approvals allowed"),
    ),
    Command(
        "approve",
        "say yes to a question; its run goes on",
        (
            *_DECIDING,
            _option("--only", "N,N", "only these, by their numbers in what was shown", default=""),
        ),
        (
            "fairlead approve a-5kx2",
            'fairlead approve a-5kx2 --only 1,3 -m "2 needs a test"',
            "fairlead approve --json",
        ),
    ),
    Command(
        "reject",
        "say no to a question; its run ends as rejected",
        _DECIDING,
        ("fairlead reject a-5kx2", 'fairlead reject a-5kx2 -m "wrong branch"', "fairlead reject a-5kx2 --json"),
    ),
    Command(
        "request-changes",
        "say what has to change first; its run ends as rejected",
        _DECIDING,
        (
            'fairlead request-changes a-5kx2 -m "split it"',
            'fairlead request-changes r-7q2k -m "add a test"',
            'fairlead request-changes a-5kx2 -m "smaller" --json',
        ),
    ),
    Command(
        "signal",
        "tell a run that waits for it that something has come; the run goes on",
        (
            Argument(("run",), "id or its beginning, a workflow's name, last", {"metavar": "RUN"}),
            Argument(("signal",), "what it waits for", {"metavar": "NAME"}),
            _option("--data", "JSON", "what came with it: one JSON value"),
            _flag("--record-only", "record it, and leave going on to others"),
        ),
        (
            "fairlead signal r-7q2k deployed",
            """fairlead signal last deployed --data '{"version": "1.2"}'""",
            "fairlead signal last deployed --record-only --json",
        ),
        "A signal that comes early is kept until the run first asks for it.",
    ),
    Command(
        "runs list",
        "runs of this project, newest first",
        (
            _option("--limit", "N", "how many, at most 1000", type=int, default=20),
            _option("--status", "STATUS", "only queued, running, waiting, succeeded, degraded, failed or cancelled"),
            _option("--workflow", "NAME", "only runs of this workflow"),
            _LABEL,
            _flag("--all", "also the runs that fairlead made by itself, to compare with"),
        ),
        (
            "fairlead runs list",
            "fairlead runs list --status failed",
            "fairlead runs list --workflow review --label branch=main",
        ),
    ),
    Command(
        "runs show",
        "one run: its steps, reasons and worst findings",
        (
            _RUN,
            _option("--step", "PLACE", "only this step, item or round, with its attempts: fix[a1], tune#2", default=""),
            _flag("--all", "every item and round with its attempts, also of a large fan-out"),
        ),
        (
            "fairlead runs show",
            "fairlead runs show r-7q2k --step 'fix[a1]'",
            "fairlead runs show last-failed --all --json",
        ),
    ),
    Command(
        "runs watch",
        "follow a run until it has ended",
        (
            _RUN,
            _option("--after", "SEQ", "only what happened after this event number", type=int, default=0),
            _FAIL_ON,
            _STRICT,
        ),
        ("fairlead runs watch", "fairlead runs watch r-7q2k", "fairlead runs watch last --jsonl"),
    ),
    Command(
        "runs diff",
        "what is different in one run from another: inputs, files, agents, steps, findings",
        (Argument(("runs",), "two runs, the older first; one, or none, for the last and the one before", _RUNS),),
        ("fairlead runs diff", "fairlead runs diff r-7q2k r-x69b", "fairlead runs diff @{3} last --json"),
    ),
    Command(
        "runs report",
        "the history of workflows: how often they end how, how long their steps take",
        (
            Argument(("workflow",), "a name; none for all", {"metavar": "WORKFLOW", "nargs": "?", "default": ""}),
            _option("--limit", "N", "how many of the newest runs, at most 1000", type=int, default=30),
        ),
        ("fairlead runs report", "fairlead runs report review", "fairlead runs report review --limit 200 --json"),
    ),
    Command(
        "runs export",
        "a run that has ended as one file, for another machine's record",
        (
            _RUN,
            Argument(("-o", "--output"), "the file; .gz packs it", {"metavar": "FILE", "default": ""}),
        ),
        (
            "fairlead runs export",
            "fairlead runs export r-7q2k -o run.jsonl.gz",
            "fairlead runs export last -o run.jsonl --json",
        ),
        "fairlead runs import takes it over. What was said of its findings later stays behind.",
    ),
    Command(
        "runs import",
        "take over a run that another record exported; every digest is checked",
        (Argument(("file",), "what runs export wrote", {"metavar": "FILE"}),),
        (
            "fairlead runs import r-7q2k.jsonl.gz",
            "fairlead runs import run.jsonl --json",
            "fairlead -C ../other runs import run.jsonl.gz",
        ),
    ),
    Command(
        "logs",
        "what the steps of a run wrote",
        (
            Argument(
                ("words",),
                "a run, and step:ID for one step",
                {"metavar": "RUN|step:ID", "nargs": "*"},
            ),
            Argument(("-f", "--follow"), "wait for more until the run has ended", {"action": "store_true"}),
        ),
        ("fairlead logs", "fairlead logs r-7q2k step:tests", "fairlead logs -f"),
    ),
    Command(
        "findings list",
        "what a run found, worst first",
        (
            _RUN_OPTION,
            *_SELECT,
            Argument(
                ("--state",),
                "open (what counts), accepted, new or fixed since the run before, or all; without it open",
                {"choices": ("open", "accepted", "new", "fixed", "all"), "default": "open"},
            ),
            Argument(
                ("--accepted",), "as --state accepted", {"action": "store_const", "const": "accepted", "dest": "state"}
            ),
            Argument(("--all",), "as --state all", {"action": "store_const", "const": "all", "dest": "state"}),
        ),
        ("fairlead findings list", "fairlead findings list --severity high", "fairlead findings list --state fixed"),
    ),
    Command(
        "findings show",
        "one finding: the code around it, why it matters, what to do",
        (Argument(("finding",), "id or its beginning", {"metavar": "FINDING"}), _RUN_OPTION),
        (
            "fairlead findings show f-31a0c2",
            "fairlead findings show 31a --run r-7q2k",
            "fairlead findings show f-31a --json",
        ),
    ),
    Command(
        "findings accept",
        "say that findings are known and all right: they are shown, and count for nothing",
        (
            Argument(("findings",), "ids or their beginnings", {"metavar": "FINDING", "nargs": "*"}),
            _option("--reason", "TEXT", "why; kept in the record"),
            _option("--until", "DATE", "the last day on which it holds, 2027-01-31, or in days, 90d"),
            _option("--rule", "RULE", "all open findings of one rule, or of a family"),
            _option("--path", "PATH", "all open findings in one file or below one directory"),
            _RUN_OPTION,
        ),
        (
            'fairlead findings accept f-31a0c2 --reason "only our own tests call it"',
            'fairlead findings accept f-31a f-77b --until 90d --reason "goes with the old API"',
            'fairlead findings accept --rule security/ssrf --path tests --reason "no network there"',
        ),
        "The record is all that changes. `findings export --format accepted` writes the file that a team commits.",
    ),
    Command(
        "findings reopen",
        "take an acceptance back",
        (
            Argument(("findings",), "ids or their beginnings", {"metavar": "FINDING", "nargs": "+"}),
            _option("--reason", "TEXT", "why; kept in the record"),
            _RUN_OPTION,
        ),
        (
            "fairlead findings reopen f-31a0c2",
            'fairlead findings reopen f-31a --reason "it is called from outside now"',
            "fairlead findings reopen f-31a0c2 f-77b1d0 --json",
        ),
    ),
    Command(
        "findings export",
        "findings for other programs",
        (
            _RUN_OPTION,
            Argument(
                ("--format",),
                "one of " + " ".join((*EXPORT_WORDS, "accepted")) + "; without it the ending of FILE decides, or sarif",
                {"metavar": "FORMAT", "choices": (*EXPORT_WORDS, "accepted"), "default": ""},
            ),
            Argument(("-o", "--output"), "write to a file", {"metavar": "FILE", "default": ""}),
            *_FILES,
            *_SELECT,
        ),
        (
            "fairlead findings export -o out.sarif",
            "fairlead findings export --html report.html --junit out.xml",
            "fairlead findings export --format github --severity high",
        ),
    ),
    Command(
        "trace",
        "what was asked for, beside what a run has shown of it",
        (
            Argument(("workflow",), "its name or its file", {"metavar": "WORKFLOW"}),
            _option("--run", "RUN", "of this run; without it the last one that has ended"),
            Argument(
                ("--format",), "text, md, csv or html", {"metavar": "FORMAT", "choices": ("text", "md", "csv", "html")}
            ),
            Argument(("-o", "--output"), "write into this file, by its ending", {"metavar": "FILE", "default": ""}),
        ),
        (
            "fairlead trace feature-validation",
            "fairlead trace feature-validation --run r-7q2k -o requirements.html",
            "fairlead trace feature-validation --format csv",
        ),
        "A requirement is met when a check that was recorded holds and everything it depends on is met.",
    ),
    Command(
        "agents list",
        "who can do work here",
        (),
        ("fairlead agents list", "fairlead agents list --json", "fairlead agents list --jsonl"),
    ),
    Command(
        "agents show",
        "one agent: what it does, takes, gives and may touch",
        (Argument(("agent",), "its name", {"metavar": "AGENT"}),),
        (
            "fairlead agents show secret-scanner",
            "fairlead agents show inventory",
            "fairlead agents show security-scanner --json",
        ),
    ),
    Command(
        "agents new",
        "write an agent of your own to start from, with a golden folder that tests it",
        (
            Argument(("name",), "small letters, digits and -", {"metavar": "NAME"}),
            Argument(
                ("--template",),
                "tool: a Python function; command: any program (default: tool)",
                {"choices": ("tool", "command"), "default": "tool"},
            ),
            _flag("--command", "the same as --template command"),
            _option("--dir", "DIR", "write below DIR instead of the project's root"),
            _flag("--force", "replace files that are there, and show what changes"),
        ),
        (
            "fairlead agents new todo-finder",
            "fairlead agents new licence-check --command",
            "fairlead agents new todo-finder --dir ../other",
        ),
        "Then: fairlead agents check NAME, fairlead agents test NAME, and `agent: NAME` in a step of a workflow.",
    ),
    Command(
        "agents check",
        "read the project's agent files: every mistake at once, with its place",
        (
            Argument(("agent",), "names or files; none for all of the project", {"metavar": "AGENT", "nargs": "*"}),
            _flag("--fix", "show how files that are no strict YAML should be"),
            _flag("--write", "write what --fix shows"),
        ),
        (
            "fairlead agents check",
            "fairlead agents check code-reviewer --fix --write",
            "fairlead agents check .fairlead/agents/todo-finder.py --json",
        ),
        "Exit 2 when a file cannot be used. Python files are imported in a child process to read their types.",
    ),
    Command(
        "agents test",
        "try agents over their golden folders, tests/agents/NAME/CASE/{repo,expect.json}",
        (
            Argument(("agent",), "names or files; none for all of the project", {"metavar": "AGENT", "nargs": "*"}),
            _flag("--update", "write what they answer, not that they fail, into expect.json, and show what changed"),
        ),
        (
            "fairlead agents test todo-finder",
            "fairlead agents test todo-finder --update",
            "fairlead agents test --json",
        ),
        "An agent works on a copy of repo; one that is deterministic is called twice. Exit 1 on a difference, 2 when\n"
        "there is no golden folder.",
    ),
    Command(
        "workflows list",
        "what can be run here, what is wrong with the rest",
        (),
        ("fairlead workflows", "fairlead workflows list --json", "fairlead -C ../other workflows"),
    ),
    Command(
        "workflows show",
        "one workflow: its shape, inputs, steps, outputs, digest",
        (Argument(("workflow",), "a name or a file", {"metavar": "WORKFLOW"}),),
        (
            "fairlead workflows show my-review",
            "fairlead workflows show review",
            "fairlead workflows show my-review --json",
        ),
    ),
    Command(
        "workflows graph",
        "the picture of a workflow: text, Mermaid or SVG",
        (
            Argument(("workflow",), "a name or a file", {"metavar": "WORKFLOW"}),
            Argument(
                ("--format",),
                "text, mermaid or svg (default: text)",
                {"metavar": "FORMAT", "choices": ("text", "mermaid", "svg"), "default": "text"},
            ),
        ),
        (
            "fairlead workflows graph my-review",
            "fairlead workflows graph my-review --format mermaid",
            "fairlead workflows graph my-review --format svg --json",
        ),
    ),
    Command(
        "workflows new",
        "write a workflow to start from: a template, or a draft of the shape that a sentence asks for",
        (
            Argument(
                ("name",),
                "small letters, digits and -; none for the list of templates",
                {"metavar": "NAME", "nargs": "?", "default": ""},
            ),
            _option("--template", "TEMPLATE", "which one; review without it"),
            Argument(("--from",), "what it shall do, in a sentence", {"metavar": "SENTENCE", "default": None}),
            _flag("--force", "replace files that are there, and show what changes"),
        ),
        (
            "fairlead workflows new",
            "fairlead workflows new nightly --template repo-health",
            'fairlead workflows new tidy --from "repeat until the tests are fast"',
        ),
        "With --from the words of the sentence decide, by a table and without a model; why is said.",
    ),
    Command(
        "workflows format",
        "bring the keys of workflow files into one order; comments stay, and the digest",
        (
            Argument(
                ("files",),
                "files or names; none for all of the project",
                {"metavar": "WORKFLOW", "nargs": "*"},
            ),
            _flag("--check", "exit 1 when a file would change"),
            _flag("--write", "write what is shown"),
        ),
        (
            "fairlead workflows format",
            "fairlead workflows format my-review --write",
            "fairlead workflows format --check",
        ),
    ),
    Command(
        "check",
        "read workflow files without running them: every mistake at once",
        (
            Argument(
                ("files",),
                "files or names; none for all of the project",
                {"metavar": "WORKFLOW", "nargs": "*"},
            ),
            _flag("--fix", "show what mends them, where nothing is left to decide"),
            _flag("--write", "write what --fix shows"),
        ),
        (
            "fairlead check",
            "fairlead check my-review --fix --write",
            "fairlead check .fairlead/workflows/my-review.yaml --json",
        ),
        "Exit 2 when there is an error. `fairlead explain CODE` says what a code means, with an example.",
    ),
    Command(
        "schema",
        "the JSON Schema of a workflow, an agent file, a finding …, for editors",
        (
            Argument(
                ("name",),
                "which one; none for the list",
                {"metavar": "NAME", "nargs": "?", "choices": SCHEMA_WORDS},
            ),
        ),
        ("fairlead schema", "fairlead schema workflow", "fairlead schema finding --json"),
    ),
    Command(
        "explain",
        "what a code, a rule or a key of a workflow file means, offline",
        (
            Argument(
                ("name",), "a code, a rule or a key; none for all", {"metavar": "NAME", "nargs": "?", "default": ""}
            ),
        ),
        ("fairlead explain FL-R210", "fairlead explain security/sql-injection", "fairlead explain loop"),
    ),
    Command(
        "doctor",
        "are this machine, repository and record ready?",
        (),
        ("fairlead doctor", "fairlead doctor --json", "fairlead -C ../other doctor"),
        "Exit 8 only when a run could not start.",
    ),
    Command(
        "init",
        "write a workflow to start from, or a file for your CI; nothing is overwritten",
        (
            Argument(
                ("--ci",),
                "a short pinned file for github, gitlab, buildkite or jenkins instead",
                {"metavar": "PLATFORM", "choices": CI_WORDS, "default": ""},
            ),
        ),
        ("fairlead init", "fairlead init --ci github", "fairlead init --ci gitlab --json"),
    ),
    Command(
        "journal verify",
        "check the whole record: chain, digests, anchor (exit 9 when it is not what was written)",
        (_RECEIPT,),
        (
            "fairlead journal verify",
            "fairlead journal verify --json",
            "fairlead journal verify --receipt 1204:e91c5d0a77b2f418",
        ),
        "A receipt is what `runs show --json` says of a run. Kept elsewhere, it finds a journal that was rolled back"
        " together with its anchor.",
    ),
    Command(
        "journal repair",
        "put a damaged record together again, with what a backup has; without --write only look",
        (
            _option("--from", "BACKUP", "a directory that fairlead backup has made"),
            _flag("--write", "do it; the damaged files are kept aside"),
        ),
        (
            "fairlead journal repair --from ~/backups/shop-2026-11-20",
            "fairlead journal repair --from ~/backups/shop-2026-11-20 --write",
            "fairlead journal repair --json",
        ),
        "Says which events are kept, which come from the backup and which are lost, by their numbers. Exit 9 while the"
        " record is damaged.",
    ),
    Command(
        "backup",
        "copy the record to a new directory, also while runs are performed; verified before it is one",
        (Argument(("to",), "a directory that does not exist yet", {"metavar": "TO"}),),
        (
            "fairlead backup ~/backups/shop-2026-11-21",
            "fairlead backup /mnt/usb/shop --json",
            "fairlead -C ../other backup ~/backups/other",
        ),
        "Holds the journal up to its last synced event, the contents, and the trees, effects and logs of its runs.",
    ),
    Command(
        "restore",
        "bring a backup back as the record of this project",
        (
            Argument(("source",), "a directory that fairlead backup has made", {"metavar": "FROM"}),
            _flag("--force", "also where there is a record: that is kept under another name"),
            _RECEIPT,
        ),
        (
            "fairlead restore ~/backups/shop-2026-11-21",
            "fairlead restore ~/backups/shop-2026-11-21 --force",
            "fairlead restore ~/backups/shop-2026-11-21 --receipt 1204:e91c5d0a77b2f418",
        ),
        "Refuses a backup that does not verify, or that is older than the receipt.",
    ),
    Command(
        "prove",
        "try the engine's promises on this machine, and keep the evidence",
        (
            _flag("--full", "the full lane: up to an hour instead of minutes"),
            Argument(
                ("--only",),
                "only these proofs",
                {"metavar": "NAME", "nargs": "+", "action": "extend", "default": []},
            ),
            Argument(
                ("--seed",),
                "the seed of an earlier call: every choice is made again as it was",
                {"metavar": "N", "type": int, "default": None},
            ),
            _option("--out", "DIR", "where the evidence goes; without it, fairlead-proof-SEED in this directory"),
            _flag("--list", "name the proofs, and try nothing"),
            _option("--check", "DIR", "look whether the evidence in DIR is as it was written, and try nothing"),
        ),
        (
            "fairlead prove",
            "fairlead prove --only chain --seed 123",
            "fairlead prove --check fairlead-proof-123",
        ),
        "It needs no repository and no network. Exit 0 only when every figure holds, 1 when one does not, 8 when one"
        " could not be tried on this machine; with --check 9 when the evidence was changed.",
    ),
    Command(
        "data show",
        "the advisories that dependencies are looked up in: how many, from where, how old",
        (),
        ("fairlead data show", "fairlead data show --json", "fairlead data show --jsonl"),
    ),
    Command(
        "data import",
        "bring a dump of advisories in the OSV format; all projects of this machine share it",
        (
            Argument(("path",), "a directory, .zip, .json or .jsonl", {"metavar": "DIR|FILE"}),
            _option("--source", "TEXT", "where it comes from; without it, its file name"),
            _flag("--replace", "also when it holds far fewer advisories than are there"),
        ),
        (
            "fairlead data import all.zip",
            'fairlead data import advisories/ --source "PyPI, osv.dev"',
            "fairlead data import mine.jsonl --replace",
        ),
        "Nothing is fetched: bring the file yourself. It takes the place of what was there for its ecosystem.",
    ),
    Command(
        "sandbox show",
        "how this project's programs are isolated, and whether that works here",
        (),
        ("fairlead sandbox show", "fairlead sandbox show --json", "fairlead -C ../other sandbox show"),
        "Exit 8 when a `run` step could not be performed.",
    ),
    Command(
        "sandbox off",
        "perform this project's programs without isolation (L0); every receipt then says so",
        (_option("--reason", "TEXT", "why; it is shown wherever the level is"),),
        (
            "fairlead sandbox off",
            'fairlead sandbox off --reason "no user namespaces on this host"',
            "fairlead -C ../other sandbox off",
        ),
        "It holds for you and this project, and is kept with your data: no file of a project can set it.",
    ),
    Command(
        "sandbox on",
        "isolate this project's programs again (L2)",
        (),
        ("fairlead sandbox on", "fairlead sandbox on --json", "fairlead -C ../other sandbox on"),
    ),
    Command(
        "version",
        "the version of this program",
        (),
        ("fairlead version", "fairlead version --json", "fairlead --version"),
    ),
    Command(
        "completion",
        "completion for your shell",
        (Argument(("shell",), "bash, zsh or fish", {"metavar": "SHELL", "choices": ("bash", "zsh", "fish")}),),
        (
            'eval "$(fairlead completion bash)"',
            'eval "$(fairlead completion zsh)"',
            "fairlead completion fish | source",
        ),
    ),
    Command(
        "worker",
        "perform every run of this checkout that nobody performs, also later ones",
        (
            _option("--run", "RUN", "perform this one run and say nothing: what happens stands in the record"),
            _flag("--once", "end when no run can go on without a person"),
            _DURABILITY,
            Argument(
                ("--at-once",),
                "how many runs are performed side by side (10)",
                {"metavar": "N", "type": int},
            ),
        ),
        ("fairlead worker", "fairlead worker --once --at-once 4", "fairlead worker --json"),
        "It takes over what a crash left, and what is asked for with nobody to perform it, until it is stopped:"
        " SIGTERM ends it with 0, Ctrl-C with 130, and either loses nothing. Any number of them share the work.",
    ),
    Command("home", "what bare fairlead shows", is_hidden=True),
)

GROUPS = ("runs", "approvals", "findings", "agents", "workflows", "journal", "data", "sandbox")
DEFAULTS = {
    "runs": "list",
    "approvals": "list",
    "findings": "list",
    "agents": "list",
    "workflows": "list",
    "data": "show",
    "sandbox": "show",
}
BY_NAME = {command.name: command for command in COMMANDS}

GLOBAL: tuple[Argument, ...] = (
    Argument(("--json",), "one JSON document on stdout; --json? lists its fields", {"action": "store_true"}),
    Argument(("--jsonl",), "one JSON object per line", {"action": "store_true"}),
    Argument(("-q", "--quiet"), "no progress", {"action": "count", "default": 0}),
    Argument(
        ("-v", "--verbose"), "show 30 findings instead of 3; -vv: stack traces too", {"action": "count", "default": 0}
    ),
    Argument(("--ascii",), "no character above 127", {"action": "store_true"}),
)


# On one line of the help.
_TOGETHER = {
    "approve": ("approve", "reject", "request-changes"),
    "backup": ("backup", "restore"),
    "pause": ("pause", "cancel"),
    "rerun": ("rerun", "fork"),
    "schema": ("schema", "explain"),
    "version": ("version", "completion"),
}


def full_help() -> list[str]:
    """The top of the help. It fits a terminal of 40 lines."""
    lines = [
        "usage: fairlead [-C DIR] COMMAND …",
        "",
        "Runs teams of agents on your code: durable, reviewed, provable.",
        "",
    ]
    shown: set[str] = set()
    for command in COMMANDS:
        group = command.name.split()[0]
        if command.is_hidden or group in shown:
            continue
        together = _TOGETHER.get(group, (group,))
        shown.update(together)
        verbs = [one.name.split()[1] for one in COMMANDS if one.name.startswith(group + " ")]
        name = f"{group} {'|'.join(verbs)}" if verbs else "|".join(together)
        lines.append(f"  {name:<27} {_group_summary(group, command.summary)}")
    lines += [
        "",
        "On every command: --json, --jsonl, --json? (its fields), -q, -v, -vv, --ascii, --help (with examples)",
        "-C DIR  as if called in DIR",
        "",
        "Exit codes:  0 done · 1 done, but the answer is no: findings, a failed test · 2 bad usage or file",
        "             3 the run failed · 4 it waits for a person · 5 refused by a rule · 7 degraded, with --strict",
        "             8 not ready · 9 the record is damaged · 10 our bug · 130 and 143 stopped, resumable",
        "",
        "Start here:  fairlead review        Then:  fairlead findings list        Stuck:  fairlead doctor",
    ]
    return lines


def _group_summary(group: str, summary: str) -> str:
    return {
        "runs": "past and present runs",
        "findings": "what was found",
        "agents": "who can do work here",
        "workflows": "what can be run here, as list, picture or file to start from",
        "journal": "check the whole record, or repair it",
        "backup": "copy the record elsewhere, also while runs are performed; bring it back",
        "data": "the advisories that dependencies are looked up in",
        "review": "review the repository you are in",
        "init": "write a workflow to start from, or a file for your CI",
        "check": "read workflow files without running them",
        "plan": "what a workflow would do; starts nothing",
        "approve": "answer a question: its run goes on, or ends as rejected",
        "pause": "let a run wait, or stop it; what stands under finally is still done",
        "certify": "prove that a workflow survives crashes: it is killed at every point",
        "rerun": "do a run again, all of it or from a step on",
        "schema": "the form of a file, what a code, a rule or a key means; offline",
        "version": "the version of this program; completion for your shell",
    }.get(group, summary)
