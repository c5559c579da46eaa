"""The gateway: takes chunks, and sends them on or makes files of them."""
