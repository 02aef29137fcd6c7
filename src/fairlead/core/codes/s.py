"""Codes of family S; see `fairlead.core.codes`."""

from fairlead.core.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        "FL-S001",
        title="the words do not make a command",
        why="A command, verb, option or value is unknown or missing. Nothing was started.",
        hint="The message names the nearest word; `fairlead COMMAND --help` ends with three examples.",
        bad="fairlead reveiw --fial-on high",
        good="fairlead review --fail-on high",
    ),
    Code(
        "FL-S002",
        title="an input is not NAME=VALUE",
        why="An input is given as its name, an equals sign and its value, so that a value may hold spaces and signs.",
        hint="Write `-i name=value`, in quotes when the value has spaces.",
        bad="fairlead run my-review -i history",
        good="fairlead run my-review -i history=true",
    ),
    Code(
        "FL-S003",
        title="more than one run begins so",
        why="An id may be shortened as long as it names exactly one run. Guessing could stop the wrong one.",
        hint="Type more of the id; `fairlead runs list` shows them.",
    ),
    Code(
        "FL-S004",
        title="there is no such run yet",
        why="Nothing was recorded for this project, or fewer runs than were counted back, or none that failed.",
        hint="Start one with `fairlead review`, or look at `fairlead runs list`.",
    ),
    Code(
        "FL-S005",
        title="a run that has ended cannot be cancelled",
        why="Its last status is recorded and never changes.",
        hint="Read it with `fairlead runs show RUN`, or start a new run.",
    ),
    Code(
        "FL-S006",
        title="there is nothing to resume",
        why="The run has ended, or no run of this project waits for somebody to go on with it.",
        hint="`fairlead runs list` shows how each run ended; start a new one to do the work again.",
    ),
    Code(
        "FL-S007",
        title="no workflow has this name",
        why="The name is neither a file, nor a workflow under .fairlead/workflows, nor one that ships with Fairlead.",
        hint="The message lists the names that are known here; `fairlead init` writes a workflow to start from.",
    ),
    Code(
        "FL-S008",
        title="there is nothing at this path",
        why="A path that is named must exist, and all paths of one review must lie in one repository. Reviewing"
        " something else instead would be a false answer.",
        hint="Check the spelling and the directory you are in.",
    ),
    Code(
        "FL-S010",
        title="this is neither a code nor a rule",
        why="Only codes and rules of the installed version can be explained.",
        hint="`fairlead explain` lists all of them by family.",
    ),
    Code(
        "FL-S011",
        title="no agent has this name",
        why="Agents are known by their cards: those that ship with Fairlead and those of the project.",
        hint="`fairlead agents list` shows every agent, usable or not.",
    ),
    Code(
        "FL-S012",
        title="no finding begins so",
        why="The finding is in none of the latest fifty runs of this project.",
        hint="`fairlead findings list` shows the ids of the last run, `--run` those of another.",
    ),
    Code(
        "FL-S013",
        title="more than one finding begins so",
        why="An id may be shortened as long as it names exactly one finding.",
        hint="Type more of the id.",
    ),
    Code(
        "FL-S014",
        title="a file cannot be written",
        why="The place that was asked for is missing, full or not ours to write. The answer is kept in the record.",
        hint="Name another place, or free some room, and export again: `fairlead findings export -o FILE`.",
    ),
    Code(
        "FL-S015",
        title="the run has no such step",
        why="Logs are kept by step, and a step is named as its workflow names it.",
        hint="The message lists the steps of the run.",
    ),
)
