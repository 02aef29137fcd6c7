"""Level L2: programs in namespaces of their own, started by bubblewrap, with what they may reach on a list."""
