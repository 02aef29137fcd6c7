"""Who does the work: cards say what an agent may do, modules do it."""
