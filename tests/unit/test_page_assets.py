"""The page assets come without what is licensed for other services."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import page_assets


def test_fonts_crest_and_source_maps_are_left_out() -> None:
    text = (
        '@font-face{font-family:GDS Transport;src:url(/assets/fonts/light.woff2) format("woff2")}'
        ".a{font-family:GDS Transport,arial,sans-serif}"
        ".b{background:url(/assets/images/govuk-crest.svg)}\n"
        "/*# sourceMappingURL=x.css.map */"
    )
    assert page_assets.cleaned(text) == (".a{font-family:arial,sans-serif}.b{background:none}\n")


def test_what_is_installed_loads_nothing_else() -> None:
    if not page_assets.VENDOR.is_dir():
        pytest.skip("the page assets are not installed: run scripts/page_assets.py")
    sheets = [path.read_text() for path in page_assets.VENDOR.rglob("*.css")]
    assert sheets
    for text in sheets:
        assert "@font-face" not in text
        assert "/assets/" not in text
        assert "url(http" not in text


def test_assets_that_are_there_are_not_installed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_assets, "VENDOR", tmp_path)
    (tmp_path / "installed").write_text(page_assets.fingerprint())
    monkeypatch.setattr(page_assets, "find_npm", lambda: pytest.fail("asked for npm"))
    assert page_assets.main() == 0


def test_without_npm_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(page_assets, "VENDOR", tmp_path)
    monkeypatch.setattr(page_assets, "find_npm", lambda: None)
    assert page_assets.main() == 1
    assert "requirements-node.txt" in capsys.readouterr().err
