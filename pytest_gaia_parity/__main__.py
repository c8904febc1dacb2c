"""`python -m pytest_gaia_parity` is `gaia-parity`."""

import sys

from pytest_gaia_parity.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
