//! Manifests: what can be read is written and read again as the same, and TFDS metadata can be made of it.

use shardify::{
    example::Role,
    index::{Manifest, TfdsFeatures, TfdsInfo, tfds_files},
};

/// The text of a manifest.
pub(super) fn run(data: &[u8]) {
    let Ok(manifest) = serde_json::from_slice::<Manifest>(data) else { return };
    let text = serde_json::to_vec(&manifest).expect("it can be written");
    assert_eq!(serde_json::from_slice::<Manifest>(&text).expect("it can be read again"), manifest);
    // The number of classes is compared with the class names before this.
    let classes = |role: &Role| if let Role::ClassLabel { classes, .. } = role { *classes } else { 0 };
    if manifest.schema.fields.iter().any(|field| classes(&field.role) > 1000) {
        return;
    }
    // Nor are there files with such names.
    if manifest.splits.iter().any(|split| split.name.len() + manifest.name.len() > 200) {
        return;
    }
    for (name, content) in tfds_files(&manifest, &vec![0; manifest.splits.len()]) {
        match name.as_str() {
            "dataset_info.json" => {
                let info = TfdsInfo::parse(&content).expect("we read what we write");
                assert!(
                    info.splits.iter().map(|split| &split.name).eq(manifest.splits.iter().map(|split| &split.name))
                );
            }
            "features.json" => {
                TfdsFeatures::parse(&content).expect("we read what we write");
            }
            _ => {}
        }
    }
}
