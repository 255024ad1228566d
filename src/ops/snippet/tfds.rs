//! Code for TFDS, which knows from its own metadata how records are decoded.

use super::{Facts, python};

pub(super) fn code(facts: &Facts) -> String {
    let supervised = if facts.supervised_keys.is_some() { ", as_supervised=True" } else { "" };
    format!(
        "import tensorflow_datasets as tfds\n\
         builder = tfds.builder_from_directory({folder})\n\
         {variable} = builder.as_dataset(split={split}{supervised})\n",
        folder = facts.folder(),
        variable = facts.variable(),
        split = python::literal(&facts.split),
    )
}
