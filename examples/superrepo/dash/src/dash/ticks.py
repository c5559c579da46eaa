"""Round numbers beside a line."""


def ticks(low, high, most=8):
    step = 1
    while (high - low) / step > most:
        step = step * 5 if str(step)[0] == "2" else step * 2
        step = 10 ** len(str(step)) // 10 if str(step)[0] == "4" else step
    return list(range(-(-low // step) * step, high + 1, step))
