-- The few events about findings of all runs, found without walking the record. The numbers are those of chain.py.
CREATE INDEX remarks_on_findings ON events (seq) WHERE kind IN (13, 14)
