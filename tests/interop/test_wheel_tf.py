"""`shardify.tf.dataset` gives what TFDS and plain tf.data give, and an error where shards are not what they were."""

import collections
import json
import os
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import shardify
import tensorflow as tf
from array_rows import DTYPES, rows_of
from conftest import FOREIGN, IMAGES, Output, shardify as command
from readers import assert_same_bits, builder, example, listed_payloads

SHUFFLES = [{}, {"shuffle": True}, {"shuffle": True, "seed": 3}, {"deterministic": False}]


def pixels(payload, key, channels):
    return tf.io.decode_image(example(payload)[key][0], channels, expand_animations=False).numpy()


def as_set(pairs):
    arrays = ((int(label), np.asarray(value)) for value, label in pairs)
    return collections.Counter((label, value.shape, value.tobytes()) for label, value in arrays)


@pytest.mark.parametrize(
    ("options", "shuffle"),
    [
        *(("", shuffle) for shuffle in SHUFFLES),
        ("--compression gzip", {}),
        ("--keys slim", {}),
        ("--color gray", {"shuffle": True}),
        ("--size 40x30", {"shuffle": True}),
        ("--format png --size 40x30", {}),
    ],
)
def test_images_are_those_that_tensorflow_decodes(convert, options, shuffle):
    out = convert(IMAGES, "--shards", "3", *options.split())
    image, label = out.manifest["supervised_keys"]
    payloads = listed_payloads(out)
    channels = 1 if "gray" in options else 3
    found = shardify.tf.dataset(out.path, **shuffle)
    assert found.element_spec[0].shape.rank == 3
    assert len(found) == len(payloads)
    assert as_set(found) == as_set((pixels(it, image, channels), example(it)[label][0]) for it in payloads)
    files = shardify.tf.dataset(out.path, decode=False, **shuffle)
    expected = collections.Counter((example(it)[label][0], example(it)[image][0]) for it in payloads)
    assert collections.Counter((label, bytes_) for bytes_, label in files.as_numpy_iterator()) == expected
    if "gzip" not in options:
        assert as_set(found) == as_set(builder(out).as_dataset("train", as_supervised=True))


@pytest.mark.parametrize("options", ["--format raw", "--format raw --size 32x24", "--format raw --color rgb"])
def test_raw_images_are_those_that_tfds_gives(convert, options):
    out = convert(IMAGES, "--shards", "2", *options.split())
    found = shardify.tf.dataset(out.path, shuffle=True)
    assert as_set(found) == as_set(builder(out).as_dataset("train", as_supervised=True))
    (image, _), *_ = shardify.tf.dataset(out.path, batch_size=30, image_size=(20, 10))
    assert image.shape == (30, 20, 10, 3)


def test_without_a_shuffle_records_come_in_order(convert):
    out = convert(IMAGES, "--shards", "4")
    names = [example(it)["filename"][0] for it in listed_payloads(out)]
    for batch in (None, 4):
        found = shardify.tf.dataset(out.path, supervised=False, decode=False, batch_size=batch).as_numpy_iterator()
        assert np.hstack([record["filename"] for record in found]).tolist() == names


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch", [None, 4])
def test_arrays_come_back_bit_for_bit(convert, tmp_path, dtype, batch):
    shapes = {"x": (2, 3), "one": (), "vector": (1,)}
    expected = {name: rows_of(dtype, shape) for name, shape in shapes.items()}
    for name, array in expected.items():
        np.save(tmp_path / f"{name}.npy", array)
    further = [option for name in shapes if name != "x" for option in ("--array", f"{name}={tmp_path / name}.npy")]
    out = convert(tmp_path / "x.npy", "--no-shuffle", *further)
    found = list(shardify.tf.dataset(out.path, batch_size=batch).as_numpy_iterator())
    for name, array in expected.items():
        join = np.stack if batch is None else np.concatenate
        assert_same_bits(join([record[name] for record in found]), array)


def test_batches_have_static_shapes_and_are_counted(convert, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((10, 4, 4, 3), "uint8"))
    np.save(tmp_path / "y.npy", np.arange(10) % 3)
    out = convert(tmp_path / "x.npy", "--labels", str(tmp_path / "y.npy")).path
    for options, count, first in [({}, 4, None), ({"drop_remainder": True}, 3, 3), ({"repeat": 2}, 8, None)]:
        for shuffle in SHUFFLES:
            found = shardify.tf.dataset(out, batch_size=3, **options, **shuffle)
            assert (len(found), sum(1 for _ in found)) == (count, count)
            assert found.element_spec[0].shape.as_list() == [first, 4, 4, 3]
            assert found.element_spec[1].shape.as_list() == [first]
    assert shardify.tf.dataset(out, repeat=True).cardinality() == tf.data.INFINITE_CARDINALITY
    assert sum(1 for _ in shardify.tf.dataset(out, batch_size=3, repeat=True).take(9)) == 9


def test_a_shuffle_differs_by_epoch_and_a_seed_repeats_it(convert, tmp_path):
    np.save(tmp_path / "x.npy", np.arange(500))
    out = convert(tmp_path / "x.npy", "--shards", "5").path

    def epochs(**options):
        found = shardify.tf.dataset(out, shuffle=True, **options)
        return [[int(record["x"]) for record in found] for _ in range(2)]

    (first, second), again = epochs(seed=7), epochs(seed=7)
    assert first != second
    assert [first, second] == again
    assert sorted(first) == list(range(500))
    assert epochs()[0] != first


def test_lists_of_any_length_that_another_program_wrote(tmp_path):
    shutil.copytree(FOREIGN / "tfds", tmp_path / "tfds")
    (folder,) = {path.parent for path in (tmp_path / "tfds").rglob("dataset_info.json")}
    command("index", folder, "--manifest")
    split = Output(folder).splits[0]
    expected = [record for record in builder(Output(folder)).as_dataset(split, shuffle_files=False).as_numpy_iterator()]
    found = list(shardify.tf.dataset(folder, split, supervised=False).as_numpy_iterator())
    assert len(found) == len(expected) > 0
    by_name = {record["filename"]: record for record in found}
    for record in expected:
        assert by_name[record["filename"]].keys() == record.keys()
        for key, value in record.items():
            assert np.array_equal(by_name[record["filename"]][key], value), key
    batches = shardify.tf.dataset(folder, split, supervised=False, batch_size=2, image_size=(8, 8))
    assert sum(int(batch["image"].shape[0]) for batch in batches) == len(expected)


@pytest.fixture
def rows(convert, tmp_path):
    """3000 rows in shards of 500."""
    np.save(tmp_path / "x.npy", np.arange(9000, dtype="float32").reshape(3000, 3))
    np.save(tmp_path / "y.npy", np.arange(3000) % 7)
    return convert(tmp_path / "x.npy", "--labels", str(tmp_path / "y.npy"), "--shards", "6")


def flip(path, byte):
    content = bytearray(path.read_bytes())
    content[byte] ^= 1
    path.write_bytes(content)


def hurt_byte(shard):
    flip(shard, shard.stat().st_size // 500 * 321 + 30)
    return "record 321: "


def hurt_length(shard):
    flip(shard, shard.stat().st_size // 500 * 400)
    return "record 400: "


def hurt_cut(shard):
    os.truncate(shard, shard.stat().st_size // 500 * 123)
    return "record 123: "


def hurt_cut_inside(shard):
    os.truncate(shard, shard.stat().st_size // 500 * 123 + 50)
    return "record 123: "


def hurt_longer(shard):
    size = shard.stat().st_size
    shard.write_bytes(shard.read_bytes() + shard.read_bytes()[: size // 500])
    return "record 500: "


def hurt_gone(shard):
    shard.unlink()
    return "No such file"


def fit(found):
    model = keras.Sequential([keras.layers.Dense(7, activation="softmax")])
    model.compile(loss="sparse_categorical_crossentropy")
    model.fit(found, epochs=1, verbose=0)


def iterate(found):
    for _ in found:
        pass


@pytest.mark.filterwarnings("ignore::UserWarning")  # Keras on its own use of tf.data
@pytest.mark.parametrize("hurt", [hurt_byte, hurt_length, hurt_cut, hurt_cut_inside, hurt_longer, hurt_gone])
@pytest.mark.parametrize(
    ("use", "options"),
    [
        (iterate, {}),
        (iterate, {"batch_size": 32}),
        (iterate, {"batch_size": 32, "shuffle": True}),
        (iterate, {"batch_size": 32, "deterministic": False}),
        (fit, {"batch_size": 32}),
        (fit, {"batch_size": 32, "shuffle": True}),
    ],
)
def test_damage_after_opening_names_file_and_record(rows, hurt, use, options):
    found = shardify.tf.dataset(rows.path, **options)
    shard = rows.shards()[3]
    record = hurt(shard)
    with pytest.raises(tf.errors.OpError) as raised:
        use(found)
    assert str(shard) in str(raised.value)
    assert record in str(raised.value)


def test_a_gzip_file_that_is_damaged(convert):
    out = convert(IMAGES, "--compression", "gzip", "--shards", "2")
    shard = out.shards()[1]
    flip(shard, shard.stat().st_size // 2)
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"{shard}: record \d+: "):
        iterate(shardify.tf.dataset(out.path))


def test_what_is_missing_or_short_is_found_at_opening(rows):
    shard = rows.shards()[2]
    size = shard.stat().st_size
    content = shard.read_bytes()
    shard.write_bytes(content[:-1])
    with pytest.raises(shardify.DamageError, match=f"has {size - 1} bytes; the manifest says {size}") as raised:
        shardify.tf.dataset(rows.path)
    assert raised.value.path == str(shard)
    assert "repair" in raised.value.hint
    shard.unlink()
    with pytest.raises(shardify.DamageError, match=f"missing; the manifest says {size} bytes, 500 records"):
        shardify.tf.dataset(rows.path)


def test_what_cannot_be_done_is_said_at_once(convert, rows, tmp_path):
    with pytest.raises(shardify.InputError, match=r"no manifest.*shardify.index\(.*manifest=True\)"):
        shardify.tf.dataset(tmp_path)
    with pytest.raises(shardify.InputError, match="no split 'val'.*'train'"):
        shardify.tf.dataset(rows.path, "val")
    (tmp_path / "shardify.json").write_text("[1]")
    with pytest.raises(shardify.InputError, match="no manifest"):
        shardify.tf.dataset(tmp_path)
    (tmp_path / "shardify.json").write_text('{"format_version": 2}')
    with pytest.raises(shardify.InputError, match="newer version"):
        shardify.tf.dataset(tmp_path)
    wrong = [{"batch_size": 0}, {"shard": (2, 2)}, {"shard": (7, 8)}, {"features": ["z"]}, {"features": []}]
    wrong += [{"image_size": size} for size in [(3, 3), 3, (0, 3), (3, 3, 3)]]
    for options in [*wrong, {"features": [], "supervised": True}]:
        with pytest.raises(shardify.OptionsError):
            shardify.tf.dataset(rows.path, **options)
    (tmp_path / "none").mkdir()
    tf.io.TFRecordWriter(str(tmp_path / "none" / "none-train.tfrecord-00000-of-00001")).close()
    command("index", tmp_path / "none", "--manifest")
    with pytest.raises(shardify.InputError, match="no feature"):
        shardify.tf.dataset(tmp_path / "none")
    images = convert(IMAGES).path
    with pytest.raises(shardify.InputError, match="image_size"):
        shardify.tf.dataset(images, batch_size=2)
    unlabelled = convert(IMAGES / "temple").path
    with pytest.raises(shardify.OptionsError, match="supervised=False"):
        shardify.tf.dataset(unlabelled, supervised=True)
    assert set(shardify.tf.dataset(unlabelled).element_spec) == {"image", "filename"}
    assert set(shardify.tf.dataset(unlabelled, features=["image/height"]).element_spec) == {"image/height"}


def shard_of(manifest):
    return manifest["splits"][0]["shards"][0]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda it: shard_of(it).update(name="../out/x"), "no name of a file"),
        (lambda it: shard_of(it).update(name="/etc/passwd"), "no name of a file"),
        (lambda it: shard_of(it).pop("name"), "lacks 'name'"),
        (lambda it: it.pop("splits"), "lacks 'splits'"),
        (lambda it: it.update(splits=3), "3 is no list"),
        (lambda it: it["splits"][0].update(shards=[]), "have 0 records together, and the split has 3000"),
        (lambda it: shard_of(it).update(records=499), "have 2999 records together"),
        (lambda it: it["splits"][0].update(shards=[shard_of(it)] * 6), "listed twice"),
        *[
            (lambda it, value=value: shard_of(it).update(records=value), "no number that can be here")
            for value in ["500", 500.5, -500, 1 << 70, True, None]
        ],
        (lambda it: it.update(compression="zstd"), "'zstd' is none of none, gzip, zlib"),
        (lambda it: it.update(schema=None), "None is no list"),
        (lambda it: it["schema"][0].update(kind="word"), "'word' is none of"),
        (lambda it: it["schema"][0].update(role="word"), "'word' is none of"),
        (lambda it: it["schema"][0].update(dtype="complex9"), "'complex9' is none of"),
        (lambda it: it["schema"][0].update(shape=[-3]), "-3 is no number"),
        (lambda it: it["schema"][0].update(shape=[1 << 40, 1 << 40]), "the shape of"),
        (lambda it: it.update(supervised_keys=["q", "r"]), "'q' is none of"),
        (lambda it: it.update(supervised_keys=["x"]), "supervised_keys are"),
        (lambda it: it.update(format_version="1"), "'1' is no number"),
        ("[" * 200_000, "recursion"),
        (b"\xff", "utf-8"),
    ],
)
def test_a_manifest_that_cannot_be_is_refused(rows, spoil, message):
    manifest = rows.manifest
    if callable(spoil):
        spoil(manifest)
        spoil = json.dumps(manifest)
    (rows.path / "shardify.json").write_bytes(spoil if isinstance(spoil, bytes) else spoil.encode())
    with pytest.raises(shardify.InputError, match=message) as raised:
        shardify.tf.dataset(rows.path)
    assert raised.value.path == str(rows.path / "shardify.json")


def test_compressed_records_are_buffered_by_their_own_size(convert, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((700, 512, 512), "float32"))
    out = convert(tmp_path / "x.npy", "--compression", "gzip")
    assert sum(shard.stat().st_size for shard in out.shards()) < 7 << 20
    script = """
import re, sys, shardify
for _ in shardify.tf.dataset(sys.argv[1], batch_size=4, shuffle=True): pass
# Not getrusage, which counts what the process was before it became this one: a copy of the tests.
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) >> 10)
"""
    done = subprocess.run([sys.executable, "-c", script, out.path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    # All of it is 700 MiB; the buffer holds 128, and TensorFlow takes some 500 itself.
    assert int(done.stdout) < 1000


def test_images_of_any_colour_have_a_known_number_of_channels(convert):
    out = convert(IMAGES)
    manifest = out.manifest
    next(field for field in manifest["schema"] if field["key"] == "image")["shape"] = [None, None, None]
    (out.path / "shardify.json").write_text(json.dumps(manifest))
    found = shardify.tf.dataset(out.path)
    assert found.element_spec[0].shape.as_list() == [None, None, 3]
    assert sum(1 for _ in found) == 30


def test_it_reads_on_after_the_process_went_elsewhere(rows, monkeypatch):
    monkeypatch.chdir(rows.path.parent)
    found = shardify.tf.dataset(rows.path.name, batch_size=500)
    monkeypatch.chdir("/")
    assert sum(1 for _ in found) == 6


@pytest.mark.parametrize("options", [{}, {"shuffle": True}, {"shuffle": True, "seed": 1}])
def test_tensorflow_shares_out_the_files(rows, options):
    from tensorflow.python.data.experimental.ops.distribute import _AutoShardDataset

    chosen = tf.data.Options()
    chosen.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.FILE
    seen = []
    for worker in range(3):
        found = shardify.tf.dataset(rows.path, batch_size=10, options=chosen, **options)
        part = _AutoShardDataset(found, 3, worker)
        seen.append({float(row[0]) for x, _ in part for row in x})
    assert [len(part) for part in seen] == [1000] * 3
    assert len(set.union(*seen)) == 3000
    parts = [shardify.tf.dataset(rows.path, batch_size=10, shard=(worker, 4), **options) for worker in range(4)]
    assert [len(part) for part in parts] == [100, 100, 50, 50]
    whole = [{float(row[0]) for x, _ in part for row in x} for part in parts]
    assert [len(part) for part in whole] == [1000, 1000, 500, 500]
    assert len(set.union(*whole)) == 3000


SEVERAL_DEVICES = """
import keras, sys, shardify
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert strategy.num_replicas_in_sync == 2
found = shardify.tf.dataset(sys.argv[1], batch_size=30, shuffle=True)
rows = 0
for x, y in strategy.experimental_distribute_dataset(found):
    rows += sum(int(part.shape[0]) for part in strategy.experimental_local_results(x))
print(rows)
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(7, activation="softmax")])
    model.compile(loss="sparse_categorical_crossentropy")
model.fit(found, epochs=2, verbose=0)
"""


def test_two_devices_of_one_machine(rows):
    done = subprocess.run([sys.executable, "-c", SEVERAL_DEVICES, rows.path], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "3000"), done.stderr[-3000:]


def test_tensorflow_is_imported_only_when_it_is_used():
    loaded = "'tensorflow' in sys.modules"
    script = f"import sys, shardify; assert not {loaded}; shardify.tf; assert {loaded}"
    subprocess.run([sys.executable, "-c", script], check=True)
