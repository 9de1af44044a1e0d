"""Names of XML elements, whatever their namespace."""


def local_name(tag: object) -> str:
    """The name without its namespace or prefix; empty for what is no element (a comment).

    A prefix stands in the name where the document does not declare it.
    """
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""
