"""Codes of family A; see `fairlead.core.codes`. 0xx: reading an agent file, 1xx: agents named and called."""

from fairlead.core.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        "FL-A001",
        "An agent file without front matter",
        "An agent is described between two lines `---` at the top of its file; without them nothing says what "
        "it is called.",
        "add `---`, `name:`, `description:` and `---` at the top",
        bad="# My agent",
        good="---\nname: my-agent\ndescription: Does one thing well.\n---\nYou do one thing well.",
    ),
    Code(
        "FL-A002",
        "The front matter cannot be read",
        "It is not the YAML that is read here. The usual reason is a colon inside a text without quotes.",
        "put the text in quotes",
        bad="description: Owns the network: UniFi, DNS",
        good='description: "Owns the network: UniFi, DNS"',
    ),
    Code(
        "FL-A003",
        "A field of an agent file is missing or wrong",
        "The card must say what the agent is called, what it does, what it takes and what it may touch.",
        "mend the field that the message names",
        bad="name: []",
        good="name: my-agent",
    ),
    Code(
        "FL-A004",
        "An agent file that had to be recovered",
        "It is not the YAML that is read here, but what it means could be told by the keys that agents' programs know."
        " The agent works; other programs may read the file differently.",
        "`fairlead agents check NAME --fix` shows the file as it should be, and writes it with --write",
        bad="description: Owns the network: UniFi, DNS",
        good='description: "Owns the network: UniFi, DNS"',
    ),
    Code(
        "FL-A007",
        "There is no code behind the card",
        "The card names a Python function as `module:function`, and no such module stands in the package.",
        "reinstall Fairlead: a file of it is missing",
    ),
    Code(
        "FL-A008",
        "The agent file is too large",
        "An agent file has at most 256,000 bytes.",
        "shorten it",
    ),
    Code(
        "FL-A010",
        "The agent's file is not Python",
        "The file of an agent is read before anything of it is run, and this one cannot be parsed.",
        "mend the line that the message names",
        bad="def find(ctx: Context) -> Findings",
        good="def find(ctx: Context) -> Findings:",
    ),
    Code(
        "FL-A011",
        "There is no such function, or more than one",
        "A Python file is an agent when exactly one of its functions stands under `@agent`; a card names a function of"
        " a file beside it. The names must fit.",
        "write `@agent(name=…)` above the function, or mend the name after the colon in the card",
        bad="python: ./todo.py:find_todo",
        good="python: ./todo.py:find_todos",
    ),
    Code(
        "FL-A012",
        "A type of the agent's function cannot be used",
        "The types of a function become the schema of the agent: what comes from JSON and goes into JSON. Each input"
        " has a type, and the function says what it gives.",
        "use str, int, float, bool, list, dict, Literal, Enum, Optional, a dataclass or a msgspec.Struct",
        bad="def find(ctx: Context, *, words: set) -> Findings:",
        good="def find(ctx: Context, *, words: list[str]) -> Findings:",
    ),
    Code(
        "FL-A013",
        "An argument of @agent is wrong",
        "The decorator says what the agent is called, what it reads and how long it may take. An argument that it does"
        " not know would be ignored.",
        "mend the argument that the message names",
        bad='@agent(nme="todo-finder")',
        good='@agent(name="todo-finder")',
    ),
    Code(
        "FL-A014",
        "The name of the agent and of its file do not fit",
        "An agent is found by its name, and so is its file: two names for one thing would hide it from whoever looks."
        " Names are small letters, digits and `-`, at most 63.",
        "rename the file or the agent",
        bad='.fairlead/agents/todo.py with @agent(name="todo-finder")',
        good='.fairlead/agents/todo-finder.py with @agent(name="todo-finder")',
    ),
    Code(
        "FL-A015",
        "Two agent files have one name",
        "Only the first is ever called: .fairlead/agents comes before .claude/agents, and in a folder the file that"
        " comes first by its name.",
        "rename one of them",
    ),
    Code(
        "FL-A016",
        "An agent of the project has the name of one that ships",
        "Workflows of the project call the project's own agent. The workflows that ship, such as the review, call the"
        " agents that ship, so that code of a repository is never run just because it is reviewed.",
        "rename yours to be able to call both",
    ),
    Code(
        "FL-A017",
        "The schema of an agent is none",
        "What an agent takes and gives is judged by its schemas, which are JSON Schema. One that cannot be read, or"
        " that points to another file or address, judges nothing.",
        "mend the schema; a `$ref` may only point into it: `#/$defs/NAME`",
        bad="input: {type: strng}",
        good="input: {type: object, properties: {words: {type: array}}}",
    ),
    Code(
        "FL-A018",
        "An agent's file cannot be read",
        "It is too large, no UTF-8, may not be read, or is a link that leads out of the project. What lies elsewhere"
        " may be changed by others, and is never taken for the project's.",
        "put the file itself into the folder, as UTF-8, with at most 256,000 bytes",
    ),
    Code(
        "FL-A019",
        "A module beside an agent is never imported",
        "Python's own modules and Fairlead's come first, so that no file beside an agent can take the place of one.",
        "give the file another name",
        bad=".fairlead/agents/json.py",
        good=".fairlead/agents/todo_words.py",
    ),
    Code(
        "FL-A020",
        "An agent file without a usable name",
        "An agent is called by its name. Where the file gives none, or one of which no small letters and digits are"
        " left, it is called after its file.",
        "write `name: my-agent` at the top",
        bad="name: ★",
        good="name: star",
    ),
    Code(
        "FL-A021",
        "An agent file without a description",
        "The description says when to use the agent. Without it, neither people nor programs can choose it.",
        "write `description:` and one sentence at the top",
    ),
    Code(
        "FL-A022",
        "An agent without instructions",
        "What stands below the front matter is what a model is told. Without it the agent is only a name.",
        "write below the second line `---` what the agent should do",
    ),
    Code(
        "FL-A023",
        "A key that says nothing to this adapter",
        "Some keys under `fairlead:` belong to one kind of agent: a program has a `command`, a Python function has"
        " `python`. Elsewhere they have no effect.",
        "remove the key, or mend `adapter`",
        bad="adapter: claude\ncommand: [sh, check.sh]",
        good="adapter: command\ncommand: [sh, check.sh]",
    ),
    Code(
        "FL-A024",
        "A field of an agent file with a value that is not understood",
        "The field is one that agents' programs know, but its value has another form than they read. It is kept, and"
        " nothing is done with it.",
        "write the value as the message says",
        bad="tools: 3",
        good="tools: Read, Grep",
    ),
    Code(
        "FL-A025",
        "A word of a command that no input fills",
        "`{name}` as a word of its own in `command` is replaced by the input of that name. Without such an input the"
        " word is left out, and the program may wait for its standard input instead.",
        "name the input below `input:`, or take the braces away",
        bad='command: [wc, -l, "{path}"]',
        good='command: [wc, -l, "{path}"]\ninput: {type: object, properties: {path: {type: string}}}',
    ),
    Code(
        "FL-A030",
        "An agent that lacks something to be called",
        "The file is fine and the agent is known, but the adapter that speaks to it needs something that is not"
        " configured here: a model provider, an MCP server, a remote agent. Nothing is started.",
        "name an agent below `fallback:` that takes over, or call an agent that ships: `fairlead agents list`",
        bad="agent: patcher",
        good="agent: patcher\nfallback: [patcher-rules]",
    ),
    Code(
        "FL-A040",
        "Agents that take over for each other in a circle",
        "An agent's `fallback` names those that take over when it cannot. Here they lead back to where they began, so"
        " that the last one is no help. Each is tried at most once.",
        "take one of the names out",
        bad="a: fallback [b]\nb: fallback [a]",
        good="a: fallback [b]\nb: no fallback",
    ),
    Code(
        "FL-A041",
        "A fallback that does not exist",
        "The agent's `fallback` names one that no file describes: nobody would take over.",
        "mend the name: `fairlead agents list` shows those there are",
        bad="fallback: [patcher-rule]",
        good="fallback: [patcher-rules]",
    ),
    Code(
        "FL-A042",
        "The file with the schema of an output cannot be used",
        "`output: ./schema.json` names a file beside the agent's own that holds a JSON Schema. It is missing, cannot be"
        " read, or is no JSON object.",
        "put the schema beside the agent's file, or name a contract: findings, patch, report, metrics, verdict",
        bad="output: ./schema.jsn",
        good="output: ./schema.json",
    ),
    Code(
        "FL-A101",
        "There is no agent of this name",
        "A step names an agent that no card describes. Nothing is started for an agent that nobody knows.",
        "`fairlead agents list` shows the names",
        bad="agent: secret-scaner",
        good="agent: secret-scanner",
    ),
    Code(
        "FL-A140",
        "An allowed licence that nobody knows",
        "`licences_allowed` takes identifiers of SPDX. With a misspelt one the list would allow less than it seems to.",
        "write the identifier as the list of SPDX does",
        bad="licences_allowed: [Apache-2]",
        good="licences_allowed: [Apache-2.0]",
    ),
    Code(
        "FL-A141",
        "There is no control profile of this name",
        "The compliance-checker judges the controls of one profile that ships with it.",
        "`fairlead agents show compliance-checker` shows the profiles",
        bad="profile: soc2",
        good="profile: soc2-baseline",
    ),
    Code(
        "FL-A142",
        "There is no scope of this name",
        "The compliance-checker looks at all of its parts, or at one that is named.",
        "`fairlead agents show compliance-checker` shows the scopes",
        bad="scope: licenses",
        good="scope: licences",
    ),
    Code(
        "FL-A143",
        "A file is not what its name promises",
        "A lock file, manifest or workflow that is no valid JSON, TOML or YAML says nothing that a control could count"
        " on. The rest was judged.",
        "mend the file; the message says where it departs",
    ),
    Code(
        "FL-A144",
        "A file that controls need was not read",
        "It is too large, gone, or may not be read. Nothing is concluded from what was not seen.",
        "make it readable, or leave it out with `paths`",
    ),
    Code(
        "FL-A145",
        "A library that the compliance-checker needs is missing",
        "Licence expressions and JavaScript are read by libraries that are installed with Fairlead. What needs them was"
        " not judged.",
        "reinstall Fairlead with its dependencies",
    ),
    Code(
        "FL-A150",
        "The agent has no golden folder",
        "A test of an agent is a small repository and what the agent must find in it. Without one nothing is tested,"
        " and nothing tested is no success.",
        "make tests/agents/NAME/CASE/repo with a file or two, then `fairlead agents test NAME --update`",
    ),
    Code(
        "FL-A151",
        "A golden folder cannot be used",
        "It holds a folder `repo` and a file `expect.json`: a JSON object with `inputs`, and either `findings`,"
        " `output` or `fails`.",
        "mend it, or let `fairlead agents test NAME --update` write it",
        bad='{"finding": []}',
        good='{"inputs": {}, "findings": []}',
    ),
    Code(
        "FL-A152",
        "An agent of the project changed since the run began",
        "A run calls the agents that it began with. This one's file, or a file that it imports, is another one now,"
        " and something else is never run in its place.",
        "`fairlead rerun RUN` does the run again with the agent as it is now",
    ),
    Code(
        "FL-A153",
        "Importing the agent's code failed",
        "To learn what an agent takes, its file is imported in a child process. There it raised an exception. Only"
        " files directly beside it and installed libraries can be imported.",
        "mend the line that the message names",
    ),
    Code(
        "FL-A154",
        "The agent's code cannot be looked at",
        "The child process that imports the file to read its types did not end in time, or was killed.",
        "let nothing happen when the file is imported: work belongs into the function",
    ),
    Code(
        "FL-A155",
        "A golden folder cannot be copied",
        "An agent is tried over a copy, so that it can change nothing. The copy has at most 10,000 files and 100 MB,"
        " and only regular files, folders and links.",
        "keep the golden folder small",
    ),
    Code(
        "FL-A110",
        "The agent's file cannot be used",
        "A file that describes an agent was found, but this build cannot call what it describes; the message says why.",
        "`fairlead agents show NAME` shows the reason",
    ),
    Code(
        "FL-A111",
        "The inputs of an agent break its schema",
        "An agent is called only with inputs that its card describes: with others it would guess, or ignore them.",
        "`fairlead agents show NAME` shows what it takes",
        bad="with:\n  path: src",
        good="with:\n  paths: [src]",
    ),
    Code(
        "FL-A112",
        "A call is larger than calls may be",
        "Programs, arguments, inputs and names have maxima, so that a mistake is found before it costs anything.",
        "hand large data over in a file",
    ),
    Code(
        "FL-A113",
        "The agent has no such input",
        "The agent's card lists what it takes. An input that it does not know would be ignored.",
        "`fairlead agents show NAME` shows what it takes",
        bad="with:\n  path: [src]",
        good="with:\n  paths: [src]",
    ),
    Code(
        "FL-A114",
        "An input that the agent needs is missing",
        "The agent's card says that it cannot work without it.",
        "add it below `with:`",
    ),
    Code(
        "FL-A120",
        "A kind of rule that another agent has",
        "The code-reviewer leaves security to the security-scanner, so that no place is reported by both.",
        "call the agent security-scanner, or leave `type` out",
        bad="agent: code-reviewer\nwith:\n  type: security",
        good="agent: security-scanner",
    ),
    Code(
        "FL-A121",
        "A pattern that can fit no file",
        "A pattern of paths is compared with paths below the root of the tree: it neither begins with `/` nor holds"
        " `..`.",
        "write it as `src/**/*.py` or `*.py`",
        bad="pattern: /src/*.py",
        good='pattern: "src/**/*.py"',
    ),
    Code(
        "FL-A122",
        "Git knows no such commit",
        "What changed can only be told against a commit, a tag or a branch of the repository, and there must be one.",
        "`git log --oneline` and `git branch --all` show the names; a shallow clone lacks the older ones",
        bad="base: mian",
        good="base: main",
    ),
    Code(
        "FL-A123",
        "Git could not say what changed",
        "Git was asked for the files that differ from a commit, and failed or answered with more than is read.",
        "run the command that the message names by hand, or leave `base` out",
    ),
    Code(
        "FL-A124",
        "A source file was not read",
        "By its name it is source, but it is binary, larger than 2 MB, gone, or may not be read. Nothing is known of"
        " it, so the review is not whole; each such file is a finding of review/unread-file.",
        "name the file by what it is; `fairlead findings list --rule review/unread-file` lists each with its reason",
    ),
    Code(
        "FL-A132",
        "A dependency file is broken",
        "The file is binary, is not the TOML, JSON or lock that its name promises, or holds the marks of a merge that"
        " was not finished. Nothing is known of what it asks for; all other files are checked.",
        "mend it, or have its own program write it anew",
        bad="<<<<<<< HEAD",
        good="uv lock",
    ),
    Code(
        "FL-A133",
        "A lock file of a version that is not known",
        "The form of a lock changes between versions. One that is not known is not guessed at.",
        "write the lock with a version of its program that this build knows, or update Fairlead",
    ),
    Code(
        "FL-A134",
        "A dependency file that is not read",
        "The file is larger than 20 MB, holds more than 50,000 packages, is gone, leads out of the tree, or may not be"
        " read.",
        "make it readable, and see that it is what its name says",
    ),
    Code(
        "FL-A135",
        "A requirements file names one that cannot be followed",
        "A file that -r or -c names is not there, or the files lead back to where they came from. pip stops there too.",
        "name a file that is there, and let no file include itself",
        bad="-r gone.txt",
        good="-r base.txt",
    ),
    Code(
        "FL-A136",
        "The advisory data of this machine cannot be used",
        "A file of the data is gone, damaged, or was written by another version. The small set that ships was asked"
        " instead, and the step is degraded.",
        "bring the data anew with `fairlead data import DIR`",
    ),
    Code(
        "FL-A137",
        "A version that cannot be compared",
        "An advisory speaks of the package, but its version, or one in the advisory, is none that can be ordered.",
        "look the advisories of the package up, and write a version by PEP 440 or semver.org",
    ),
    Code(
        "FL-A138",
        "Too many dependency files",
        "At most 2,000 dependency files are read in one audit; the others are counted.",
        "audit parts of the tree: `fairlead review PATH`",
    ),
    Code(
        "FL-A160",
        "No rule can mend the finding",
        "The patcher-rules mend what has one right answer. Where the author's intent decides, or a registry must be"
        " asked, they do nothing and say so.",
        "mend it by hand, or let an agent with a model try",
    ),
    Code(
        "FL-A161",
        "The finding is not there any more",
        "A patch is made for one finding, named by its fingerprint. The scanner that found it does not report it in"
        " the tree at hand.",
        "scan again, and take the finding from the new report",
    ),
    Code(
        "FL-A162",
        "A file cannot be patched",
        "It cannot be read or written, is in an encoding that cannot be kept, or a credential stands beside the change:"
        " a patch is recorded and shown, and would repeat it.",
        "mend the file by hand",
    ),
    Code(
        "FL-A163",
        "The place is not written in a form that a rule can mend",
        "The rule is known, but the code at this place is another one than the rule knows how to change.",
        "mend it by hand, or let an agent with a model try",
    ),
    Code(
        "FL-A164",
        "The change was not good enough",
        "After the change the file would not be valid, the scanner would still report the finding, or it would report"
        " another one. The change was undone.",
        "mend it by hand, or let an agent with a model try",
    ),
    Code(
        "FL-A165",
        "A version that only its own program can raise",
        "The version stands in a lock, or beside hashes that only the registry knows. Raised by hand it would fit to"
        " nothing else.",
        "type the command that the message names, and commit what it writes",
    ),
    Code(
        "FL-A166",
        "No patch is left to combine",
        "None of the patches was given, applied, or left its file valid: there is nothing to test or to commit.",
        "look at `conflicts`, and at the steps that make the patches",
    ),
    Code(
        "FL-A180",
        "There is no such suite",
        "A suite is a Python file of the tree, named by its path from the root. It is gone, a link or a folder, leads"
        " out of the tree, or may not be read.",
        "mend `suite`; in a working copy nothing is that git ignores",
        bad="suite: /srv/shop/benchmarks/api.py",
        good="suite: benchmarks/api.py",
    ),
    Code(
        "FL-A181",
        "The suite has nothing to measure, or too much",
        "What is measured are the functions whose name begins with `bench_`, at most 100 of them, or one `main`. A"
        " suite without any would give figures of nothing.",
        "put what is to be measured into functions `bench_NAME()` without arguments",
        bad="def search_benchmark(): ...",
        good="def bench_search(): ...",
    ),
)
