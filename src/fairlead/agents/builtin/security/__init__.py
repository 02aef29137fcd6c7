"""Insecure code, found with local rules: Python, Dockerfiles, CI workflows, JavaScript and TypeScript."""
