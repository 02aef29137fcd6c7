"""The base score of a CVSS 3.0 or 3.1 vector, by the formula of the specification (FIRST, CVSS v3.1, section 7.1)."""

from fairlead.core.findings import Severity

_WEIGHTS = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "PR": {"N": 0.85, "L": 0.62, "H": 0.27},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_PRIVILEGES_BEYOND = {"N": 0.85, "L": 0.68, "H": 0.5}  # PR, when the scope changes


def base_score(vector: str) -> float | None:
    """The base score, 0.0 to 10.0; None for another version of CVSS and for what is no vector."""
    prefix, *parts = vector.strip().split("/")
    metrics = dict(part.split(":", 1) for part in parts if ":" in part)
    if prefix not in ("CVSS:3.0", "CVSS:3.1") or metrics.get("S") not in ("U", "C"):
        return None
    is_beyond = metrics["S"] == "C"
    try:
        weight = {name: table[metrics[name]] for name, table in _WEIGHTS.items()}
    except KeyError:
        return None
    if is_beyond:
        weight["PR"] = _PRIVILEGES_BEYOND[metrics["PR"]]
    lost = 1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"])
    impact = 7.52 * (lost - 0.029) - 3.25 * (lost - 0.02) ** 15 if is_beyond else 6.42 * lost
    if impact <= 0:
        return 0.0
    exploitability = 8.22 * weight["AV"] * weight["AC"] * weight["PR"] * weight["UI"]
    return _rounded_up(min((1.08 if is_beyond else 1.0) * (impact + exploitability), 10.0))


def severity_of(score: float) -> Severity:
    """The word for a score (section 5 of the specification); what scores 0 is worth mentioning, no more."""
    if score >= 9.0:
        return "critical"
    if score >= 7.0:
        return "high"
    if score >= 4.0:
        return "medium"
    return "low" if score > 0 else "info"


def _rounded_up(score: float) -> float:
    """To one digit, upwards, as appendix A does it: in whole numbers, so that 4.0000000001 is 4.0 and not 4.1."""
    whole = round(score * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (whole // 10_000 + 1) / 10
