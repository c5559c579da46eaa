"""Writes C++ that holds the given manifests: embed.py FILE… OUTPUT."""
import pathlib
import sys


def literal(data: bytes) -> str:
    """One C string literal per line; octal escapes need no care about what follows."""
    lines = data.splitlines(keepends=True) or [b""]
    return "\n".join(
        '    "' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}" for b in line) + '"'
        for line in lines)


def main(paths: list[str], output: str) -> None:
    rows = []
    for path in sorted(map(pathlib.Path, paths)):
        data = path.read_bytes()
        rows.append(f'  {{"{path.name}", std::string_view(\n{literal(data)}, {len(data)})}},')
    pathlib.Path(output).write_text(
        '#include "stdlib/embedded.h"\n\nnamespace devgraph::stdlib {\nnamespace {\nconstexpr File kFiles[] = {\n'
        + "\n".join(rows)
        + "\n};\n}  // namespace\nstd::span<const File> files() { return kFiles; }\n}  // namespace devgraph::stdlib\n")


main(sys.argv[1:-1], sys.argv[-1])
