"""The one path of every call, in two halves: `admit` says whether, `carry_out` does what was admitted."""
