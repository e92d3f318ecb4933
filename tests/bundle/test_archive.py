"""The layer's zip file depends on what is in the folder, and on nothing else."""

import os
import zipfile
from pathlib import Path

from tools.bundle.archive import write_zip


def folder(place: Path, *, age: int) -> Path:
    """Make a folder with a program, a library, and a link to it."""
    (place / "lib").mkdir(parents=True)
    for name, mode in (("pannier", 0o755), ("lib/b.so", 0o600), ("lib/a.txt", 0o664)):
        (place / name).write_text(name)
        (place / name).chmod(mode)
        os.utime(place / name, (age, age))
    (place / "lib" / "c.so").symlink_to("b.so")
    return place


def test_the_same_files_make_the_same_bytes(tmp_path: Path) -> None:
    for number in (1, 2):
        made = folder(tmp_path / str(number), age=number * 10**9)
        write_zip(made, tmp_path / f"{number}.zip", under="extensions")
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_programs_stay_programs_and_everyone_may_read(tmp_path: Path) -> None:
    write_zip(folder(tmp_path / "f", age=10**9), tmp_path / "f.zip", under="extensions")
    with zipfile.ZipFile(tmp_path / "f.zip") as archive:
        modes = {each.filename: each.external_attr >> 16 & 0o777 for each in archive.infolist()}
    assert modes == {
        "extensions/lib/a.txt": 0o644,
        "extensions/lib/b.so": 0o644,
        "extensions/lib/c.so": 0o644,
        "extensions/pannier": 0o755,
    }
    assert list(modes) == sorted(modes)


def test_a_link_is_written_as_the_file_that_it_means(tmp_path: Path) -> None:
    write_zip(folder(tmp_path / "f", age=10**9), tmp_path / "f.zip", under="extensions")
    with zipfile.ZipFile(tmp_path / "f.zip") as archive:
        assert archive.read("extensions/lib/c.so") == b"lib/b.so"
