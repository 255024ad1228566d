//! Runs the program as a user does, in a folder of its own.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub(crate) use crate::support::Ran;

/// A folder to run in, with `imgs` in it: two classes of two images each.
pub(crate) struct Desk {
    dir: tempfile::TempDir,
}

impl Ran {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{}", self.stdout))
    }
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The program, deaf to the terminal of whoever runs the tests.
pub(crate) fn shardify(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shardify"));
    command
        .current_dir(dir)
        .stdin(Stdio::null())
        .env("COLUMNS", "100")
        .env_remove("NO_COLOR")
        .env_remove("RUST_BACKTRACE");
    command
}

impl Desk {
    pub(crate) fn new() -> Self {
        let desk = Self { dir: tempfile::tempdir().unwrap() };
        for (from, to) in [
            ("flower/leaf.jpg", "imgs/cat/leaf.jpg"),
            ("flower/bud.jpg", "imgs/cat/bud.jpg"),
            ("sign/stop.png", "imgs/dog/stop.png"),
            ("sign/end.png", "imgs/dog/end.png"),
        ] {
            desk.copy(&format!("images/{from}"), to);
        }
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Runs with these words as arguments; `F/` at their start is the folder of fixtures.
    pub(crate) fn run(&self, arguments: &str) -> Ran {
        let fixtures = fixtures().to_string_lossy().into_owned() + "/";
        let words = arguments.split_whitespace().map(|word| match word.strip_prefix("F/") {
            Some(rest) => fixtures.clone() + rest,
            None => word.to_owned(),
        });
        shardify(self.dir()).args(words).output().unwrap().into()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn folder(&self, name: &str) {
        fs::create_dir_all(self.path(name)).unwrap();
    }

    pub(crate) fn copy(&self, fixture: &str, name: &str) {
        self.write(name, fs::read(fixtures().join(fixture)).unwrap());
    }

    /// The first bytes of a fixture, as an interrupted download leaves them.
    pub(crate) fn cut(&self, fixture: &str, bytes: usize, name: &str) {
        self.write(name, &fs::read(fixtures().join(fixture)).unwrap()[..bytes]);
    }

    pub(crate) fn link(&self, to: &str, name: &str) {
        symlink(to, self.path(name)).unwrap();
    }

    pub(crate) fn npy(&self, name: &str, descr: &str, shape: &str, data: &[u8]) {
        self.write(name, [npy_header(descr, shape), data.to_vec()].concat());
    }

    /// Every file and folder with its size.
    pub(crate) fn tree(&self) -> BTreeMap<PathBuf, u64> {
        let mut tree = BTreeMap::new();
        let mut left = vec![self.dir.path().to_path_buf()];
        while let Some(dir) = left.pop() {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                let metadata = fs::symlink_metadata(&path).unwrap();
                if metadata.is_dir() {
                    left.push(path.clone());
                }
                tree.insert(path, if metadata.is_file() { metadata.len() } else { 0 });
            }
        }
        tree
    }
}

/// The header of a `.npy` file as NumPy writes it.
pub(crate) fn npy_header(descr: &str, shape: &str) -> Vec<u8> {
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    while (text.len() + 11) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
    header.extend(text.as_bytes());
    header
}
