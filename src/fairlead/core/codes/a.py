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
        "FL-A005",
        "This build cannot call this kind of agent",
        "The agent is listed so that it is not lost, but the adapter that speaks to it comes with a later build.",
        "use an agent that ships: `fairlead agents list`",
        bad="fairlead:\n  adapter: claude",
        good="fairlead:\n  adapter: tool",
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
        "An agent file has at most 1,000,000 bytes.",
        "shorten it",
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
)
