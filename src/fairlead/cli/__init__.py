"""The command line: a door. It translates words into one operation, and the operation's record into a screen or JSON."""
