//! What several tests need: folders compared byte by byte, small inputs, shards read back, the command run.
#![cfg_attr(not(feature = "cli"), allow(dead_code, reason = "the tests that run the command are left out"))]

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use prost::Message;
use shardify::{
    example::proto::{BytesList, Example, Feature, Features, Int64List, feature::Kind},
    index::Manifest,
    tfrecord::{Compression, ReaderOptions, RecordReader},
};

/// Everything below a folder: the bytes of files, `None` for folders.
pub(crate) type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

pub(crate) fn tree(root: &Path) -> Tree {
    fn walk(root: &Path, dir: &Path, tree: &mut Tree) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_path_buf();
            if path.symlink_metadata().unwrap().is_dir() {
                tree.insert(name, None);
                walk(root, &path, tree);
            } else {
                tree.insert(name, Some(fs::read(&path).unwrap()));
            }
        }
    }
    let mut tree = Tree::new();
    walk(root, root, &mut tree);
    tree
}

/// The names are compared first: which file is missing or left over says more than where bytes differ.
#[track_caller]
pub(crate) fn assert_same_tree(got: &Tree, expected: &Tree, what: &str) {
    let names = |tree: &Tree| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(got), names(expected), "{what}: other files");
    for (name, bytes) in expected {
        assert!(got[name] == *bytes, "{what}: {} differs", name.display());
    }
}

/// Writes a tree to an empty place.
pub(crate) fn plant(tree: &Tree, root: &Path) {
    fs::create_dir_all(root).unwrap();
    for (name, bytes) in tree {
        let path = root.join(name);
        match bytes {
            None => fs::create_dir_all(&path).unwrap(),
            Some(bytes) => {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, bytes).unwrap();
            }
        }
    }
}

/// How many names in a folder end like this; none if there is no such folder.
pub(crate) fn count_ending(dir: &Path, ending: &str) -> usize {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    entries
        .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with(ending)))
        .count()
}

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// A `.npy` header of version 1 for an array in C order.
pub(crate) fn npy_header(descr: &str, shape: &[usize]) -> Vec<u8> {
    let dims: String = shape.iter().map(|dim| format!("{dim}, ")).collect();
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({dims}), }}");
    let blanks = 63 - (10 + text.len()) % 64;
    text.push_str(&" ".repeat(blanks));
    text.push('\n');
    let length = u16::try_from(text.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00".as_slice(), &length, text.as_bytes()].concat()
}

pub(crate) fn write_npy(path: &Path, descr: &str, shape: &[usize], data: &[u8]) {
    fs::write(path, [npy_header(descr, shape), data.to_vec()].concat()).unwrap();
}

/// Rows of bytes, each starting with its number, that no compression makes much smaller.
pub(crate) fn write_numbered_rows(path: &Path, rows: usize, width: usize) {
    let mut noise = Noise(7);
    let mut data = Vec::with_capacity(rows * width);
    for row in 0..rows {
        let start = data.len();
        data.extend(u32::try_from(row).unwrap().to_le_bytes());
        data.resize_with(start + width, || noise.next() as u8);
    }
    write_npy(path, "|u1", &[rows, width], &data);
}

/// An array of 64-bit zeros that takes no room on the disk.
pub(crate) fn write_sparse(path: &Path, fortran: bool, shape: &[usize]) {
    let mut header = npy_header("<f8", shape);
    if fortran {
        let text = String::from_utf8_lossy(&header).find("False").unwrap();
        // The magic is one byte that is no text, shown as three.
        header[text - 2..text + 3].copy_from_slice(b"True ");
    }
    fs::write(path, &header).unwrap();
    let len = (header.len() + 8 * shape.iter().product::<usize>()) as u64;
    fs::OpenOptions::new().write(true).open(path).unwrap().set_len(len).unwrap();
}

/// Numbers without pattern, the same ones every time.
#[derive(Debug)]
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// A whole PNG of one pixel, as large as a comment in it makes it.
pub(crate) fn png(comment: usize) -> Vec<u8> {
    let mut pixels = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    pixels.write_all(&[0, 200]).unwrap();
    let mut noise = Noise(comment as u64 + 1);
    let mut text = b"Comment\0".to_vec();
    text.resize_with(8 + comment, || b'a' + (noise.next() % 26) as u8);
    let header = [&[0, 0, 0, 1, 0, 0, 0, 1], &[8, 0, 0, 0, 0][..]].concat();
    png_of(&[(b"IHDR", header), (b"tEXt", text), (b"IDAT", pixels.finish().unwrap()), (b"IEND", Vec::new())])
}

/// A PNG of these chunks.
pub(crate) fn png_of(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in chunks {
        let body = [&kind[..], data].concat();
        png.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        png.extend(&body);
        png.extend(crc32fast::hash(&body).to_be_bytes());
    }
    png
}

/// The records of an uncompressed shard: offset and payload, both checksums compared.
pub(crate) fn records(bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut reader = RecordReader::new(bytes, ReaderOptions::default());
    let mut records = Vec::new();
    while let Some(record) = reader.next_record().unwrap() {
        records.push((record.offset.0, record.payload.to_vec()));
    }
    records
}

/// What is in a shard.
pub(crate) fn unzipped(bytes: Vec<u8>, compression: Compression) -> Vec<u8> {
    if compression == Compression::None {
        return bytes;
    }
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
    plain
}

/// A shard of these payloads.
pub(crate) fn shard<P: AsRef<[u8]>>(payloads: impl IntoIterator<Item = P>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for payload in payloads {
        let payload = payload.as_ref();
        bytes.extend(shardify::tfrecord::header(payload.len() as u64));
        bytes.extend(payload);
        bytes.extend(shardify::tfrecord::footer(payload));
    }
    bytes
}

/// An Example of these features.
pub(crate) fn example(features: &[(&str, Kind)]) -> Vec<u8> {
    let feature = features.iter().map(|(key, kind)| ((*key).to_owned(), Feature { kind: Some(kind.clone()) }));
    Example { features: Some(Features { feature: feature.collect() }) }.encode_to_vec()
}

pub(crate) fn ints(values: &[i64]) -> Kind {
    Kind::Int64List(Int64List { value: values.to_vec() })
}

pub(crate) fn texts(values: &[&str]) -> Kind {
    Kind::BytesList(BytesList { value: values.iter().map(|text| text.as_bytes().to_vec()).collect() })
}

/// What a folder of fixtures says of its files.
pub(crate) fn expected(folder: &str) -> serde_json::Value {
    serde_json::from_slice(&fs::read(fixture(folder).join("expected.json")).unwrap()).unwrap()
}

pub(crate) fn features(payload: &[u8]) -> BTreeMap<String, Feature> {
    Example::decode(payload).unwrap().features.unwrap_or_default().feature
}

/// The only bytes value of a feature.
pub(crate) fn bytes_of(features: &BTreeMap<String, Feature>, key: &str) -> Vec<u8> {
    match features.get(key).and_then(|feature| feature.kind.as_ref()) {
        Some(Kind::BytesList(list)) if list.value.len() == 1 => list.value[0].clone(),
        other => panic!("`{key}` is {other:?}"),
    }
}

pub(crate) fn manifest(out: &Path) -> Manifest {
    serde_json::from_slice(&fs::read(out.join("shardify.json")).unwrap()).unwrap()
}

/// What every record of an uncompressed data set is called, in the order of its shards.
pub(crate) fn filenames(out: &Path) -> Vec<String> {
    let shards = manifest(out).splits.into_iter().flat_map(|split| split.shards);
    let names = shards.flat_map(|shard| {
        let records = records(&fs::read(out.join(shard.name)).unwrap());
        records.into_iter().map(|(_, payload)| String::from_utf8(bytes_of(&features(&payload), "filename")).unwrap())
    });
    names.collect()
}

#[cfg(feature = "cli")]
pub(crate) use command::*;

#[cfg(feature = "cli")]
mod command {
    use std::{
        ffi::OsStr,
        fs,
        io::Read,
        path::{Path, PathBuf},
        process::{Child, Command, Output, Stdio},
        thread::{JoinHandle, sleep, spawn},
        time::Duration,
    };

    /// How a command ended and what it said.
    #[derive(Debug)]
    pub(crate) struct Ran {
        /// The exit code; `None` after a signal.
        pub(crate) code: Option<i32>,
        pub(crate) stdout: String,
        pub(crate) stderr: String,
    }

    impl From<Output> for Ran {
        fn from(output: Output) -> Self {
            let text = |bytes| String::from_utf8(bytes).unwrap();
            Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
        }
    }

    pub(crate) fn command<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shardify"));
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the command to its end.
    pub(crate) fn shardify<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Ran {
        command(args).output().unwrap().into()
    }

    /// The most memory that a run of the command took, in bytes, as the kernel counted it.
    #[track_caller]
    #[cfg(target_os = "linux")]
    pub(crate) fn peak(args: &[&str]) -> u64 {
        let (ran, peak) = with_peak(command(args).spawn().unwrap());
        assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.stderr);
        assert!(peak > 0, "the kernel does not say");
        peak
    }

    /// Waits for a process to end. What it said, and the most memory that it took, in bytes, as the kernel counted it: 0 where
    /// that is not told.
    pub(crate) fn with_peak(mut child: Child) -> (Ran, u64) {
        // Read meanwhile: what waits for room in a pipe never ends.
        let (stdout, stderr) = (reader(child.stdout.take()), reader(child.stderr.take()));
        let process = PathBuf::from(format!("/proc/{}", child.id()));
        let mut peak = 0;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            peak = peak.max(peak_of(&process).unwrap_or(0));
            sleep(Duration::from_millis(2));
        };
        let [stdout, stderr] = [stdout, stderr].map(|reader| reader.join().unwrap());
        (Output { status, stdout, stderr }.into(), peak)
    }

    /// The most memory that the process has had so far, if it is the command by now. The name is read first: for a moment the child
    /// still has the memory of the tests that started it, and gets its name only after memory of its own.
    fn peak_of(process: &Path) -> Option<u64> {
        if fs::read_to_string(process.join("comm")).ok()?.trim_end() != "shardify" {
            return None;
        }
        let status = fs::read_to_string(process.join("status")).ok()?;
        let mut lines = status.lines();
        let kib: u64 = lines.find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())?;
        Some(kib << 10)
    }

    /// Reads a pipe to its end in a thread of its own.
    fn reader(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
        spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut pipe) = pipe {
                pipe.read_to_end(&mut bytes).unwrap();
            }
            bytes
        })
    }

    /// Sends a signal by its name, as in `INT`.
    pub(crate) fn signal(child: &Child, name: &str) {
        let status = Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status().unwrap();
        assert!(status.success(), "cannot send {name}");
    }
}
