"""`pip list --format=freeze` without pip: the packages in /opt/packages."""

import importlib.metadata


def frozen(folder="/opt/packages"):
    found = importlib.metadata.distributions(path=[folder])
    return sorted(f"{one.metadata['Name']}=={one.version}" for one in found)


if __name__ == "__main__":
    print("\n".join(frozen()))
