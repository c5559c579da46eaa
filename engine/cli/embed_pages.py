"""Writes C++ that holds the pages of a folder: embed_pages.py FOLDER OUTPUT DEPFILE."""
import pathlib
import sys


def literal(data: bytes) -> str:
    """One C string literal per line; octal escapes need no care about what follows."""
    lines = data.splitlines(keepends=True) or [b""]
    return "\n".join(
        '    "' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}" for b in line) + '"'
        for line in lines)


def main(folder: pathlib.Path, output: str, depfile: str) -> None:
    pages = sorted(folder.glob("[EW][0-9]*.md"))
    rows = []
    for page in pages:
        data = page.read_bytes()
        if not data.startswith(f"# {page.stem}: ".encode()):
            sys.exit(f"{page}: the first line is not `# {page.stem}: <title>`")
        rows.append(f'  {{"{page.stem}", std::string_view(\n{literal(data)}, {len(data)})}},')
    pathlib.Path(output).write_text(
        '#include "engine/cli/pages.h"\n\nnamespace devgraph::cli {\nnamespace {\nconstexpr Page kPages[] = {\n'
        + "\n".join(rows)
        + "\n};\n}  // namespace\nstd::span<const Page> error_pages() { return kPages; }\n}  // namespace devgraph::cli\n")
    # The folder too: a new page changes its time.
    names = [str(path).replace(" ", "\\ ") for path in [folder, *pages]]
    pathlib.Path(depfile).write_text(f"{output}: {' '.join(names)}\n")


main(pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3])
