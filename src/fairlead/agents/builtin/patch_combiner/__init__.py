"""The patch-combiner: joins patches of one tree, names those that do not fit together, and writes the result."""
