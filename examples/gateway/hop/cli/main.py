"""The command line of the client."""

import argparse
import os
import sys
import time

import hop
from hop.cli import engine
from hop.cli.copy import Failed, Transfer
from hop.common import address, security, wire

UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def size(text):
    """1048576, 1024K or 1M."""
    number = text.upper().removesuffix("IB").removesuffix("B")
    unit = UNITS.get(number[-1:], 1)
    return int(number[:-1] if unit > 1 else number) * unit


def arguments(words):
    parser = argparse.ArgumentParser(prog="hop", description="Copies files through a chain of gateways.")
    parser.add_argument("--version", action="version", version=f"hop {hop.VERSION} ({hop.CHANNEL})")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    copy = commands.add_parser("cp", help="copy a file or a folder")
    copy.add_argument("source", metavar="SOURCE")
    copy.add_argument("into", metavar="INTO",
                      help="a folder: of the last gateway's root with --via, else of this machine")
    copy.add_argument("--chunk", type=size, default=size("1M"), metavar="SIZE", help="size of a chunk, 1M unless said")
    copy.add_argument("-j", "--connections", type=int, default=4, metavar="N", help="connections at once, 4 unless said")
    copy.add_argument("-v", "--verbose", action="store_true", help="say more")
    status = commands.add_parser("status", help="what gateways have done")
    for command in (copy, status):
        command.add_argument("--via", type=address.parse_route, default=os.environ.get("HOP_VIA", ""),
                             metavar="HOST:PORT,…", help="gateways that run already; else HOP_VIA, else "
                             "`cp` starts two from the image that HOP_IMAGE names")
        command.add_argument("--ca", default=os.environ.get("HOP_CA"), metavar="FILE",
                             help="speak TLS; the certificate that signed those of the gateways")
    return parser.parse_args(words)


def copy_through(route, into, options, tell):
    begin = time.monotonic()
    transfer = Transfer(route, security.for_client(options.ca), options.connections, options.chunk, tell)
    done = transfer.run(options.source, into)
    took = max(time.monotonic() - begin, 1e-6)
    print(f"{done.files} files, {done.size} bytes, {done.sent} of them sent, "
          f"{done.size / took / 1e6:.1f} MB/s through {len(route)} gateways")


def copy_command(options):
    def tell(text):
        if options.verbose:
            print(text, file=sys.stderr)

    if options.via:
        copy_through(options.via, options.into, options, tell)
        return
    image = os.environ.get("HOP_IMAGE")
    if not image:
        raise ValueError("name gateways with --via or HOP_VIA, or an image to start them from with HOP_IMAGE")
    with engine.gateways(image, options.into) as route:
        copy_through(route, "", options, tell)


def status_command(options):
    if not options.via:
        raise ValueError("name gateways with --via or HOP_VIA")
    for place in options.via:
        connection = wire.Connection.to(place, security.for_client(options.ca))
        answer = connection.ask({"op": "status"})
        connection.close()
        print(f"# {place}: hop {answer['version']}")
        print(answer["tallies"], end="")
        for line in answer["log"]:
            print(f"# {line}")


def main(words=None):
    options = arguments(words)
    try:
        {"cp": copy_command, "status": status_command}[options.command](options)
    except (OSError, ValueError, Failed, wire.Refused) as error:
        print(f"hop: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
