"""gzip shards: tf.data and Python's gzip both read them, and both find the plain shards inside."""

import gzip
import zlib

from readers import payloads

from conftest import IMAGES


def test_gzip_shards_hold_the_bytes_of_plain_shards(convert, images):
    plain = convert(IMAGES, "--shards", "3", "--name", "same")
    packed = convert(IMAGES, "--shards", "3", "--name", "same", "--compression", "gzip")
    assert [shard.name for shard in packed.shards()] == [f"{shard.name}.gz" for shard in plain.shards()]
    for one, other in zip(plain.shards(), packed.shards(), strict=True):
        assert gzip.decompress(other.read_bytes()) == one.read_bytes()
    assert payloads(packed, compression="GZIP") == payloads(plain)
    assert len(payloads(packed, compression="GZIP")) == len(images)


def test_manifest_crc_is_of_the_compressed_file(convert):
    out = convert(IMAGES, "--compression", "gzip")
    text = (out.path / "shardify.json").read_text("utf-8")
    for shard in out.shards():
        assert f"{zlib.crc32(shard.read_bytes()):08x}" in text
