"""The shape that a description asks for: sixty labelled sentences, whole words only, and no chance in it."""

import pytest

from fairlead.service.workflow_new import list_templates
from fairlead.workflow import read_workflow
from fairlead.workflow.drafts import draft_of
from fairlead.workflow.suggesting import suggest
from tests.proves import proves

# The shape, the words that say it, the sentence.
LABELLED = (
    ("parallel", "independent", "Run three independent checks on the repository"),
    ("parallel", "concurrent", "Start concurrent scans of all services"),
    ("parallel", "multiple", "Look at multiple packages and report"),
    ("parallel", "independent multiple", "Multiple independent linters over the code"),
    ("parallel", "INDEPENDENT", "INDEPENDENT REVIEWS BY THREE AGENTS"),
    ("parallel", "concurrent", "Keep concurrent tests from slowing each other"),
    ("parallel", "multiple", "Benchmark multiple suites"),
    ("parallel", "independent", "Two independent opinions on a change"),
    ("parallel", "multiple", "Scan multiple branches"),
    ("parallel", "concurrent multiple", "Concurrent builds for multiple platforms"),
    ("parallel", "multiple", "Ask multiple reviewers"),
    ("parallel", "independent", "Every module is independent of the others"),
    ("sequential", "then", "Build the project, then test it"),
    ("sequential", "afterwards", "Test it, afterwards publish a report"),
    ("sequential", "in order", "Perform the migrations in order"),
    ("sequential", "then afterwards", "Lint, then test, afterwards report"),
    ("sequential", "then", "Fetch the data; then count the rows"),
    ("sequential", "in order", "Install, build and check IN ORDER"),
    ("sequential", "", "Check the licences of the dependencies"),
    ("sequential", "", "A specific report for building management"),
    ("sequential", "", "Use the processor of the server"),
    ("sequential", "", "Review the authentication module"),
    ("sequential", "then", "Open a branch, then commit"),
    ("sequential", "", "Write release notes"),
    ("conditional", "if", "If the tests fail, tell the team"),
    ("conditional", "condition", "Depending on a condition choose the deployment"),
    ("conditional", "decision", "A decision about the next release"),
    ("conditional", "validate", "Validate the configuration"),
    ("conditional", "if validate", "Validate the input and stop if it is wrong"),
    ("conditional", "if decision", "Make a decision if coverage is low"),
    ("conditional", "if", "Open a ticket only if something is critical"),
    ("conditional", "validate", "validate the feature against its ticket"),
    ("conditional", "condition", "One condition, two ways on"),
    ("conditional", "if", "Deploy if green"),
    ("conditional", "decision", "A person's decision, two outcomes"),
    ("conditional", "validate condition", "Validate each condition of the licence"),
    ("iterative", "optimize", "Optimize the slow query"),
    ("iterative", "iterate", "Iterate on the prompt"),
    ("iterative", "repeat", "Repeat the benchmark"),
    ("iterative", "until", "Change the code until the tests pass"),
    ("iterative", "repeat until", "Repeat until the score is above 90"),
    ("iterative", "optimize until", "Optimize the build until it takes a minute"),
    ("iterative", "iterate until", "Iterate until nobody complains"),
    ("iterative", "repeat", "Measure and repeat"),
    ("iterative", "optimize iterate", "Iterate to optimize memory"),
    ("iterative", "until", "Wait until the service answers"),
    ("iterative", "repeat", "REPEAT the fuzzing"),
    ("iterative", "optimize repeat until", "Optimize, repeat, until stable"),
    ("pipeline", "transform", "Transform the reports to CSV"),
    ("pipeline", "stage", "Each stage hands on its output"),
    ("pipeline", "process", "Process the incoming files"),
    ("pipeline", "extract", "Extract the findings and store them"),
    ("pipeline", "extract transform", "Extract and transform the log lines"),
    ("pipeline", "stage process", "Process the data stage by stage"),
    ("pipeline", "transform process", "Process the images and transform them"),
    ("pipeline", "extract", "extract text from documents"),
    ("pipeline", "extract transform process", "Extract, transform, process, load"),
    ("pipeline", "stage", "A last stage writes the summary"),
    ("pipeline", "transform", "Transform XML into JSON"),
    ("pipeline", "process", "Process invoices"),
)


@proves("A3.1")
@pytest.mark.parametrize(("shape", "words", "sentence"), LABELLED, ids=lambda value: str(value)[:40])
def test_a_sentence_gets_its_shape_and_its_words_are_named(shape: str, words: str, sentence: str) -> None:
    found = suggest(sentence)
    assert found.shape == shape
    joined = " ".join(found.words.get(shape, ()))
    assert sorted(joined.split()) == sorted(words.lower().split())
    assert all(f"`{word}`" in found.reason for word in found.words.get(shape, ()))


@proves("A3.2")
def test_no_word_matches_inside_another() -> None:
    found = suggest("A specific building for the processor, staged, thence iffy, reiterated and preprocessed")
    assert found.words == {}
    assert found.shape == "sequential"
    assert set(found.scores.values()) == {0}


def test_equal_scores_are_decided_by_the_order_and_it_is_said() -> None:
    found = suggest("If independent, process it, then repeat")
    assert found.shape == "parallel"
    assert "sequential and conditional and iterative and pipeline would count as much" in found.reason
    assert suggest("validate, then").shape == "sequential"
    assert suggest("validate until").shape == "conditional"
    assert suggest("extract until").shape == "iterative"


@proves("A3.3", "A3.4")
@pytest.mark.parametrize("sentence", [row[2] for row in LABELLED[::7]])
def test_the_same_sentence_gives_the_same_draft_and_it_passes_the_check(sentence: str) -> None:
    text = draft_of("draft", sentence, suggest(sentence))
    assert text == draft_of("draft", sentence, suggest(sentence))
    read = read_workflow("draft.yaml", text.encode())
    assert read.diagnostics == ()
    assert read.workflow is not None
    assert read.workflow.description == sentence


@proves("A3.4")
@pytest.mark.parametrize(
    "nasty", ['"', "${ inputs.x }", "$${", "a: b # c\n---\n- d", "\u2028", "'", "\\", "x" * 9_999, "${" * 4_000, "{{"]
)
def test_whatever_is_written_becomes_a_description_and_nothing_else(nasty: str) -> None:
    read = read_workflow("draft.yaml", draft_of("draft", f"say {nasty} until", suggest(nasty)).encode())
    assert read.diagnostics == ()
    assert read.workflow is not None


@pytest.mark.parametrize(
    ("text", "score", "size"),
    [
        ("tidy up", 0, "trivial"),
        ("change src/app.py and src/b.py", 2, "trivial"),
        ("change 9 files?", 11, "small"),
        ("migrate the data of 4 modules", 27, "medium"),
        ("migrate 20 files of 5 modules", 50, "large"),
        ("75 files", 75, "epic"),
        ("100 files", 100, "epic"),
        ("101 files", 101, "mega"),
    ],
)
def test_effort_is_a_sum_with_its_parts(text: str, score: int, size: str) -> None:
    effort = suggest(text).effort
    assert (effort.score, effort.size) == (score, size)
    assert sum(effort.parts.values()) == score


def test_large_work_is_split_by_a_choice() -> None:
    for text, is_split in (("75 files", False), ("76 files", True)):
        read = read_workflow("draft.yaml", draft_of("draft", text, suggest(text)).encode())
        assert read.workflow is not None
        assert ("split" in read.workflow.plan) == is_split


def test_there_are_nine_templates() -> None:
    assert len({one.name for one in list_templates().templates}) == 9
