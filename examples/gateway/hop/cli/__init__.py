"""The client. It needs the standard library only, so that it runs wherever Python does."""
