"""From `review --html` to the page: a strange repository, a fresh process, the file that it wrote, a real browser."""

from pathlib import Path

from tests.browser.opening import Opener, says, shown
from tests.journeys.door import Door
from tests.journeys.repositories import FAULTY, commit, make_repository

NAMES = ("<img src=x onerror='window.planted=1'>.py", "a\u202eyp.py", "quote\"'.py", "{{script}}.py")


def test_a_review_writes_a_report_that_shows_what_it_found(opener: Opener, tmp_path: Path) -> None:
    root = make_repository(tmp_path / "shop")
    door = Door(tmp_path / "home")
    secret = "ghp_" + "aB3dE5gH7jK9" * 3
    for name in NAMES:
        (root / name).write_text(FAULTY)
    (root / "settings.py").write_text(f'TOKEN = "{secret}"\n')
    commit(root)
    answer = door.call(root, "review", "--json", "--html", "out/report.html")
    assert answer.exit_code == 1, answer.said
    text = (root / "out/report.html").read_text("utf-8")
    assert secret not in text
    page = opener.open(text)
    says(page, "integrity-verdict", "data whole")
    findings = answer.json["findings"]
    assert "secrets/github-token" in {one["rule"] for one in findings}
    assert shown(page) == [one["id"] for one in findings][:100]
    assert page.evaluate("window.planted") is None
    listed = page.inner_text("#list")
    assert NAMES[0] in listed
    assert r"a\u202eyp.py" in listed
    again = door.call(root, "findings", "export", "-o", "again.html")
    assert again.exit_code == 0
    assert (root / "again.html").read_text("utf-8") == text, "the same run gives the same bytes"
