"""Planted files of a repository whose files are all new: which of them no test names. See `marks`."""

IS_GIT = True
FILES = {
    "src/orders.py": "def price(order):\n    return order.total\n",
    "src/unknown.py": "def weight(order):\n    return order.mass\n",
    "src/named_by_function.py": "class Basket:\n    size = 1\n",
    "src/constants.py": "LIMIT = 3\n",
    "src/migrations/first.py": "def forwards(apps):\n    return apps\n",
    "scripts/once.py": "def once(order):\n    return order\n",
    "tests/test_orders.py": "from orders import price\nfrom shop import Basket\n\n\n"
    "def test_it():\n    assert price(Basket)\n",
}
OF_FILES = {"src/unknown.py": "review/missing-tests"}
