"""The dependency-auditor: what a project depends on, and what a local dump of advisories says of it. No network.

`versions` orders versions, `osv` reads advisories and says what they affect, `known` finds them in the machine's data,
`files` and the modules beside it read lock files and manifests, `audit` puts them together.
"""
