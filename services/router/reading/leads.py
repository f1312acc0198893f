"""Which readings come to the same agency: the lead of each matter, or that it goes by place or by field."""

from shared.reference import Mapping

BY_PLACE, BY_FIELD = "by-place", "by-field"


def leads(mapping: Mapping) -> dict[str, str]:
    """Each ref's lead agency; BY_PLACE where nobody leads, BY_FIELD where each answers for its field."""
    ways = {"nobody": BY_PLACE, "by_field": BY_FIELD}
    return {ref: ways.get(matter.form) or matter.leads[0] for ref, matter in mapping.matters.items()}
