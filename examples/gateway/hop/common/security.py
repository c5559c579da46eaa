"""TLS: a gateway shows a certificate, whoever connects knows who may have signed it."""

import ssl


def for_server(cert, key):
    """None: plain TCP."""
    if not cert and not key:
        return None
    if not cert or not key:
        raise ValueError("TLS needs both --cert and --key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert, key)
    return context


def for_client(ca):
    """None: plain TCP. Certificates of public authorities are not taken: gateways are private."""
    if not ca:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(ca)
    return context
