"""A small cluster toolkit: configuration, scheduling, node state and a key-value store."""

__version__ = "1.4.0"
# The build writes the commit into a copy of this file; this one stays as it is.
__commit__ = "unknown"
