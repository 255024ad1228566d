"""Rows of arrays with the values that conversions get wrong.

Nothing here may import TensorFlow: the PyTorch environment has none.
"""

import numpy as np

DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split()
FLOAT_BITS = {  # -0.0, the smallest subnormal, quiet and signalling NaN with payloads, the largest, a third
    "float16": (np.uint16, [0x8000, 0x0001, 0x7E01, 0xFD55, 0x7BFF, 0x3555]),
    "float32": (np.uint32, [0x80000000, 0x00000001, 0x7FC00001, 0xFFA12345, 0x7F7FFFFF, 0x3EAAAAAB]),
    "float64": (np.uint64, [1 << 63, 1, 0x7FF8000000000001, 0xFFF4123456789ABC, 0x7FEFFFFFFFFFFFFF, 0x3FD5555555555555]),
}


def values(dtype):
    """Six values of `dtype`: the ones that conversions get wrong."""
    if dtype == "bool":
        return np.array([True, False, False, True, True, False])
    if dtype in FLOAT_BITS:
        unsigned, bits = FLOAT_BITS[dtype]
        return np.array(bits, unsigned).view(dtype)
    limits = np.iinfo(dtype)
    return np.array([limits.min, limits.max, 0, 1, limits.max // 2 + 1, limits.max - 1], dtype)


def rows_of(dtype, shape, count=6):
    """`count` different rows: the values, turned by one more place in each."""
    size = int(np.prod(shape, dtype=int))
    turned = [np.resize(np.roll(values(dtype), -row), size) for row in range(count)]
    return np.array(turned, dtype).reshape(count, *shape)


def swapped(array):
    """The same values in big-endian order, without passing through a float conversion."""
    return array.byteswap().view(array.dtype.newbyteorder(">"))
