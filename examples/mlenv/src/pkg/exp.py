"""python3 -m pkg.exp [NAME=VALUE]...: trains a model and says how good it is."""

import sys

from pkg import config, data, environment, report, train


def main(words):
    settings = config.parse(words)
    seen, unseen = data.split(data.points(settings), settings)
    model, losses = train.fit(seen, settings)
    for line in report.lines(settings, losses, model, unseen):
        print(line)
    print(environment.line())


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except config.Wrong as error:
        sys.exit(f"pkg.exp: {error}")
