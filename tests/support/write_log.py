# SPDX-License-Identifier: Apache-2.0
"""Reads the log of block writes that qemu's blklogwrites makes, which has the format of Linux's dm-log-writes."""
import struct
import sys

FLUSH, DISCARD = 1, 4
MAGIC = 0x6a736677736872


def entries(path):
    """Offset, bytes and flags of each write."""
    with open(path, "rb") as f:
        magic, _version, count, unit = struct.unpack("<QQQI", f.read(28))
        if magic != MAGIC:
            sys.exit("%s: not a log of writes" % path)
        at = unit
        for _ in range(count):
            f.seek(at)
            sector, n, flags, _length = struct.unpack("<QQQQ", f.read(32))
            at += unit
            data = b""
            if n and not flags & DISCARD:
                f.seek(at)
                data = f.read(n * unit)
                at += len(data)
            yield sector * unit, data, flags
