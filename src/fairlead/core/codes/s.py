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
        title="this is neither a code, a rule nor a key",
        why="Only codes, rules and keys of the installed version can be explained.",
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
        "FL-S016",
        title="the file of accepted findings cannot be read",
        why="It is read as data: strict JSON of a known version, at most 2 MB and 10,000 entries. As long as it is not,"
        " nothing in it accepts anything, and every finding counts.",
        hint="The message names the first thing that is wrong; git has the last version that was right.",
        bad='{"fairlead": 1, "accepted": [,]}',
        good='{"fairlead": 1, "accepted": []}',
    ),
    Code(
        "FL-S017",
        title="an entry of the file of accepted findings accepts nothing",
        why="An entry needs a fingerprint, a rule, a path and a reason, as texts; `by`, `at` and `until` may stand"
        " beside them, the last two as days. An entry that says something else is not guessed at.",
        hint="Mend or remove it; `fairlead findings accept` and an export write entries that hold.",
        bad='{"fingerprint": "31a0c2", "until": "soon"}',
        good='{"fingerprint": "31a0c2d9…", "rule": "security/ssrf", "path": "app.py", "reason": "only in tests"}',
    ),
    Code(
        "FL-S018",
        title="writing the file anew would lose entries",
        why="The file that is there has entries that cannot be read, and an export would write it without them.",
        hint="Mend or remove the entries that the message names, then export again.",
    ),
    Code(
        "FL-S019",
        title="the baseline is not complete",
        why="A step of the run over the earlier commit was degraded, failed or left out. What it overlooked there"
        " counts as new here, so that nothing is hidden.",
        hint="`fairlead runs show RUN` says what was missing; the message names the run.",
    ),
    Code(
        "FL-S050",
        title="a finding is accepted only with a reason",
        why="Whoever reads it later must know why it is all right: an accepted finding counts for nothing.",
        hint="Say why, in at most 2,000 characters.",
        bad="fairlead findings accept f-31a0c2",
        good='fairlead findings accept f-31a0c2 --reason "only our own tests call it"',
    ),
    Code(
        "FL-S051",
        title="this is no day until which something can hold",
        why="`--until` takes the last day on which an acceptance holds, or a number of days from today, in UTC.",
        hint="Name a day that has not passed, at most ten years away.",
        bad="--until yesterday",
        good="--until 2027-01-31, or --until 90d",
    ),
    Code(
        "FL-S052",
        title="nothing, or too much, is named to be accepted",
        why="Findings are named by their ids, or by a rule and a path, and not by both at once.",
        hint="Name findings, or `--rule`, `--path` or both.",
        bad='fairlead findings accept --reason "known"',
        good='fairlead findings accept --rule security/ssrf --path tests --reason "no network there"',
    ),
    Code(
        "FL-S053",
        title="no open finding matches",
        why="The run has no finding of this rule at this path that still counts. A slip must not look like an"
        " acceptance.",
        hint="`fairlead findings list --all` shows every finding of the run.",
    ),
    Code(
        "FL-S054",
        title="the finding is open already",
        why="Nobody has accepted it, or whoever did has taken that back.",
        hint="`fairlead findings list --accepted` shows those that can be reopened.",
    ),
    Code(
        "FL-S055",
        title="the file of accepted findings has the last word",
        why="What stands in .fairlead/accepted.json is accepted for everybody; it is taken back where everybody sees"
        " it.",
        hint="Remove the entry from .fairlead/accepted.json, and commit that.",
    ),
    Code(
        "FL-S056",
        title="there is nothing to compare with",
        why="`--new-since` compares with a commit, so it needs a git repository with at least one.",
        hint="`--fail-on new-high` compares with the run before, and needs no git.",
    ),
    Code(
        "FL-S057",
        title="git knows no such commit",
        why="The name is neither a branch, a tag nor a commit of this clone. A build machine often fetches one branch"
        " only.",
        hint="Fetch it, or look at `git branch --all`.",
        bad="fairlead review --new-since orign/main",
        good="fairlead review --new-since origin/main",
    ),
    Code(
        "FL-S058",
        title="the clone is too shallow to compare",
        why="It does not hold the commit in which both histories meet, so what is new cannot be told from what is old.",
        hint="Fetch more of the history: `git fetch origin main --depth=50`, or all of it.",
    ),
    Code(
        "FL-S059",
        title="the baseline could not be made",
        why="What is new is told by a run over the earlier commit, in a directory of its own, and that run did not come"
        " to its end. Without it, nothing can be called old.",
        hint="The message says what failed; start again when it is mended.",
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
    Code(
        "FL-S033",
        title="there is no free place for the file of a CI platform",
        why="What is there is never overwritten, and both places where the platform would find the file are taken.",
        hint="Move one of them away, call `fairlead init --ci` again, and put the two together by hand.",
    ),
    Code(
        "FL-S034",
        title="no format is known by the ending of a file",
        why="`findings export -o FILE` takes the format from the ending. For one that no format has, any choice would"
        " be a surprise to whoever opens the file.",
        hint="Take an ending that the message names, or name the format.",
        bad="fairlead findings export -o report.pdf",
        good="fairlead findings export -o report.html",
    ),
    Code(
        "FL-S064",
        title="only a run that has ended can be exported",
        why="An export is taken over as something finished: nobody performs it elsewhere, so nothing may be left.",
        hint="Let it end with `fairlead resume RUN`, or end it with `fairlead cancel RUN`.",
    ),
    Code(
        "FL-S065",
        title="there is no earlier run to compare with",
        why="Two runs are compared; only one of this workflow over this directory has ended.",
        hint="Name both: `fairlead runs diff A B`. `fairlead runs list` shows the ids.",
    ),
    Code(
        "FL-S066",
        title="no run is of this workflow",
        why="A history is made of runs, and none of the newest thousand performed a workflow of this name.",
        hint="`fairlead runs report` lists the workflows that there are runs of.",
    ),
    Code(
        "FL-S067",
        title="the file is no whole export of a run",
        why="Every byte of an export is covered by its digests, and its events must be the life of one run. One "
        "that was cut, edited or written by another version is refused whole.",
        hint="Export the run again with `fairlead runs export`, and copy the file as it is.",
    ),
    Code(
        "FL-S068",
        title="another run here has this id",
        why="A run keeps its id when it travels, and the record already holds a different run under it.",
        hint="Import it into another project's record: set FAIRLEAD_STATE_DIR to an empty directory.",
    ),
    Code(
        "FL-S090",
        title="the workflow has no such step",
        why="`--at`, `--from` and `--only` take the id of a step of this workflow. What stands under `finally` is "
        "always done, so nothing can begin there.",
        hint="The message lists the steps; `fairlead runs show RUN` does too.",
        bad="fairlead fork last --at tesst",
        good="fairlead fork last --at tests",
    ),
    Code(
        "FL-S091",
        title="nothing in the run failed",
        why="`rerun --failed` does what failed again and keeps the rest; here that would be nothing.",
        hint="`fairlead rerun RUN` does all of it again, `--from STEP` a part.",
        bad="fairlead rerun last --failed",
        good="fairlead rerun last-failed --failed",
    ),
    Code(
        "FL-S092",
        title="a step needs what cannot be taken over",
        why="`--only` performs one step and takes over what that step needs from the last finished run. There it "
        "failed, or the workflow, its agents or its inputs have changed since.",
        hint="Do it from the step that the message names: `fairlead run WORKFLOW --from STEP`.",
    ),
    Code(
        "FL-S093",
        title="no run has ended from which something could be taken over",
        why="`run --from` and `run --only` keep the work of the last finished run of this workflow on this branch, and "
        "there is none.",
        hint="Run all of it once: `fairlead run WORKFLOW`.",
    ),
    Code(
        "FL-S094",
        title="the run has not ended",
        why="What failed in a run is known when it has ended; until then `resume` goes on with it, and nothing that is "
        "finished is done twice.",
        hint="`fairlead resume RUN`, or `fairlead cancel RUN` first.",
        bad="fairlead rerun r-7q2k --failed, while it waits",
        good="fairlead resume r-7q2k",
    ),
    Code(
        "FL-S020",
        title="a file is there already",
        why="Nothing that somebody wrote is overwritten unless it is said so, and seen before.",
        hint="`--force` shows what would change and writes it; or choose another name.",
    ),
    Code(
        "FL-S040",
        title="There is no dump to import",
        why="Nothing is at the path, or it may not be read. Fairlead fetches nothing by itself.",
        hint="check the path",
        bad="fairlead data import al.zip",
        good="fairlead data import all.zip",
    ),
    Code(
        "FL-S021",
        title="this cannot be the name of an agent",
        why="Names are small letters, digits and `-`, at most 63: they stand in files, workflows and commands.",
        hint="The message has one that can.",
        bad="fairlead agents new 'Todo Finder'",
        good="fairlead agents new todo-finder",
    ),
    Code(
        "FL-S070",
        title="this cannot be the name of a workflow",
        why="Names are small letters, digits and `-`, begin with a letter and have at most 63 characters: they stand in"
        " files, commands and branches.",
        hint="The message has one that can.",
        bad="fairlead workflows new 'Nightly Review'",
        good="fairlead workflows new nightly-review",
    ),
    Code(
        "FL-S071",
        title="there is no such template",
        why="Templates ship with this version; the message names them, the nearest first.",
        hint="`fairlead workflows new` lists them.",
        bad="fairlead workflows new nightly --template health",
        good="fairlead workflows new nightly --template repo-health",
    ),
    Code(
        "FL-S072",
        title="a file of this name is there already",
        why="What somebody wrote is never overwritten unasked, and two files of one name would hide each other.",
        hint="Choose another name; with `--force` the difference is shown, and the file is replaced.",
        bad="fairlead workflows new my-review    # twice, with a change in between",
        good="fairlead workflows new my-review --force",
    ),
    Code(
        "FL-S073",
        title="the description is empty or too long",
        why="A draft is made from the words of the description; it has from 1 to 10,000 characters.",
        hint="Say in a sentence what the workflow shall do.",
        bad="fairlead workflows new tidy --from ''",
        good="fairlead workflows new tidy --from 'repeat until the tests are fast'",
    ),
    Code(
        "FL-S080",
        title="the data of a signal are not JSON",
        why="What a signal carries is read by expressions, so it has to be one JSON value. Text is one in quotes.",
        hint="Put text into quotes of its own.",
        bad="fairlead signal last deployed --data v1.2",
        good="fairlead signal last deployed --data '\"v1.2\"'",
    ),
    Code(
        "FL-S081",
        title="the run never waits for this signal",
        why="No step of its workflow waits for a signal of this name, so it would be kept for nobody. A run below it"
        " has signals of its own.",
        hint="Name one that the message lists, or the run that waits: `fairlead runs show`.",
    ),
    Code(
        "FL-S082",
        title="the data of a signal are too large",
        why="A signal is part of the record, which holds at most 256,000 bytes of it.",
        hint="Send a path, a digest or an address instead.",
    ),
)
