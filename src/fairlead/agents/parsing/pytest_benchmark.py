"""What `pytest --benchmark-json` writes: one entry per test, times in seconds."""

from fairlead.agents.parsing.texts import NotParsed, count_of, mapping_of, number_of, said
from fairlead.agents.parsing.timings import ms, timings
from fairlead.core.json import Json

_WHAT = "report that pytest-benchmark writes with `--benchmark-json`"
BENCHMARKS_MAX = 1_000


def parse(data: bytes) -> Json:
    """Times by name. Where two tests have one name, both stand under their full names.

    Raises:
        NotParsed: another document, no benchmark, or no times.
    """
    entries = mapping_of(data, _WHAT).get("benchmarks")
    if not isinstance(entries, list) or not entries:
        raise NotParsed(f"is no {_WHAT}, or no benchmark ran: it has no `benchmarks`")
    if len(entries) > BENCHMARKS_MAX:
        raise NotParsed(f"holds {len(entries):,} benchmarks; at most {BENCHMARKS_MAX:,} are read")
    names = [_text(entry, "name") for entry in entries]
    per: dict[str, Json] = {}
    for name, entry in zip(names, entries, strict=True):
        key = name if names.count(name) == 1 else _text(entry, "fullname")
        if key in per:
            raise NotParsed(f"holds `{key}` twice")
        per[key] = _times(key, entry)
    return {"benchmarks": len(per), "slowest": max(per, key=lambda key: (per[key]["mean_ms"], key)), "per": per}


def _text(entry: Json, key: str) -> str:
    if not isinstance(entry, dict) or not isinstance(entry.get(key), str):
        raise NotParsed(f"is no {_WHAT}: a benchmark has no `{key}`")
    return said(entry[key])


def _times(name: str, entry: dict[str, Json]) -> Json:
    stats = entry.get("stats")
    if not isinstance(stats, dict):
        raise NotParsed(f"has no `stats` for `{name}`")
    data = stats.get("data")
    if isinstance(data, list) and data:
        seconds = [number_of(one) if not isinstance(one, str) else None for one in data]
        if None in seconds:
            raise NotParsed(f"has a time of `{name}` that is no number")
        return timings([one for one in seconds if one is not None])
    found = {key: number_of(stats.get(key)) for key in ("mean", "median", "min", "max")}
    if any(value is None for value in found.values()):
        raise NotParsed(f"has no times for `{name}`")
    known = {key: ms(value) for key, value in found.items() if value is not None}
    return {
        "mean_ms": known["mean"],
        "stddev_ms": ms(number_of(stats.get("stddev")) or 0.0),
        "min_ms": known["min"],
        "p50_ms": known["median"],
        "p95_ms": None,
        "p99_ms": None,
        "max_ms": known["max"],
        "runs": count_of(stats.get("rounds")) or 0,
    }
