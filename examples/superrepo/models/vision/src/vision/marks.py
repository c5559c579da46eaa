"""A colour for each spot."""

import colorwheel


def legend(names):
    return dict(zip(names, colorwheel.colors(len(names))))
