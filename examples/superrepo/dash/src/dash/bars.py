"""A bar for each number, as SVG."""

import colorwheel


def svg(values):
    fills = colorwheel.colors(len(values))
    bars = [f'<rect x="{i * 12}" width="10" height="{value}" fill="{fills[i]}"/>'
            for i, value in enumerate(values)]
    return "<svg>" + "".join(bars) + "</svg>"
