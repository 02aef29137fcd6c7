"""Licences: the project's own, and those of what it takes in."""

import re

from fairlead.agents.builtin import licence_texts
from fairlead.agents.builtin.compliance_checker import declared, locks
from fairlead.agents.builtin.compliance_checker.declared import Broken, Declared
from fairlead.agents.builtin.compliance_checker.expressions import Judge, Standing, Verdict, known_name
from fairlead.agents.builtin.compliance_checker.records import Check, Place, Violation
from fairlead.agents.builtin.compliance_checker.tree import LOCK_BYTES_MAX, TextFile, Tree, is_around, is_own, shortest
from fairlead.core.findings import Severity

NAMED_MAX = 5  # packages named in one message; the number of the others is said

_TAKEN_IN = re.compile(r"(^|/)(node_modules/(@[^/]+/)?[^/]+/package\.json|[^/]+\.dist-info/METADATA)$")
_VENDORED_TEXT = re.compile(r"(^|/)(vendor|vendored|_vendor|third[_-]party)/", re.IGNORECASE)
_TEXT_NAME = re.compile(r"(licen[cs]e|copying|unlicense)([-._].*)?$", re.IGNORECASE)
# The ecosystem of a manifest, to see whose packages state no licence anywhere.
_ECOSYSTEMS = {
    "pyproject.toml": "PyPI",
    "setup.cfg": "PyPI",
    "setup.py": "PyPI",
    "package.json": "npm",
    "Cargo.toml": "crates.io",
    "composer.json": "Packagist",
}
_STATES = {
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "package.json": "npm",
    "METADATA": "PyPI",
    "pixi.lock": "PyPI",
    "composer.lock": "Packagist",
}
_RULES: dict[Standing, str] = {
    "not allowed": "compliance/licence-not-allowed",
    "unknown": "compliance/licence-unknown",
    "broken": "compliance/licence-not-parsed",
}
_SAID: dict[Standing, str] = {
    "not allowed": "which is not on the list of allowed licences",
    "unknown": "which is no licence that SPDX knows",
    "broken": "which cannot be read as an SPDX expression",
}


class Licences:
    """Collects what files say of licences, and judges it against the list."""

    def __init__(self, judge: Judge) -> None:
        self.violations: list[Violation] = []
        self.degraded: list[str] = []
        self._judge = judge
        self._texts: list[tuple[str, str]] = []  # path of the project's own licence, name
        self._own: list[tuple[str, Declared]] = []
        self._stated: list[Place] = []  # files that state the licences of packages
        self._ecosystems: set[str] = set()
        self._no_library = ""

    def wants(self, path: str) -> bool:
        """Whether *path* says something of a licence."""
        name = path.rpartition("/")[2]
        if _TAKEN_IN.search(path) or locks.reader_for(path):
            return not is_around(path)
        if _TEXT_NAME.match(name) and not name.lower().endswith((".py", ".js", ".ts", ".go", ".html", ".json")):
            return (is_own(path) and path.count("/") == 0) or _VENDORED_TEXT.search(path) is not None
        return declared.reader_for(path) is not None and is_own(path)

    limit = LOCK_BYTES_MAX

    def look_at(self, file: TextFile, tree: Tree) -> None:
        """Take in what *file* says."""
        path = file.path
        try:
            if _TAKEN_IN.search(path):
                read = declared.from_metadata if path.endswith("METADATA") else declared.reader_for(path)
                assert read is not None
                self._package_file(path, read(file))
            elif lock := locks.reader_for(path):
                self._lock(path, lock(file))
            elif reader := declared.reader_for(path):
                self._manifest(path, reader(file))
            else:
                self._text(path, file)
        except Broken as error:
            tree.broken("FL-A143", path, str(error))

    # ------------------------------------------------------------------------------------------------------- taken in

    def _package_file(self, path: str, said: Declared) -> None:
        self._ecosystems.add(_STATES[path.rpartition("/")[2]])
        if not said.licence:
            self._missing(path, [said.package or path])
        else:
            self._package(path, locks.Package(said.package, said.licence, said.line))
        self._stated.append(Place(path, said.line, f"{said.package}: {said.licence or 'states no licence'}"))

    def _lock(self, path: str, packages: list[locks.Package]) -> None:
        silent = [package.name for package in packages if not package.licence]
        variants: dict[str, list[locks.Package]] = {}
        for package in packages:
            if package.is_variant and package.licence:
                variants.setdefault(package.licence, []).append(package)
            elif package.licence:
                self._package(path, package)
        for siblings in variants.values():
            # A package that is built for fourteen systems is one decision, not fourteen.
            self._package(path, siblings[0], len(siblings) - 1)
        if silent:
            self._missing(path, silent)
        if len(silent) < len(packages):
            ecosystem = _STATES.get(path.rpartition("/")[2])
            self._ecosystems.update([ecosystem] if ecosystem else set(_STATES.values()))
            self._stated.append(Place(path, 0, f"states the licences of {len(packages) - len(silent)} packages"))
        elif silent:
            self._ecosystems.add(_STATES.get(path.rpartition("/")[2], ""))

    def _package(self, path: str, package: locks.Package, siblings: int = 0) -> None:
        verdict = self._verdict(package.licence)
        if verdict is None or verdict.standing == "allowed":
            return
        severity: Severity | None = None
        reason = ""
        if package.is_development:
            severity = "low" if verdict.standing == "not allowed" else "info"
            reason = "The package is needed only to work on the project, and is not handed on with it."
        name = package.name[:100]
        said = _SAID[verdict.standing] + _part(verdict, package.licence)
        message = f"`{name}` has the licence `{_shown(package.licence)}`, {said}."
        if siblings:
            message += f" So have {siblings} more packages that are built for one system each."
        key = f"{name} {package.licence}"
        self.violations.append(Violation(_RULES[verdict.standing], path, package.line, message, key, severity, reason))

    def _missing(self, path: str, names: list[str]) -> None:
        shown = ", ".join(f"`{name[:60]}`" for name in names[:NAMED_MAX])
        more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
        verb = "state" if len(names) > 1 else "states"
        message = f"{shown}{more} {verb} no licence, so nothing says that one may use it."
        self.violations.append(Violation("compliance/licence-missing", path, 0, message, ""))

    # ------------------------------------------------------------------------------------------------------------ own

    def _manifest(self, path: str, said: Declared) -> None:
        self._own.append((path, said))
        if not said.licence or said.is_elsewhere:
            return
        verdict = self._verdict(said.licence)
        if verdict is None or verdict.standing == "allowed":
            return
        severity: Severity | None = None
        reason = ""
        if verdict.standing == "not allowed":
            severity = "info"
            reason = "It is the project's own choice; the list is meant for what the project takes in."
        message = f"The project names `{_shown(said.licence)}` as its licence, {_SAID[verdict.standing]}."
        self.violations.append(
            Violation(_RULES[verdict.standing], path, said.line, message, said.licence, severity, reason)
        )

    def _text(self, path: str, file: TextFile) -> None:
        name = licence_texts.recognise(file.text)
        if is_own(path):
            self._texts.append((path, name))
            if name == "unknown":
                message = f"The text of `{path}` is that of no licence that is known here."
                self.violations.append(Violation("compliance/licence-unknown", path, 1, message, "text"))
            return
        if name == "unknown":
            message = (
                "The text is that of no licence that is known here, so nothing says that one may hand the files on."
            )
            reason = "The files beside it were taken in; people must have looked at the text once."
            self.violations.append(Violation("compliance/licence-unknown", path, 1, message, "text", "info", reason))
            return
        expression = f"{name}-only" if name.startswith(("GPL", "LGPL", "AGPL")) else name
        verdict = self._verdict(expression)
        if verdict is not None and verdict.standing == "not allowed":
            message = f"The files beside it came with the licence `{name}`, {_SAID['not allowed']}."
            self.violations.append(Violation("compliance/licence-not-allowed", path, 1, message, name))

    def _verdict(self, licence: str) -> Verdict | None:
        try:
            return self._judge.judge(licence)
        except ImportError:
            if not self.degraded:
                self.degraded.append(
                    "FL-A145: license-expression is not installed, so only licences that stand on the list as they"
                    " are written were judged."
                )
            return None

    # ------------------------------------------------------------------------------------------------------- controls

    def checks(self, tree: Tree) -> dict[str, Check]:
        """What was learnt for the controls `own-licence` and `dependency-licences`."""
        return {"own-licence": self._own_check(tree), "dependency-licences": self._dependency_check(tree)}

    def _own_check(self, tree: Tree) -> Check:
        check = Check()
        for path, name in sorted(self._texts):
            check.evidence.append(
                Place(path, 1, f"the text of {name}" if name != "unknown" else "a text that is not known")
            )
        if not self._texts:
            folders = [path for path in tree.names if re.match(r"(licen[cs]es?|REUSE\.toml)(/|$)", path, re.IGNORECASE)]
            check.evidence += [Place(path, 0, "a licence text") for path in sorted(folders)[:1]]
        if not check.evidence and tree.is_whole:
            self.violations.append(
                Violation(
                    "compliance/no-licence-file", "LICENSE", 0, "There is no licence text at the top of the tree.", ""
                )
            )
            check.lacking.append("No licence text stands at the top of the tree.")
        for path in shortest(path for path, said in self._own if said.licence)[:1]:
            said = dict(self._own)[path]
            check.evidence.append(Place(path, said.line, f"names {_shown(said.licence)}"))
            self._compare(path, said, check)
        if any(v.rule.startswith("compliance/licence-") and self._is_of_own(v) for v in self.violations):
            check.lacking.append("The project's own licence has findings.")
        return check

    def _is_of_own(self, violation: Violation) -> bool:
        return is_own(violation.path) and violation.severity != "info" and locks.reader_for(violation.path) is None

    def _compare(self, path: str, said: Declared, check: Check) -> None:
        """The manifest and the text must speak of the same licence; with several texts one may choose."""
        known = {name for _, name in self._texts if name != "unknown"}
        verdict = self._verdict(said.licence) if not said.is_elsewhere else None
        if len(self._texts) != 1 or not known or verdict is None or verdict.standing in ("unknown", "broken"):
            return
        name = next(iter(known))
        if not re.search(rf"(?<![\w.-]){re.escape(name)}", known_name(said.licence)):
            text = self._texts[0][0]
            message = (
                f"The project names the licence `{_shown(said.licence)}`, but the text of `{text}` is that of {name}."
            )
            self.violations.append(Violation("compliance/licence-mismatch", path, said.line, message, said.licence))

    def _dependency_check(self, tree: Tree) -> Check:
        check = Check(evidence=list(self._stated[:20]))
        needs = {path: _ECOSYSTEMS[path.rpartition("/")[2]] for path, said in self._own if said.has_dependencies}
        for path in [p for p in tree.names if is_own(p) and re.search(r"(^|/)requirements[^/]*\.txt$", p)]:
            needs[path] = "PyPI"
        for ecosystem in sorted(set(needs.values()) - self._ecosystems):
            path = shortest(path for path, one in needs.items() if one == ecosystem)[0]
            message = f"No file of the tree states the licences of the packages of {ecosystem} that `{path}` asks for."
            check.lacking.append(message)
            self.violations.append(Violation("compliance/licence-missing", path, 0, message, ecosystem))
        rules = ("compliance/licence-not-allowed", "compliance/licence-unknown", "compliance/licence-not-parsed")
        wrong = [
            v for v in self.violations if v.rule in (*rules, "compliance/licence-missing") and not self._is_manifest(v)
        ]
        if wrong and self._stated:
            check.lacking.append(
                f"{len(wrong)} packages or texts have a licence that is not allowed, not known or not stated."
            )
        if not needs and not self._stated and not wrong:
            check.not_applicable = "The project asks for no packages, and holds none."
        return check

    def _is_manifest(self, violation: Violation) -> bool:
        path = violation.path
        return is_own(path) and locks.reader_for(path) is None


def _part(verdict: Verdict, licence: str) -> str:
    """Which part of a longer expression decides."""
    names = [name for name in verdict.names if name and name != licence]
    return f": {', '.join(f'`{name}`' for name in names[:NAMED_MAX])}" if names and verdict.standing != "broken" else ""


def _shown(licence: str) -> str:
    flat = " ".join(licence.replace("`", "'").split())
    return flat if len(flat) <= 80 else flat[:79] + "…"
