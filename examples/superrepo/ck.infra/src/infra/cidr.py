"""Networks without overlap."""

import ipaddress


def split(network, prefix):
    return [str(part) for part in ipaddress.ip_network(network).subnets(new_prefix=prefix)]
