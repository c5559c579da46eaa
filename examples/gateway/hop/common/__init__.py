"""What the client and the gateways share. It needs the standard library only."""
