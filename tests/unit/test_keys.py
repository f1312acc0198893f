"""Keys change while several replicas run: each can open what another one sealed, and digests stay the same."""

import base64
from itertools import pairwise
from pathlib import Path

import pytest

from shared.crypto import Cipher
from shared.errors import Permanent

K1, K2 = (f"{name}:{base64.b64encode(name.encode() * 16).decode()}" for name in ("k1", "k2"))


def cipher(folder: Path, *keys: str) -> Cipher:
    path = folder / "cipher.keys"
    path.write_text("\n".join(keys) + "\n")
    return Cipher.from_file(path)


def test_a_key_is_changed_in_two_steps_and_every_replica_opens_what_the_others_seal(tmp_path: Path) -> None:
    steps = [cipher(tmp_path, K1), cipher(tmp_path, K1, K2, K1), cipher(tmp_path, K2, K1)]
    for before, after in pairwise(steps):
        assert after.open(before.seal(b"phone", "c"), "c") == before.open(after.seal(b"phone", "c"), "c") == b"phone"
    assert steps[2].seal(b"phone", "c").startswith(b"k2:")
    assert len({step.digest("enterprise", "91350100M000100Y43") for step in steps}) == 1


def test_changed_in_one_step_a_replica_that_does_not_know_the_key_cannot_open(tmp_path: Path) -> None:
    old, new = cipher(tmp_path, K1), cipher(tmp_path, K2, K1)
    with pytest.raises(Permanent):
        old.open(new.seal(b"phone", "c"), "c")
