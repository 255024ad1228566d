"""`shardify.open`: what it gives is what TensorFlow, protobuf and Pillow make of the same shards, in any order."""

import copy
import io
import json
import pickle
import random
import sys
import weakref
import zlib

import numpy as np
import pytest
import tensorflow as tf
from array_rows import DTYPES, rows_of
from conftest import FOREIGN, IMAGES, Output, image_files, shardify
from PIL import Image
from readers import assert_same_bits, columns, example, payloads

import shardify as sh

WAYS = [{"memory_map": True}, {"memory_map": False}, {"memory_map": True, "writable": True}]


def serialized(folder, *patterns):
    """The records of shards through tf.data, in the order of their names."""
    files = sorted(str(file) for pattern in patterns for file in folder.glob(pattern))
    assert files
    return [record.numpy() for record in tf.data.TFRecordDataset(files)]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    out = tmp_path_factory.mktemp("open") / "out"
    shardify("convert", IMAGES, out, "--quiet", "--max-shard", "80kB")
    return Output(out)


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_of_arrays_come_back_bit_for_bit(convert, tmp_path, dtype, way):
    expected = {"x": rows_of(dtype, (2, 3)), "scalar": rows_of(dtype, ())}
    for name, array in expected.items():
        np.save(tmp_path / f"{name}.npy", array)
    out = convert(tmp_path / "x.npy", "--no-shuffle", "--array", f"scalar={tmp_path / 'scalar.npy'}")
    through_tf = columns(out)
    ds = sh.open(out.path, **way)
    assert len(ds) == 6
    for number, row in enumerate(ds):
        assert list(row) == list(ds.features)
        for name in expected:
            assert_same_bits(row[name], expected[name][number])
            assert_same_bits(row[name], through_tf[name][number])
        assert row["x"].flags.writeable or not way.get("writable")
    assert ds.features["x"] == sh.Feature("tensor", dtype, (2, 3))
    if way == {"memory_map": True} and dtype in ("uint8", "float32", "float64"):
        assert not ds[0]["x"].flags.writeable and not ds[0]["x"].flags.owndata


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_pictures_are_what_the_records_hold(pictures, way):
    ds = sh.open(pictures.path, **way)
    expected = payloads(pictures)
    assert [*ds.records] == expected and len(ds.records) == len(ds) == len(expected)
    assert len(pictures.shards()) > 2
    for row, payload in zip(ds, map(example, expected), strict=True):
        assert row == {
            "filename": payload["filename"][0].decode(),
            "image": payload["image"][0],
            "label": payload["label"][0],
        }
        assert type(row["label"]) is int
    assert ds.class_names == pictures.class_names and ds.splits == ["train"] and ds.split == "train"
    assert all(bytes(ds.records.view(number)) == expected[number] for number in range(-len(ds), len(ds)))
    assert ds.records.view(0).readonly


def test_decoded_pictures_are_those_of_pillow(pictures):
    ds = sh.open(pictures.path, decode=True)
    for row, stored in zip(ds, sh.open(pictures.path), strict=True):
        with Image.open(io.BytesIO(stored["image"])) as picture:
            # Pillow clips 16 bits to 8 where TensorFlow and shardify keep the high byte.
            deep = picture.mode.startswith("I")
            expected = np.asarray(picture).astype(int) >> 8 if deep else np.asarray(picture.convert("RGB")).astype(int)
            expected = np.repeat(expected[..., None], 3, axis=2) if deep else expected
        assert (row["image"].dtype, row["image"].shape) == (np.uint8, expected.shape)
        assert row["image"].flags.writeable
        difference = np.abs(row["image"].astype(int) - expected)
        assert difference.max() <= 16 and difference.mean() < 0.7, (row["filename"], difference.max(), difference.mean())


def test_deep_and_grey_pictures_have_their_depth(convert, tmp_path):
    deep = np.arange(12 * 9, dtype=np.uint16).reshape(12, 9) * 600
    grey = np.arange(12 * 9, dtype=np.uint8).reshape(12, 9)
    for name, pixels in [("deep", deep), ("grey", grey)]:
        folder = tmp_path / name / "class"
        folder.mkdir(parents=True)
        Image.fromarray(pixels).save(folder / "x.png")
        ds = sh.open(convert(tmp_path / name).path, decode=True)
        assert_same_bits(ds[0]["image"], pixels[..., None])


def test_raw_pixels_of_differing_sizes_have_their_shapes(convert):
    out = convert(IMAGES, "--format", "raw", "--max-shard", "20MB")
    ds = sh.open(out.path)
    sizes = set()
    for row, payload in zip(ds, map(example, payloads(out)), strict=True):
        shape = tuple(payload["image/shape"])
        assert_same_bits(row["image"], np.frombuffer(payload["image/value"][0], np.uint8).reshape(shape))
        sizes.add(shape)
    assert len(sizes) > 3 and ds.features["image"].shape == (None, None, None)


def test_features_can_be_chosen(pictures):
    ds = sh.open(pictures.path, features=["label", "image/height"])
    assert list(ds[3]) == ["label", "image/height"]
    assert ds[3]["image/height"] == example(ds.records[3])["image/height"][0]
    with pytest.raises(sh.OptionsError, match="there is no feature \"labl\".*\"label\""):
        sh.open(pictures.path, features=["labl"])


def test_splits_are_named_or_refused(convert):
    out = convert(IMAGES, "--split", "train=0.5,validation=0.3,test=0.2")
    with pytest.raises(sh.OptionsError, match='"train", "validation", "test"'):
        sh.open(out.path)
    with pytest.raises(sh.OptionsError, match="there is no split \"val\""):
        sh.open(out.path, "val")
    for split in out.splits:
        assert [*sh.open(out.path, split).records] == payloads(out, split)
    both = sh.open(out.path, ["test", "train"])
    assert [*both.records] == payloads(out, "test") + payloads(out, "train")
    assert both.splits == ["train", "validation", "test"]


def test_positions_obey_the_laws_of_lists(pictures):
    ds = sh.open(pictures.path, features=["filename"])
    names = [row["filename"] for row in ds]
    chance = random.Random(7)
    bounds = [None, *range(-len(names) - 2, len(names) + 3)]
    for _ in range(300):
        part = slice(*(chance.choice(bounds) for _ in range(2)), chance.choice([None, 1, 2, 3, -1, -2, -7]))
        inner = slice(*(chance.choice(bounds) for _ in range(2)), chance.choice([None, 1, 2, -1]))
        assert [row["filename"] for row in ds[part]] == names[part]
        view = ds[part][inner]
        assert [row["filename"] for row in view] == names[part][inner]
        assert [row["filename"] for row in view.__getitems__(range(len(view)))] == names[part][inner]
        assert [*ds.records[part][inner]] == [*ds.records][part][inner]
        some = [chance.randrange(-len(names), len(names)) for _ in range(5)]
        assert [row["filename"] for row in ds[some][::-1]] == [names[at] for at in some][::-1]
        if len(view):
            assert view[-1] == ds[names.index(names[part][inner][-1])]
    for index in (np.int64(3), np.uint8(3), np.array(3), True):
        assert ds[index] == ds[int(index)]
    assert [*ds.keys()] == names
    assert ds[np.array(names) == names[4]][0]["filename"] == names[4]
    assert [*ds[np.array([], int)]] == [] == [*ds[[]]]
    for wrong in (len(names), -len(names) - 1, [0, len(names)], 1 << 70):
        with pytest.raises((IndexError, OverflowError)):
            ds[wrong]
    for wrong in (1.5, [1.5], None, [[1]], [True]):
        with pytest.raises((TypeError, IndexError)):
            ds[wrong]
    with pytest.raises(IndexError):
        ds.records[len(names)]
    with pytest.raises((IndexError, OverflowError)):
        ds.__getitems__([0, len(names)])


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_records_are_found_by_their_names(pictures, way):
    ds = sh.open(pictures.path, **way)
    keys = ds.keys()
    files = image_files()
    assert sorted(keys) == sorted(files) and len(keys) == len(ds)
    for number, name in enumerate(keys):
        assert ds[name] == ds[number] and name in ds and keys[number] == name
    assert ds[5:][keys[7]] == ds[7] and ds[::-1].keys()[0] == keys[-1] and ds[[3, 1]][keys[3]] == ds[3]
    around = [(ds[2:5], keys[1]), (ds[2:5], keys[5]), (ds[2:9:2], keys[3]), (ds[5:2:-1], keys[2]), (ds[5:2:-1], keys[6])]
    for part, missing in [(ds, "no/such.jpg"), (ds[5:], keys[2]), (ds[[3, 1]], keys[2]), *around]:
        assert missing not in part
        with pytest.raises(KeyError):
            part[missing]


def test_names_that_are_none_or_several(convert, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((3, 2), np.float32))
    ds = sh.open(convert(tmp_path / "x.npy").path)
    for ask in (ds.keys, lambda: ds["x"]):
        with pytest.raises(sh.InputError, match="the records have no names"):
            ask()
    records = [{"filename": name, "n": number} for number, name in enumerate([b"a", b"b", b"a", b"\xff"])]
    write(tmp_path / "twice.tfrecord", records)
    ds = sh.open(tmp_path / "twice.tfrecord")
    assert ds["b"]["n"] == 1 and ds[3]["filename"] == ds.keys()[3] == "\udcff" and ds["\udcff"]["n"] == 3
    with pytest.raises(sh.InputError, match="2 records have the name 'a': 0, 2"):
        ds["a"]


def write(path, records):
    """Writes Examples by TensorFlow: bytes, whole numbers and floats, alone or in lists."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            features = {}
            for key, value in record.items():
                values = value if isinstance(value, list) else [value]
                kind = type(values[0]) if values else bytes
                features[key] = {
                    bytes: lambda: tf.train.Feature(bytes_list=tf.train.BytesList(value=values)),
                    int: lambda: tf.train.Feature(int64_list=tf.train.Int64List(value=values)),
                    float: lambda: tf.train.Feature(float_list=tf.train.FloatList(value=values)),
                }[kind]()
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


@pytest.mark.parametrize("name", ["img2dataset/data", "tensorflow/slim", "tensorflow/tutorial"])
@pytest.mark.parametrize("way", WAYS[:2], ids=str)
def test_shards_of_others_are_what_protobuf_reads(name, way):
    folder = FOREIGN / name
    split = {"tensorflow/slim": "train", "img2dataset/data": None}.get(name)
    pattern = "train-*" if split else "*tfrecord*"
    ds = sh.open(folder, split, **way)
    expected = serialized(folder, pattern)
    assert [*ds.records] == expected
    for row, payload in zip(ds, map(example, expected), strict=True):
        for key, values in payload.items():
            assert_is(row[key], values)
        assert set(payload) <= set(row) and all(row[key] is None for key in set(row) - set(payload))
    assert len(sh.open(folder, split, decode=True)[0]) == len(ds[0])


def assert_is(found, values):
    """What is found is what protobuf has, whatever it is called."""
    if len(values) == 1 and not isinstance(found, (list, np.ndarray)):
        if isinstance(found, str):
            assert found.encode("utf-8", "surrogateescape") == values[0]
        else:
            assert found == values[0]
    elif isinstance(found, list):
        assert [one.encode() if isinstance(one, str) else one for one in found] == values
    else:
        assert found.tolist() == values


def test_data_sets_of_tfds_are_read_by_its_metadata():
    import tensorflow_datasets as tfds

    folder = FOREIGN / "tfds" / "tiny_pictures" / "1.0.0"
    builder = tfds.builder_from_directory(str(folder))
    for split in builder.info.splits:
        expected = list(tfds.as_numpy(builder.as_dataset(split, shuffle_files=False)))
        ds = sh.open(folder, split, decode=True)
        assert ds.class_names == builder.info.features["label"].names
        for row, theirs in zip(ds, expected, strict=True):
            assert set(row) == set(theirs)
            assert row["label"] == theirs["label"] and row["filename"].encode() == theirs["filename"]
            for key in ("bbox", "scores", "tags"):
                assert_same_bits(row[key], theirs[key])
            difference = np.abs(row["image"].astype(int) - theirs["image"].astype(int))
            assert row["image"].shape == theirs["image"].shape and difference.max() <= 16


def test_records_that_differ_from_the_first_ones_are_read_as_they_stand(tmp_path):
    plain = [{"n": 1, "f": 0.5, "b": b"text", "x": [1, 2]} for _ in range(200)]
    plain[77] = {"n": [1, 2], "f": b"other", "x": [], "more": 3}
    write(tmp_path / "x.tfrecord", plain)
    ds = sh.open(tmp_path / "x.tfrecord")
    first, odd = ds[0], ds[77]
    assert first.pop("x").tolist() == [1, 2] and first == {"n": 1, "f": np.float32(0.5), "b": "text"}
    assert odd["n"].tolist() == [1, 2] and odd["f"] == b"other" and odd["b"] is None


def test_a_record_that_is_not_what_the_metadata_say_is_damage(convert, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((3, 2), np.float32))
    out = convert(tmp_path / "x.npy")
    [shard] = out.shards()
    write(shard, [{"x": [0.5, 1.0]}, {"x": [0.5, 1.0, 2.0]}, {"y": [0.5]}, {"x": [1, 2]}])
    out.index(shard).unlink()
    manifest = out.manifest
    manifest["splits"][0]["shards"][0] |= {"records": 4, "bytes": shard.stat().st_size}
    (out.path / "shardify.json").write_text(json.dumps(manifest))
    ds = sh.open(out.path)
    assert ds[0]["x"].tolist() == [0.5, 1.0]
    for record, why in [(1, "3 elements, and its shape is .2."), (2, "does not have it"), (3, "list of whole numbers")]:
        with pytest.raises(sh.DamageError, match=f"feature `x`: .*{why}") as caught:
            ds[record]
        assert (caught.value.path, caught.value.record) == (str(shard), record)


def test_pickled_data_sets_read_the_same(pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(pictures.path.parent)
    ds = sh.open(pictures.path.name, features=["label"], verify=False)
    monkeypatch.chdir(tmp_path)
    for part in (ds, ds[3:17:2], ds[[5, 1, 5]], ds[:0]):
        again = pickle.loads(pickle.dumps(part))
        assert [*again] == [*part] and repr(again) == repr(part)
        assert [*pickle.loads(pickle.dumps(part.records))] == [*part.records]
    assert len(pickle.dumps(ds)) < 1000
    assert repr(ds) == f"<shardify.Dataset {ds.name}, train: 30 records of label>"
    assert repr(ds[2:5]) == f"<shardify.Dataset {ds.name}, train: 3 of 30 records of label>"


def test_a_batch_is_what_pytorch_fetches(pictures):
    """What `torch.utils.data._utils.fetch._MapDatasetFetcher` does, and its sampler."""
    ds = sh.open(pictures.path)

    def fetch(dataset, indices):
        if hasattr(dataset, "__getitems__") and dataset.__getitems__:
            return dataset.__getitems__(indices)
        return [dataset[index] for index in indices]

    order = np.random.default_rng(1).permutation(len(ds))
    batches = [fetch(ds, order[at : at + 7]) for at in range(0, len(ds), 7)]
    assert [row for batch in batches for row in batch] == [ds[int(at)] for at in order]
    assert fetch(ds.records, [2, 0, -1]) == [ds.records[2], ds.records[0], ds.records[-1]]
    assert fetch(ds, []) == []


def test_sequences_have_their_lists(tmp_path):
    expected = []
    with tf.io.TFRecordWriter(str(tmp_path / "x.tfrecord")) as writer:
        for number in range(3):
            record = tf.train.SequenceExample()
            record.context.feature["id"].int64_list.value.append(number)
            frames = record.feature_lists.feature_list["frames"].feature
            for step in range(number):
                frames.add().bytes_list.value.append(b"\xff%d" % step)
            steps = record.feature_lists.feature_list["steps"].feature
            steps.add().int64_list.value.extend([number, -1])
            steps.add().float_list.value.append(0.5)
            writer.write(record.SerializeToString())
            expected.append((number, [b"\xff%d" % step for step in range(number)]))
    ds = sh.open(tmp_path / "x.tfrecord")
    assert [(row["id"], row["frames"]) for row in ds] == expected
    assert ds[2]["steps"][0].tolist() == [2, -1] and ds[2]["steps"][1] == np.float32(0.5)
    assert ds.features["frames"].kind == "unknown" and list(sh.open(ds._options["paths"], features=["frames"])[1]) == ["frames"]


def test_a_picture_that_is_not_whole_is_named_by_its_record(tmp_path):
    [name, *_] = [name for name in image_files() if name.endswith(".jpg")]
    picture = (IMAGES / name).read_bytes()
    write(tmp_path / "x.tfrecord", [{"image": picture}, {"image": picture}, {"image": picture[: len(picture) // 2]}])
    ds = sh.open(tmp_path / "x.tfrecord", decode=True)
    assert ds[1]["image"].ndim == 3
    with pytest.raises(sh.InputError, match="feature `image` at byte [0-9]+ of the picture: ") as caught:
        ds[2]
    # The byte is that of the record in the shard.
    assert caught.value.record == 2 and caught.value.byte == 2 * (len(ds.records[0]) + 16)
    assert caught.value.fault == "truncated" and "decode=True" in caught.value.hint


def test_shards_without_records_have_no_names(tmp_path):
    for number, names in enumerate([[b"a"], [], [b"b"]]):
        write(tmp_path / f"x-train.tfrecord-0000{number}-of-00003", [{"filename": name} for name in names])
    for way in WAYS:
        ds = sh.open(tmp_path, **way)
        assert [*ds.keys()] == ["a", "b"] and ds["b"] == ds[1] and [*ds] == [ds[0], ds[1]]


def test_a_data_set_is_an_object_like_others(pictures):
    ds = sh.open(pictures.path)
    assert weakref.ref(ds)() is ds and len({ds, ds, ds[:]}) == 2
    assert copy.copy(ds)[3] == ds[3] == copy.deepcopy([ds])[0][3]
    assert [*reversed(ds)] == [*ds][::-1] and [*reversed(ds.records)] == [*ds.records][::-1]
    assert [*reversed(ds[:0].records)] == [] and [*reversed(ds[3:9:2].records)] == [*ds.records[3:9:2]][::-1]
    assert ds.records[4] in ds.records and b"" not in ds.records


def test_steps_may_be_as_large_as_they_like(pictures):
    ds = sh.open(pictures.path, features=["filename"])
    numbers = [*range(len(ds))]
    names = [row["filename"] for row in ds]
    steps = [2, -2, sys.maxsize, -sys.maxsize, 1 << 70, -(1 << 70)]
    for first in steps:
        for second in steps:
            expected = [names[at] for at in numbers[::first][::second]]
            assert [row["filename"] for row in ds[::first][::second]] == expected
            assert [row["filename"] for row in ds[numbers][::first][::second]] == expected


def test_records_are_chosen_as_rows_are(pictures):
    ds = sh.open(pictures.path)
    everyother = [number % 2 == 0 for number in range(len(ds))]
    for mask in (everyother, np.array(everyother)):
        assert [*ds.records[mask]] == [*ds[mask].records] == [*ds.records][::2]
    for source in (ds, ds.records):
        for index in (1 << 70, -(1 << 70), len(ds)):
            for get in (source.__getitem__, lambda at: source.__getitems__([at])):
                with pytest.raises(IndexError):
                    get(index)
        with pytest.raises(IndexError, match="a mask of 1 truth values for"):
            source[[True]]
        for wrong in (1.0, None, [1.0], ..., {1}):
            with pytest.raises(TypeError):
                source[wrong]


def test_options_of_wrong_types_are_named(pictures):
    assert list(sh.open(pictures.path, features="label")[0]) == ["label"]
    for option in ({"threads": "x"}, {"decode": None}, {"verify": 1}):
        with pytest.raises(TypeError, match=f"{next(iter(option))} cannot be .*, of type"):
            sh.open(pictures.path, **option)
    with pytest.raises(sh.OptionsError, match="split names none"):
        sh.open(pictures.path, split=[])


def test_features_of_tfds_are_what_it_reads_or_what_is_stored(tmp_path):
    import tensorflow_datasets as tfds

    features = tfds.features.FeaturesDict({
        "label": tfds.features.ClassLabel(num_classes=3),
        "large": tfds.features.Scalar(np.uint64),
        "half": tfds.features.Tensor(shape=(2,), dtype=np.float16),
        "flags": tfds.features.Tensor(shape=(2,), dtype=np.bool_),
        "open": tfds.features.Tensor(shape=(None, 3), dtype=np.int16),
        "depth": tfds.features.Image(shape=(None, None, 1), dtype=np.float32, encoding_format="png"),
        "packed": tfds.features.Tensor(shape=(2, 2), dtype=np.float32, encoding="zlib"),
        "ragged": tfds.features.Sequence(tfds.features.Sequence(np.int64)),
    })
    chance = np.random.default_rng(1)
    rows = [
        {
            "label": label,
            "large": np.uint64((1 << 64) - 1),
            "half": np.array([0.5, -2], np.float16),
            "flags": np.array([True, False]),
            "open": np.ones((steps, 3), np.int16),
            "depth": chance.normal(size=(4, 5, 1)).astype(np.float32),
            "packed": np.eye(2, dtype=np.float32),
            "ragged": [[1, 2], [3]],
        }
        for label, steps in [(-1, 2), (2, 0)]
    ]

    class Odd(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        VERSION = tfds.core.Version("1.0.0")
        pkg_dir_path = tmp_path

        def _info(self):
            return self.dataset_info_from_configs(features=features)

        def _split_generators(self, dl_manager):
            return {"train": enumerate(rows)}

        def _generate_examples(self):
            raise NotImplementedError

    builder = Odd(data_dir=tmp_path)
    builder.download_and_prepare()
    ds = sh.open(builder.data_dir, decode=True)
    for row, theirs in zip(ds, tfds.as_numpy(builder.as_dataset("train")), strict=True):
        assert row["label"] == theirs["label"]
        for key in ("large", "half", "flags", "open", "depth"):
            assert_same_bits(row[key], theirs[key])
        assert zlib.decompress(row["packed"]) == theirs["packed"].tobytes()
        assert row["ragged/ragged_flat_values"].tolist() == [1, 2, 3]
        assert row["ragged/ragged_row_lengths_0"].tolist() == [2, 1] and "ragged" not in row
    assert ds.features["packed"].kind == "unknown" and ds.features["depth"].dtype == "float32"
