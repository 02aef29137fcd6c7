"""Codes of family R; see `fairlead.core.codes`."""

from fairlead.core.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        "FL-R202",
        "The time limit of a step passed",
        "The call did not end within the step's `timeout`; a step that has none takes the limit that `fairlead agents"
        " show` names, 5 minutes unless the agent's file says otherwise. Everything it had started was killed; whatever"
        " it wrote lies in its log.",
        "give the step a longer `timeout`, or find out with `fairlead logs` what it was waiting for",
        bad="- id: tests\n  run: pytest\n  timeout: 10s",
        good="- id: tests\n  run: pytest\n  timeout: 10m",
    ),
    Code(
        "FL-R203",
        "A program wrote more than is kept",
        "What a program writes to stdout or stderr is kept up to 10 MB each. A program that writes more is stopped, so"
        " that a mistake cannot fill the disk or the memory.",
        "let it write to a file in its working copy, or make it quieter",
        bad="run: yes",
        good="run: pytest -q",
    ),
    Code(
        "FL-R204",
        "A program could not be started",
        "There is no program of this name, or it may not be executed. `run` looks along your PATH, and for a"
        " name with a `/` in the working copy, where nothing is that git ignores, such as .venv or node_modules.",
        "install it, or give its full path",
        bad="run: pytset -q",
        good="run: pytest -q",
    ),
    Code(
        "FL-R210",
        "A step ended with an exit code other than 0",
        "A `run` step counts as succeeded only with exit code 0. The fault is the result's, not the platform's: the"
        " program was started and said no. It works in a copy of your files, where nothing is that git ignores.",
        "read its last lines with `fairlead logs RUN step:ID`",
        bad="run: 'false'",
        good="run: 'true'",
    ),
    Code(
        "FL-R211",
        "Two steps changed the tree side by side",
        "A step starts from the tree that the steps before it left. When two of them changed it side by side, there is"
        " no single tree to start from, and choosing one would lose the other's work.",
        "put the steps that write one after the other",
        bad="parallel: {steps: [{id: a, run: touch a}, {id: b, run: touch b}]}, then a step that reads",
        good="- id: a\n  run: touch a\n- id: b\n  run: touch b",
    ),
    Code(
        "FL-R110",
        "A run of the same group is not at an end",
        "The workflow says of its `concurrency` group that no run may begin while another one is open"
        " (`on_conflict: fail`). Nothing was recorded.",
        "wait for it with `fairlead runs watch RUN`, or stop it; `on_conflict: queue` lets a new run wait",
        bad="concurrency: {group: deploy, on_conflict: fail}, started twice at once",
        good="concurrency:\n  group: deploy\n  on_conflict: queue",
    ),
    Code(
        "FL-R212",
        "An output is not what the step expects of it",
        "The step was performed, and one of its `expect` conditions does not hold for what it gave. The output is kept"
        " for reading; no later step gets it.",
        "the message is the sentence of the condition; `retry.on: [expectation]` tries again with it",
        bad="expect: 1 > 2",
        good="expect: {that: output.exit_code == 0, say: The tests must pass}",
    ),
    Code(
        "FL-R213",
        "A signal did not come in time",
        "A `wait` step waited for a signal until its time was up, and nobody has sent it.",
        "send it with `fairlead signal`, or let the step wait longer with `wait.for`",
        bad="wait: {event: deployed, for: 1s}",
        good="wait: {event: deployed, for: 2h}",
    ),
    Code(
        "FL-R214",
        "A run that is a step did not end well",
        "A step of the kind `workflow` is a run of its own, and that run failed, was rejected or was cancelled.",
        "`fairlead runs show` with its id says why",
    ),
    Code(
        "FL-R215",
        "There is no effect of this name",
        "The step asks for an effect that this version does not have. Nothing outside was touched.",
        "use one of `git.branch`, `git.commit`, `git.revert`, `patch.apply`, `file.write`, `http.request`",
        bad="effect: git.comit",
        good="effect: git.commit",
    ),
    Code(
        "FL-R216",
        "An effect does not take these arguments",
        "What the step gives under `with` does not fit the arguments of its effect. Nothing outside was touched.",
        "`docs/reference/effects.md` lists the arguments of each effect",
        bad="effect: file.write\nwith: {content: 1}",
        good="effect: file.write\nwith:\n  path: notes.txt\n  content: done",
    ),
    Code(
        "FL-R217",
        "A workflow calls itself",
        "A workflow that is a step of itself, directly or by way of another, would never come to an end. Nothing was"
        " started.",
        "the message names the circle; take one of its calls out, or repeat with `loop`",
        bad="name: build\nsteps:\n  - {id: again, workflow: build}",
        good="name: build\nsteps:\n  - id: again\n    loop: {max: 3, until: 'steps.a.ok', steps: [{id: a, run: make}]}",
    ),
    Code(
        "FL-R218",
        "Workflows call each other too deeply",
        "A run may have child runs, these may have children, and so on for at most eight levels. Nothing was started.",
        "call fewer workflows from each other, or put their steps into one",
    ),
    Code(
        "FL-R501",
        "A loop kept none of its rounds",
        "All rounds that were allowed are over, and none was better than what was there before, so there is nothing to"
        " go on with. What the rounds tried is in the record.",
        "look at the rounds with `fairlead runs show RUN`; allow more with `loop.max`",
    ),
    Code(
        "FL-R502",
        "Too few steps ended well",
        "The `join` of a block says how many of its steps or items must end well, and so many did not.",
        "`fairlead runs show RUN --all` shows each; ask for fewer, or mend those that failed",
        bad="join: quorum(3), with 2 that ended well",
        good="join: quorum(2)",
    ),
    Code(
        "FL-R503",
        "A fan-out has too many items",
        "`each` makes a step of every item, and a run can hold only so many. Nothing of it was started.",
        "take fewer at once, for example by a filter in `each`",
        bad="each: inputs.files",
        good="each: inputs.files.filter(f, f.endsWith('.py'))",
    ),
    Code(
        "FL-R504",
        "Two items of a fan-out have the same key",
        "The key says which item a step is, also after a resume. Two items of one key could not be told apart.",
        "let `key` name each item",
        bad="each: inputs.findings\nas: one\nkey: one.rule",
        good="each: inputs.findings\nas: one\nkey: one.fingerprint",
    ),
    Code(
        "FL-R505",
        "A loop has an impossible number of rounds",
        "`loop.max` must lie between 1 and the number that the message names: a loop without an end is none.",
        "give `max` a number in these bounds",
        bad="loop: {max: 0, steps: [{id: a, run: make}]}",
        good="loop:\n  max: 5\n  steps:\n    - id: a\n      run: make",
    ),
    Code(
        "FL-R220",
        "The output of an agent breaks its schema",
        "An agent promises the form of its output in its card. What does not keep the promise is not handed on: later"
        " steps would work with something nobody described.",
        "this is a fault of the agent; `fairlead logs RUN step:ID` shows what it wrote",
    ),
    Code(
        "FL-R101",
        "No such run",
        "The journal of this project has no run with this id. Each project has a journal of its own.",
        "see the ids with `fairlead runs list`",
    ),
    Code(
        "FL-R102",
        "The run has ended",
        "A run that has ended takes no further requests and no further work.",
        "start a new run, or read this one with `fairlead runs show RUN`",
    ),
    Code(
        "FL-R103",
        "The key belongs to another start",
        "A repeated start with the same key gives the same run. This one has the key of an earlier start, but asks for"
        " another workflow, other inputs, or another checkout.",
        "use a new key, or read the earlier run with `fairlead runs show RUN`",
    ),
    Code(
        "FL-R104",
        "The run's id is taken",
        "Ids are drawn at random; this one was drawn before, or a start was repeated without a key.",
        "start it again: it gets another id",
    ),
    Code(
        "FL-R105",
        "Somebody was faster",
        "Two people, or two terminals, asked something of one run at the same moment. The first is recorded; the second"
        " was given for a state of the run that is not there any more.",
        "look at the run again, then ask again if it is still needed",
    ),
    Code(
        "FL-R401",
        "Another worker performs the run",
        "A run has one owner at a time. Its owner proves life by a lock that the kernel gives back when the process"
        " ends, and by touching it every ten seconds.",
        "follow it with `fairlead runs watch RUN`, or stop it with `fairlead cancel RUN`",
    ),
    Code(
        "FL-R441",
        "A number of runs that cannot be meant",
        "A worker performs at least one and at most 1,000 runs side by side. Each keeps its state in memory, and the"
        " programs that they start share the machine.",
        "leave `--at-once` out for 10 runs side by side",
        bad="fairlead worker --at-once 5000",
        good="fairlead worker --at-once 20",
    ),
    Code(
        "FL-R440",
        "Workers die under a step",
        "Three workers that performed the run died without a word while the same step was under way, and in between it"
        " came to no outcome: perhaps it takes more memory than there is, or ends whoever performs it. The run waits,"
        " so that it takes no fourth one with it, and others go on.",
        "look at what it does with `fairlead logs RUN step:ID`; `fairlead resume RUN` tries it once more, `fairlead"
        " cancel RUN` ends the run",
    ),
    Code(
        "FL-R230",
        "The agent raised an exception",
        "The function behind the agent ended with an exception instead of an outcome. That is a mistake in the agent;"
        " what it had found by then is not counted.",
        "Read the traceback with `fairlead logs RUN step:ID`, and report it to the agent's author.",
    ),
    Code(
        "FL-R232",
        "The agent was killed",
        "A signal ended the agent's process: a crash in a library, or the system killed it for want of memory.",
        "Review fewer files at once, or free some memory, and start again.",
    ),
    Code(
        "FL-R233",
        "The agent reached its memory limit",
        "Each agent states how much memory it may take beyond what it starts with, 512 MB when it states nothing.",
        "Review fewer files at once, or raise the agent's `memory_max`.",
    ),
    Code(
        "FL-R234",
        "The agent gave no usable outcome",
        "It ended without an outcome, or the outcome is not JSON, has the wrong form, or is larger than 64 MB.",
        "This is a fault of the agent; `fairlead logs RUN step:ID` shows what it wrote.",
    ),
    Code(
        "FL-R235",
        "The process that watched over a call was killed",
        "Each call has a small process that keeps its limits and cleans up after it. Without it nobody can say how the"
        " call ended; what it had started was killed.",
        "Start it again: `fairlead resume`.",
    ),
    Code(
        "FL-R240",
        "A program wrote something else than one JSON document",
        "An agent that is a program gives its answer as one JSON object on stdout. Anything else there, a greeting"
        " or a progress line, would make the answer a guess.",
        "let the program write everything else to stderr: it goes into the log",
        bad='print("checking…"); print(json.dumps(answer))',
        good='print("checking…", file=sys.stderr); print(json.dumps(answer))',
    ),
    Code(
        "FL-R241",
        "A program ended with an exit code that means failure",
        "0 means that it is done, 1 that it is done and its answer is no, as with a linter that found something. Any"
        " other code means that it could not do its work.",
        "read what it wrote with `fairlead logs RUN step:ID`",
    ),
    Code(
        "FL-R242",
        "A program was killed",
        "A signal ended it: a crash, or the system killed it for want of memory.",
        "read what it wrote with `fairlead logs RUN step:ID`",
    ),
    Code(
        "FL-R243",
        "A program wrote more than an answer may have",
        "An answer has at most 10 MB, and so has the log. A program that writes more is stopped.",
        "let it give less, or name a file in its answer",
    ),
    Code(
        "FL-R244",
        "The program of an agent could not be started",
        "There is no program of this name along your PATH, or it may not be executed. A word of `command` that names a"
        " file beside the card stands for that file; everything else is looked for in the tree.",
        "install it, or mend `command` in the card",
    ),
    Code(
        "FL-R245",
        "An agent says of itself that it failed",
        "Its answer holds `success: false`. An agent that says so has failed, whatever else it gives.",
        "its answer says why: `fairlead runs show RUN --json`",
    ),
    Code(
        "FL-R246",
        "The agent's code used Context or Findings wrongly",
        "An argument cannot be right, or the function gave something else than its type says. A finding that is half"
        " right would be worth nothing, so the whole call fails.",
        "mend the line that the message names; `fairlead agents test NAME` tries it",
        bad='out.add(rule="words", severity="minor", path=file.path)',
        good='out.add(rule="words/left", severity="low", path=file.path, title="A word is left")',
    ),
    Code(
        "FL-R247",
        "A program gave a finding about a file outside the tree",
        "A finding names its file by the path from the root of the tree. An absolute path, or one with `..`, means"
        " another file on another machine, and no report could show it.",
        "let the program work in its own directory and give paths from there",
        bad='{"path": "../shop/src/app.js"}',
        good='{"path": "src/app.js"}',
    ),
    Code(
        "FL-R250",
        "A file that `parse` names was not written",
        "The program ended well, and the report that its step reads is not in the working copy, or it is still the one"
        " that lay there before the program began. Without it nothing is known, so the step fails.",
        "let the program write it, by a path from the root of the repository",
        bad="run: pytest -q\nparse:\n  junit: junit.xml",
        good="run: pytest -q --junitxml=junit.xml\nparse:\n  junit: junit.xml",
    ),
    Code(
        "FL-R251",
        "A file that `parse` names cannot be read",
        "It is a link, a folder, no regular file, lies outside of the working copy, or has more than 10 MB.",
        "let the program write a regular file of its own",
    ),
    Code(
        "FL-R252",
        "A file is not what its parser reads",
        "It is empty, breaks off, has another format or a wrong encoding, or counts nothing at all. What cannot be read"
        " whole is not believed in part.",
        "let the program write it anew and whole, in the format that `parse` names",
        bad="parse:\n  coverage: junit.xml",
        good="parse:\n  coverage: coverage.json",
    ),
    Code(
        "FL-R253",
        "No line of a program's output matches the pattern",
        "`regex` is looked for in each line of the standard output, up to 10,000 characters of it and for at most 5"
        " seconds of processor time. The first line that matches counts, and here none did in that time.",
        "look at what the program wrote with `fairlead logs`, and mend the pattern",
        bad="parse:\n  regex: 'p95=(.+)'",
        good="parse:\n  regex: 'p95=(?P<p95>[0-9.]+)'",
    ),
    Code(
        "FL-R255",
        "What `parse` reads is more than an output has room for",
        "The values of all reports of one step may have 8 MB together.",
        "let the program write less, or split the step",
    ),
    Code(
        "FL-R330",
        "An effect cannot take what it was given",
        "The arguments of an effect are read strictly: a name that it does not know, a value of another kind or a text"
        " that is no patch is refused before anything happens, for it would be changed wrongly or not at all.",
        "compare the step's `with` with the page of effects in the reference",
        bad="effect: git.commit\nwith:\n  branch: fairlead/fix",
        good="effect: git.commit\nwith:\n  branch: fairlead/fix\n  patches: ${ steps.combine.output.patches }",
    ),
    Code(
        "FL-R331",
        "There is no git repository",
        "The effects `git.…` make commits, and the run works on a folder without git.",
        "make one with `git init`, or change files with `patch.apply` and `file.write`",
    ),
    Code(
        "FL-R332",
        "Git could not do its part of an effect",
        "A git command failed for a reason of its own: a damaged repository, a full disk, a lock that somebody left."
        " No branch was moved.",
        "see what `git status` and `git fsck` say, then try again",
    ),
    Code(
        "FL-R333",
        "This is no name of a branch",
        "Git does not take every text as a name: no blanks, no `..`, none of `~^:?*[`, no dash in front.",
        "use letters, digits, `-`, `_`, `.` and `/`",
        bad="branch: my fix",
        good="branch: fairlead/my-fix",
    ),
    Code(
        "FL-R334",
        "A branch is not Fairlead's own",
        "Effects move no branch that somebody works on: one that is checked out, one that holds commits of others, one"
        " that exists where a new one is asked for.",
        "name a branch that does not exist, such as `fairlead/fix-${ run.short_id }`",
        bad="branch: main",
        good="branch: fairlead/fix-${ run.short_id }",
    ),
    Code(
        "FL-R335",
        "A change does not fit the files",
        "A patch fits at its very lines or not at all, and a tree is carried over only where nothing else has changed."
        " What it was made from and what is there now differ: something was not committed, or has changed since."
        " Nothing was applied.",
        "make the change again from the files as they are, or commit what lies in the checkout first",
    ),
    Code(
        "FL-R336",
        "An effect has nothing to change",
        "There is no patch, or the files are already as they should be. A commit without a change would look as if"
        " something had been done.",
        "let the step ask first, with `if`",
        bad="effect: git.commit",
        good="if: steps.combine.output.patches.size() > 0\neffect: git.commit",
    ),
    Code(
        "FL-R337",
        "Somebody else moved the branch at the same moment",
        "The branch is moved in one step from the commit that was seen before; it was another one by then.",
        "nothing: another attempt starts from where the branch is now",
    ),
    Code(
        "FL-R338",
        "There is no such tree or commit",
        "It is neither in the repository nor among the trees that the run has recorded.",
        "give the `worktree` or `best_commit` of a step, or the id of a commit",
    ),
    Code(
        "FL-R339",
        "An effect may not touch this file",
        "Effects change regular files inside of the checkout. A path that leads upwards or over a link, a folder,"
        " something of git's own and Fairlead's state are refused, and so is a file of more than 20 MB.",
        "give a relative path with `/` to a regular file of the checkout",
        bad="path: ../notes.md",
        good="path: docs/notes.md",
    ),
    Code(
        "FL-R340",
        "A change that was broken off cannot be taken back",
        "A process ended while it changed files of the checkout. Each of them should be what it was before or what it"
        " should become; one is neither, for somebody has changed it since. It is left as it is.",
        "compare the files with what was kept of them, which the message names, and mend them by hand",
    ),
    Code(
        "FL-R341",
        "The disk refused an effect",
        "A file could not be read or written: no space, no right, a broken disk. What had been changed by then was"
        " taken back.",
        "see whether the disk is full, and whose the files and folders are",
    ),
    Code(
        "FL-R342",
        "This is no address that a request goes to",
        "An address is read strictly, so that no two readers take it differently: http or https, a host, perhaps a"
        " port, a path and a query. A user, a fragment, blanks and other characters than ASCII are refused.",
        "write `https://host/path?query`; encode everything else with `%`",
        bad="url: https://me@example.org/my file",
        good="url: https://example.org/my%20file",
    ),
    Code(
        "FL-R343",
        "A secret cannot be used",
        "`{secret: NAME}` stands for the variable NAME in the environment of whoever performs the run. It is not set,"
        " or so short or so long that it could not be kept out of what is recorded, or holds a line feed.",
        "set it in the environment in which the run is performed",
    ),
    Code(
        "FL-R344",
        "A server could not be reached",
        "Its name is not known, nothing answers there, or the connection broke before anything was sent.",
        "see whether the server runs and whether this machine has a network",
    ),
    Code(
        "FL-R345",
        "A request was sent, and no whole answer came",
        "The connection broke or the time was over when the request was on its way. Whether the server performed it is"
        " not known, so one that must not happen twice is not repeated.",
        "look at the server whether it happened before the step is started again",
    ),
    Code(
        "FL-R346",
        "A server answered otherwise than expected",
        "The status of the answer is not among those that `expect_status` names (200 to 299 when it names none)."
        " Redirections to other servers are not followed.",
        "read `text` of the step's output; name the status when it is a success",
        bad="url: https://example.org/items/7\nmethod: DELETE",
        good="url: https://example.org/items/7\nmethod: DELETE\nexpect_status: [200, 204, 404]",
    ),
    Code(
        "FL-R350",
        "A message was not delivered",
        "One of the places of a `notify` could not be told: this version does not know it, it did not answer, or its"
        " name is wrong. The step is degraded; a message never makes a run fail, and is never sent twice.",
        "use `console`, `file:NAME`, `webhook:URL` or `https://…`",
        bad="to: [console:stdout]",
        good="to: [console]",
    ),
    Code(
        "FL-R351",
        "A message was cut",
        "The title of a message has at most 500 characters and its body at most 100,000. What was beyond was left out.",
        "say less, or write it to a file and name that",
    ),
    Code(
        "FL-R402",
        "A run belongs to another interpreter",
        "A run is continued only by a version that reads its events as they were meant. This one was started by a"
        " version with other rules.",
        "go on with it by the version of Fairlead that started it",
    ),
    Code(
        "FL-R800",
        "A suite raised an exception",
        "The suite that was to be measured, or something that it imports, ended with an exception. What it took until"
        " then says nothing about how long its work takes, so there are no figures.",
        "mend the place that the message names; what the project needs is imported from its own `.venv`",
    ),
    Code(
        "FL-R801",
        "A suite ended before it was measured",
        "Its process ended by itself, was killed, took too long, or answered with more than is read. There are no"
        " figures.",
        "perform it by hand; a suite neither calls `os._exit` nor ends its process otherwise",
    ),
    Code(
        "FL-R802",
        "No Python could be started for a suite",
        "A suite is performed by the project's own `.venv/bin/python`, else by `python3` on the PATH; there is"
        " neither.",
        "make a `.venv` in the project, or put python3 on the PATH",
    ),
    Code(
        "FL-R810",
        "An agent cannot play its part in a certification",
        "A certification performs the workflow many times, and what a model says would be another thing each time and"
        " cost each time. The agent needs something that is not here, and has no script.",
        "write a script, a .json file with the output or a .py file with `play(scene)`: `fairlead certify WORKFLOW"
        " --agent NAME=FILE`",
        bad="fairlead certify rename",
        good="fairlead certify rename --agent namer=namer.json",
    ),
    Code(
        "FL-R811",
        "A script of an agent is none",
        "A script is a .json file that holds the agent's output as an object, or a .py file with a function"
        " `play(scene)` that gives it. The file cannot be read, is something else, or no step calls the agent.",
        "mend the file or the name",
        bad="fairlead certify rename --agent namer=answers.txt",
        good="fairlead certify rename --agent namer=namer.json",
    ),
    Code(
        "FL-R812",
        "There is no such point",
        "Points are called commit-7-after, effect-2-before, torn-5, full-3 and fenced-4; two kills of one run are"
        " joined by a plus sign. The name is none of these, or the run ends before it comes there.",
        "take the name of a point from the report of a whole certification",
        bad="fairlead certify deliver --only commit-7",
        good="fairlead certify deliver --only commit-7-after",
    ),
    Code(
        "FL-R813",
        "The undisturbed run does not end well",
        "A certification compares runs that are disturbed with one that is not. That one failed, was rejected, or waits"
        " for something that nobody brings, so nothing can be said of the others.",
        "look at the reason; see that `fairlead run` ends well, or give the agents other scripts",
    ),
    Code(
        "FL-R814",
        "The project cannot be copied",
        "Every run of a certification has a copy of the project for itself. The project has more files or bytes than"
        " are copied so often, or the disk refused.",
        "certify the workflow in a smaller repository",
    ),
    Code(
        "FL-R815",
        "So many points cannot be tried",
        "A certification tries from 1 to 10,000 points; of more, so many are drawn by the seed.",
        "leave --points out to try all of them",
        bad="fairlead certify deliver --points 0",
        good="fairlead certify deliver --points 200",
    ),
    Code(
        "FL-R816",
        "This is no name of a variable",
        "`--server` names the variable of the environment in which programs find the address of a server that counts.",
        "write letters, digits and underscores; the step names it in `env` too",
        bad="fairlead certify deliver --outside --server https://example.org",
        good="fairlead certify deliver --outside --server PAY_URL",
    ),
    Code(
        "FL-R817",
        "Programs are not performed without isolation here",
        "With `--outside` the programs of a workflow do for real what they do outside of their copies. That is only"
        " done where the person has switched isolation off for the project.",
        "leave --outside out: isolated programs reach nothing, so nothing of theirs can happen twice",
    ),
    Code(
        "FL-R300",
        "A program went over a limit of its sandbox",
        "Memory and the number of processes are counted for all of the program's processes together, and what it adds"
        " to its working copy as bytes and as files. What goes over is ended at once, as a whole, and nothing of it is"
        " kept.",
        "let it do less at once; an agent's file may set `memory_max`",
    ),
)
