"""XML as a tree of elements. Entities are refused: a few lines of them expand to more than any machine holds."""

from xml.etree.ElementTree import Element, TreeBuilder  # nosec B405: elements only, the reader is below
from xml.parsers import expat  # nosec B407: entities are refused below, and nothing outside is loaded

from fairlead.agents.parsing.texts import NotParsed

DEPTH_MAX = 100


def root_of(data: bytes) -> Element:
    """The root element of *data*, names without their name spaces.

    A document type may stand there, for some writers of coverage reports put one; what it points to is not loaded.

    Raises:
        NotParsed: not well-formed, entities, or deeper than DEPTH_MAX.
    """
    if not data.strip():
        raise NotParsed("is empty")
    builder = TreeBuilder()
    parser = expat.ParserCreate()
    depth = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH_MAX:
            raise NotParsed(f"is nested deeper than {DEPTH_MAX} elements", parser.CurrentLineNumber)
        builder.start(name.rpartition(":")[2], attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name.rpartition(":")[2])

    def refuse(*_: object) -> None:
        raise NotParsed("defines or uses entities, which are not read", parser.CurrentLineNumber)

    parser.buffer_text = True
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = refuse
    parser.SkippedEntityHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise NotParsed(f"is not well-formed XML: {expat.ErrorString(error.code)}", error.lineno) from None
    except (LookupError, ValueError) as error:  # an encoding that nobody knows, or that is no text encoding
        raise NotParsed(f"has an encoding that cannot be read: {error}", 1) from None
    return builder.close()
