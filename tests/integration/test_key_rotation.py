"""The runbook's commands on keys, run: what was sealed before stays readable."""

from pathlib import Path

from shared.crypto import Cipher
from tests.integration.runbook import commands, run


def test_the_keys_made_and_changed_by_the_runbook_open_what_was_sealed_before(tmp_path: Path) -> None:
    making = [line for line in commands("Start", "keys") if not line.startswith(("kubectl", " "))]
    run(making, None, tmp_path)
    path = tmp_path / "keys" / "cipher.keys"
    old = Cipher.from_file(path)
    changing = [line for line in commands("Rotate keys", "keys/") if not line.startswith(("kubectl", " "))]
    run(changing[:-1], None, tmp_path)
    between = Cipher.from_file(path)
    run(changing[-1:], None, tmp_path)
    new = Cipher.from_file(path)
    assert between.open(old.seal(b"phone", "c"), "c") == old.open(between.seal(b"phone", "c"), "c") == b"phone"
    assert new.open(between.seal(b"phone", "c"), "c") == between.open(new.seal(b"phone", "c"), "c") == b"phone"
    assert new.seal(b"phone", "c").startswith(b"k2:")
    assert {one.digest("enterprise", "91350100M000100Y43") for one in (old, between)} == {
        new.digest("enterprise", "91350100M000100Y43")
    }
