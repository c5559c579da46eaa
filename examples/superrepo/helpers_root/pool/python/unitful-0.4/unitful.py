"""Numbers with units of a thousand."""

STEPS = ["", "k", "M", "G", "T"]


def show(number):
    step = 0
    while abs(number) >= 1000 and step + 1 < len(STEPS):
        number /= 1000
        step += 1
    return f"{number:.4g}{STEPS[step]}"
