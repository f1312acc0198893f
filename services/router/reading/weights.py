"""The embedding model's weights as they stand in its file, and with an adapter's changes worked in.

bge-small-zh-v1.5 is a BERT of four layers, 512 wide; here its six matrices a layer are int8, one scale a column.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
LAYERS = 4
#: The matrices of a layer, in the order of the data: how the file numbers them in its first layer, and its bias.
PARTS = {
    "query": (541, "attention.self.query.bias"),
    "key": (542, "attention.self.key.bias"),
    "value": (545, "attention.self.value.bias"),
    "output": (551, "attention.output.dense.bias"),
    "inner": (552, "intermediate.dense.bias"),
    "outer": (553, "output.dense.bias"),
}
_NUMBERS_A_LAYER = 13


@dataclass(frozen=True, slots=True)
class Adapter:
    """Low-rank changes of the upper layers: (layer, part) → (in x rank, rank x out), added to the matrix."""

    changes: Mapping[tuple[int, str], tuple[Array, Array]]

    def arrays(self) -> dict[str, Any]:
        """For an npz file, in half precision."""
        named = ((f"adapter_{layer}_{part}", pair) for (layer, part), pair in self.changes.items())
        return {
            f"{name}_{side}": one.astype(np.float16)
            for name, pair in named
            for side, one in zip("ab", pair, strict=True)
        }

    @classmethod
    def of(cls, arrays: Mapping[str, Any]) -> "Adapter":
        found = {}
        for layer in range(LAYERS):
            for part in PARTS:
                name = f"adapter_{layer}_{part}"
                if f"{name}_a" in arrays:
                    pair = (arrays[f"{name}_a"].astype(np.float32), arrays[f"{name}_b"].astype(np.float32))
                    found[layer, part] = pair
        return cls(found)


class Weights:
    """What a model file holds, by name."""

    def __init__(self, path: Path) -> None:
        import onnx
        from onnx import numpy_helper

        self._held = {one.name: numpy_helper.to_array(one) for one in onnx.load(str(path)).graph.initializer}

    def matrix(self, layer: int, part: str) -> Array:
        """One matrix of a layer, in x out."""
        name = _name(layer, part)
        whole = self._held[f"{name}_quantized"].astype(np.float32) - self._held[f"{name}_zero_point"].astype(np.float32)
        found: Array = whole * self._held[f"{name}_scale"]
        return found

    def vector(self, name: str) -> Array:
        found: Array = self._held[name]
        return found

    def table(self, name: str) -> Array:
        """An embedding table, rows x 512."""
        whole = self._held[f"{name}_quantized"].astype(np.float32) - np.float32(self._held[f"{name}_zero_point"])
        found: Array = whole * np.float32(self._held[f"{name}_scale"])
        return found

    def changed(self, adapter: Adapter) -> dict[str, NDArray[Any]]:
        """What stands in the place of the file's own, by its names: int8 again, one scale a column."""
        found: dict[str, NDArray[Any]] = {}
        for (layer, part), (a, b) in adapter.changes.items():
            whole = self.matrix(layer, part) + a @ b
            scale = np.abs(whole).max(axis=0) / 127
            name = _name(layer, part)
            found[f"{name}_quantized"] = np.round(whole / scale).astype(np.int8)
            found[f"{name}_scale"] = scale.astype(np.float32)
            found[f"{name}_zero_point"] = np.zeros_like(self._held[f"{name}_zero_point"])
        return found


def _name(layer: int, part: str) -> str:
    return f"onnx::MatMul_{PARTS[part][0] + layer * _NUMBERS_A_LAYER}"
