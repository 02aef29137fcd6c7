"""What the journal looks like from a side. Everything here can be thrown away and built again from the events."""
