"""Where packages and images come from in a region."""

import configparser
import os

from clusterkit.errors import ConfigError, did_you_mean

PATH = os.environ.get("CLUSTERKIT_MIRRORS", "/etc/clusterkit/mirrors.ini")
DEFAULT = {"region": "global", "pypi": "https://pypi.org/simple", "images": "docker.io"}


def read(path=None):
    """The settings of this machine; those of the world where the file is missing."""
    path = path or PATH
    parser = configparser.ConfigParser(interpolation=None)
    found = dict(DEFAULT)
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except FileNotFoundError:
        return found
    except configparser.Error as error:
        raise ConfigError(error.message, path) from None
    for section in parser.sections():
        for key, value in parser[section].items():
            if key not in DEFAULT:
                near = did_you_mean(key, DEFAULT)
                raise ConfigError("there is no such key" + (
                    "; did you mean `{}`?".format(near) if near else ""), path, section, key)
            if key == "pypi" and not value.startswith("https://"):
                raise ConfigError("an index has to be https", path, section, key)
            found[key] = value.rstrip("/")
    return found


def rewrite(image, mirror):
    """The name of an image in the region: `ubuntu` and `docker.io/library/ubuntu` are the same."""
    first, slash, rest = image.partition("/")
    if not slash:
        host, path = "docker.io", "library/" + image
    elif "." in first or ":" in first or first == "localhost":
        host, path = first, rest
    else:
        host, path = "docker.io", image
    return "{}/{}".format(mirror["images"] if host == "docker.io" else host, path)
