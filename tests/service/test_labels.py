"""Labels of a run that does another one again."""

from fairlead.service.labels import BASE_COMMIT, BASE_NAME, BASELINE, BASELINE_RUN, kept_for_another


def test_another_run_keeps_what_people_gave_and_what_the_first_was_compared_with() -> None:
    compared = {BASE_NAME: "main @ 4f2c1e9", BASE_COMMIT: "4f2c1e9", BASELINE_RUN: "r-base0001"}
    assert kept_for_another({"team": "a", **compared}) == {"team": "a", **compared}
    # A baseline that a person starts again is a run of that person, and shown in lists.
    assert kept_for_another({"team": "a", BASELINE: "4f2c1e9"}) == {"team": "a"}
