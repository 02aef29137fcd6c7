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
)
