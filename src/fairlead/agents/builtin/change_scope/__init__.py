"""The change-scope agent: what changed between a commit and the tree at hand. It asks git, and reads new files."""
