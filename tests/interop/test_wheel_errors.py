"""What is raised: of which class, with which attributes, and in the words of Python."""

import errno
import pickle

import pytest
import shardify as wheel
from shardify._wording import as_python

from conftest import BROKEN, IMAGES


def flip(shard, at):
    bytes_ = bytearray(shard.read_bytes())
    bytes_[at] ^= 1
    shard.write_bytes(bytes_)


@pytest.fixture
def damaged(convert):
    """A data set with a byte flipped in the first record of its first shard."""
    source = convert(IMAGES, "--max-shard", "40kB")
    flip(source.shards()[0], 12 + 5)
    return source


@pytest.mark.parametrize("verb", [wheel.inspect, wheel.index, wheel.validate])
def test_a_path_that_is_not_there(verb, tmp_path):
    for missing in (tmp_path / "nowhere", tmp_path / "*.tfrecord"):
        with pytest.raises(FileNotFoundError) as raised:
            verb(missing)
        error = raised.value
        assert isinstance(error, wheel.NotFoundError) and isinstance(error, wheel.InputError)
        assert (error.errno, error.filename, error.path) == (errno.ENOENT, str(missing), str(missing))
        assert str(missing) in str(error)


@pytest.mark.parametrize("verb", [wheel.reshard, wheel.repair, wheel.export])
def test_a_path_that_is_not_there_before_an_output_folder(verb, tmp_path):
    with pytest.raises(FileNotFoundError):
        verb(tmp_path / "nowhere", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_damage_that_stops_has_file_and_byte(damaged, tmp_path):
    with pytest.raises(wheel.DamageError) as raised:
        wheel.reshard(damaged.path, tmp_path / "out")
    error = raised.value
    assert (error.path, error.byte) == (str(damaged.shards()[0]), 0)
    assert error.record == 0 and "data checksum" in error.message
    assert 'on_error="skip"' in error.hint and "`shardify.repair`" in error.hint and "--" not in str(error)
    assert not (tmp_path / "out").exists()


def test_a_missing_shard_is_damage(convert, tmp_path):
    source = convert(IMAGES, "--max-shard", "40kB")
    missing = source.shards()[1]
    missing.unlink()
    with pytest.raises(wheel.DamageError, match="the shard is missing") as raised:
        wheel.reshard(source.path, tmp_path / "out")
    assert raised.value.path == str(missing)


def test_nothing_to_save_and_nothing_to_export_are_damage(tmp_path):
    shard = BROKEN / "cut-in-header-7.tfrecord"
    first = tmp_path / "a.tfrecord"
    first.write_bytes(shard.read_bytes()[:100])
    for verb in (wheel.repair, wheel.export):
        with pytest.raises(wheel.DamageError, match="no intact record|no record|intact"):
            verb(first, tmp_path / "out")


def test_export_may_stop_at_damage(damaged, tmp_path):
    with pytest.raises(wheel.DamageError) as raised:
        wheel.export(damaged.path, tmp_path / "out", on_error="stop")
    assert raised.value.path == str(damaged.shards()[0])


def test_an_output_folder_in_use(convert, tmp_path):
    source = convert(IMAGES)
    for verb in (wheel.reshard, wheel.repair):
        verb(source.path, tmp_path / verb.__name__)
        with pytest.raises(wheel.OutputError) as raised:
            verb(source.path, tmp_path / verb.__name__)
        assert raised.value.path == str(tmp_path / verb.__name__)
        assert 'existing="overwrite"' in raised.value.hint
    wheel.export(source.path, tmp_path / "files")
    with pytest.raises(wheel.OutputError) as raised:
        wheel.export(source.path, tmp_path / "files")
    assert "overwrite=True" in raised.value.hint


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_shard": 0}, "max_shard=0"),
        ({"max_shard": "12 furlongs"}, "max_shard"),
        ({"max_shard": 2**31}, "max_shard"),
        ({"max_shard": -1}, "max_shard"),
        ({"shards": 0}, "shards"),
        ({"shards": {"nowhere": 2}}, "nowhere"),
        ({"split": {"train": 0.5, "test": 0.6}}, "sum to 1.1"),
        ({"split": "train"}, "split"),
        ({"stratify": True}, "`stratify`"),
        ({"compression": "zlib"}, '"none", "gzip"'),
        ({"on_error": "ignore"}, '"stop", "skip"'),
        ({"existing": "keep"}, '"refuse", "resume", "overwrite"'),
        ({"seed": -1}, "seed"),
        ({"threads": 0}, "threads"),
        ({"threads": -1}, "threads"),
        ({"threads": 2000}, "threads"),
        ({"name": "no name"}, 'name="no_name"'),
        ({"only_split": "nowhere"}, "nowhere"),
        ({"only_label": "nobody"}, "nobody"),
    ],
)
def test_values_that_cannot_be_honoured(convert, tmp_path, options, message):
    with pytest.raises(wheel.OptionsError) as raised:
        wheel.reshard(convert(IMAGES).path, tmp_path / "out", **options)
    assert isinstance(raised.value, ValueError)
    assert message in str(raised.value) and "--" not in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_options_that_exclude_each_other(convert, tmp_path):
    source = convert(IMAGES).path
    with pytest.raises(wheel.OptionsError):
        wheel.inspect(source, records=1, record=0)
    with pytest.raises(wheel.OptionsError):
        wheel.export(source, tmp_path / "out", feature="label", image_key="image")


def test_values_of_another_type_are_type_errors(convert, tmp_path):
    source = convert(IMAGES).path
    for name, value in {"shuffle": "yes", "seed": 1.5, "threads": "2", "max_shard": 1.5, "name": 3}.items():
        with pytest.raises(TypeError, match=f"^{name} cannot be {value!r}, of type {type(value).__name__}$"):
            wheel.reshard(source, tmp_path / "out", **{name: value})
    with pytest.raises(TypeError):
        wheel.inspect(source, progress="bar")


def test_errors_can_be_handed_to_another_process(tmp_path):
    with pytest.raises(wheel.NotFoundError) as raised:
        wheel.validate(tmp_path / "nowhere")
    copy = pickle.loads(pickle.dumps(raised.value))
    assert type(copy) is wheel.NotFoundError
    assert (copy.path, copy.filename, copy.errno, str(copy)) == (
        raised.value.path,
        raised.value.filename,
        errno.ENOENT,
        str(raised.value),
    )


@pytest.mark.parametrize(
    ("command_line", "python"),
    [
        ("`--on-error skip` leaves them out", '`on_error="skip"` leaves them out'),
        ("--name a_b would do", 'name="a_b" would do'),
        ("another output folder or --name", "another output folder or `name`"),
        ("--max-shard 0 leaves no room", "max_shard=0 leaves no room"),
        ("add --split, as in --split train=0.8,test=0.2", 'add `split`, as in split="train=0.8,test=0.2"'),
        ("go on with --resume", 'go on with existing="resume"'),
        ("--overwrite replaces it", "overwrite=True replaces it"),
        ("`--no-shuffle` was given", "`shuffle=False` was given"),
        ("`--seed` was 0 and is now 1", "`seed` was 0 and is now 1"),
        ("--size 9x9 needs --max-pixels 81: raise --max-pixels", 'size=(9, 9) needs max_pixels=81: raise `max_pixels`'),
        ("shardify validate tells more", "shardify.validate tells more"),
        ("a--b, -v and -- stay", "a--b, -v and -- stay"),
    ],
)
def test_messages_speak_python(command_line, python):
    assert as_python(command_line) == python
