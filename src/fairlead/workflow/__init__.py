"""Reading: workflow files become core records, and every mistake in them a diagnostic with its span.

The entry is `fairlead.workflow.checking.check_workflow`. Nothing is imported here: a door pays only for what it uses.
"""
