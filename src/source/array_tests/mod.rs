//! The array sources against files that NumPy has written, and against damaged ones. See `fixtures/npy/README.md`.

mod large;
mod names;
mod properties;
mod refused;
mod rows;

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{ArrayRef, Column, Spool};
use crate::{error::Result, storage::LocalStorage};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/npy").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(fixture(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A column, and the folder for its scratch files.
fn open<'a>(arrays: &[ArrayRef<'a>]) -> Result<(Column<'a>, Spool<'static>, tempfile::TempDir)> {
    let dir = tempfile::tempdir().unwrap();
    let spool = Spool::new(dir.path());
    Ok((Column::open(&LocalStorage, "x", arrays, &spool)?, spool, dir))
}

fn array(name: &str) -> ArrayRef<'static> {
    match name.split_once(':') {
        Some((file, member)) => ArrayRef::member(fixture(file), member),
        None => ArrayRef::from(&fixture(name)),
    }
}
