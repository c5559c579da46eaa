"""Parts, one below the other."""

import html


def page(title, parts):
    return f"<title>{html.escape(title)}</title>" + "".join(f"<p>{part}</p>" for part in parts)
