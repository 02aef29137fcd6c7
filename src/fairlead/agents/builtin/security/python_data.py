"""Data that becomes objects or files: deserialisation, XML, archives."""

import ast

from fairlead.agents.builtin.security.python_injection import SEVERITIES
from fairlead.agents.builtin.security.python_sites import REASONS, Check, Site
from fairlead.agents.builtin.security.python_values import KNOWN, REQUEST, Value
from fairlead.core.findings import Severity

_RULE = "unsafe-deserialisation"
_PICKLES = (
    "pickle.",
    "cPickle.",
    "_pickle.",
    "dill.",
    "cloudpickle.",
    "joblib.",
    "pandas.",
    "jsonpickle.",
    "six.moves.cPickle",
)
# Formats of which the program usually writes the file itself.
_OWN_FILES = ("marshal.", "shelve.", "torch.", "numpy.", "joblib.")
_SAFE_LOADERS = ("SafeLoader", "CSafeLoader", "BaseLoader", "CBaseLoader")


def deserialise(site: Site) -> Value | None:
    name = site.name
    if name.startswith("yaml."):
        return _yaml(site)
    if name.startswith("numpy.") and site.constant(-1, "allow_pickle") is not True:
        return None
    if name.startswith("torch.") and site.constant(-1, "weights_only") is True:
        return None
    if name.startswith((*_PICKLES, *_OWN_FILES)):
        what = name.partition(".")[0]
        _report(site, f"is turned into objects by {what}, which runs code that the data names")
    return None


def _yaml(site: Site) -> Value | None:
    if site.method in ("load", "load_all"):
        loader = site.argument(1, "Loader")
        if loader is not None and site.flow.names.qualified(loader).rpartition(".")[2].endswith(_SAFE_LOADERS):
            return None
        if isinstance(loader, ast.Name) and "safe" in loader.id.lower():
            return None
    _report(site, "is read by a YAML loader that can make any object")
    return None


def _report(site: Site, does: str) -> None:
    node = site.call.args[0] if site.call.args else site.call
    value = site.flow.known(node) if site.call.args else Value()
    if value.level == KNOWN or value.kind.endswith(("pickle.dumps()", "dill.dumps()", "marshal.dumps()")):
        return
    severity: Severity = SEVERITIES[_RULE][value.level]
    reason = REASONS[value.level]
    if value.level != REQUEST and site.name.startswith(_OWN_FILES):
        severity, reason = (
            "low",
            "Such files are mostly written by the same program; whether this one is, is not proven.",
        )
    whence = f"{value.source} and" if value.source else "data"
    site.report.add(_RULE, site.call, f"{whence[0].upper()}{whence[1:]} {does}.", severity, reason)


def xml(site: Site) -> Value | None:
    """lxml's parsers, when they are told to resolve entities or read what a request brought."""
    name = site.name
    if not name.startswith(("lxml.", "xml.")):
        return None
    if site.method in ("XMLParser", "iterparse", "XMLPullParser") and name.startswith("lxml."):
        if site.constant(-1, "resolve_entities") is True or site.constant(-1, "load_dtd") is True:
            site.report.add(
                "xxe", site.call, "The parser resolves entities, so a document can read files of this machine."
            )
        return None
    node = site.argument(0, "source", "text", "string")
    if node is not None and site.method in ("parse", "fromstring", "XML", "parseString"):
        value = site.flow.known(node)
        if value.level == REQUEST and value.danger("xml"):
            is_lxml = name.startswith("lxml.")
            site.report.add(
                "xxe", site.call, f"{value.source[0].upper()}{value.source[1:]} and is parsed as XML with entities.",
                "medium" if is_lxml else "low",
                "Older releases of lxml resolve entities unless told not to." if is_lxml
                else "The standard library opens no external entities; nested ones can still use up memory.",
            )  # fmt: skip
    return None


def xml_feature(site: Site) -> Value | None:
    feature = site.argument(0, "name")
    word = site.flow.names.qualified(feature) if feature is not None else ""
    text = str(site.constant(0, "name"))
    if ("feature_external_" in word or "external-general-entities" in text or "external-parameter" in text) and (
        site.constant(1, "state", "value") in (True, 1)
    ):
        site.report.add("xxe", site.call, "The parser is told to read external entities.")
    return None


def extract(site: Site) -> Value | None:
    """`TarFile.extractall` without a filter writes wherever the archive says."""
    kind = site.receiver.kind
    modules = site.flow.names.modules
    if kind.startswith("zipfile.") or ("tarfile" not in modules and not kind.startswith("tarfile.")):
        return None
    if "zipfile" in modules and not kind.startswith("tarfile."):
        return None
    wanted = site.constant(-1, "filter")
    if site.has("filter") and wanted != "fully_trusted":
        return None
    if site.has("members"):
        site.report.add(
            "archive-extraction", site.call, "The members of a tar archive are extracted without a filter.", "low",
            "The members are chosen by the program, which may check them.",
        )  # fmt: skip
    else:
        site.report.add("archive-extraction", site.call, "A tar archive is extracted without a filter.")
    return None


def unpack(site: Site) -> Value | None:
    if site.name == "shutil.unpack_archive" and not site.has("filter"):
        site.report.add(
            "archive-extraction", site.call, "An archive is unpacked without a filter.", "low",
            "Only tar archives are dangerous here, and which kind this is is not known.",
        )  # fmt: skip
    return None


CHECKS: dict[str, Check] = {
    **dict.fromkeys(("loads", "Unpickler", "read_pickle", "decode", "unsafe_load", "unsafe_load_all"), deserialise),
    "load": deserialise,
    "load_all": deserialise,
    "open": lambda site: deserialise(site) if site.name == "shelve.open" else None,
    "DbfilenameShelf": deserialise,
    **dict.fromkeys(("XMLParser", "XMLPullParser", "iterparse", "parse", "fromstring", "parseString", "XML"), xml),
    "setFeature": xml_feature,
    "extractall": extract,
    "unpack_archive": unpack,
}
