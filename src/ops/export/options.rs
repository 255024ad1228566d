//! What a user can ask of an export.

use std::path::PathBuf;

/// What to do with records that are damaged, or hold no image where all others do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDamage {
    /// Pass over them and count them.
    #[default]
    Skip,
    /// Write nothing.
    Stop,
}

/// Everything that an export depends on. Start from [`ExportOptions::new`] and set what differs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ExportOptions {
    /// Shards, patterns of their names, or folders of them.
    pub inputs: Vec<PathBuf>,
    /// The folder to write to.
    pub out: PathBuf,
    /// Only this split, without a folder of its own.
    pub split: Option<String>,
    /// The feature that holds the images; by default as the metadata say, or the one whose bytes are images.
    pub image_key: Option<String>,
    /// The feature that holds the class, as a number or as text.
    pub label_key: Option<String>,
    /// The feature that holds the file name.
    pub name_key: Option<String>,
    /// Features to write as arrays, whether there are images or not; by default, without images, all that can be.
    pub features: Vec<String>,
    /// Whether names stay as they are if this system can hold them, though others could not.
    pub keep_names: bool,
    /// What to do with damaged records.
    pub on_damage: OnDamage,
    /// Whether the output folder may hold files already, and those of the same names are replaced.
    pub overwrite: bool,
    /// Worker threads; by default one for each core. What is written does not depend on it.
    pub threads: Option<usize>,
}

impl ExportOptions {
    /// The defaults for these shards and this output folder.
    #[must_use]
    pub fn new(inputs: Vec<PathBuf>, out: PathBuf) -> Self {
        Self {
            inputs,
            out,
            split: None,
            image_key: None,
            label_key: None,
            name_key: None,
            features: Vec::new(),
            keep_names: false,
            on_damage: OnDamage::default(),
            overwrite: false,
            threads: None,
        }
    }
}
