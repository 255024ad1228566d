"""What users of Python give and expect beyond the plain case."""

import dataclasses
import inspect
import os
import pickle
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import shardify as wheel
import tensorflow as tf
from shardify import _convert_report, _export, _index, _inspect_reports, _repair, _reshard_reports, _validate, _written
from shardify._wording import as_python
from wheel_rows import flip, foreign, numbers, record  # noqa: F401

X = np.arange(12, dtype="float32").reshape(4, 3)


# --- the words of messages


@pytest.mark.parametrize(
    ("command_line", "python"),
    [
        ("name the features with --feature and --array", "name the features with `feature` and `arrays`"),
        ("as in --array NAME=FILE", 'as in arrays={"NAME": "FILE"}'),
        ("--for tf reads them", 'for_="tf" reads them'),
        ("add --size WIDTHxHEIGHT, or", "add size=(WIDTH, HEIGHT), or"),
        ("choose with --layout class|flat", 'choose with layout="class" or "flat"'),
        (
            "shardify index --manifest --overwrite writes it",
            "shardify.index(manifest=True, overwrite=True) writes it",
        ),
        (
            "write it: `shardify index --manifest` or `--tfds`, once",
            "write it: `shardify.index(manifest=True)` or `tfds`, once",
        ),
        ("with shardify reshard --compression none", 'with shardify.reshard(compression="none")'),
        ("shardify reshard a/b OUT writes plain ones", 'shardify.reshard("a/b", OUT) writes plain ones'),
        ("shardify index a/b --tfds writes them", 'shardify.index("a/b", tfds=True) writes them'),
        ("shardify reshard a OUT --resume goes on", 'shardify.reshard("a", OUT, existing="resume") goes on'),
        ("stop at the first, or with -v to see every reason", "stop at the first"),
        (
            "repeat the earlier command with --resume",
            'make the earlier call again with existing="resume"',
        ),
    ],
)
def test_messages_speak_python(command_line, python):
    assert as_python(command_line) == python


def test_reports_speak_python_too(foreign, tmp_path):
    (index, *_) = wheel.index(foreign, manifest=True).shards
    with open(index.indexes[0].path, "w", encoding="utf-8") as file:
        file.write("0 1\n")
    with open(foreign / "shardify.json", "w", encoding="utf-8") as file:
        file.write("no manifest")
    remedies = " ".join(finding.remedy for finding in wheel.validate(foreign).findings)
    assert "shardify.index(overwrite=True)" in remedies and "shardify.index(manifest=True)" in remedies
    assert "--" not in remedies
    with pytest.warns(wheel.ConvertWarning) as issued:
        report = wheel.convert(X, tmp_path / "out", labels=[1, 2, 3, 3])
    plan = wheel.dry_run(X, tmp_path / "out", labels=[1, 2, 3, 3], feature="x")
    assert report.warnings == plan.warnings == [str(one.message) for one in issued]
    assert not any("--" in text for text in report.warnings + plan.problems)


# --- what stands for a path, a number or a text


def test_names_of_arrays_are_no_paths(tmp_path):
    more = {"a/b": np.arange(4), "a//b": np.arange(4) + 100, "./a/b": np.arange(4) + 200}
    wheel.convert(X, tmp_path / "out", arrays=more, shuffle=False)
    for number, row in enumerate(wheel.open(tmp_path / "out")):
        assert {name: int(row[name]) for name in more} == {name: int(array[number]) for name, array in more.items()}
    both = {"x": X, "x//": np.arange(4)}
    wheel.convert(both, tmp_path / "both", arrays={"x/": np.arange(4) + 7}, shuffle=False)
    assert [(int(row["x//"]), int(row["x/"])) for row in wheel.open(tmp_path / "both")] == [
        (number, number + 7) for number in range(4)
    ]


def test_names_that_are_no_text(tmp_path):
    with pytest.raises(wheel.InputError, match=r"not valid Unicode: '\\udc80'"):
        wheel.convert(X, tmp_path / "out", arrays={"\udc80": np.arange(4)})


@pytest.mark.parametrize("verb", [wheel.validate, lambda path: wheel.convert(path, "out")])
def test_paths_are_no_bytes(verb):
    with pytest.raises(TypeError, match=r"not bytes: os.fsdecode\(b'imgs'\)"):
        verb(b"imgs")


def test_a_size_from_a_configuration_file(tmp_path):
    wheel.convert(np.zeros((2, 4, 4, 3), "uint8"), tmp_path / "out", format="png", size=[2, 3])
    images = wheel.inspect(tmp_path / "out").features["image"].images
    assert (images.width, images.height) == ((2, 2), (3, 3))


def test_labels_and_values_as_numpy_and_tensorflow_give_them(foreign, tmp_path):
    label = np.unique([2, 1])[0]
    assert wheel.reshard(foreign, tmp_path / "1", only_label=label, dry_run=True).filtered == 40
    wheel.reshard(foreign, tmp_path / "2", only={"source": b"web", "label": True, "number": np.int16(4)})
    assert numbers(tmp_path / "2") == [4]


@pytest.mark.parametrize("content", ["a\n\nb\n", "a \nb\n", "", "a\x0cb\nb\n", "a\rb\n", "caf\xe9\nb\n"])
def test_class_names_are_read_alike_for_words_and_numbers(tmp_path, content):
    names = tmp_path / "names.txt"
    names.write_bytes(content.encode("latin-1"))
    told = []
    for number, labels in enumerate([[0, 1, 0, 1], ["a", "b", "a", "b"]]):
        with pytest.raises(wheel.InputError) as raised:
            wheel.convert(X, tmp_path / str(number), labels=labels, class_names=names)
        told.append(str(raised.value))
    assert told[0] == told[1] and str(names) in told[0]


def test_labels_of_which_one_is_no_word(tmp_path):
    with pytest.raises(wheel.InputError, match="row 2: some labels are words, and this one is nan") as raised:
        wheel.convert(X, tmp_path / "out", labels=np.array(["a", "b", np.nan, "b"], dtype=object))
    assert raised.value.row == 2


def test_labels_that_are_bytes(tmp_path):
    words = ["\u00e9", "a", "\u00e9", "b"]
    for number, labels in enumerate([tf.constant(words), np.array([word.encode() for word in words])]):
        report = wheel.convert(X, tmp_path / str(number), labels=labels)
        assert (report.class_names, report.splits[0].class_counts) == (["a", "b", "\u00e9"], [1, 1, 2])
    with pytest.raises(wheel.InputError, match=r"row 1: labels that are bytes are UTF-8, and this one is b'\\xe9'"):
        wheel.convert(X, tmp_path / "out", labels=[b"a", b"\xe9", b"a", b"b"])


def test_words_in_columns_are_numbered_as_the_hint_says(tmp_path):
    words = {"y_train": np.array(["b", "c", "b", "c"]), "y_test": np.array(["a", "c", "a", "c"])}
    with pytest.raises(wheel.InputError) as raised:
        wheel.convert({"x_train": X, "x_test": X, **words}, tmp_path / "out")
    told = {"np": np, "every_one": np.concatenate(list(words.values()))}
    for name, x in words.items():
        mine = {"x": x}
        exec(raised.value.hint.split(": ", 1)[1], told, mine)
        assert [str(mine["names"][number]) for number in mine["ids"]] == x.tolist()


def test_rows_that_come_one_by_one_are_no_arrays(tmp_path):
    endless = tf.data.Dataset.from_tensor_slices(X).repeat()
    for rows in (endless, tf.ragged.constant([[1, 2], [3]]), (row for row in X)):
        with pytest.raises(TypeError, match="in a list or tuple, not in"):
            wheel.convert(rows, tmp_path / "out")
    paths = []
    for number in range(2):
        paths.append(tmp_path / f"{number}.npy")
        np.save(paths[-1], X)
    assert wheel.convert((path for path in paths), tmp_path / "out").records == 8


def test_one_long_label_costs_its_own_length(tmp_path):
    labels = np.array(["a", "b"] * 50_000, dtype=object)
    labels[7] = "c" * 1_000_000
    tracemalloc.start()
    with pytest.raises(wheel.InputError, match="class name"):
        wheel.convert(np.zeros((100_000, 1)), tmp_path / "out", labels=labels, class_names=["a"])
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()


def test_mappings_where_they_belong(tmp_path):
    with pytest.raises(TypeError, match="arrays is a mapping of names to files and arrays, not list"):
        wheel.convert(X, tmp_path / "out", arrays=[np.arange(4)])
    with pytest.raises(TypeError, match="class_names is a sequence"):
        wheel.convert(X, tmp_path / "out", labels=[0, 1, 0, 1], class_names={0: "a", 1: "b"})


def test_class_names_that_are_not_there(tmp_path):
    with pytest.raises(wheel.Error, match="nowhere"):
        wheel.convert(X, tmp_path / "out", labels=["a", "b", "a", "b"], class_names=tmp_path / "nowhere")


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems refuse such names")
def test_output_folders_whose_names_are_not_utf8(foreign, tmp_path):
    out = os.path.join(tmp_path, os.fsdecode(b"caf\xe9"))
    assert wheel.convert(X, out).out == out
    flip(foreign / "rows-train.tfrecord-00000-of-00002", record(3))
    report = wheel.reshard(foreign, out + "2", on_error="skip")
    assert report.out == out + "2" and len(report.failures) == 1 and os.path.exists(report.failures_file)
    report = wheel.repair(foreign, out + "3")
    assert report.out == out + "3" and os.path.exists(report.lost_file)


# --- watchers


def test_a_bar_of_ones_own(foreign):
    class Bar:
        total = None
        n = 0
        told = ()

        def set_description(self, desc=None, refresh=True):
            self.told += (desc,)

        def refresh(self):
            pass

    assert set(inspect.signature(Bar.set_description).parameters) == set(
        inspect.signature(wheel._progress.Bar.set_description).parameters
    )
    bar = Bar()
    wheel.validate(foreign, progress=bar)
    assert bar.n > 0 and bar.told


def test_an_error_is_not_lost_where_the_watcher_raises_too(tmp_path):
    def watch(now):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as raised:
        wheel.validate(tmp_path / "nowhere", progress=watch)
    assert isinstance(raised.value.__context__, wheel.NotFoundError)


# --- types


REPORTS = [_convert_report, _export, _index, _inspect_reports, _repair, _reshard_reports, _validate, _written]


@pytest.mark.parametrize("module", REPORTS)
def test_what_reports_are_made_of_can_be_named(module):
    for name, kind in inspect.getmembers(module, inspect.isclass):
        if kind.__module__ == module.__name__ and (dataclasses.is_dataclass(kind) or issubclass(kind, tuple)):
            assert name in wheel.__all__ and getattr(wheel, name) is kind


def test_type_checkers_know_which_names_there_are(tmp_path):
    (tmp_path / "user.py").write_text("import shardify\nshardify.validat('a')\nfrom shardify import InspectedFeature\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "user.py"]
    # mypy finds what is installed by itself, and refuses to be told.
    folder = os.path.dirname(os.path.dirname(wheel.__file__))
    told = subprocess.run(
        [*command, "--cache-dir", tmp_path / "cache"],
        cwd=tmp_path,
        env=os.environ if "site-packages" in folder else {**os.environ, "MYPYPATH": folder},
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    assert 'no attribute "validat"' in told and "InspectedFeature" not in told, told


@pytest.mark.parametrize(
    "kind",
    [
        wheel.Error,
        wheel.OptionsError,
        wheel.InputError,
        wheel.NotFoundError,
        wheel.OutputError,
        wheel.DamageError,
        wheel.StorageError,
    ],
)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_error_can_be_pickled(kind, protocol):
    fields = {"path": "a", "byte": 1, "line": 2, "row": 3, "record": 4, "fault": "truncated", "hint": "with --name"}
    if kind is wheel.StorageError:
        fields["errno"] = 13
    error = kind("--max-shard 0 leaves no room", **fields)
    copy = pickle.loads(pickle.dumps(error, protocol))
    assert type(copy) is kind and copy.__dict__ == error.__dict__
    assert (str(copy), copy.args) == (str(error), error.args)
    if isinstance(error, OSError):
        assert (copy.errno, copy.strerror, copy.filename) == (error.errno, error.strerror, error.filename)
