"""`shardify.convert` and `shardify.dry_run` in Python: from paths, and from arrays in memory with the bytes of files."""

import json
import pathlib
import signal
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest
import shardify
import tensorflow as tf
from array_rows import DTYPES, rows_of, swapped
from conftest import CLASSES, IMAGES, Output, shardify_json
from readers import assert_same_bits, columns, rows

pytestmark = pytest.mark.filterwarnings("ignore::shardify.ConvertWarning")


@pytest.fixture
def run(tmp_path):
    """`run(inputs, option=...)` converts into a new folder and returns the Output, with the report."""
    count = 0

    def convert(inputs, **options):
        nonlocal count
        count += 1
        out = tmp_path / f"run{count}" / "data"
        report = shardify.convert(inputs, out, **options)
        assert report.out == str(out)
        output = Output(out)
        object.__setattr__(output, "report", report)
        return output

    return convert


def shard_bytes(output):
    """The bytes of the shards by their names; without those, names tell of differing inputs."""
    return {name: data for name, data in output.files().items() if ".tfrecord-" in name}


def saved(folder, **arrays):
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return [folder / f"{name}.npy" for name in arrays]


def test_the_line_of_the_readme(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x_train, y_train = rows_of("uint8", (4, 4, 3), 30), np.arange(30) % 3
    report = shardify.convert(x_train, labels=y_train, out="out/")
    assert (report.outcome, report.records, report.classes, report.name) == ("done", 30, 3, "out")
    found = rows(Output(tmp_path / "out"))
    assert sorted((int(row["label"]), row["x"].tobytes()) for row in found) == sorted(
        (int(label), row.tobytes()) for label, row in zip(y_train, x_train, strict=True)
    )


# -- the same bytes as from files


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("endian", ["little", "big"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_and_order_is_as_from_a_file(run, tmp_path, dtype, endian, order):
    array = rows_of(dtype, (2, 3), 7)
    array = np.array(swapped(array) if endian == "big" else array, order=order, copy=True)
    (file,) = saved(tmp_path, x=array)
    memory, files = run(array, name="d"), run(file, name="d")
    assert shard_bytes(memory) == shard_bytes(files)
    assert memory.features == files.features
    in_order = run(array, shuffle=False)
    for found, row in zip(columns(in_order)["x"], array, strict=True):
        assert_same_bits(found, row)


def strided():
    base = np.arange(20 * 6 * 8, dtype="int32").reshape(20, 6, 8)
    return {
        "steps": base[::2, ::3, 1::2],
        "backwards": base[::-1, :, ::-1],
        "moved": np.transpose(base, (0, 2, 1)),
        "last first": np.transpose(base, (2, 0, 1)),
        "broadcast": np.broadcast_to(base[:1], (5, 6, 8)),
        "unaligned": np.frombuffer(b"\0" + base.tobytes(), "int32", 960, offset=1).reshape(20, 48),
        "one row in order": np.asfortranarray(base[:1]),
    }


@pytest.mark.parametrize("name", strided())
def test_strides_do_not_matter(run, tmp_path, name):
    array = strided()[name]
    (file,) = saved(tmp_path, x=array)
    assert shard_bytes(run(array, name="d")) == shard_bytes(run(file, name="d"))


def test_threads_options_and_columns_do_not_change_that(run, tmp_path):
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 256, (5000, 9, 7), dtype=np.uint8), rng.integers(0, 4, 5000)
    mask = np.asfortranarray(rng.normal(size=(5000, 3)))
    big = rng.normal(size=(5000, 500)).astype("float64")  # not held in memory
    file, labels, masks, bigs = saved(tmp_path, x=x, y=y, mask=mask, big=big)
    options = {"name": "d", "max_shard": "2MB", "seed": 5, "split": {"train": 0.75, "test": 0.25}, "stratify": True}
    expected = shard_bytes(run(file, labels=labels, arrays={"mask": masks, "big": bigs}, **options))
    assert len(expected) > 8
    for threads in (1, 4):
        memory = run(x, labels=y, arrays={"mask": mask, "big": big}, threads=threads, **options)
        assert shard_bytes(memory) == expected
    mixed = run(file, labels=y, arrays={"mask": masks, "big": big}, **options)
    assert shard_bytes(mixed) == expected


def test_pixels_become_images_as_from_a_file(run, tmp_path):
    pixels = np.random.default_rng(2).integers(0, 256, (6, 12, 10, 3), dtype=np.uint8)
    (file,) = saved(tmp_path, x=pixels)
    options = {"name": "d", "format": "png", "resize": 8, "size": (6, 6)}
    memory = run(pixels, **options)
    assert shard_bytes(memory) == shard_bytes(run(file, **options))
    assert [row["image"].shape for row in rows(memory)] == [(6, 6, 3)] * 6


def test_several_arrays_follow_each_other(run, tmp_path):
    parts = [rows_of("int16", (3,), count) for count in (4, 1, 6)]
    files = saved(tmp_path, a=parts[0], b=parts[1], c=parts[2])
    for inputs in (parts, tuple(parts), [files[0], parts[1], files[2]]):
        assert shard_bytes(run(inputs, name="d")) == shard_bytes(run(files, name="d"))
    with pytest.raises(shardify.InputError, match=r"x\[1\] \(in memory\): it has .* must agree"):
        run([parts[0], np.zeros((3, 4), "int16")])
    with pytest.raises(shardify.InputError, match="given twice"):
        run([parts[0], parts[0]])


def test_memory_maps_are_arrays(run, tmp_path):
    (file,) = saved(tmp_path, x=rows_of("float32", (5,), 50))
    assert shard_bytes(run(np.load(file, mmap_mode="r"), name="d")) == shard_bytes(run(file, name="d"))


def test_an_array_that_is_not_writable(run):
    array = rows_of("uint16", (4,))
    array.flags.writeable = False
    assert_same_bits(np.array(columns(run(array, shuffle=False))["x"]), array)


def test_whatever_gives_an_array(run):
    array = rows_of("float32", (4,))

    class Tensor:
        def __array__(self, dtype=None, copy=None):
            return array

    expected = shard_bytes(run(array))
    assert shard_bytes(run(Tensor())) == expected
    assert shard_bytes(run(tf.constant(array))) == expected


# -- arrays that are told by their names


def test_a_mapping_is_an_archive(run, tmp_path):
    arrays = {
        "x_train": rows_of("uint8", (4, 4), 8),
        "y_train": np.arange(8) % 2,
        "x_test": rows_of("uint8", (4, 4), 3)[::-1],
        "y_test": np.array([1, 0, 1]),
        "mask_train": rows_of("bool", (2,), 8),
        "mask_test": rows_of("bool", (2,), 3),
    }
    np.savez(tmp_path / "a.npz", **arrays)
    memory, archive = run(arrays, name="d"), run(tmp_path / "a.npz", name="d")
    assert shard_bytes(memory) == shard_bytes(archive)
    assert memory.splits == archive.splits == ["train", "test"]
    assert [split.records for split in memory.report.splits] == [8, 3]
    assert shard_bytes(run(np.load(tmp_path / "a.npz"), name="d")) == shard_bytes(archive)
    # Columns beside a whole.
    whole = {"data": arrays["x_train"], "extra": np.arange(8.0)}
    beside = run(whole, labels=arrays["y_train"], arrays={"mask": arrays["mask_train"]}, shuffle=False)
    assert set(columns(beside)) == {"x", "label", "extra", "mask"}


def test_a_mapping_that_does_not_fit(run, tmp_path):
    x, y = np.zeros((4, 2)), np.arange(4)
    for arrays, message in [
        ({"x_train": x, "y_train": y, "x_test": x}, "do not have the same columns; there are x_train: float64"),
        ({"x": x, "y": y[:2]}, "`y` has 2 rows, but `x` has 4"),
        ({"weights": x, "bias": x}, "no array has a name that stands for the data"),
        ({"x": x, "y": np.float64(1)}, r"`y` cannot become a column: it holds a single number"),
        ({}, "no input is given"),
    ]:
        with pytest.raises(shardify.Error, match=message):
            run(arrays)
    with pytest.raises(shardify.OptionsError, match="the arrays have splits of their own"):
        run({"x_train": x, "x_test": x}, labels=y)
    for nothing in ([], {}):
        with pytest.raises(shardify.OptionsError, match="no input is given"):
            run(nothing, labels=y)
    with pytest.raises(shardify.InputError, match="this is a path"):
        run({"x": x, "y": tmp_path / "y.npy"})
    with pytest.raises(TypeError, match="names of arrays are text"):
        run({1: x})


# -- labels


def test_labels_in_every_form(run, tmp_path):
    x = rows_of("uint8", (4,), 6)
    numbers = [2, 0, 1, 1, 0, 2]
    words = ["tree", "ant", "bird", "bird", "ant", "tree"]
    (file,) = saved(tmp_path, y=np.array(numbers))
    expected = run(x, labels=file, class_names=["ant", "bird", "tree"])
    same = shard_bytes(expected)
    assert expected.class_names == expected.report.class_names == ["ant", "bird", "tree"]
    names = tmp_path / "names.txt"
    names.write_text("ant\nbird\r\ntree\n", "utf-8")
    for labels, class_names in [
        (numbers, names),
        (np.array(numbers), ("ant", "bird", "tree")),
        (words, None),
        (words, names),
        (np.array(words), ["ant", "bird", "tree"]),
        (np.array(words, object), None),
    ]:
        output = run(x, labels=labels, class_names=class_names)
        assert shard_bytes(output) == same
        assert output.class_names == ["ant", "bird", "tree"]
    turned = run(x, labels=words, class_names=["tree", "bird", "ant"], shuffle=False)
    assert [int(row["label"]) for row in rows(turned)] == [0, 2, 1, 1, 2, 0]
    with pytest.raises(shardify.InputError, match="the labels hold 'bird', which is not among the 2 class names"):
        run(x, labels=words, class_names=["ant", "tree"])
    with pytest.raises(shardify.InputError, match="the class name `b ` has spaces around it"):
        run(x, labels=numbers, class_names=["a", "b ", "c"])


def test_labels_that_are_no_classes_are_warned_of(run):
    with pytest.warns(shardify.ConvertWarning, match=r"labels of labels \(in memory\) are float64 values"):
        output = run(np.zeros((3, 2)), labels=[0.5, 1.5, 2.5])
    assert len(output.report.warnings) == 1
    assert output.report.class_names == []


# -- what is refused


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ma.masked_array([[1, 2]], [[True, False]]), "it is a masked array.*filled"),
        (np.zeros(3, [("a", "i4"), ("b", "f4")]), "structured dtype.*arrays="),
        (np.zeros(3, "datetime64[s]"), "its dtype is datetime64.*astype"),
        (np.zeros(3, "timedelta64[s]"), "durations"),
        (np.zeros((3, 2), "complex64"), "complex numbers.*np.stack"),
        (np.array([[1], [1, 2]], object), "Python objects"),
        (np.array(["a", "b"]), "text.*np.unique"),
        (np.zeros(3, "V2"), "bfloat16"),
        (np.zeros(3, "longdouble"), "long doubles"),
        (np.float32(1), "single number"),
        (np.zeros((0, 3)), "has no rows"),
        (np.zeros((3, 0)), "its rows have no elements"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_rows_is_refused_by_name(run, array, message):
    with pytest.raises(shardify.InputError, match=rf"^x \(in memory\): .*{message}") as raised:
        run(array)
    assert raised.value.path == "x (in memory)"
    with pytest.raises(shardify.InputError, match=r"^mask \(in memory\): |`mask` has \d rows"):
        run(np.zeros((7, 2)), arrays={"mask": array})


def test_numbers_in_lists_are_no_inputs(run):
    with pytest.raises(TypeError, match="make one array of the rows"):
        run([[1, 2], [3, 4]])
    with pytest.raises(shardify.InputError, match=r"labels \(in memory\): no NumPy array can be made of it"):
        run(np.zeros(2), labels=[[1], [1, 2]])


def test_columns_of_other_lengths(run):
    with pytest.raises(shardify.InputError, match=r"labels \(in memory\): .*4 rows.*\(x \(in memory\)\) has 5"):
        run(np.zeros((5, 2)), labels=np.arange(4))


# -- every option


def test_every_option_of_images(run):
    output = run(
        IMAGES, name="pets", layout="class", class_names=CLASSES, resize=40, size=(32, 24),
        filter="lanczos3", format="jpeg", quality=70, color="gray", exif="keep", verify="decode", max_pixels=50_000_000,
        max_shard=100_000, compression="gzip", keys="slim", label_offset=2, seed=9, shuffle=False, threads=1,
    )  # fmt: skip
    recorded = output.manifest["options"]
    assert recorded == {
        "inputs": [str(IMAGES)], "name": "pets", "labels": None, "class_names": CLASSES, "layout": "class", "arrays": [],
        "feature": None, "keys": "slim", "label_offset": 2, "max_shard": 100_000, "shards": None, "compression": "gzip",
        "seed": 9, "shuffle": False, "split": None, "stratify": False,
        "transform": {
            "short_side": 40, "size": [32, 24], "fit": "crop", "only_shrink": False, "filter": "lanczos3", "format": "jpeg",
            "quality": 70, "color": "gray", "exif": "keep", "verify": "decode", "max_pixels": 50_000_000,
        },
    }  # fmt: skip
    assert (output.report.records, output.report.classes, output.report.name) == (30, 4, "pets")
    assert output.report.splits[0].shards == len(output.shards())


def test_the_defaults_are_those_of_the_command(run, convert):
    python, command = run(str(IMAGES)), convert(IMAGES)
    assert python.files() == command.files()
    report = shardify_json("convert", IMAGES, python.path.parent / "other")
    assert set(report) == set(vars(python.report))
    assert report["splits"] == [vars(split) for split in python.report.splits]
    padded, shrunk = run(IMAGES, size=(32, 24), fit="pad"), run(IMAGES, resize=40, only_shrink=True)
    assert padded.manifest["options"]["transform"]["fit"] == "pad"
    assert shrunk.manifest["options"]["transform"]["only_shrink"]


def test_every_option_of_order_and_arrays(run):
    x = rows_of("float32", (3,), 100)
    output = run(x, feature="rows", split="train=0.5,test=0.5", shards={"train": 3, "test": 2}, labels=np.arange(100) % 5)
    assert {name: len(output.shards(name)) for name in output.splits} == {"train": 3, "test": 2}
    assert set(columns(output)) == {"rows", "label"}
    assert len(run(x, shards=4).shards()) == len(run(x, shards="4").shards()) == 4


def test_lists_of_images_and_labels(run, tmp_path):
    names = sorted(path.relative_to(IMAGES).as_posix() for path in (IMAGES / "sign").iterdir())
    (tmp_path / "labels.csv").write_text("file,label\n" + "".join(f"{name},b\n" for name in names), "utf-8")
    folder = tmp_path / "sign"
    folder.mkdir()
    (folder / "sign").symlink_to(IMAGES / "sign")
    assert run(folder, layout="flat", labels=tmp_path / "labels.csv").class_names == ["b"]
    with pytest.raises(shardify.InputError, match="row i does not say which image it labels"):
        run(folder, labels=np.zeros(3, int))


def test_values_that_options_do_not_have(run):
    x = np.zeros((3, 2))
    for option, message in [
        ({"fit": "cut"}, 'fit: "cut" is none of "crop", "pad", "stretch"'),
        ({"max_shard": "big"}, "max_shard: "),
        ({"max_shard": 0}, "leaves no room"),
        ({"split": {"train": 0.5}}, "sum to 0.5"),
        ({"shards": 0}, "0 shards"),
        ({"compression": "zlib"}, '"zlib" is none of "none", "gzip"'),
        ({"max_errors": 3}, "on_error"),
        ({"on_error": "ask"}, '"ask" is none of "stop", "skip"'),
        ({"existing": "merge"}, '"merge" is none of "refuse", "resume", "overwrite"'),
        ({"name": "a b"}, "cannot name a data set"),
        ({"stratify": True}, "splits by ratio"),
        ({"layout": "flat"}, "is for image folders"),
        ({"size": (3, 3)}, "stored as tensors"),
        ({"label_offset": 1001}, "label_offset: expected a whole number from 0 to 1000, not 1001"),
        ({"quality": 0}, "quality: expected a whole number from 1 to 100, not 0"),
        ({"resize": -1}, "resize: expected a whole number from 1 to 4294967295, not -1"),
        ({"size": (0, 3)}, "size: expected a whole number"),
        ({"max_pixels": -1}, "max_pixels: expected a whole number from 0 up"),
        ({"seed": -1}, "seed: expected a whole number from 0 up"),
        ({"threads": 0}, "threads: expected a whole number from 1 to 1,024"),
    ]:
        with pytest.raises(shardify.OptionsError, match=message):
            run(x, **option)


def test_images_that_are_left_out(run, tmp_path):
    folder = tmp_path / "imgs"
    (folder / "a").mkdir(parents=True)
    for number, path in enumerate(sorted((IMAGES / "sign").iterdir())):
        (folder / "a" / f"{number}{path.suffix}").write_bytes(path.read_bytes())
    (folder / "a" / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    with pytest.raises(shardify.InputError, match="a/bad.jpg") as raised:
        run(folder)
    assert raised.value.fault in ("truncated", "corrupt")
    output = run(folder, on_error="skip")
    assert output.report.skipped == 1
    (line,) = pathlib.Path(output.report.failures).read_text("utf-8").splitlines()
    assert json.loads(line)["input"].endswith("bad.jpg")
    with pytest.raises(shardify.InputError, match="allowed|max_errors"):
        run(folder, on_error="skip", max_errors=0)
    run(folder, on_error="skip", max_errors="50%")


def test_dry_run(tmp_path):
    out = tmp_path / "out"
    x, y = rows_of("float32", (100,), 200), np.arange(200) % 3
    plan = shardify.dry_run(x, out, labels=y, split={"train": 0.75, "test": 0.25}, max_shard="20kB")
    assert not out.exists()
    report = shardify.convert(x, out, labels=y, split={"train": 0.75, "test": 0.25}, max_shard="20kB")
    planned = [(split.name, split.records, split.bytes, split.shards) for split in plan.splits]
    assert planned == [(split.name, split.records, split.bytes, split.shards) for split in report.splits]
    assert (plan.ok, plan.inputs, plan.classes, plan.max_shard, plan.name) == (True, 200, 3, 20_000, "out")
    again = shardify.dry_run(IMAGES, out)
    assert not again.ok and "finished data set" in again.problems[0]
    assert again.input_bytes > 0


def test_progress_and_what_it_raises(run, tmp_path):
    seen = []
    run(np.zeros((100_000, 100), np.uint8), progress=seen.append)
    assert seen[-1].bytes_written > 10_000_000
    with pytest.raises(ZeroDivisionError):
        run(np.zeros((100_000, 100), np.uint8), progress=lambda now: 1 / 0)


# -- the output folder


def test_a_finished_data_set(tmp_path):
    out, x = tmp_path / "out", rows_of("int32", (4,), 20)
    options = {"labels": np.arange(20) % 2, "arrays": {"more": np.arange(20.0)}}
    shardify.convert(x, out, **options)
    with pytest.raises(shardify.OutputError, match="holds a finished data set already"):
        shardify.convert(x, out, **options)
    assert shardify.convert(x, out, existing="resume", **options).outcome == "nothing-to-do"
    # A copy is the same array; other bytes, another order and another type are not.
    assert shardify.convert(x.copy(), out, existing="resume", **options).outcome == "nothing-to-do"
    changed = x.copy()
    changed[19, 3] += 1
    for other in (changed, np.asfortranarray(x), x.astype("int64")):
        with pytest.raises(shardify.OutputError, match=r"`x` in memory was <i4 \[20, 4\], CRC-32C .* and is now"):
            shardify.convert(other, out, existing="resume", **options)
    with pytest.raises(shardify.OutputError, match="`more` in memory was"):
        shardify.convert(x, out, existing="resume", **{**options, "arrays": {"more": np.arange(1, 21.0)}})
    before = Output(out).files()
    shardify.convert(x, out, existing="overwrite", **options)
    assert Output(out).files() == before
    assert shardify.convert(changed, out, existing="overwrite", **options).outcome == "done"


INTERRUPTED = """
import sys
import numpy as np
import shardify

out, existing, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
x = np.random.default_rng(seed).integers(0, 256, (30_000, 1000), dtype=np.uint8)

def tell(now):
    if now.shard >= "train-00002":
        print("filling", flush=True)

try:
    # gzip, so that it takes long enough to be interrupted on any machine.
    report = shardify.convert(
        x, out, max_shard="1MB", compression="gzip", existing=existing, threads=1, progress=tell
    )
    print(report.outcome, report.resumed_shards)
except KeyboardInterrupt:
    print("interrupted")
    sys.exit(130)
except shardify.OutputError as error:
    print(error)
    sys.exit(3)
"""


def start(script, *args):
    command = [sys.executable, "-c", script, *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_an_interrupted_run_goes_on_with_the_same_data_only(tmp_path):
    out = tmp_path / "out"
    first = start(INTERRUPTED, out, "refuse", 1)
    assert first.stdout.readline() == "filling\n"
    first.send_signal(signal.SIGINT)
    told = first.communicate(timeout=60)[0]
    assert (first.returncode, told.splitlines()[-1]) == (130, "interrupted")
    other = start(INTERRUPTED, out, "resume", 2)
    told = other.communicate(timeout=60)[0]
    assert other.returncode == 3 and "the interrupted run in this folder was another one: `x` in memory was" in told
    again = start(INTERRUPTED, out, "resume", 1)
    told = again.communicate(timeout=60)[0].splitlines()[-1].split()
    assert again.returncode == 0 and told[0] == "resumed" and int(told[1]) >= 2
    x = np.random.default_rng(1).integers(0, 256, (30_000, 1000), dtype=np.uint8)
    shardify.convert(x, tmp_path / "whole", max_shard="1MB", compression="gzip", name="out")
    assert Output(out).files() == Output(tmp_path / "whole").files()


def test_two_runs_into_one_folder(tmp_path):
    out = tmp_path / "out"
    first = start(INTERRUPTED, out, "refuse", 1)
    assert first.stdout.readline() == "filling\n"
    first.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(shardify.OutputError, match="another shardify is writing"):
            shardify.convert(np.zeros((3, 2)), out, existing="overwrite")
    finally:
        first.send_signal(signal.SIGCONT)
    assert first.communicate(timeout=60)[0].splitlines()[-1] == "done 0"


# -- memory and time


MEASURED = """
import sys
import numpy as np
import shardify

def status(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith(key))

order, out = sys.argv[1:]
x = np.empty((100_000 if order == "C" else 50_000, 4000), np.uint8, order=order)
x[:] = np.arange(250, dtype=np.uint8).repeat(16)
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # forgets the peak
before = status("VmRSS")
shardify.convert(x, out, threads=2)
print(status("VmHWM") - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's figures")
@pytest.mark.parametrize("order", ["C", "F"])
def test_no_copy_of_the_array_is_made(tmp_path, order):
    # A window of 32 MB, two tiles of 32 MB, what each worker holds; the arrays have 400 and 200 MB.
    peak = int(subprocess.check_output([sys.executable, "-c", MEASURED, order, tmp_path / "out"], timeout=300))
    assert peak < 150_000_000


def test_other_python_threads_hold_nothing_up(tmp_path):
    """Rows are read without the interpreter's lock, so a busy thread costs its share of the processor and no more."""
    script = textwrap.dedent("""
        import sys, threading, time
        import numpy as np
        import shardify
        x = np.zeros((20_000, 3000), np.uint8)
        stop = False
        def busy():
            while not stop:
                pass
        thread = threading.Thread(target=busy)
        thread.start()
        start = time.monotonic()
        shardify.convert(x, sys.argv[1])
        print(time.monotonic() - start)
        stop = True
    """)
    # With a wait of 5 ms for each of the rows it would take 100 s.
    assert float(subprocess.check_output([sys.executable, "-c", script, tmp_path / "out"], timeout=300)) < 50


def test_warnings_can_be_made_errors(run):
    with warnings.catch_warnings():
        warnings.simplefilter("error", shardify.ConvertWarning)
        with pytest.raises(shardify.ConvertWarning, match="labels count from 0"):
            run(np.zeros((3, 2)), labels=[1, 2, 3])
