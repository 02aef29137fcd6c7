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
    Code(
        "FL-S060",
        title="the run cannot be paused",
        why="Only a run that has not ended, and does not wait already, can be told to wait.",
        hint="`fairlead resume RUN` goes on with a paused run, `fairlead rerun RUN` does one that has ended again.",
    ),
    Code(
        "FL-S061",
        title="no label",
        why="Labels are names and values by which people find their runs again, so their form is kept narrow.",
        hint="Write `--label NAME=VALUE`, for example `--label branch=main`.",
        bad="--label 'my branch'",
        good="--label branch=main",
    ),
    Code(
        "FL-S062",
        title="the checkout of a run is gone",
        why="A run is done again over the files that it looked at, and the directory does not exist any more.",
        hint="Call `fairlead review` or `fairlead run` in the checkout that you mean.",
    ),
    Code(
        "FL-S063",
        title="an agent of a run cannot be called any more",
        why="A run is done again with the agents that its workflow names; one of them is gone or broken.",
        hint="`fairlead agents list` shows which agents there are and why one cannot be used.",
    ),
    Code(
        "FL-S030",
        title="two outputs contradict each other",
        why="Two formats name one file, of which the second would replace the first, or one format is asked for on"
        " stdout beside others that go into files. Nothing was started.",
        hint="Give each format a file of its own.",
        bad="fairlead review --sarif out.json --gitlab out.json",
        good="fairlead review --sarif out.sarif --gitlab code-quality.json",
    ),
    Code(
        "FL-S031",
        title="a code host would refuse this file",
        why="GitHub takes SARIF files of at most 10 MB under gzip. The file is written, and whole.",
        hint="Export again with `--severity medium`, or leave folders out with `fairlead review PATH…`.",
    ),
    Code(
        "FL-S032",
        title="the summary of a CI step cannot be written",
        why="The file behind GITHUB_STEP_SUMMARY cannot be written, or other summaries of the same step have filled it."
        " The run and its exit code are not touched by that.",
        hint="Export it into a file: `fairlead findings export --format summary -o summary.md`.",
    ),
)
