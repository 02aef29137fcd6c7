"""`python -m fairlead` is the same command as `fairlead`."""

import sys

from fairlead.app import main

if __name__ == "__main__":
    sys.exit(main())
