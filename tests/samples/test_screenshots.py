"""The pictures in docs are those that the command takes; docs/screens.md is the page that it writes. No browser needed."""

import re
from pathlib import Path

import pytest
from PIL import Image

from samples.screenshots import DESK, DOCS, LONGEST, PARTS, PHONE, screens

PICTURES = [picture for part in PARTS.values() for picture in part]
FOLDER = DOCS / "pictures"
README_PAGES = ("README.md", "README.zh-CN.md")


class TestPictures:
    def test_each_has_a_name_of_its_own(self):
        names = [picture.file for picture in PICTURES]
        assert sorted(set(names)) == sorted(names)

    def test_in_docs_are_those_of_the_table(self):
        assert {path.name for path in FOLDER.iterdir()} == {f"{picture.file}.webp" for picture in PICTURES}

    @pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.file)
    def test_is_as_wide_as_its_screen(self, picture):
        with Image.open(FOLDER / f"{picture.file}.webp") as image:
            scale = round(image.width / picture.width, 2)
            assert scale == {PHONE: 1.5, DESK: 1}[picture.width]
            assert image.height <= LONGEST[picture.width] * scale + 1

    def test_are_light_enough_to_be_carried_by_every_clone(self):
        assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 3_000_000


class TestPage:
    def test_is_the_one_that_the_command_writes(self):
        assert (DOCS / "screens.md").read_text(encoding="utf-8") == screens()

    def test_names_every_picture_once(self):
        named = re.findall(r"\]\(pictures/([\w-]+)\.webp\)", screens())
        assert sorted(named) == sorted(picture.file for picture in PICTURES)

    @pytest.mark.parametrize("name", README_PAGES)
    def test_is_led_to_by_every_readme_whose_pictures_exist(self, name):
        page = (Path(DOCS).parent / name).read_text(encoding="utf-8")
        assert "(docs/screens.md)" in page
        for shown in re.findall(r"\]\((docs/pictures/[^)]+)\)", page):
            assert (DOCS.parent / shown).is_file(), shown
