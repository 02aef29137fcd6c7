"""The loop: decide, admit, record, carry out. It never reads a definition from a checkout."""
