"""A QR code of a short text (ISO/IEC 18004): byte mode, level M, versions 1 to 10.

Level M mends what a poster loses: up to 15 % of it may be dirty or torn. Every table here is
the standard's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ledger.kernel.errors import Invalid

_MASKS: Final = 8
_BLOCKS: Final = {
    1: (10, [16]), 2: (16, [28]), 3: (26, [44]), 4: (18, [32] * 2), 5: (24, [43] * 2),
    6: (16, [27] * 4), 7: (18, [31] * 4), 8: (22, [38] * 2 + [39] * 2),
    9: (22, [36] * 3 + [37] * 2), 10: (26, [43] * 4 + [44]),
}  # fmt: skip
"""For each version: error-correction bytes of a block, and the data bytes of each block."""
_CENTRES: Final = {
    1: (), 2: (6, 18), 3: (6, 22), 4: (6, 26), 5: (6, 30), 6: (6, 34), 7: (6, 22, 38),
    8: (6, 24, 42), 9: (6, 26, 46), 10: (6, 28, 50),
}  # fmt: skip
"""For each version: where the centres of the alignment patterns lie."""


def squares(text: str) -> list[list[bool]]:
    """The squares of the code, dark ones true, without the quiet border of four.

    Raises:
        Invalid: the text has more than 213 bytes.
    """
    data = text.encode()
    version = _version_for(data)
    stream = _interleaved(_data_bytes(data, version), version)
    plain = _Grid(version)
    plain.draw_patterns()
    plain.draw_data(stream)
    masked = [plain.masked(mask) for mask in range(_MASKS)]
    return min(masked, key=_penalty)


def _version_for(data: bytes) -> int:
    for version, (_, blocks) in _BLOCKS.items():
        header_bits = 12 if version < 10 else 20
        if len(data) * 8 + header_bits <= sum(blocks) * 8:
            return version
    raise Invalid(
        f"{len(data)} bytes are too many for a code on a poster.",
        remedy="Use a shorter address.",
        place="text",
    )


def _data_bytes(data: bytes, version: int) -> list[int]:
    """Mode, length, data, terminator and padding."""
    room_bits = sum(_BLOCKS[version][1]) * 8
    bits = f"0100{len(data):0{8 if version < 10 else 16}b}" + "".join(f"{b:08b}" for b in data)
    bits += "0" * min(4, room_bits - len(bits))
    bits += "0" * (-len(bits) % 8)
    made = [int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)]
    pads = (0xEC, 0x11)
    short = room_bits // 8 - len(made)
    return made + [pads[number % 2] for number in range(short)]


def _interleaved(data: list[int], version: int) -> list[int]:
    size, blocks = _BLOCKS[version]
    parts, at = [], 0
    for length in blocks:
        parts.append(data[at : at + length])
        at += length
    checks = [_remainder(part, size) for part in parts]
    stream = [part[index] for index in range(max(blocks)) for part in parts if index < len(part)]
    return stream + [check[index] for index in range(size) for check in checks]


def _times(one: int, other: int) -> int:
    """Multiply in the field of 256 elements whose polynomial is 0x11D."""
    product = 0
    for bit in range(7, -1, -1):
        product = (product << 1) ^ ((product >> 7) * 0x11D)
        product ^= ((other >> bit) & 1) * one
    return product


def _remainder(data: Sequence[int], size: int) -> list[int]:
    """The Reed-Solomon check bytes of a block."""
    generator, root = [0] * (size - 1) + [1], 1
    for _ in range(size):
        for index in range(size):
            generator[index] = _times(generator[index], root)
            if index + 1 < size:
                generator[index] ^= generator[index + 1]
        root = _times(root, 2)
    rest = [0] * size
    for byte in data:
        factor = byte ^ rest.pop(0)
        rest.append(0)
        rest = [one ^ _times(other, factor) for one, other in zip(rest, generator, strict=True)]
    return rest


def _mask_bit(mask: int, row: int, column: int) -> bool:
    product = row * column
    return (
        (row + column) % 2, row % 2, column % 3, (row + column) % 3,
        (row // 2 + column // 3) % 2, product % 2 + product % 3,
        (product % 2 + product % 3) % 2, ((row + column) % 2 + product % 3) % 2,
    )[mask] == 0  # fmt: skip


class _Grid:
    """The squares while they are drawn; ``fixed`` are those that carry no data."""

    def __init__(self, version: int) -> None:
        self.version, self.size = version, version * 4 + 17
        self.dark = [[False] * self.size for _ in range(self.size)]
        self.fixed = [[False] * self.size for _ in range(self.size)]

    def put(self, row: int, column: int, *, dark: bool) -> None:
        """Draw a square that carries no data."""
        self.dark[row][column], self.fixed[row][column] = dark, True

    def draw_patterns(self) -> None:
        """Everything by which a reader finds and straightens the code."""
        for place in range(self.size):
            self.put(6, place, dark=place % 2 == 0)
            self.put(place, 6, dark=place % 2 == 0)
        last = self.size - 4
        for row, column in ((3, 3), (3, last), (last, 3)):
            self._draw_finder(row, column)
        centres = _CENTRES[self.version]
        corners = {(6, 6), (6, self.size - 7), (self.size - 7, 6)}
        for row in centres:
            for column in centres:
                if (row, column) not in corners:
                    self._draw_alignment(row, column)
        self._draw_version()
        self.draw_format(0)

    def _draw_finder(self, row: int, column: int) -> None:
        for down in range(-4, 5):
            for right in range(-4, 5):
                there = (row + down, column + right)
                if 0 <= there[0] < self.size and 0 <= there[1] < self.size:
                    self.put(*there, dark=max(abs(down), abs(right)) not in (2, 4))

    def _draw_alignment(self, row: int, column: int) -> None:
        for down in range(-2, 3):
            for right in range(-2, 3):
                self.put(row + down, column + right, dark=max(abs(down), abs(right)) != 1)

    def _draw_version(self) -> None:
        if self.version < 7:
            return
        rest = self.version
        for _ in range(12):
            rest = (rest << 1) ^ ((rest >> 11) * 0x1F25)
        bits = self.version << 12 | rest
        for index in range(18):
            bit = bool((bits >> index) & 1)
            far, near = self.size - 11 + index % 3, index // 3
            self.put(far, near, dark=bit)
            self.put(near, far, dark=bit)

    def draw_format(self, mask: int) -> None:
        """Level M (whose number is 0) and the mask, twice."""
        rest = mask
        for _ in range(10):
            rest = (rest << 1) ^ ((rest >> 9) * 0x537)
        bits = (mask << 10 | rest) ^ 0x5412
        near = [(i, 8) for i in range(6)] + [(7, 8), (8, 8), (8, 7)]
        near += [(8, 14 - i) for i in range(9, 15)]
        far = [(8, self.size - 1 - i) for i in range(8)]
        far += [(self.size - 15 + i, 8) for i in range(8, 15)]
        for index in range(15):
            bit = bool((bits >> index) & 1)
            self.put(*near[index], dark=bit)
            self.put(*far[index], dark=bit)
        self.put(self.size - 8, 8, dark=True)

    def _places(self) -> Iterator[tuple[int, int]]:
        """The squares for data: in pairs of columns from the right, up and down by turns."""
        right, upward = self.size - 1, True
        while right > 0:
            right -= right == 6
            rows = range(self.size - 1, -1, -1) if upward else range(self.size)
            for row in rows:
                for column in (right, right - 1):
                    if not self.fixed[row][column]:
                        yield row, column
            right, upward = right - 2, not upward

    def draw_data(self, stream: Sequence[int]) -> None:
        """Put the bits in their places; what is left over stays light."""
        bits = (bool((byte >> bit) & 1) for byte in stream for bit in range(7, -1, -1))
        for (row, column), bit in zip(self._places(), bits, strict=False):
            self.dark[row][column] = bit

    def masked(self, mask: int) -> list[list[bool]]:
        """The finished squares under one mask."""
        self.draw_format(mask)
        return [
            [
                self.dark[row][column]
                != (not self.fixed[row][column] and _mask_bit(mask, row, column))
                for column in range(self.size)
            ]
            for row in range(self.size)
        ]


def _penalty(grid: list[list[bool]]) -> int:
    """How hard a code is to read: long runs, blocks, look-alikes of finders, uneven shade."""
    size = len(grid)
    lines = ["".join("1" if cell else "0" for cell in row) for row in grid]
    lines += ["".join(column) for column in zip(*lines, strict=True)]
    points = 0
    for line in lines:
        for run in line.replace("01", "0 1").replace("10", "1 0").split():
            points += len(run) - 2 if len(run) >= 5 else 0
        points += 40 * sum(
            line.startswith(pattern, at)
            for pattern in ("10111010000", "00001011101")
            for at in range(size - 10)
        )
    points += 3 * sum(
        grid[row][column] == grid[row][column + 1] == grid[row + 1][column]
        == grid[row + 1][column + 1]
        for row in range(size - 1)
        for column in range(size - 1)
    )  # fmt: skip
    dark = sum(line.count("1") for line in lines[:size])
    return points + 10 * (abs(dark * 20 - size * size * 10) // (size * size))
