"""Who may answer a question: the people of a project, and what a question asks of them. Rules, not state."""

from collections.abc import Sequence

import msgspec

from fairlead.core.events import ApprovalAsked
from fairlead.core.workflow import Approvers

PEOPLE_MAX = 1_000
PEOPLE_FILE = ".fairlead/people.yaml"


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """One person of a project, as its people file has them."""

    name: str
    user: str  # of the operating system: that is how the person is recognised
    teams: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


class People(msgspec.Struct, frozen=True):
    """Everybody who may decide in a project."""

    known: tuple[Person, ...] = ()
    path: str = ""  # of the people file; "" where there is none
    is_self_allowed: bool = False  # the person at this machine lets people decide on their own requests here

    @property
    def is_single(self) -> bool:
        """Whether it is a project of one person: there is no people file, or only one person in it."""
        return len(self.known) < 2

    def find(self, user: str) -> Person | None:
        """Who *user* is. Without a people file everybody is somebody, in no team and with no role."""
        if not self.path:
            return Person(user, user)
        return next((person for person in self.known if person.user == user), None)


def refuses_requester(asked: ApprovalAsked, people: People) -> bool:
    """Whether who asked for the run may not decide on this question."""
    if asked.effect == "irreversible":
        return True
    return ("requester" in asked.not_by or not people.is_single) and not people.is_self_allowed


def _describe(wanted: Approvers) -> str:
    """Who is asked, in words: "2 of team security"."""
    if wanted.user:
        return wanted.user
    many = str(wanted.min) if wanted.min > 1 else "1"
    if wanted.team:
        return f"{many} of team {wanted.team}"
    if wanted.role:
        return f"{many} with role {wanted.role}"
    return f"{many} people" if wanted.min > 1 else "anybody"


def who_is_asked(approvers: Sequence[Approvers]) -> str:
    """All who must decide, in words."""
    return " and ".join(_describe(one) for one in approvers) or "anybody"


def fits(wanted: Approvers, user: str, teams: Sequence[str], roles: Sequence[str]) -> bool:
    """Whether a person with these could fill *wanted*."""
    if wanted.user:
        return user == wanted.user
    if wanted.team:
        return wanted.team in teams
    return not wanted.role or wanted.role in roles


def lacking(asked: ApprovalAsked, people: People, requester: str) -> tuple[str, ...]:
    """Why nobody here can answer the question, a sentence each; none: it can be answered."""
    said: list[str] = []
    for wanted in asked.approvers or (Approvers(),):
        # Deciding on one's own request never counts towards more than one.
        is_left_out = wanted.min > 1 or refuses_requester(asked, people)
        left_out = requester if is_left_out else ""
        count = sum(1 for person in _known(wanted, people, requester) if _could(wanted, person, left_out))
        if count < wanted.min:
            said.append(_lack(wanted, count, asked, people, left_out))
    return tuple(said)


def _known(wanted: Approvers, people: People, requester: str) -> tuple[Person, ...]:
    """Without a people file there is who asked, and whoever is named: of nobody else is anything known."""
    if people.path:
        return people.known
    return tuple(Person(user, user) for user in dict.fromkeys((requester, wanted.user)) if user)


def _could(wanted: Approvers, person: Person, left_out: str) -> bool:
    return person.user != left_out and fits(wanted, person.user, person.teams, person.roles)


def _lack(wanted: Approvers, count: int, asked: ApprovalAsked, people: People, left_out: str) -> str:
    there = f"only {count} can" if count else "nobody here can"
    but = f" ({left_out}, who asked for the run, does not count)" if left_out else ""
    path = people.path or PEOPLE_FILE
    more = f", teams: [{wanted.team}]" if wanted.team else f", roles: [{wanted.role}]" if wanted.role else ""
    entry = f"NAME: {{user: {wanted.user or 'LOGIN'}{more}}}"
    hint = f"add below `people:` in {path}: `{entry}`"
    if left_out and left_out == wanted.user:
        hint = "let the workflow name somebody else"
    if left_out and wanted.min == 1 and asked.effect != "irreversible":
        hint += ", or allow it for this project: `fairlead approvals allow self --reason TEXT`"
    return f"{_describe(wanted)} must decide, and {there}{but}: {hint}"
