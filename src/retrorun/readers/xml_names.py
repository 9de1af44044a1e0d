"""Names of XML elements, whatever their namespace."""


def local_name(tag: object) -> str:
    """The name without its namespace; empty for what is no element (a comment)."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
