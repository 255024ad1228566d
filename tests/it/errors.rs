//! Every mistake that users make: each is answered with a message that they can act on, and leaves nothing behind.
#![expect(clippy::print_stderr, reason = "a test that cannot run here says so")]

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, process::CommandExt},
    process::Command,
    thread,
};

use crate::console::{Desk, Ran, fixtures, npy_header, shardify};

/// What is prepared, the arguments, and what stderr must say beside `error: `.
type Case = (&'static str, fn(&Desk), &'static str, &'static [&'static str]);

fn nothing(_: &Desk) {}

fn val_and_validation(desk: &Desk) {
    for split in ["train", "val", "validation"] {
        desk.copy("images/sign/dot.png", &format!("s/{split}/a/dot.png"));
    }
}

fn class_that_is_not_utf8(desk: &Desk) {
    let folder = desk.path("imgs").join(OsStr::from_bytes(b"\xff"));
    fs::create_dir(&folder).unwrap();
    fs::copy(fixtures().join("images/sign/dot.png"), folder.join("dot.png")).unwrap();
}

// One case, one line: as a table it can be read.
#[rustfmt::skip]
const CASES: &[Case] = &[
    // Inputs that are not there, or are nothing to convert.
    ("missing input", nothing, "convert nope out", &["nope: there is no such file or folder", "help: check the path"]),
    ("one path", nothing, "convert imgs", &["only one path is given", "help: the last argument is the output folder"]),
    ("no path", nothing,
        "convert", &["required arguments were not provided", "Usage: shardify convert [OPTIONS] <INPUT>... <OUT>"]),
    ("empty folder", |d| d.folder("e"),
        "convert e out", &["no images in `e`", "no files at all", "help: give the folder"]),
    ("hidden files only", |d| d.write("e/.a.jpg", "x"),
        "convert e out", &["no images in `e`", "hidden files or folders: 1"]),
    ("notes only", |d| d.write("e/a.txt", "x"),
        "convert e out", &["1 file that is not an image: 1 .txt (first: `a.txt`)"]),
    ("a single image", nothing,
        "convert F/images/sign/stop.png out",
        &["stop.png: it is neither a folder, nor", "put single images in a folder"]),
    ("device", nothing, "convert /dev/null out", &["/dev/null: it is a pipe, device or socket"]),
    ("link loop", |d| d.link("a", "a"), "convert a out", &["a: cannot read: too many levels of symbolic links"]),
    ("the same folder twice", nothing, "convert imgs imgs out", &["`imgs` and `imgs` are the same folder"]),
    ("a folder and one in it", nothing, "convert imgs imgs/cat out", &["`imgs/cat` is inside the input `imgs`"]),
    ("images and arrays", nothing, "convert imgs F/npy/single.npz out", &["single.npz is an array and imgs is not"]),
    // Images.
    ("truncated JPEG", |d| d.cut("images/temple/gate.jpg", 1000, "imgs/cat/cut.jpg"),
        "convert imgs out",
        &["imgs/cat/cut.jpg: byte 1000: the file ends", "copy or download the file again", "--on-error skip"]),
    ("truncated PNG", |d| d.cut("images/sign/stop.png", 200, "imgs/cat/cut.png"),
        "convert imgs out", &["imgs/cat/cut.png: byte", "--on-error skip"]),
    ("empty image", |d| d.write("imgs/cat/e.jpg", ""),
        "convert imgs out", &["imgs/cat/e.jpg: the file is empty", "--on-error skip"]),
    ("a page for an image", |d| d.copy("broken/images/html.jpg", "imgs/cat/h.jpg"),
        "convert imgs out", &["h.jpg: this is an HTML page"]),
    ("LFS pointer", |d| d.copy("broken/images/git-lfs.png", "imgs/cat/p.png"),
        "convert imgs out", &["p.png: this is a Git LFS pointer", "help:"]),
    ("bomb", |d| d.copy("broken/images/png-bomb.png", "imgs/cat/b.png"),
        "convert imgs out", &["b.png: 60000x60000 is 3,600,000,000 pixels", "--max-pixels 3600000000"]),
    ("dangling link", |d| d.link("nowhere", "imgs/cat/d.jpg"),
        "convert imgs out", &["imgs/cat/d.jpg: cannot open", "a link points nowhere"]),
    ("link to itself", |d| d.link("d.jpg", "imgs/cat/d.jpg"),
        "convert imgs out", &["imgs/cat/d.jpg: cannot open: too many levels"]),
    ("link to a device", |d| d.link("/dev/zero", "imgs/cat/z.jpg"),
        "convert imgs out", &["z.jpg: cannot read: it is a pipe, device or socket"]),
    ("control characters in a name", |d| d.write("imgs/cat/a\nb\u{1b}[31m.jpg", "hello, world"),
        "convert imgs out", &["imgs/cat/a\\nb\\u{1b}[31m.jpg: this is a text file"]),
    ("nothing left after skipping", |d| d.write("bad/a.jpg", ""),
        "convert bad out --on-error skip",
        &["warning: skipped bad/a.jpg: the file is empty",
        "no input of split `train` could be used: the only one failed"]),
    ("too many errors", |d| { d.write("imgs/cat/a.jpg", ""); d.write("imgs/cat/b.jpg", ""); },
        "convert imgs out --on-error skip --max-errors 1",
        &["more inputs failed than --max-errors allows (1)", "raise --max-errors"]),
    ("too large a share of errors", |d| d.write("imgs/cat/a.jpg", ""),
        "convert imgs out --on-error skip --max-errors 10%", &["--max-errors allows (0)"]),
    // Layouts and class names.
    ("images beside class folders", |d| d.copy("images/sign/dot.png", "imgs/dot.png"),
        "convert imgs out", &["imgs: 1 image directly in it (`dot.png`)", "--layout flat"]),
    ("a split among classes", |d| d.copy("images/sign/dot.png", "imgs/train/dot.png"),
        "convert imgs out", &["called like splits (`train`), others are not (`cat`, `dog`)"]),
    ("val and validation", val_and_validation,
        "convert s out", &["splits `val` and `validation` mean the same"]),
    ("class folder with a line break", |d| d.copy("images/sign/dot.png", "imgs/a\nb/dot.png"),
        "convert imgs out", &["imgs/a\\nb: the class name `a\\nb` has a line break"]),
    ("class folder with a space around", |d| d.copy("images/sign/dot.png", "imgs/ x/dot.png"),
        "convert imgs out", &["imgs/ x: the class name ` x` has spaces around it"]),
    ("class folder that is not UTF-8", class_that_is_not_utf8,
        "convert imgs out", &["is not UTF-8", "help: rename it"]),
    ("blank class name", |d| d.write("c", "cat\n\ndog\n"),
        "convert imgs out --class-names c", &["c: line 2: the class name `` is blank"]),
    ("duplicate class name", |d| d.write("c", "cat\ndog\ncat\n"),
        "convert imgs out --class-names c", &["c: line 3: the class name `cat` is on line 1 already"]),
    ("misspelt class name", |d| d.write("c", "cat\ndogs\n"),
        "convert imgs out --class-names c", &["1 class found but not in `c`: `dog` (nearest: `dogs`)"]),
    ("no class names", |d| d.write("c", "\n"), "convert imgs out --class-names c", &["c: the file has no class names"]),
    ("class names missing", nothing,
        "convert imgs out --class-names c", &["c: cannot open: no such file or directory", "help: check the spelling"]),
    // Lists.
    ("labels miss an entry", |d| d.write("l.csv", "file,label\ncat/leaf.jpg,a\ncat/bud.jpg,b\ndog/stop.png,a\n"),
        "convert imgs out --labels l.csv", &["l.csv: 1 image in the folder without an entry: `dog/end.png`"]),
    ("labels double an entry",
        |d| { d.write("l.csv", "file,label\ncat/leaf.jpg,a\ncat/bud.jpg,b\ndog/stop.png,a\ndog/end.png,a\ncat/bud.jpg,b\n") },
        "convert imgs out --labels l.csv", &["l.csv: `cat/bud.jpg` is listed 2 times: lines 3, 6"]),
    ("labels name a missing file",
        |d| d.write("l.csv", "file,label\ncat/leaf.jpg,a\ncat/bud.jpg,b\ndog/stop.png,a\ndog/end.png,a\nx.jpg,b\n"),
        "convert imgs out --labels l.csv", &["l.csv: 1 entry without a file: `x.jpg` (line 6)"]),
    ("an array labels images", |d| d.npy("y.npy", "|u1", "(4,)", &[0; 4]),
        "convert imgs out --labels y.npy", &["y.npy: it is an array, and the inputs are images", "--labels LIST.csv"]),
    ("list of missing files", |d| d.write("l.csv", "file,label\nx.jpg,a\ny.jpg,a\n"),
        "convert l.csv out", &["l.csv: none of the first 2 files in the list exists"]),
    ("list from Windows", |d| d.write("l.csv", "imgs\\a.jpg,a\n"), "convert l.csv out", &["replace `\\` by `/`"]),
    ("semicolons", |d| d.write("l.csv", "file;label\na.jpg;b\n"),
        "convert l.csv out", &["separate the fields with commas"]),
    ("short row", |d| d.write("l.csv", "file,label\na.jpg,a\nb.jpg\n"),
        "convert l.csv out", &["l.csv: line 3: the row has 1 field, the first row has 2"]),
    ("no file in a row", |d| d.write("l.csv", "file,label\n,a\n"),
        "convert l.csv out", &["l.csv: line 2: the cell of the file is empty"]),
    ("no label in a row", |d| d.write("l.csv", "file,label\nimgs/cat/leaf.jpg,a\r\nimgs/cat/bud.jpg,\r\n"),
        "convert l.csv out", &["l.csv: line 3: the cell of the label is empty"]),
    ("header only", |d| d.write("l.csv", "file,label\n"),
        "convert l.csv out", &["l.csv: the list has a header and no rows"]),
    ("empty list", |d| d.write("l.csv", ""), "convert l.csv out", &["l.csv: the list is empty"]),
    ("UTF-16 list", |d| d.write("l.csv", b"\xff\xfef\0"),
        "convert l.csv out", &["l.csv: the text is UTF-16, expected UTF-8"]),
    ("list that names its folder", |d| d.write("l.csv", format!("file,label\n{}/,a\n", d.dir().display())),
        "convert l.csv out", &["cannot read: it is a folder, not a regular file", "check the file, or leave it out"]),
    ("image called a list", |d| d.copy("images/sign/stop.png", "l.csv"),
        "convert l.csv out", &["l.csv: the file is no text"]),
    // Arrays.
    ("pickled objects", nothing,
        "convert F/npy/object.npy out",
        &["object.npy: its dtype is `|O`: it holds pickled Python objects", "run code"]),
    ("header and file differ", nothing,
        "convert F/npy/bad-truncated.npy out", &["needs 168 bytes of data, but only 167 bytes follow"]),
    ("bytes after the array", nothing,
        "convert F/npy/bad-trailing.npy out", &["needs 168 bytes of data, but 169 bytes follow"]),
    ("half a header", nothing,
        "convert F/npy/bad-half-header.npy out", &["it ends inside its header: 128 bytes needed, 50 found"]),
    ("empty array file", nothing, "convert F/npy/bad-empty.npy out", &["bad-empty.npy: the file is empty"]),
    ("no rows", nothing, "convert F/npy/no-rows.npy out", &["no-rows.npy: the array has no rows"]),
    ("no axes", nothing, "convert F/npy/scalar.npy out", &["scalar.npy: it holds a single number"]),
    ("complex numbers", nothing, "convert F/npy/complex.npy out", &["it holds complex numbers", "np.stack"]),
    ("text array", nothing, "convert F/npy/text.npy out", &["its dtype is `<U5`: it holds text", "np.unique"]),
    ("encrypted archive", nothing,
        "convert F/npy/encrypted.npz out", &["encrypted.npz:x: it is encrypted", "np.savez"]),
    ("bzip2 archive", nothing, "convert F/npy/bzip2.npz out", &["bzip2.npz:x: it is compressed with"]),
    ("odd members", nothing,
        "convert F/npy/mixed.npz out",
        &["`names` cannot become a column: its dtype is `<U3`: it holds text", "FILE.npz:x"]),
    ("archive cut short", nothing, "convert F/npy/bad-cut.npz out", &["bad-cut.npz: it is not a whole zip archive"]),
    ("archive with other bytes", nothing, "convert F/npy/bad-crc-stored.npz out", &["its checksum is"]),
    ("no such member", nothing, "convert F/npy/keras.npz:z out", &["it has no array `z`; it holds x_test"]),
    ("labels of another length",
        |d| { d.npy("x.npy", "|u1", "(3,)", &[0; 3]); d.npy("y.npy", "|u1", "(2,)", &[0; 2]); },
        "convert x.npy out --labels y.npy", &["y.npy: `label` has 2 rows, and the main array (x.npy) has 3"]),
    ("the main array called label", |d| { d.npy("x.npy", "|u1", "(3,)", &[0; 3]); d.npy("y.npy", "|u1", "(3,)", &[0; 3]) },
        "convert x.npy out --labels y.npy --feature label", &["`label` cannot name a feature: another column has that name"]),
    ("a feature without a name", |d| d.npy("x.npy", "|u1", "(3,)", &[0; 3]),
        "convert x.npy out --feature=", &["`` cannot name a feature: it is empty"]),
    ("raw pixels of any shape with slim keys", nothing,
        "convert imgs out --keys slim --format raw", &["--keys slim with --format raw needs --size"]),
    ("a split called all", |d| d.write("l.csv", "file,label,split\nimgs/cat/leaf.jpg,a,all\n"),
        "convert l.csv out", &["`all` cannot be the name of a split", "`all` means every split to TFDS"]),
    ("labels missing", |d| d.npy("x.npy", "|u1", "(3,)", &[0; 3]),
        "convert x.npy out --labels y.npy", &["y.npy: cannot open: no such file", "help:"]),
    ("string labels", |d| { d.npy("x.npy", "|u1", "(1,)", &[0]); d.npy("y.npy", "<U1", "(1,)", &[0; 4]); },
        "convert x.npy out --labels y.npy", &["y.npy: its dtype is `<U1`: it holds text"]),
    ("one-hot labels to stratify",
        |d| { d.npy("x.npy", "|u1", "(2,)", &[0; 2]); d.npy("y.npy", "|u1", "(2, 2)", &[1, 0, 0, 1]); },
        "convert x.npy out --labels y.npy --stratify --split a=0.5,b=0.5",
        &["--stratify needs class numbers", "np.argmax"]),
    ("more labels than names",
        |d| { d.npy("x.npy", "|u1", "(2,)", &[0; 2]); d.npy("y.npy", "|u1", "(2,)", &[1, 2]); d.write("c", "a\nb\n"); },
        "convert x.npy out --labels y.npy --class-names c",
        &["the labels go up to 2, and --class-names gives only 2 names"]),
    ("an array twice", |d| d.npy("x.npy", "|u1", "(2,)", &[0; 2]),
        "convert x.npy ./x.npy out", &["the array ./x.npy is given twice"]),
    ("a column twice", |d| d.npy("x.npy", "|u1", "(2,)", &[0; 2]),
        "convert x.npy out --array x=x.npy", &["`x` cannot name a feature: another column has that name"]),
    ("layout of an array", |d| d.npy("x.npy", "|u1", "(2,)", &[0; 2]),
        "convert x.npy out --layout flat", &["--layout is for image folders"]),
    ("resized tensor", |d| d.npy("x.npy", "|u1", "(2,)", &[0; 2]),
        "convert x.npy out --resize 5", &["stored as tensors", "--format png"]),
    ("damage found late", |d| d.npy("x.npy", "|u1", "(3, 9)", &[0; 26]),
        "convert x.npy out", &["needs 27 bytes of data, but only 26"]),
    // Sizes and shards.
    ("cap below a record", nothing,
        "convert imgs out --max-shard 1kB",
        &["bytes with framing, more than the shard cap of 1,000 bytes", "raise --max-shard to"]),
    ("cap of nothing", nothing, "convert imgs out --max-shard 0", &["--max-shard 0 leaves no room"]),
    ("cap of 2 GiB", nothing,
        "convert imgs out --max-shard 2GiB",
        &["--max-shard 2,147,483,648 bytes is too large: every shard stays below 2 GiB"]),
    ("cap of words", nothing,
        "convert imgs out --max-shard lots", &["expected a whole number and a unit, as in 512MB"]),
    ("cap of a fraction", nothing, "convert imgs out --max-shard 1.5GB", &["not a whole number", "1500MB"]),
    ("cap of a letter", nothing, "convert imgs out --max-shard 512M", &["no known unit"]),
    ("more shards than inputs", nothing,
        "convert imgs out --shards 5", &["--shards asks for 5 shards of split `train`, which has only 4 inputs"]),
    ("too many shards", nothing,
        "convert imgs out --shards 300000", &["--shards asks for 300,000 shards, and at most 262,144 are possible",
        "ask for fewer"]),
    ("no shards", nothing, "convert imgs out --shards 0", &["give at least 1"]),
    ("shards of no split", nothing,
        "convert imgs out --shards test=2", &["--shards names split `test`; the splits are train"]),
    ("shards above the cap", nothing,
        "convert imgs out --shards 1 --max-shard 7kB",
        &["with --shards 1, shard 0 of split `train` would be larger than the cap of 7,000 bytes",
        "ask for more shards"]),
    // Splits.
    ("shares below 1", nothing, "convert imgs out --split train=0.5,test=0.4", &["the shares sum to 0.9, not to 1"]),
    ("shares without names", nothing,
        "convert imgs out --split 0.8,0.2", &["expected NAME=SHARE, as in train=0.8,test=0.2"]),
    ("percent", nothing,
        "convert imgs out --split train=80,test=20",
        &["`80` is no share: expected a number above 0 and up to 1, as in 0.8"]),
    ("empty split", nothing,
        "convert imgs out --split train=0.99,test=0.01",
        &["split `test` would be empty: its share is 0.01 of 4 inputs"]),
    ("two kinds of splits", nothing,
        "convert F/npy/keras.npz out --split train=0.5,test=0.5",
        &["the inputs have splits of their own (train, test)"]),
    ("stratify without splits", nothing,
        "convert imgs out --stratify", &["--stratify needs splits by ratio", "add --split"]),
    ("stratify without classes", nothing,
        "convert imgs/cat out --stratify --split a=0.5,b=0.5", &["--stratify needs classes"]),
    // Options.
    ("misspelt option", nothing,
        "convert imgs out --max-shards 5", &["unexpected argument '--max-shards'", "'--max-shard'"]),
    ("misspelt value", nothing, "convert imgs out --format jpg", &["possible values: keep, jpeg, png, raw", "'jpeg'"]),
    ("misspelt verb", nothing, "covert imgs out", &["unrecognized subcommand 'covert'", "'convert'"]),
    ("misspelt folder", nothing, "convert img out", &["img: there is no such file", "did you mean imgs?"]),
    ("misspelt folder above", nothing, "convert img/cat out", &["did you mean imgs?"]),
    ("misspelt shards", nothing, "validate imgs/cot", &["did you mean imgs/cat?"]),
    ("nothing like it", nothing, "convert xyzzy out", &["xyzzy: there is no such file"]),
    ("no verb", nothing, "imgs out", &["`imgs` is a path, and a verb comes first", "shardify convert INPUT OUT"]),
    ("unknown verb", nothing, "xyzzy", &["`xyzzy` is no verb of shardify"]),
    ("one side", nothing, "convert imgs out --size 224", &["expected WIDTHxHEIGHT in pixels, as in 224x224"]),
    ("no pixels", nothing, "convert imgs out --size 0x5", &["--size 0x5 leaves no pixels"]),
    ("array without a name", nothing, "convert imgs out --array x.npy", &["expected NAME=FILE, as in mask=masks.npy"]),
    ("array beside images", nothing,
        "convert imgs out --array a=x.npy", &["--array a=x.npy goes with arrays, and the inputs are images"]),
    ("negative seed", nothing,
        "convert imgs out --seed -1", &["expected a whole number from 0 to 18,446,744,073,709,551,615"]),
    ("seed of words", nothing, "convert imgs out --seed x", &["expected a whole number from 0"]),
    ("quality", nothing, "convert imgs out --quality 300", &["expected a whole number from 1 to 100"]),
    ("threads", nothing, "convert imgs out --threads 99999", &["expected a whole number from 1 to 1,024"]),
    ("conflict", nothing, "convert imgs out --resume --overwrite", &["'--resume' cannot be used with '--overwrite'"]),
    ("pad without size", nothing, "convert imgs out --fit pad", &["--fit pad needs a final size"]),
    ("name", nothing, "convert imgs out --name a-b", &["`a-b` cannot name a data set", "--name a_b would do"]),
    ("errors without skipping", nothing, "convert imgs out --max-errors 3", &["add --on-error skip"]),
    ("errors as a text", nothing,
        "convert imgs out --on-error skip --max-errors few", &["neither a count, as in 20, nor a share"]),
    // The output folder.
    ("output not empty", |d| { d.write("out/a", ""); d.write("out/b", ""); },
        "convert imgs out", &["out: the output folder is not empty: it holds `a` and one other", "--overwrite"]),
    ("output finished", |d| drop(d.run("convert imgs out -q").expect(0)),
        "convert imgs out", &["out: the folder holds a finished data set already", "--overwrite"]),
    ("other options on resume", |d| drop(d.run("convert imgs out -q").expect(0)),
        "convert imgs out --resume --seed 1", &["`--seed` was 0 and is now 1"]),
    ("shards of somebody else", |d| d.write("out/imgs-train.tfrecord-00000-of-00001", ""),
        "convert imgs out --overwrite", &["out: `imgs-train.tfrecord-00000-of-00001` is there already"]),
    ("damaged manifest", |d| d.write("out/shardify.json", "{"),
        "convert imgs out --overwrite",
        &["out/shardify.json: it is not a manifest that this version of shardify can read"]),
    ("output is a file", |d| d.write("out", ""),
        "convert imgs out", &["out: the output must be a folder, and this is a file"]),
    ("output below a file", |d| d.write("f", ""),
        "convert imgs f/a/out", &["f/a/out: no folder can be made in f, which is a file"]),
    ("output is a device", nothing, "convert imgs /dev/null", &["/dev/null: the output must be a folder"]),
    ("output is the input", nothing, "convert imgs imgs/../imgs", &["the output folder is the input imgs"]),
    ("output in the input", nothing,
        "convert imgs imgs/out", &["imgs/out: the output folder lies inside the input imgs"]),
    ("folders above the output", |d| d.write("imgs/cat/e.jpg", ""), "convert imgs a/b/out", &["the file is empty"]),
];

/// What no message may hold: the inside of the program, or what a terminal would obey.
const NEVER: &[&str] =
    &["os error", "panicked", "Some(", "Err(", "ErrorKind", "RUST_BACKTRACE", "\u{1b}", "invalid digit"];

fn check(case: &Case) -> Result<(), String> {
    let (name, prepare, arguments, parts) = *case;
    let desk = Desk::new();
    prepare(&desk);
    let before = desk.tree();
    let ran = desk.run(arguments);
    let fail = |what: String| Err(format!("{name}: `{arguments}`: {what}\n{}{}", ran.stdout, ran.stderr));
    if ran.code != Some(2) {
        return fail(format!("ended with {:?}, expected 2", ran.code));
    }
    if !ran.stderr.lines().any(|line| line.starts_with("error: ")) {
        return fail("no line starts with `error: `".to_owned());
    }
    if let Some(missing) = parts.iter().find(|part| !ran.stderr.contains(**part)) {
        return fail(format!("{missing:?} is not said"));
    }
    if let Some(odd) = NEVER.iter().find(|odd| ran.stderr.contains(**odd)) {
        return fail(format!("{odd:?} is said"));
    }
    if !ran.stdout.is_empty() {
        return fail("something is on stdout".to_owned());
    }
    let after = desk.tree();
    if after != before {
        let new: Vec<_> = after.keys().filter(|path| !before.contains_key(*path)).collect();
        return fail(format!("the folder changed; new: {new:?}"));
    }
    Ok(())
}

#[test]
fn every_mistake_is_answered_and_leaves_nothing_behind() {
    let threads = thread::available_parallelism().map_or(2, usize::from);
    let faults: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = CASES
            .chunks(CASES.len().div_ceil(threads))
            .map(|cases| scope.spawn(|| cases.iter().filter_map(|case| check(case).err()).collect::<Vec<_>>()))
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(faults.is_empty(), "{} of {} cases:\n\n{}", faults.len(), CASES.len(), faults.join("\n\n"));
}

#[test]
fn a_pipe_among_images_is_not_waited_for() {
    let desk = Desk::new();
    let made = Command::new("mkfifo").arg(desk.path("imgs/cat/pipe.jpg")).status().unwrap();
    assert!(made.success());
    let ran = desk.run("convert imgs out").expect(2);
    assert!(ran.stderr.contains("imgs/cat/pipe.jpg: cannot read: it is a pipe, device or socket"), "{}", ran.stderr);
}

/// As root, who may read everything, the program runs as somebody else.
fn run_without_rights(desk: &Desk, arguments: &[&str]) -> Option<Ran> {
    fs::set_permissions(desk.dir(), fs::Permissions::from_mode(0o755)).unwrap();
    let locked = desk.path("locked");
    fs::write(&locked, "").unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    let is_root = fs::read(&locked).is_ok();
    fs::remove_file(&locked).unwrap();
    if !is_root {
        return Some(shardify(desk.dir()).args(arguments).output().unwrap().into());
    }
    // A copy, since the folders above the program may be closed to others.
    let program = desk.path("shardify");
    if !program.exists() {
        fs::copy(env!("CARGO_BIN_EXE_shardify"), &program).unwrap();
    }
    match Command::new(&program).args(arguments).current_dir(desk.dir()).uid(65_534).gid(65_534).output() {
        Ok(output) => Some(output.into()),
        Err(error) => {
            eprintln!("skipped: cannot run without rights here: {error}");
            None
        }
    }
}

#[test]
fn missing_rights_are_named() {
    let desk = Desk::new();
    let lock = |name: &str, mode| fs::set_permissions(desk.path(name), fs::Permissions::from_mode(mode)).unwrap();
    desk.folder("open");
    lock("open", 0o777);
    desk.folder("closed");
    lock("closed", 0o555);
    lock("imgs/cat/leaf.jpg", 0o000);
    let Some(ran) = run_without_rights(&desk, &["convert", "imgs", "open/out"]) else { return };
    let ran = ran.expect(2);
    for part in
        ["error: imgs/cat/leaf.jpg: cannot open: permission denied", "help: check the permissions", "--on-error skip"]
    {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    assert!(!desk.path("open/out").exists());
    lock("imgs/cat/leaf.jpg", 0o644);
    // A folder that is closed hides nothing but itself from `validate`; other verbs would do half their work.
    desk.copy("tfrecord/examples.tfrecord", "set/train/a.tfrecord");
    desk.folder("set/private");
    lock("set/private", 0o000);
    let ran = run_without_rights(&desk, &["validate", "set", "--json"]).unwrap().expect(1).json();
    assert_eq!((&ran["records"], &ran["by_kind"]), (&10.into(), &serde_json::json!({ "unreadable": 1 })));
    let ran = run_without_rights(&desk, &["inspect", "set"]).unwrap().expect(2);
    assert!(ran.stderr.contains("set/private: cannot list: permission denied"), "{}", ran.stderr);
    lock("set/private", 0o755);
    lock("imgs/cat", 0o000);
    let ran = run_without_rights(&desk, &["convert", "imgs", "open/out", "--on-error", "skip"]).unwrap().expect(2);
    assert!(ran.stderr.contains("error: imgs/cat: cannot list: permission denied"), "{}", ran.stderr);
    lock("imgs/cat", 0o755);
    let ran = run_without_rights(&desk, &["convert", "imgs", "closed/out"]).unwrap().expect(2);
    assert!(ran.stderr.contains("error: closed/out: cannot create the folder: permission denied"), "{}", ran.stderr);
    lock("closed", 0o755);
}

/// Runs a shell script with `$SHARDIFY` in a mount namespace of its own; none where that is not allowed.
pub(crate) fn in_namespace(desk: &Desk, script: &str) -> Option<Ran> {
    let unshare = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", script]).current_dir(desk.dir());
        command.env("SHARDIFY", env!("CARGO_BIN_EXE_shardify")).output()
    };
    match unshare("mkdir -p probe && mount -t tmpfs tmpfs probe") {
        Ok(output) if output.status.success() => Some(unshare(script).unwrap().into()),
        _ => {
            eprintln!("skipped: no file system can be mounted here");
            None
        }
    }
}

#[test]
fn a_full_disk_keeps_what_is_finished() {
    let desk = Desk::new();
    desk.write("x.npy", [npy_header("|u1", "(300, 1000)"), vec![7; 300_000]].concat());
    let script = "mkdir disk && mount -t tmpfs -o size=128k tmpfs disk || exit 99
        $SHARDIFY convert x.npy disk/a; echo one $?; ls -A disk
        $SHARDIFY convert x.npy disk/b --max-shard 20kB; echo two $?
        ls -A disk/b; ls disk/b/.shardify | grep -c 'json$'
        mount -o remount,size=2m disk
        $SHARDIFY convert x.npy disk/b --max-shard 20kB --resume -q; echo three $?; ls disk/b | grep -c tfrecord-
        mount -o remount,ro disk; $SHARDIFY convert x.npy disk/c; echo four $?";
    let Some(ran) = in_namespace(&desk, script) else { return };
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!((lines[0], lines[1], lines[2]), ("one 2", "two 2", ".shardify"), "{ran:?}");
    assert!(lines[3].parse::<u32>().unwrap() > 1, "{ran:?}");
    assert_eq!(lines[4..], ["three 0", "16", "four 2"], "{ran:?}");
    let said: Vec<&str> = ran.stderr.lines().collect();
    assert!(
        said[0].starts_with("error: disk/a/.shardify/") && said[0].ends_with(": no space left on device"),
        "{ran:?}"
    );
    assert_eq!(said[1], " help: free some space, or choose an output folder on another disk");
    assert!(said[3].starts_with(said[1]) && said[3].contains("finished shards are kept"), "{ran:?}");
    assert_eq!(said[4], "error: disk/c: cannot create the folder: read-only file system");
}
