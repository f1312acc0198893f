"""Reference data: the report's mapping, the directory of agencies and the divisions of Henan.

Files a clerk can read, one folder a version; loading refuses a folder that contradicts itself.
"""

from shared.reference.findings import Finding, MappingError
from shared.reference.load import HERE as SHIPPED
from shared.reference.load import load_mapping
from shared.reference.model import ABOVE_ALL, FALLBACK, LAST_RESORT, Agency, Form, Mapping, Matter, Region, Successor
from shared.reference.versions import Rules, current, rules, serve_with

__all__ = [
    "ABOVE_ALL",
    "FALLBACK",
    "LAST_RESORT",
    "SHIPPED",
    "Agency",
    "Finding",
    "Form",
    "Mapping",
    "MappingError",
    "Matter",
    "Region",
    "Rules",
    "Successor",
    "current",
    "load_mapping",
    "rules",
    "serve_with",
]
