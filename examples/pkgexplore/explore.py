"""Imports one module and writes down what is in it, as sorted JSON.

    explore.py FOLDER OUT

FOLDER/item is NAME==VERSION; FOLDER/before.py, if it is there, is run before the import. Nothing that
differs from one run to the next is written: no addresses, no paths, no values but plain ones.
"""

import importlib
import inspect
import json
import os
import sys

PLAIN = (bool, int, str, type(None))


def first_line(thing):
    """The first line of a docstring, or nothing."""
    doc = getattr(thing, "__doc__", None)
    lines = doc.strip().splitlines() if isinstance(doc, str) else []
    return lines[0].strip() if lines else ""


def type_name(value):
    kind = type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


def arguments(function):
    """The parameters of a function as far as Python tells; None where it does not."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return None
    found = []
    for parameter in parameters:
        entry = {"name": parameter.name, "kind": parameter.kind.name.lower()}
        if parameter.default is not parameter.empty:
            entry["default_type"] = type_name(parameter.default)
            if isinstance(parameter.default, PLAIN) and len(repr(parameter.default)) < 60:
                entry["default"] = repr(parameter.default)
        found.append(entry)
    return found


def describe(value, module):
    """One name of the module."""
    home = getattr(value, "__module__", None)
    if inspect.ismodule(value):
        return {"kind": "module", "of": value.__name__}
    if isinstance(value, type):
        if home != module:
            return {"kind": "alias", "of": f"{home}.{value.__qualname__}"}
        bases = [f"{base.__module__}.{base.__qualname__}" for base in value.__bases__]
        return {"kind": "class", "bases": bases, "doc": first_line(value)}
    if callable(value) and hasattr(value, "__name__"):
        if isinstance(home, str) and home != module:
            return {"kind": "alias", "of": f"{home}.{value.__name__}"}
        return {"kind": "function", "args": arguments(value), "doc": first_line(value)}
    return {"kind": "value", "type": type_name(value)}


def explore(name):
    module = importlib.import_module(name)
    symbols = {}
    for attribute in sorted(dir(module)):
        value = getattr(module, attribute)
        entry = symbols[f"{name}.{attribute}"] = describe(value, name)
        if entry["kind"] == "class":
            for member, inner in sorted(vars(value).items(), key=lambda item: str(item[0])):
                inner = getattr(inner, "__func__", inner)
                if callable(inner) or isinstance(inner, property):
                    symbols[f"{name}.{attribute}.{member}"] = describe(inner, name)
    return {"doc": first_line(module), "symbols": symbols}


def read(path):
    with open(path, encoding="utf-8") as text:
        return text.read()


def main():
    folder, out = sys.argv[1:]
    name, version = read(f"{folder}/item").strip().split("==")
    before = f"{folder}/before.py"
    prelude = read(before) if os.path.exists(before) else ""
    running = "{}.{}.{}".format(*sys.version_info)
    if version.rsplit(".", 1)[0] != running.rsplit(".", 1)[0]:
        sys.exit(f"{name} is pinned to Python {version}, this is {running}")
    exec(compile(prelude, f"before.py of {name}", "exec"), {"__name__": "prelude"})
    result = {"name": name, "version": version, **explore(name)}
    with open(out, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1, sort_keys=True)
        file.write("\n")
    print(f"{name}: {len(result['symbols'])} names")


main()
