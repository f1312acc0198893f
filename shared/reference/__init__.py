"""Reference data: the report's mapping, the directory of agencies and the divisions of Henan.

Files a clerk can read, one folder a version; loading refuses a folder that contradicts itself.
"""

from shared.reference.findings import Finding, MappingError
from shared.reference.load import current, load_mapping
from shared.reference.model import FALLBACK, LAST_RESORT, Agency, Form, Mapping, Matter, Region, Successor

__all__ = [
    "FALLBACK",
    "LAST_RESORT",
    "Agency",
    "Finding",
    "Form",
    "Mapping",
    "MappingError",
    "Matter",
    "Region",
    "Successor",
    "current",
    "load_mapping",
]
