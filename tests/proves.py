"""The link between a promise and the tests that show it: `@proves("A2.3")`. The list is docs/promises.md."""

import pytest


def proves(*numbers: str) -> pytest.MarkDecorator:
    """Mark a test, or a class of tests, as what shows these promises to hold.

    A number is a capability and one of its acceptance points, as `A2.3`, or the capability alone where it has none. A
    house test compares the numbers in the tests with the list, both ways.
    """
    return pytest.mark.proves(*numbers)
