"""The pure room: records, protocols, and the functions that decide. No clock, no files, no processes."""
