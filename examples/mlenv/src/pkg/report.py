"""What a run says at its end."""

from pkg import metrics


def lines(settings, losses, weights, unseen):
    yield " ".join(f"{name}={value}" for name, value in settings.items())
    yield f"loss {losses[0]:.3f} -> {losses[-1]:.3f}"
    yield f"accuracy {metrics.accuracy(weights, unseen):.2f} on {len(unseen)} points that it has not seen"
