"""XML manifests as a list of elements. A document type, and with it every entity bomb, is refused."""

from xml.parsers import expat  # nosec B407: a document type is refused below, and nothing outside is loaded


class MarkupBroken(Exception):
    """The text is no XML, or more than a manifest needs; the message says where."""


DEPTH_MAX = 100


def elements(text: str) -> list[tuple[tuple[str, ...], dict[str, str], str]]:
    """Every element in the order of its end: its path of names (without name spaces), attributes, and text.

    Raises:
        MarkupBroken: not well-formed, a document type, or deeper than DEPTH_MAX.
    """
    found: list[tuple[tuple[str, ...], dict[str, str], str]] = []
    path: list[str] = []
    open_ones: list[tuple[dict[str, str], list[str]]] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        path.append(name.rpartition(":")[2])
        if len(path) > DEPTH_MAX:
            raise MarkupBroken(f"deeper than {DEPTH_MAX} elements")
        open_ones.append((attributes, []))

    def end(_: str) -> None:
        attributes, parts = open_ones.pop()
        found.append((tuple(path), attributes, "".join(parts).strip()))
        path.pop()

    def characters(part: str) -> None:
        if open_ones:
            open_ones[-1][1].append(part)

    def document_type(*_: object) -> None:
        raise MarkupBroken("a document type is not allowed in a manifest")

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = document_type
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise MarkupBroken(str(error)) from None
    return found
