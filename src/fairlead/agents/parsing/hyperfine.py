"""What `hyperfine --export-json` writes: one entry per command, times in seconds."""

from fairlead.agents.parsing.texts import NotParsed, mapping_of, number_of, said
from fairlead.agents.parsing.timings import ms, timings
from fairlead.core.json import Json, kind_of

_WHAT = "report that hyperfine writes with `--export-json`"
COMMANDS_MAX = 1_000


def parse(data: bytes) -> Json:
    """Times by command; those of the first one stand at the top too.

    Raises:
        NotParsed: another document, no command, or no times.
    """
    entries = mapping_of(data, _WHAT).get("results")
    if not isinstance(entries, list) or not entries:
        raise NotParsed(f"is no {_WHAT}: it has no `results`")
    if len(entries) > COMMANDS_MAX:
        raise NotParsed(f"holds {len(entries):,} commands; at most {COMMANDS_MAX:,} are read")
    per: dict[str, Json] = {}
    for entry in entries:
        name = _name(entry)
        nth = 2
        while (name if nth == 2 else f"{name} #{nth - 1}") in per:
            nth += 1
        per[name if nth == 2 else f"{name} #{nth - 1}"] = _times(name, entry)
    return {**next(iter(per.values())), "per": per}


def _name(entry: Json) -> str:
    if not isinstance(entry, dict) or not isinstance(entry.get("command"), str):
        raise NotParsed(f"is no {_WHAT}: a command has no name")
    return said(entry["command"])


def _times(name: str, entry: dict[str, Json]) -> Json:
    codes = entry.get("exit_codes")
    failed = sum(1 for code in codes if code != 0) if isinstance(codes, list) else 0
    times = entry.get("times")
    if isinstance(times, list) and times:
        seconds = [number_of(one) if not isinstance(one, str) else None for one in times]
        if None in seconds:
            raise NotParsed(f"has a time of `{name}` that is {kind_of(times[seconds.index(None)])}, not a number")
        return {**timings([one for one in seconds if one is not None]), "failed_runs": failed}
    # Without the single times only what hyperfine worked out is known, and no percentile but the median.
    found = {key: number_of(entry.get(key)) for key in ("mean", "median", "min", "max")}
    if any(value is None for value in found.values()):
        raise NotParsed(f"has no times for `{name}`")
    known = {key: ms(value) for key, value in found.items() if value is not None}
    return {
        "mean_ms": known["mean"],
        "stddev_ms": ms(number_of(entry.get("stddev")) or 0.0),
        "min_ms": known["min"],
        "p50_ms": known["median"],
        "p95_ms": None,
        "p99_ms": None,
        "max_ms": known["max"],
        "runs": len(codes) if isinstance(codes, list) else 0,
        "failed_runs": failed,
    }
