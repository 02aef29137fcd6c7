"""What can be said of dependency files without any advisory: locks that are missing, out of step or loose."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence

from fairlead.agents.builtin.dependency_auditor.manifests import names_of_project
from fairlead.agents.builtin.dependency_auditor.reading import Fault, Reading, Where, Wish, is_fixed_source
from fairlead.agents.builtin.dependency_auditor.requirements_files import is_for_work
from fairlead.agents.builtin.dependency_auditor.toml_files import read_toml
from fairlead.agents.builtin.dependency_auditor.versions import python_name

_NAMES_SHOWN_MAX = 5
_LOCK_COMMANDS = {"pyproject.toml": "uv lock", "package.json": "npm install --package-lock-only"}
_RELOCK = {
    "uv.lock": "uv lock",
    "poetry.lock": "poetry lock",
    "pdm.lock": "pdm lock",
    "package-lock.json": "npm install",
    "yarn.lock": "yarn install",
    "yarn.lock of Yarn 2": "yarn install",
    "pnpm-lock.yaml": "pnpm install",
}


def lock_over(manifest: Reading, locks: Iterable[Reading]) -> Reading | None:
    """The lock that decides for a manifest: in its folder, or in the nearest one above it (a workspace)."""
    here = posixpath.dirname(manifest.path)
    above = [one for one in locks if one.ecosystem == manifest.ecosystem and _is_within(here, _folder_of(one))]
    return max(above, key=lambda one: len(_folder_of(one)), default=None)


def _folder_of(lock: Reading) -> str:
    """The folder that a lock is for: pinned requirements often lie in one of their own."""
    folder, _, name = posixpath.dirname(lock.path).rpartition("/")
    return folder if lock.kind == "requirements" and name == "requirements" else posixpath.dirname(lock.path)


def _is_within(folder: str, above: str) -> bool:
    return not above or folder == above or folder.startswith(above + "/")


def missing_locks(
    manifests: Sequence[Reading], locks: Sequence[Reading], pinned: Sequence[Reading]
) -> Iterator[tuple[Reading, Fault]]:
    """One fault for each ecosystem, at the manifest that lies highest: the others are counted."""
    for kind in ("pyproject.toml", "package.json"):
        loose = [
            one
            for one in manifests
            if one.kind == kind
            and any(not wish.is_exact and not wish.is_elsewhere for wish in one.wishes)
            and lock_over(one, locks) is None
            and lock_over(one, pinned) is None
        ]
        if not loose:
            continue
        first = min(loose, key=lambda one: (one.path.count("/"), one.path))
        more = f" So it is with {len(loose) - 1} more." if len(loose) > 1 else ""
        count = sum(not wish.is_exact and not wish.is_elsewhere for wish in first.wishes)
        asks, them = ("1 package is asked for", "it") if count == 1 else (f"{count} packages are asked for", "them")
        message = f"{asks} by a range, and no lock says what is installed, so nothing is known of {them}.{more}"
        yield first, Fault("no-lock-file", Where(), message, f"Write a lock: {_LOCK_COMMANDS[kind]}", subject=kind)


def loose_requirements(reading: Reading) -> Iterator[Fault]:
    """One fault for a requirements file of which a part has no exact version."""
    wishes = [wish for wish in reading.wishes if not wish.is_elsewhere]
    loose = [wish for wish in wishes if not wish.is_exact]
    if not loose or posixpath.basename(reading.path).startswith("constraints"):
        return
    is_bounded = all(wish.is_bounded for wish in loose)
    message = f"{len(loose)} of {len(wishes)} requirements have no exact version: {_listed(loose)}."
    severity = "info" if is_bounded or is_for_work(reading.path) else ""
    yield Fault("unpinned", loose[0].where, message, severity=severity, subject="unpinned")


def loose_manifest(reading: Reading) -> Iterator[Fault]:
    """One fault for a package.json without a lock that takes any version of a package there ever will be."""
    loose = [wish for wish in reading.wishes if not (wish.is_exact or wish.is_elsewhere or wish.is_bounded)]
    if loose:
        message = f"Any later version is taken, whoever publishes it: {_listed(loose)}."
        yield Fault("unpinned", loose[0].where, message, subject="unpinned")
    for wish in reading.wishes:
        if wish.is_elsewhere and not is_fixed_source(wish.text):
            message = f"{wish.name} comes from {wish.text[:100]}, and what is there can be exchanged."
            yield Fault("unfixed-source", wish.where, message, subject=wish.name)


def out_of_step(manifest: Reading, lock: Reading, own_names: Mapping[str, str]) -> Iterator[Fault]:
    """One fault at a manifest that asks for something else than its lock was made for."""
    differing = list(_differing(manifest, lock, own_names))
    if differing:
        message = f"{lock.path} was made before this changed: {_listed(differing)}."
        todo = f"Bring it up to date: {_RELOCK.get(lock.kind, 'write the lock anew')}"
        yield Fault("lock-out-of-step", differing[0].where, message, todo, subject=lock.path)


def _differing(manifest: Reading, lock: Reading, own_names: Mapping[str, str]) -> Iterator[Wish]:
    folder = posixpath.relpath(posixpath.dirname(manifest.path) or ".", posixpath.dirname(lock.path) or ".")
    folder = "" if folder == "." else folder
    wishes = [one for one in manifest.wishes if not one.is_elsewhere and one.name not in manifest.overridden]
    if lock.kind == "uv.lock":
        yield from _differing_uv(manifest, (lock.asked or {}).get(folder))
    elif lock.kind in ("poetry.lock", "pdm.lock") and not folder:
        locked = {python_name(package.name) for package in lock.packages}
        yield from (wish for wish in wishes if python_name(wish.name) not in locked and not _is_maybe(manifest, wish))
    elif lock.kind.startswith("yarn"):
        specs = (lock.asked or {}).get("", {})
        known = {spec.partition("@npm:")[0] if "@npm:" in spec else spec[: max(spec.find("@", 1), 0)] for spec in specs}
        for wish in wishes:
            is_locked = not {f"{wish.name}@{wish.text}", f"{wish.name}@npm:{wish.text}"}.isdisjoint(specs)
            # Later versions of Yarn rewrite ranges, so only their names can be trusted.
            is_known = wish.name in known and lock.kind != "yarn.lock"
            if not is_locked and not is_known and wish.name not in own_names:
                yield wish
    elif lock.asked is not None and folder in lock.asked:
        asked = lock.asked[folder]
        yield from (wish for wish in wishes if asked.get(wish.name, "") != wish.text and wish.name not in own_names)


def _is_maybe(manifest: Reading, wish: Wish) -> bool:
    """Whether a wish stands in a part that the lock's program does not lock: PEP 735 groups, for example."""
    at = manifest.text.find("[dependency-groups]")
    return at >= 0 and wish.where.start > at


def _differing_uv(manifest: Reading, asked: Mapping[str, str] | None) -> Iterator[Wish]:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    project = names_of_project(read_toml(manifest.text))
    if asked is None or project is None:
        return
    for text in project[1]:
        try:
            wanted = Requirement(text)
            name = python_name(wanted.name)
            if name in asked and (wanted.url or SpecifierSet(asked[name]) == wanted.specifier):
                continue
        except (InvalidRequirement, InvalidSpecifier):
            continue
        wish = next((one for one in manifest.wishes if python_name(one.name) == name), None)
        if wish is not None:
            yield wish


def _listed(wishes: Sequence[Wish]) -> str:
    names = list(dict.fromkeys(wish.name[:80] for wish in wishes))
    more = f" and {len(names) - _NAMES_SHOWN_MAX} more" if len(names) > _NAMES_SHOWN_MAX else ""
    return ", ".join(names[:_NAMES_SHOWN_MAX]) + more
