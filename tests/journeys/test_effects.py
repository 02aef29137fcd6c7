"""Effects as a person meets them: asked for, shown, allowed, done once beside the checkout, and no secret left."""

from pathlib import Path

from tests.env.effects.servers import Said, serving
from tests.journeys.door import Door
from tests.journeys.repositories import commit, differences, git, snapshot
from tests.proves import proves

WORKFLOW = """\
fairlead: 1
name: ship
steps:
  - id: apply
    effect: git.commit
    with:
      branch: fairlead/fix-${{ run.short_id }}
      diff: "--- a/notes.txt\\n+++ b/notes.txt\\n@@ -1 +1 @@\\n-two\\n+TWO\\n"
  - id: tell
    effect: http.request
    with:
      url: {url}/done
      method: POST
      allow_private: true
      headers:
        Authorization: {{secret: TEAM_TOKEN, prefix: "Bearer "}}
      body:
        commit: ${{ steps.apply.output.commit }}
  - id: say
    notify:
      to: [console, "{url}/hook", "slack:#team"]
      title: Committed ${{ steps.apply.output.commit }}
outputs:
  branch: ${{ steps.apply.output.branch }}
  commit: ${{ steps.apply.output.commit }}
"""


@proves("B10.1", "B10.3")
def test_each_effect_is_asked_for_and_done_once(door: Door, repository: Path) -> None:
    secret = "/".join(("team", "token", "of", "a", "journey"))
    environ = {"TEAM_TOKEN": secret}
    with serving(Said(200, {}, f"hello {secret}".encode())) as server:
        root = repository
        (root / "notes.txt").write_text("two\n")
        (root / ".fairlead/workflows").mkdir(parents=True)
        (root / ".fairlead/workflows/ship.yaml").write_text(WORKFLOW.format(url=server.url))
        commit(root)
        before = snapshot(root)
        begun = door.call(root, "run", "ship", "--json", environ=environ)
        assert begun.exit_code == 4, begun.said
        assert git(root, "branch", "--list", "fairlead/*") == b"", "nothing happens before somebody has said yes"

        (asked,) = door.call(root, "approvals", "--json").json["approvals"]
        assert b"+TWO" in door.call(root, "approvals", "show", asked["id"]).out
        first = door.call(root, "approve", environ=environ)
        assert first.exit_code == 4, first.said
        assert server.got == []
        (asked,) = door.call(root, "approvals", "--json").json["approvals"]
        shown = door.call(root, "approvals", "show", asked["id"], environ=environ)
        assert "Bearer ‹secret TEAM_TOKEN›" in shown.text
        second = door.call(root, "approve", environ=environ)
        assert "Slack is not delivered" in second.text + second.said

    made = git(root, "for-each-ref", "--format=%(objectname)", "refs/heads/fairlead").decode().split()
    assert len(made) == 1
    assert [(got.method, got.path) for got in server.got] == [("POST", "/done"), ("POST", "/hook")]
    assert server.got[0].headers["Authorization"] == f"Bearer {secret}"
    assert made[0].encode() in server.got[0].body
    run = door.call(root, "runs", "show", "--json").json
    assert run["status"] == "degraded"
    added = (".git/objects/", ".git/refs/heads/fairlead", ".git/logs/refs/heads/fairlead")
    assert [name for name in differences(before, snapshot(root)) if not name.startswith(added)] == []
    said = [begun.out, begun.err, first.out, first.err, shown.out, second.out, second.err]
    kept = [path.read_bytes() for path in (root / ".git/fairlead").rglob("*") if path.is_file()]
    assert len(kept) > 3
    assert not any(secret.encode() in data for data in (*said, *kept))
