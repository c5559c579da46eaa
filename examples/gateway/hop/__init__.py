"""hop: copies files through a chain of gateways, in chunks that are checked and can be resumed."""

try:
    from hop.common._version import CHANNEL, VERSION
except ImportError:  # The build makes that file; sources that are run as they are have none.
    VERSION, CHANNEL = "source", "none"

__all__ = ["CHANNEL", "VERSION"]
