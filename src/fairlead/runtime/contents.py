"""The content store as the interpreter reads it: values, the last few of them remembered."""

from collections import OrderedDict
from collections.abc import Callable

import msgspec

from fairlead.core.events import decode_definition
from fairlead.core.json import Digest, Json
from fairlead.core.workflow import Workflow

DEFINITIONS_MAX = 64  # workflows that are remembered
_REMEMBERED_BYTES_MAX = 20_000_000  # one list of 10,000 items is read once, not once per item


class Contents:
    """Reads values by their digest. What it gives must not be changed."""

    def __init__(self, get: Callable[[Digest], bytes], put: Callable[[bytes], Digest]) -> None:
        self._get = get
        self.put = put
        self._known: OrderedDict[Digest, tuple[int, Json]] = OrderedDict()
        self._size = 0

    def __call__(self, name: Digest) -> Json:
        """The value that was kept under *name*."""
        if name in self._known:
            self._known.move_to_end(name)
            return self._known[name][1]
        data = self._get(name)
        value = msgspec.json.decode(data)
        self._known[name] = (len(data), value)
        self._size += len(data)
        while self._size > _REMEMBERED_BYTES_MAX and len(self._known) > 1:
            _, (size, _) = self._known.popitem(last=False)
            self._size -= size
        return value


class Definitions:
    """Workflows by their digest, the last few of them remembered: runs of one workflow share one, and its plan."""

    def __init__(self, get: Callable[[Digest], bytes]) -> None:
        self._get = get
        self._known: OrderedDict[Digest, Workflow] = OrderedDict()

    def __call__(self, name: Digest) -> Workflow:
        """The workflow that was kept under *name*.

        Raises:
            FairleadError: FL-L006 it is missing or altered.
        """
        if name not in self._known:
            self._known[name] = decode_definition(self._get(name))
            if len(self._known) > DEFINITIONS_MAX:
                self._known.popitem(last=False)
        self._known.move_to_end(name)
        return self._known[name]
