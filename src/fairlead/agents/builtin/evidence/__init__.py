"""The agents that put a run's evidence into words: `verdict` decides, `bundle` writes it down. No model speaks here.

Both take what the run itself recorded, `run.evidence`: which requirement is shown by which check of which step.
"""
