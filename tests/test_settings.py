from pathlib import Path

import pytest

from retrorun.errors import SettingsError
from retrorun.settings import Settings, load


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_overrides_what_it_names_and_changes_the_fingerprint(tmp_path: Path) -> None:
    changed = load(written(tmp_path, "[prepare]\ngap_s = 20\n[compare]\nsince_s = -5.0"))
    assert changed.prepare.gap_s == 20
    assert changed.compare.since_s == -5.0
    assert changed.prepare.chord_s == Settings().prepare.chord_s
    assert changed.fingerprint() != Settings().fingerprint()


def test_nothing_overridden_is_the_default(tmp_path: Path) -> None:
    assert load(written(tmp_path, "")).fingerprint() == Settings().fingerprint()


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("[prepare]\ngap = 20", "settings-unknown"),
        ("[preparation]\ngap_s = 20", "settings-unknown"),
        ("gap_s = 20", "settings-unknown"),
        ("[prepare]\ngap_s = 'long'", "settings-unreadable"),
        ("[prepare", "settings-unreadable"),
        ("[compare]\nleast_pairs = 0", "settings-senseless"),
        ("[compare]\nspeed_tolerance_mps = 0", "settings-senseless"),
        ("[measure]\nkinetics_step_s = 0", "settings-senseless"),
        ("[prepare]\nchord_s = nan", "settings-senseless"),
        ("[prepare]\ngap_s = -5", "settings-senseless"),
        ("[detect]\nheading_mps = [0.3, inf]", "settings-senseless"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(tmp_path: Path, text: str, slug: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(written(tmp_path, text))
    assert refused.value.slug == slug


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError):
        load(path)
