"""`fairlead certify`: a workflow is performed in disposable copies, again and again, and disturbed at every point once.

`certify` is the whole of it. The engine, the journal, the gate, git and the sandbox are the real ones; parts are
played by agents that have a script, the people who answer, and the servers that requests go to.
"""

from fairlead.testing.certifying.rounds import certify as certify
