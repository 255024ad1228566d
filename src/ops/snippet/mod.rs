//! `snippet`: Python code that reads a data set, ready to be pasted, for the framework of choice. Made of what the
//! metadata say of the records, or of what the records themselves say.

mod dali;
mod facts;
mod grain;
mod python;
mod tf;
mod tfds;
mod torch;

use std::path::PathBuf;

use serde_json::{Value, json};

pub(crate) use self::facts::Facts;
use self::facts::split;
use super::{
    dataset::{DataSet, find},
    describe::Description,
};
use crate::{
    error::{Error, Printable, Result},
    pipeline::{Cancel, Progress},
    storage::{LocalStorage, Storage},
    tfrecord::Compression,
};

/// Whose reader the code uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framework {
    /// TensorFlow's `tf.data`, with nothing else.
    Tf,
    /// TensorFlow Datasets.
    Tfds,
    /// NVIDIA DALI, on the processor.
    Dali,
    /// PyTorch's `DataLoader` over `shardify.open`.
    Torch,
    /// Grain over `shardify.open`.
    Grain,
}

impl Framework {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Tf, Self::Tfds, Self::Dali, Self::Torch, Self::Grain];

    /// The name on the command line and in Python.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tf => "tf",
            Self::Tfds => "tfds",
            Self::Dali => "dali",
            Self::Torch => "torch",
            Self::Grain => "grain",
        }
    }

    /// What messages call it.
    const fn title(self) -> &'static str {
        match self {
            Self::Tf => "tf.data",
            Self::Tfds => "TFDS",
            Self::Dali => "DALI",
            Self::Torch => "PyTorch",
            Self::Grain => "Grain",
        }
    }
}

/// What the code is to read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SnippetOptions {
    /// The data set: a folder of shards, a shard, or a pattern.
    pub path: PathBuf,
    /// The split; `train` if there is one, else the first, if not given.
    pub split: Option<String>,
    /// Whose reader it uses.
    pub framework: Framework,
    /// Worker threads, where records have to be looked at; one for each core if not given.
    pub threads: Option<usize>,
}

impl SnippetOptions {
    /// Reads the training records of a data set.
    #[must_use]
    pub const fn new(path: PathBuf, framework: Framework) -> Self {
        Self { path, split: None, framework, threads: None }
    }
}

/// Code that reads a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snippet {
    /// Whose reader it uses.
    pub framework: Framework,
    /// The split that it reads.
    pub split: String,
    /// The code, which ends with a line break.
    pub code: String,
}

impl Snippet {
    /// The code and what it reads, as `--json` prints it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({ "for": self.framework.name(), "split": self.split, "code": self.code })
    }
}

/// Writes Python code that reads a data set. Where metadata say what the records hold, no record is looked at; else all
/// are.
///
/// # Errors
/// A path without shards or with several data sets; a split that is not there; shards that this framework cannot read,
/// with what to do about it; [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted).
pub fn snippet(options: &SnippetOptions, cancel: &Cancel, progress: &dyn Progress) -> Result<Snippet> {
    let storage = &LocalStorage;
    let sets = find(storage, std::slice::from_ref(&options.path))?;
    let [set] = &*sets else {
        let dirs: Vec<String> = sets.iter().map(|set| Printable(&set.dir).to_string()).collect();
        return Err(Error::options(format!("{} holds {} data sets", Printable(&options.path), sets.len()))
            .with_hint(format!("name one of them: {}", dirs.join(", "))));
    };
    let facts = Facts::of_set(storage, set, options, cancel, progress)?;
    facts.check(options.framework)?;
    let code = code(&facts, options.framework);
    Ok(Snippet { framework: options.framework, split: facts.split, code })
}

/// The code for each framework, or why it cannot read the data set, of which is known what its records hold.
pub(crate) fn every(
    storage: &dyn Storage,
    set: &DataSet,
    description: &Description,
) -> Vec<(&'static str, Result<String>)> {
    let facts = || Facts::of_description(storage, set, split(set, None)?, description.clone());
    let of = |framework: Framework| {
        let facts = facts()?;
        facts.check(framework)?;
        Ok(code(&facts, framework))
    };
    Framework::ALL.into_iter().map(|framework| (framework.title(), of(framework))).collect()
}

/// The code for what `convert` has just written: TFDS where it can, plain `tf.data` for compressed shards.
pub(crate) fn shortest(facts: &Facts) -> String {
    code(facts, if facts.compression == Compression::None { Framework::Tfds } else { Framework::Tf })
}

fn code(facts: &Facts, framework: Framework) -> String {
    match framework {
        Framework::Tf => tf::code(facts),
        Framework::Tfds => tfds::code(facts),
        Framework::Dali => dali::code(facts),
        Framework::Torch => torch::code(facts),
        Framework::Grain => grain::code(facts),
    }
}
