"""The agents that measure a project's code: `benchmark` says how long a suite takes, `profiler` where the time goes.

`suites` performs a suite in a child process by the program `suite.txt`, which knows nothing of us; `figures` makes
numbers out of its samples. The suite is code of the repository: no other agent that ships runs such code.
"""
