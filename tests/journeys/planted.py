"""A small shop with faults, for workflows that mend them: its tests pass before and after, and need no library.

`MENDABLE` are the rules that a rule of ours mends, `LEFT` the one whose right answer only the author knows.
"""

from pathlib import Path

from tests.journeys.repositories import commit, git

_FILES = {
    ".gitignore": "__pycache__/\n.pytest_cache/\njunit.xml\n",
    "README.md": "# Shop\n",
    "shop/__init__.py": "",
    "shop/orders.py": '''"""Orders, in a database of their own."""

import sqlite3


def connect():
    database = sqlite3.connect(":memory:")
    database.execute("create table orders (customer text, item text)")
    return database


def add(database, customer, item):
    database.execute("insert into orders values (?, ?)", (customer, item))


def of_customer(database, customer):
    found = database.execute("select item from orders where customer = '" + customer + "'")
    return [row[0] for row in found]
''',
    "shop/files.py": '''"""Files that come and go."""

import hashlib
import os
import subprocess
import tarfile
import tempfile


def digest(data):
    return hashlib.md5(data).hexdigest()


def unpack(archive, folder):
    with tarfile.open(archive) as tar:
        tar.extractall(folder)


def room():
    name = tempfile.mktemp(suffix=".order")
    return name


def share(path):
    os.chmod(path, 0o777)


def count_lines(path):
    return subprocess.check_output(f"wc -l {path}", shell=True, text=True)
''',
    "shop/access.py": '''"""Who may do what."""

import random

LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


def make_token():
    token = "".join(random.choice(LETTERS) for _ in range(20))
    return token
''',
    "shop/server.py": '''"""The server. Containers need it to listen everywhere."""

from flask import Flask

app = Flask(__name__)


def main():
    app.run(host="0.0.0.0", port=8000)
''',
    "tests/test_shop.py": '''"""What must stay as it is."""

import os
import tarfile
import unittest
from tempfile import TemporaryDirectory

from shop import access, files, orders


class Shop(unittest.TestCase):
    def test_orders(self):
        database = orders.connect()
        orders.add(database, "O'Hara", "rope")
        orders.add(database, "Ada", "lamp")
        self.assertEqual(orders.of_customer(database, "Ada"), ["lamp"])

    def test_files(self):
        with TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.txt")
            with open(path, "w") as file:
                file.write("one\\ntwo\\n")
            archive = os.path.join(folder, "a.tar")
            with tarfile.open(archive, "w") as tar:
                tar.add(path, "b.txt")
            files.unpack(archive, folder)
            self.assertTrue(os.path.exists(os.path.join(folder, "b.txt")))
            self.assertEqual(files.count_lines(path).split()[0], "2")
            files.share(path)
            self.assertTrue(os.access(path, os.W_OK))
        self.assertEqual(files.digest(b"rope"), "%s")
        name = files.room()
        self.assertTrue(name.endswith(".order"))
        if os.path.exists(name):
            os.unlink(name)

    def test_access(self):
        self.assertEqual(len(access.make_token()), 20)


if __name__ == "__main__":
    unittest.main()
''',
}
MENDABLE = {
    ("security/sql-injection", "shop/orders.py"),
    ("security/weak-hash", "shop/files.py"),
    ("security/archive-extraction", "shop/files.py"),
    ("security/insecure-temporary-file", "shop/files.py"),
    ("security/loose-permissions", "shop/files.py"),
    ("security/command-injection", "shop/files.py"),
    ("security/insecure-random", "shop/access.py"),
}
LEFT = {("security/bind-all-interfaces", "shop/server.py")}


def make_planted_repository(directory: Path) -> Path:
    """A repository with one commit, the faults of `MENDABLE` and `LEFT`, and tests that pass."""
    directory.mkdir(parents=True)
    git(directory, "init", "-q", "-b", "main")
    plant(directory)
    commit(directory)
    return directory


def plant(directory: Path) -> Path:
    """The same files without a repository."""
    import hashlib

    digest = hashlib.md5(b"rope", usedforsecurity=False).hexdigest()  # nothing that looks like a secret is written down
    for path, text in _FILES.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text.replace('"%s"', f'"{digest}"'))
    return directory
