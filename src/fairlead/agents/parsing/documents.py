"""Any strict JSON document, as it is."""

from fairlead.agents.parsing.texts import json_of
from fairlead.core.json import Json


def parse(data: bytes) -> Json:
    """The document.

    Raises:
        NotParsed: it is not strict JSON.
    """
    return json_of(data)
