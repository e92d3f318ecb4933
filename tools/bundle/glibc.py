"""Which versions of the C library's functions a program needs, and how to need older ones.

A program that was linked on a newer system asks for the newest version of each function
that was there, and does not start where the C library is older. Most functions have had
one version for ages. For those few that got another one without becoming another
function, the old version is named in the file instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection, GNUVerSymSection
from elftools.elf.sections import SymbolTableSection

NEWEST = (2, 34)
"""The C library's version in Amazon Linux 2023, where all current runtimes of Lambda run."""

# hypot is more exact since 2.35, and no longer calls matherr, which nobody has.
REPLACEABLE = {"hypot"}
"""Functions whose oldest version does the same."""

# The version of everything that has been there since the first release for a processor.
_FIRST = {"EM_X86_64": "GLIBC_2.2.5", "EM_AARCH64": "GLIBC_2.17"}

_NEED = Struct("<HHIII")
_VERSION = Struct("<IHHII")
_MAGIC = b"\x7fELF"


class TooNew(Exception):
    """A file needs what the C library of Lambda lacks; the message says what."""


@dataclass(frozen=True)
class Need:
    """One version that a file needs of a library.

    Attributes:
        library: The library's name.
        version: The version's name, such as ``GLIBC_2.17``.
        index: What the file's symbols refer to it by.
        offset: Where in the file it is named.
        name: Where its name is in the file's table of names.
    """

    library: str
    version: str
    index: int
    offset: int
    name: int

    @property
    def is_too_new(self) -> bool:
        """Whether Lambda's C library does not have it."""
        family, _, number = self.version.partition("_")
        if family != "GLIBC" or not number[:1].isdecimal():
            return False
        return tuple(map(int, number.split(".")[:2])) > NEWEST


def is_program(path: Path) -> bool:
    """Return whether a file is a program or a library."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def lower_needs(path: Path) -> list[str]:
    """Let a file need no version that Lambda lacks; return the functions that were changed.

    Raises:
        TooNew: A function is needed that has no old version which does the same.
    """
    with path.open("rb") as file:
        elf = ELFFile(file)
        needs = list(_needs(elf))
        too_new = [need for need in needs if need.is_too_new]
        symbols = {need: _symbols(elf, need.index) for need in too_new}
        first = _FIRST.get(elf["e_machine"], "")
    for need, names in symbols.items():
        old = next((each for each in needs if each.version == first), None)
        if old is None or not set(names) <= REPLACEABLE:
            raise TooNew(
                f"{path.name} needs {', '.join(names) or 'symbols'} of {need.version}, and Lambda "
                f"has GLIBC_{'.'.join(map(str, NEWEST))}; build with a Python that was made on an "
                "older system, such as Debian 12 or Ubuntu 22.04"
            )
        _rename(path, need, old)
    return sorted(name for names in symbols.values() for name in names)


def drop_unused(path: Path, library: str) -> bool:
    """Let a file not ask for a library of which it uses nothing; return whether it was so.

    Some packages are linked with the C++ library although they are written in C.
    """
    with path.open("r+b") as file:
        elf = ELFFile(file)
        section = elf.get_section_by_name(".dynamic")
        if not isinstance(section, DynamicSection):
            return False
        tags = [(tag.entry.d_tag, getattr(tag, "needed", "")) for tag in section.iter_tags()]
        used = {need.library for need in _needs(elf)}
        if ("DT_NEEDED", library) not in tags or library in used:
            return False
        number = tags.index(("DT_NEEDED", library))
        start, size = section["sh_offset"], section["sh_entsize"]
        file.seek(start)
        entries = file.read(size * len(tags))
        file.seek(start)
        file.write(entries[: number * size] + entries[(number + 1) * size :] + bytes(size))
    return True


def _needs(elf: ELFFile) -> Iterator[Need]:
    section = elf.get_section_by_name(".gnu.version_r")
    if not isinstance(section, GNUVerNeedSection):
        return
    names = section.stringtable
    place = section["sh_offset"]
    for _ in range(section.num_versions()):
        elf.stream.seek(place)
        _, count, library, first, following = _NEED.unpack(elf.stream.read(_NEED.size))
        offset = place + first
        for _ in range(count):
            elf.stream.seek(offset)
            _, _, index, name, step = _VERSION.unpack(elf.stream.read(_VERSION.size))
            yield Need(names.get_string(library), names.get_string(name), index, offset, name)
            offset += step
        place += following


def _symbols(elf: ELFFile, index: int) -> list[str]:
    """Return the names of the symbols that refer to a version."""
    table = elf.get_section_by_name(".dynsym")
    versions = elf.get_section_by_name(".gnu.version")
    assert isinstance(table, SymbolTableSection)
    assert isinstance(versions, GNUVerSymSection)
    return [
        symbol.name
        for number, symbol in enumerate(table.iter_symbols())
        if versions.get_symbol(number)["ndx"] == index
    ]


def _rename(path: Path, need: Need, old: Need) -> None:
    with path.open("r+b") as file:
        file.seek(need.offset)
        _, flags, index, _, step = _VERSION.unpack(file.read(_VERSION.size))
        file.seek(need.offset)
        file.write(_VERSION.pack(_hash(old.version), flags, index, old.name, step))


def _hash(name: str) -> int:
    """Return a name's hash as the System V ABI defines it for symbols."""
    value = 0
    for byte in name.encode():
        value = (value << 4) + byte
        high = value & 0xF000_0000
        value = (value ^ (high >> 24)) & ~high
    return value & 0xFFFF_FFFF
