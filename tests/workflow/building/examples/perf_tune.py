from fairlead import Workflow, expect, host, output, round_, run, steps

wf = Workflow(
    "perf-tune",
    description="Try, measure, keep the best, until the target is met or progress stalls.",
    budget={"usd": 8.00, "wall": "2h", "on_exceeded": "ask"},
)
target = wf.input("target_p95_ms", "number", default=120)
rounds = wf.input("rounds", default=6, maximum=20)
suite = "benchmarks/api.py"

baseline = wf.agent(
    "baseline",
    "benchmark",
    with_={"suite": suite, "repeats": 7},
    reads=["src/**", "benchmarks/**", "uv.lock"],
    cache={"ttl": "30d", "also_key": [host.cpu_model]},
    expect=[
        expect(
            output.variation <= 0.05,
            f"Measurements vary by {output.variation}; quieten the machine or raise repeats",
        )
    ],
)
with wf.loop(
    "tune",
    if_=baseline.output.p95_ms > target,
    max=rounds,
    metric=steps.bench.output.p95_ms,
    goal="minimize",
    start=baseline.output.p95_ms,
    until=round_.best <= target,
    stall={"rounds": 2, "min_gain": "2%"},
    keep="best",
    on_round_failure="discard",
) as tune:
    profile = wf.agent("profile", "profiler", with_={"suite": suite})
    wf.agent(
        "propose",
        "perf-engineer",
        fallback=["perf-engineer-small"],
        writes=["src/**"],
        with_={
            "hot_spots": profile.output.hot_spots,
            "already_tried": round_.history.map(lambda h: h.summary),
            "goal": f"p95 at or below {target} ms; now {round_.best} ms",
        },
        budget={"usd": 1.20, "turns": 40},
    )
    wf.run("guard", "uv run pytest -q -x", timeout="10m")
    wf.agent("bench", "benchmark", with_={"suite": suite, "repeats": 7}, cache="off")

verify = wf.agent(
    "verify",
    "benchmark",
    if_=tune.ran,
    with_={"suite": suite, "repeats": 15, "ref": tune.output.best_commit},
    cache="off",
    expect=[expect(output.p95_ms < baseline.output.p95_ms * 0.98, "The gain did not hold when measured again")],
)
wf.effect(
    "offer",
    "git.branch",
    if_=verify.ran,
    with_={
        "name": f"perf/{run.short_id}",
        "from": tune.output.best_commit,
        "message": tune.output.summary,
    },
)
wf.outputs(
    before_ms=baseline.output.p95_ms,
    after_ms=verify.output.p95_ms,
    met=tune.output.stopped_because == "until",
)
