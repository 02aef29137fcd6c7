"""The command line: a door. Words become one operation, and the operation's record a screen or JSON."""
