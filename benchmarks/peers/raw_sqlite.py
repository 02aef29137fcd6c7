"""The floor: SQLite from Python, one commit (WAL, FULL) for each step, with the same payload and nothing else.

No engine: no timeouts, no retries, no events, no second process. What an engine costs beyond this is its own.
"""

import json
import os
import sqlite3

from harness import Bench, main, workloads  # type: ignore[import-not-found]  # lies beside this program

DDL = "CREATE TABLE IF NOT EXISTS step(run TEXT, i INTEGER, output BLOB, PRIMARY KEY (run, i))"


class RawSqlite(Bench):  # type: ignore[misc]  # the harness has no types
    """One connection, one table."""

    async def open(self, fresh: bool = True) -> None:
        """As the documentation of SQLite says for durable commits with a write-ahead log."""
        self.db = sqlite3.connect(os.path.join(self.dir, "raw.db"), isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute(DDL)

    async def close(self) -> None:
        """Which moves the write-ahead log into the database."""
        self.db.close()

    def _from(self, run: str, first: int, n: int, size: int = 0) -> None:
        for i in range(first, n):
            output = json.dumps(workloads.step_body(i, size))
            self.db.execute("INSERT INTO step VALUES(?, ?, ?)", (run, i, output))  # a transaction of its own

    async def chain(self, rid: str, n: int, size: int = 0, keep: bool = False) -> None:
        """One step after the other."""
        self._from(rid, 0, n, size)

    async def fanout(self, rid: str, n: int) -> None:
        """The same: one connection commits one step at a time."""
        self._from(rid, 0, n)

    async def resume(self, rid: str, n: int) -> None:
        """Behind the last step that is there."""
        (done,) = self.db.execute("SELECT count(*) FROM step WHERE run = ?", (rid,)).fetchone()
        self._from(rid, done, n)

    async def history(self, rid: str) -> int:
        """All steps of the run, decoded."""
        rows = self.db.execute("SELECT i, output FROM step WHERE run = ? ORDER BY i", (rid,))
        return len([(i, json.loads(output)) for i, output in rows])


if __name__ == "__main__":
    main(RawSqlite)
