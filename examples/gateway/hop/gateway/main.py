"""The command line of the gateway."""

import argparse
import signal
import sys
import threading

import hop
from hop.common import security
from hop.gateway import selftest
from hop.gateway.server import Gateway


def arguments(words):
    parser = argparse.ArgumentParser(prog="hop-gateway", description="Takes chunks; sends them on or makes files of them.")
    parser.add_argument("--version", action="version", version=f"hop {hop.VERSION} ({hop.CHANNEL})")
    parser.add_argument("--listen", default="127.0.0.1:8081", metavar="HOST:PORT", help="port 0: a free one")
    parser.add_argument("--root", metavar="DIR", help="the folder that files go to; without it, chunks are only sent on")
    parser.add_argument("--cert", metavar="FILE", help="speak TLS, and show this certificate")
    parser.add_argument("--key", metavar="FILE", help="the key of the certificate")
    parser.add_argument("--ca", metavar="FILE", help="speak TLS with the next gateway; who signed its certificate")
    parser.add_argument("--rate", type=float, metavar="MB", help="take no more than this many MB a second")
    parser.add_argument("--self-test", action="store_true", help="relay some bytes within this process, and end")
    return parser.parse_args(words)


def main(words=None):
    options = arguments(words)
    if options.self_test:
        return selftest.main()
    try:
        gateway = Gateway(options.listen, options.root, security.for_server(options.cert, options.key),
                          security.for_client(options.ca), options.rate and options.rate * 1e6)
    except (OSError, ValueError) as error:
        print(f"hop-gateway: {error}", file=sys.stderr)
        return 1
    # `shutdown` waits for the loop, which runs in the thread that gets the signal.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=gateway.shutdown).start())
    print(f"hop {hop.VERSION} listening on {gateway.place}", flush=True)
    with gateway:
        gateway.serve_forever(0.1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
