"""Codes of family E; see `fairlead.core.codes`. 0xx: found by a check, 1xx: found while a run is performed."""

from fairlead.core.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        "FL-E001",
        "`${` is not closed",
        "After `${` everything up to the next `}` is an expression, and there is none. Braces in quotes do not count, "
        "and a quote that is not closed hides what follows.",
        "add the `}`; write `$${` for a literal `${`",
        bad="paths: ${ inputs.paths",
        good="paths: ${ inputs.paths }",
    ),
    Code(
        "FL-E002",
        "An expression is missing",
        "Here an expression is expected, and there is none.",
        "write a value; write `$${` for a literal `${`",
        bad="count: ${ }",
        good="count: ${ inputs.count }",
    ),
    Code(
        "FL-E003",
        "Unknown root",
        "An expression begins with one of the roots that its place has (`inputs`, `steps`, `run` and others), or with "
        "the item of a fan-out or comprehension around it. The environment of the process is not among them, so that a "
        "run does not depend on who starts it.",
        "begin with one of the roots that the message lists",
        bad="home: ${ HOME }",
        good="home: ${ inputs.home }",
    ),
    Code(
        "FL-E004",
        "Unknown input",
        "The workflow declares no input of this name.",
        "correct the name, or declare the input",
        bad="paths: ${ inputs.path }",
        good="paths: ${ inputs.paths }",
    ),
    Code(
        "FL-E005",
        "Unknown field",
        "Of a step its `output` and its `status` can be read, of the run its `id`.",
        "name one of these fields",
        bad="text: ${ steps.scan.outputs }",
        good="text: ${ steps.scan.output }",
    ),
    Code(
        "FL-E006",
        "A reference to a step that does not exist",
        "No step of the file has this id.",
        "correct the id",
        bad="text: ${ steps.scann.output }",
        good="text: ${ steps.scan.output }",
    ),
    Code(
        "FL-E007",
        "A reference where nothing fills it in",
        "Names, edges and defaults are fixed when the file is read. A reference there would stay as literal text.",
        "put it into `with`, `run` or `outputs`",
        bad="agent: ${ inputs.agent }",
        good="agent: inventory",
    ),
    Code(
        "FL-E008",
        "A block has no output",
        "`parallel` and `steps` give nothing themselves; the steps inside do, and can be read from outside.",
        "name a step inside the block",
        bad="text: ${ steps.checks.output }",
        good="text: ${ steps.security.output }",
    ),
    Code(
        "FL-E009",
        "A value without fields",
        "The path goes on after a value that has no such part: text, a number, a list that is numbered.",
        "end the path before it",
        bad="first: ${ inputs.paths.first }",
        good="first: ${ inputs.paths[0] }",
    ),
    Code(
        "FL-E010",
        "Not an expression",
        "An expression is written in CEL: values, operators and functions. Something stands where the language allows "
        "nothing of its kind, or something is missing.",
        "put right what the message names; text belongs into quotes",
        bad="if: inputs.level = 'high'",
        good="if: inputs.level == 'high'",
    ),
    Code(
        "FL-E011",
        "A text or number that cannot be read",
        "A text ends with the quote that it began with, on the same line unless there are three of them; a backslash "
        "begins one of the escapes of CEL; a whole number has at most 64 bits.",
        "close the text, or write `\\\\` for a backslash",
        bad="if: inputs.level == 'high",
        good="if: inputs.level == 'high'",
    ),
    Code(
        "FL-E012",
        "A reserved word as a name",
        "CEL keeps some words for itself (`loop`, `package`, `namespace`, `function`, `var` and others): they name "
        "neither roots nor items.",
        "choose another name; the rounds of a loop are `round`",
        bad="until: loop.best <= 120",
        good="until: round.best <= 120",
    ),
    Code(
        "FL-E013",
        "`${ }` around an expression",
        "Places such as `if`, `that`, `until`, `each` and `metric` hold an expression and nothing else. `${ }` marks "
        "an expression inside text.",
        "leave `${` and `}` out; `fairlead check --fix` does it",
        bad="if: ${ steps.scan.ok }",
        good="if: steps.scan.ok",
    ),
    Code(
        "FL-E014",
        "The output has no such field",
        "The agent's card, or the action, says which fields an output has.",
        "name one of the fields that the message lists",
        bad="findings: ${ steps.scan.output.finding }",
        good="findings: ${ steps.scan.output.findings }",
    ),
    Code(
        "FL-E015",
        "Not part of the profile",
        "Fairlead's profile of CEL knows what JSON knows: numbers, texts, booleans, null, lists and objects. Bytes, "
        "unsigned numbers and messages are left out.",
        "write it with a value that JSON has",
        bad="if: inputs.count > 3u",
        good="if: inputs.count > 3",
    ),
    Code(
        "FL-E016",
        "An expression that is too long or too deep",
        "An expression has at most 10,000 characters and 64 levels of parts within parts.",
        "take it apart: put parts under `vars`, or let an agent work it out",
    ),
    Code(
        "FL-E017",
        "Unknown function",
        "The language has no function of this name, or none that is written in this form. Functions cannot be defined: "
        "those of the reference page are all there are.",
        "correct the name",
        bad="if: steps.scan.output.findings.length() > 0",
        good="if: steps.scan.output.findings.size() > 0",
    ),
    Code(
        "FL-E018",
        "Values that do not fit",
        "An operator or a function is given values of types that it does not take: the schemas of inputs and outputs "
        "say so before anything runs.",
        "convert the value, or compare it first",
        bad="if: steps.scan.output.findings > 0",
        good="if: steps.scan.output.findings.size() > 0",
    ),
    Code(
        "FL-E019",
        "A comparison that can never hold",
        "The value comes from a closed set, such as the severities `info`, `low`, `medium`, `high` and `critical`, and "
        "the literal beside it is not one of them. Such a check would pass or fail for ever.",
        "name one of the words that the message lists",
        bad="that: output.findings.all(f, f.severity != 'severe')",
        good="that: output.findings.all(f, f.severity != 'high')",
    ),
    Code(
        "FL-E020",
        "A value of another type is expected",
        "A condition has to be true or false, a metric a number, a fan-out a list. Nothing is converted silently: a "
        "text is never a condition.",
        "compare or convert the value",
        bad="if: inputs.ticket",
        good="if: inputs.ticket != ''",
    ),
    Code(
        "FL-E021",
        "A symbol has no value",
        "In the Python builder a symbol stands for a value that only a run has. Python cannot ask whether it is true: "
        "`if`, `and`, `or` and `not` would be decided while the workflow is written down.",
        "write `&`, `|` and `~` for “and”, “or” and “not”, and a condition instead of `if`",
        bad="if_=scan.output.ok and tests.output.ok",
        good="if_=scan.output.ok & tests.output.ok",
    ),
    Code(
        "FL-E022",
        "Values that are never equal",
        "Two values of different types are never equal: text is not a number, and a list is not its first item.",
        "convert one of them, or compare what was meant",
        bad="if: inputs.count == '3'",
        good="if: inputs.count == 3",
    ),
    Code(
        "FL-E023",
        "A macro that is written wrong",
        "`all`, `exists`, `exists_one`, `filter`, `map` and `sortBy` take the name of an item and then what is worked "
        "out for it; `has` takes one field.",
        "write it as the message shows",
        bad="if: steps.scan.output.findings.exists(severity == 'high')",
        good="if: steps.scan.output.findings.exists(f, f.severity == 'high')",
    ),
    Code(
        "FL-E024",
        "A pattern that cannot be read",
        "`matches` takes RE2's patterns: no back-references and no look-around, because they would take more than "
        "linear time. Patterns of paths (`git.changed`) know `*`, `?`, `**` and `[ab]`.",
        "write the pattern without what the message names",
        bad="if: inputs.tag.matches('(a)\\\\1')",
        good="if: inputs.tag.matches('aa')",
    ),
    Code(
        "FL-E026",
        "A field that stands twice",
        "An object that an expression puts together has two fields of the same name, and which one counts would be a "
        "matter of luck.",
        "leave one of them out",
        bad="each: \"[{'name': 'a', 'name': 'b'}]\"",
        good="each: \"[{'name': 'a'}]\"",
    ),
    Code(
        "FL-E027",
        "An order that is only alphabetical",
        "The words are a closed set with an order of their own, and `<` compares their letters: `critical` comes "
        "before `low`.",
        "name the words that are meant: `x in ['high', 'critical']`",
        bad="that: output.findings.all(f, f.severity < 'high')",
        good="that: output.findings.all(f, !(f.severity in ['high', 'critical']))",
    ),
    Code(
        "FL-E030",
        "An expression that costs too much",
        "Evaluating an expression takes at most 10,000 steps (an operator, a function or an item of a list is one) and "
        "builds at most 1 MB.",
        "filter early, read a smaller list, or let an agent work it out",
    ),
    Code(
        "FL-E040",
        "A value that does not fit",
        "An operator or function was given values of a kind that it does not take. Nothing is converted silently: text "
        "is never a number, and only `true` and `false` are conditions.",
        "convert the value (`int(x)`, `string(x)`), or compare it first",
        bad="if: inputs.count && true",
        good="if: inputs.count > 0 && true",
    ),
    Code(
        "FL-E041",
        "Out of range",
        "A whole number is beyond 64 bits (beyond 2**53 as the value of an expression), a number is beyond what JSON "
        "can say, a part lies outside its text or list, or an empty list was asked for its smallest item.",
        "compare the size first: `x.size() > 0 ? x.min() : 0`",
    ),
    Code(
        "FL-E042",
        "Division by zero",
        "Nothing can be divided by zero, and JSON has no infinity that could stand for it.",
        "compare first: `n == 0 ? 0 : total / n`",
        bad="metric: steps.bench.output.total / steps.bench.output.count",
        good='metric: "steps.bench.output.count == 0 ? 0 : steps.bench.output.total / steps.bench.output.count"',
    ),
    Code(
        "FL-E043",
        "A text that cannot be converted",
        "`int`, `double`, `bool`, `duration` and `percent` read a text, and this one is nothing of the kind.",
        "write a text of the form that the message shows",
        bad="if: steps.bench.output.seconds > duration('five minutes')",
        good="if: steps.bench.output.seconds > duration('5m')",
    ),
    Code(
        "FL-E044",
        "A condition that is neither true nor false",
        "The value of a condition has to be a boolean. A text, a number or a list is never taken for true.",
        "compare it: `x != ''`, `x > 0`, `x.size() > 0`",
        bad="if: steps.scan.output.findings",
        good="if: steps.scan.output.findings.size() > 0",
    ),
    Code(
        "FL-E101",
        "A reference found no value",
        "While the run was performed, the value was not there: a step that was skipped or failed has no output, "
        "a list may "
        "be shorter than expected. It never stays as literal text.",
        "give the step a `default`, or read a field that is always there",
    ),
)
