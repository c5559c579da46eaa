"""Addresses of gateways: `host:port`, `[::1]:port`, and lists of them."""

import socket


def parse(text, default_host="127.0.0.1"):
    """(host, port) of `host:port`, `[v6]:port` or `:port`."""
    host, colon, port = text.strip().rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"`{text}` is no address; write host:port, for instance localhost:8081")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"`{text}`: write an IPv6 address in brackets, as in [::1]:8081")
    return host or default_host, int(port)


def show(address):
    """The text that `parse` reads; sockets add more fields to IPv6 addresses."""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse_route(text):
    """A route, `first:port,second:port`, as the list that travels with each message."""
    return [show(parse(part)) for part in text.split(",") if part.strip()]


def family(host):
    """The kind of socket that serves this host."""
    if host in ("", "*"):
        return socket.AF_INET
    return socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0][0]
