"""What is wrong with a folder of reference data, and where."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import YousuError


@dataclass(frozen=True, slots=True)
class Finding:
    """One contradiction: the file, the place in it (empty for the whole file) and the reason, in Chinese."""

    file: str
    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file} {self.where}：{self.reason}" if self.where else f"{self.file}：{self.reason}"


class MappingError(YousuError):
    """A folder of reference data that contradicts itself; `findings` holds every contradiction."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = tuple(findings)
