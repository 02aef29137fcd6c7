"""Joins what certifies a workflow: the public testing room, which performs it in disposable copies.

A part of `fairlead.app`, loaded when a person asks for a certificate.
"""

from typing import TYPE_CHECKING

from fairlead.service.parts import Project

if TYPE_CHECKING:
    from fairlead.service.certifying import Certificate, Setup, Tell


def certify(project: Project, setup: "Setup", tell: "Tell") -> "Certificate":
    """Perform the workflow once undisturbed, and once for each point.

    Raises:
        FairleadError: as `fairlead.testing.certifying.certify`.
    """
    from fairlead.testing.certifying import certify as certify_in_copies

    return certify_in_copies(project, setup, tell)
