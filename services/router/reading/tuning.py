"""Adapting the model's upper layers to complaints: low-rank changes and a softmax, learned together in jax.

Needs the extra `train`; serving needs none of it. The lower layers are fixed, so every text passes them only once.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from services.router.reading.corpus import Labelled, joined
from services.router.reading.embedding import LONGEST, Embedding, tokenizer
from services.router.reading.linear import Linear, targets
from services.router.reading.weights import LAYERS, PARTS, Adapter, Array, Weights

FIXED, RANK, HEADS = 2, 16, 8
EPOCHS, BATCH = 6, 16
BODY_RATE, HEAD_RATE = 1e-3, 2e-2
DROP = 0.1
#: Vectors have length 1; their softmax needs a wider range.
SHARPER = 10.0
#: Lengths are rounded up to this many tokens, so that few shapes are compiled.
_STRIDE = 16

Progress = Callable[[str], None]
Tree = Any


def tune(
    labelled: Sequence[Labelled], classes: tuple[str, ...], folder: Path, progress: Progress, epochs: int = EPOCHS
) -> Embedding:
    """The second reader, adapted; the same texts on the same machine give the same one."""
    model = _Model.load(Weights(folder / "model.onnx"))
    split = tokenizer(folder)
    progress("lower layers")
    states = model.lower([np.array(split.encode(joined(one.title, one.text, LONGEST)).ids) for one in labelled])
    learned = _learn(model, states, targets(labelled, classes), epochs, progress)
    weights = np.asarray(learned["head"], np.float32) * SHARPER
    linear = Linear(classes, weights, np.asarray(learned["bias"], np.float32))
    changes = {
        (FIXED + layer, part): (np.asarray(a, np.float32), np.asarray(b, np.float32))
        for layer, found in enumerate(learned["adapter"])
        for part, (a, b) in zip(PARTS, found, strict=True)
    }
    return Embedding(linear, Adapter(changes))


@dataclass(frozen=True, slots=True)
class _Model:
    """BERT in jax: the embedding tables, and per layer its matrices, biases and norms."""

    tables: Tree
    layers: list[Tree]

    @classmethod
    def load(cls, weights: Weights) -> "_Model":
        names = ("word_embeddings", "position_embeddings", "token_type_embeddings")
        tables = {name: weights.table(f"embeddings.{name}.weight") for name in names}
        tables["norm"] = _norm_of(weights, "embeddings.LayerNorm")
        layers = [_layer_of(weights, number) for number in range(LAYERS)]
        return cls(*jax.tree.map(jnp.asarray, (tables, layers)))

    def lower(self, ids: list[NDArray[np.int64]]) -> list[Array]:
        """Each text's states after the fixed layers, tokens x 512."""

        @jax.jit
        def run(tokens: Any, mask: Any) -> Any:
            t = self.tables
            states = t["word_embeddings"][tokens] + t["position_embeddings"][: tokens.shape[1]]
            states = _normed(states + t["token_type_embeddings"][0], t["norm"])
            for layer in self.layers[:FIXED]:
                states = _through(layer, states, mask)
            return states

        found: list[Any] = [None] * len(ids)
        order = np.argsort([len(one) for one in ids], kind="stable")
        for start in range(0, len(order), 32):
            some = order[start : start + 32]
            tokens, mask = _padded([ids[i] for i in some])
            states = np.asarray(run(tokens, mask))
            for row, i in enumerate(some):
                found[i] = states[row, : len(ids[i])]
        return found


def _layer_of(weights: Weights, number: int) -> Tree:
    prefix = f"encoder.layer.{number}"
    return {
        "matrices": [weights.matrix(number, part) for part in PARTS],
        "biases": [weights.vector(f"{prefix}.{bias}") for _, bias in PARTS.values()],
        "norms": [
            _norm_of(weights, f"{prefix}.attention.output.LayerNorm"),
            _norm_of(weights, f"{prefix}.output.LayerNorm"),
        ],
    }


def _norm_of(weights: Weights, name: str) -> tuple[Array, Array]:
    return weights.vector(f"{name}.weight"), weights.vector(f"{name}.bias")


def _normed(x: Any, norm: Any) -> Any:
    middle = x.mean(-1, keepdims=True)
    spread = ((x - middle) ** 2).mean(-1, keepdims=True)
    return (x - middle) / jnp.sqrt(spread + 1e-12) * norm[0] + norm[1]


def _through(layer: Tree, x: Any, mask: Any, changes: Any = None, chance: Any = None) -> Any:
    """One layer of BERT over batch x tokens x 512; with `chance` some states are dropped, as in training."""

    def times(x: Any, part: int) -> Any:
        y = x @ layer["matrices"][part] + layer["biases"][part]
        return y if changes is None else y + (x @ changes[part][0]) @ changes[part][1]

    rows, tokens, width = x.shape
    query, key, value = (
        times(x, part).reshape(rows, tokens, HEADS, width // HEADS).transpose(0, 2, 1, 3) for part in range(3)
    )
    likeness = query @ key.transpose(0, 1, 3, 2) / np.sqrt(width // HEADS) + (1 - mask[:, None, None, :]) * -1e9
    seen = (jax.nn.softmax(likeness) @ value).transpose(0, 2, 1, 3).reshape(rows, tokens, width)
    first, second = (None, None) if chance is None else jax.random.split(chance)
    x = _normed(x + _dropped(times(seen, 3), first), layer["norms"][0])
    inner = jax.nn.gelu(times(x, 4), approximate=False)
    return _normed(x + _dropped(times(inner, 5), second), layer["norms"][1])


def _dropped(x: Any, chance: Any) -> Any:
    return x if chance is None else x * jax.random.bernoulli(chance, 1 - DROP, x.shape) / (1 - DROP)


def _start(model: _Model, classes: int, chance: Any) -> Tree:
    """No change yet: the second factor of each pair is zero."""
    adapter = []
    for layer in model.layers[FIXED:]:
        chances = jax.random.split(chance, len(PARTS) + 1)
        chance = chances[-1]
        pairs = []
        for matrix, one in zip(layer["matrices"], chances, strict=False):
            rows, columns = matrix.shape
            pairs.append((jax.random.normal(one, (rows, RANK)) / np.sqrt(rows), jnp.zeros((RANK, columns))))
        adapter.append(pairs)
    return {"adapter": adapter, "head": jnp.zeros((1024, classes)), "bias": jnp.zeros(classes)}


def _learn(model: _Model, states: list[Array], wanted: NDArray[np.float64], epochs: int, progress: Progress) -> Tree:
    chance, order = jax.random.PRNGKey(0), np.random.default_rng(0)
    learned = _start(model, wanted.shape[1], chance)
    upper = model.layers[FIXED:]

    def surprise(learned: Tree, x: Any, mask: Any, right: Any, chance: Any) -> Any:
        chances = jax.random.split(chance, len(upper) + 1)
        for layer, changes, one in zip(upper, learned["adapter"], chances, strict=False):
            x = _through(layer, x, mask, changes, one)
        logits = _dropped(_vector(x, mask), chances[-1]) @ learned["head"] * SHARPER + learned["bias"]
        return -(right * jax.nn.log_softmax(logits)).sum(-1).mean()

    steps = epochs * -(-len(states) // BATCH)
    rates = {"body": BODY_RATE, "head": HEAD_RATE}
    plans = {n: optax.warmup_cosine_decay_schedule(0, rate, max(1, steps // 10), steps) for n, rate in rates.items()}
    labels = {"adapter": "body", "head": "head", "bias": "head"}
    optimiser = optax.multi_transform({n: optax.adamw(plan, weight_decay=0.01) for n, plan in plans.items()}, labels)
    moments = optimiser.init(learned)

    @jax.jit
    def step(learned: Tree, moments: Any, x: Any, mask: Any, right: Any, chance: Any) -> Any:
        value, slope = jax.value_and_grad(surprise)(learned, x, mask, right, chance)
        updates, moments = optimiser.update(slope, moments, learned)
        return optax.apply_updates(learned, updates), moments, value

    for epoch in range(epochs):
        values = []
        for some in _batches([len(one) for one in states], order):
            chance, one = jax.random.split(chance)
            x, mask = _padded([states[i] for i in some])
            learned, moments, value = step(learned, moments, x, mask, wanted[some].astype(np.float32), one)
            values.append(float(value))
        progress(f"epoch {epoch + 1} of {epochs}: {np.mean(values):.3f}")
    return learned


def _vector(x: Any, mask: Any) -> Any:
    """The first token's state and the mean of all, each of length 1, as `Embedder` gives them."""
    both = (x[:, 0], (x * mask[:, :, None]).sum(1) / mask.sum(1)[:, None])
    return jnp.concatenate([one / jnp.linalg.norm(one, axis=-1, keepdims=True) for one in both], -1)


def _batches(lengths: list[int], order: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Texts of about one length together, otherwise in another order each time."""
    mixed = order.permutation(len(lengths))
    near = np.array(lengths)[mixed] // _STRIDE + order.random(len(mixed)) * 2
    mixed = mixed[np.argsort(near, kind="stable")]
    batches = [mixed[start : start + BATCH] for start in range(0, len(mixed), BATCH)]
    for place in order.permutation(len(batches)):
        yield batches[place]


def _padded(rows: Sequence[NDArray[Any]]) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Rows of one length, and where they are real."""
    longest = -(-max(len(row) for row in rows) // _STRIDE) * _STRIDE
    whole = np.zeros((len(rows), longest, *rows[0].shape[1:]), rows[0].dtype)
    mask = np.zeros((len(rows), longest), np.float32)
    for place, row in enumerate(rows):
        whole[place, : len(row)], mask[place, : len(row)] = row, 1
    return whole, mask
