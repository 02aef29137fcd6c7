-- The runs that have not ended, however many have: who takes over what a crash left asks for them again and again.
CREATE INDEX open_runs ON runs (number) WHERE ended_at = 0
