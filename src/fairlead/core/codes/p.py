"""Codes of family P; see `fairlead.core.codes`."""

from fairlead.core.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        "FL-P001",
        "A person rejected it",
        "One no is a no, whoever else has said yes. Nothing new begins, what runs may end, and `finally` is performed.",
        "read the reason in `fairlead runs show`, mend what it names, and start again with `fairlead rerun`",
    ),
    Code(
        "FL-P002",
        "A person asked for changes",
        "What was shown is not what the person wants to happen. The run ends as rejected, with the comment kept.",
        "change what the comment names, and start again with `fairlead rerun`",
    ),
    Code(
        "FL-P003",
        "Nobody decided in time",
        "The question has a `timeout` and says `on_timeout: reject`, so no answer counts as a no. A decision that comes"
        " later has no effect.",
        "start again with `fairlead rerun`; `on_timeout: hold` lets a question wait for ever",
        bad="approve:\n  title: Deploy?\n  timeout: 5m\n  on_timeout: reject",
        good="approve:\n  title: Deploy?\n  timeout: 24h\n  on_timeout: hold",
    ),
    Code(
        "FL-P004",
        "No single question is meant",
        "Nothing that is open has this id, or what was typed could mean several. Nobody decides on a question that was"
        " only guessed.",
        "`fairlead approvals` lists what is open, each with its id",
    ),
    Code(
        "FL-P005",
        "The question has no such choice",
        "A question says what can be decided. A subset needs numbers that stand in its list, and each only once.",
        "`fairlead approvals show` has the choices, and the list with its numbers",
        bad="fairlead approve a-5kx2 --only 9",
        good="fairlead approve a-5kx2 --only 1,3",
    ),
    Code(
        "FL-P006",
        "The question is decided already",
        "The first decision that settles a question is the only one. A later one is refused and leaves no trace.",
        "`fairlead runs show` says who decided, when and what",
    ),
    Code(
        "FL-P007",
        "Somebody else is asked",
        "The question names who decides, and the people file does not say that you are one of them. Who you are is what"
        " the operating system says, never a name that is typed.",
        "let one of those decide who are named, or put yourself into `.fairlead/people.yaml` where the team agrees",
    ),
    Code(
        "FL-P008",
        "A reason is missing",
        "Whoever asks for changes has to say which; nobody can act on it otherwise. What the person lets happen without"
        " a question needs a reason too, for whoever reads the record later.",
        "add it with `-m`, or with `--reason` for `approvals allow`",
        bad="fairlead request-changes a-5kx2",
        good='fairlead request-changes a-5kx2 -m "add a test"',
    ),
    Code(
        "FL-P009",
        "This cannot be allowed in general",
        "Only kinds of effects that this build performs can happen without a question, and `self`. What cannot be taken"
        " back is always asked about.",
        "`fairlead approvals allowed` lists the kinds",
        bad="fairlead approvals allow git.comit",
        good='fairlead approvals allow git.commit --reason "only on my own branch"',
    ),
    Code(
        "FL-P010",
        "A request may not go to this address",
        "The name leads into a private network, which needs `allow_private: true`, or to an address that requests never"
        " go to: that of a group, a reserved one, or one where a machine hands out its own credentials.",
        "say `allow_private: true` when a private network is meant",
        bad="url: http://build.internal/start",
        good="url: http://build.internal/start\nallow_private: true",
    ),
    Code(
        "FL-P011",
        "A server did not prove who it is",
        "Its certificate is not for this name, has expired, or is signed by nobody whom this machine trusts. The check"
        " is never left out.",
        "let the server have a certificate that this machine trusts, or let the machine trust its issuer",
    ),
    Code(
        "FL-P012",
        "Nobody decides on the own request here",
        "Who asked for the run asked the question too. That is refused where the question says `not_by: [requester]`,"
        " where the people file has several people, and always where something cannot be taken back.",
        "let somebody else decide; where that is impossible, `fairlead approvals allow self --reason …` allows it for"
        " this project, and every such decision says so",
    ),
    Code(
        "FL-P013",
        "A secret would be sent without encryption",
        "Whoever stands between here and the server could read it. Only requests to this very machine are exempt.",
        "write the address with https",
        bad="url: http://example.org/hook",
        good="url: https://example.org/hook",
    ),
    Code(
        "FL-P020",
        "What is allowed cannot be written down",
        "It is kept in the directory of the person's data, outside of every checkout, and that directory cannot be"
        " written. Nothing has changed.",
        "`fairlead doctor` says where it lies; make room there, or make it writable",
    ),
    Code(
        "FL-P031",
        "What was approved is not what would run",
        "What the question showed has changed since, so the decision would be about something that the person has not"
        " seen. Nothing was recorded, and nothing was performed.",
        "look at it again with `fairlead approvals show`, then decide",
    ),
    Code(
        "FL-P040",
        "Two people are one user",
        "Each person of the people file stands for one user of the operating system. Two with the same could decide"
        " twice.",
        "give each person a `user` of their own; without the key it is the person's name",
        bad="people:\n  ann: {user: ann}\n  anna: {user: ann}",
        good="people:\n  ann: {user: ann}\n  bob: {user: bob}",
    ),
    Code(
        "FL-P041",
        "The people file cannot be used",
        "It cannot be read, is larger than 1 MB, names more than 1,000 people, or there is one in YAML and one in JSON."
        " Who may decide is then not known, so nobody may.",
        "keep one `.fairlead/people.yaml`; `fairlead approvals` reads it again each time",
    ),
    Code(
        "FL-P042",
        "A name of a person, a team or a role is no name",
        "Names are letters, digits and `. _ -`, at most 64, so that they look the same wherever they stand.",
        "write the login name, or a short name for the team",
        bad="people:\n  ann:\n    teams: [the security people]",
        good="people:\n  ann:\n    teams: [security]",
    ),
    Code(
        "FL-P300",
        "A step asks for isolation that is switched off",
        "Its author wrote which level it needs at least, and isolation is switched off for this project by the person"
        " who runs it. A lower level than the one that was asked for is never given.",
        "switch it on again: `fairlead sandbox on`",
    ),
)
