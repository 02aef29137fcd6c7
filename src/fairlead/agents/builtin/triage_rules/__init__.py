"""The triage-rules: says which findings the patcher-rules can mend, worst first, and why it cannot mend the others."""
