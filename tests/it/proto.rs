//! The committed protocol-buffer code is what `proto/example.proto` generates.

use std::{env, fs, path::Path};

#[test]
fn generated_code_is_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let descriptors = protox::compile([root.join("proto/example.proto")], [root.join("proto")]).unwrap();
    let out = tempfile::tempdir().unwrap();
    prost_build::Config::new().btree_map(["."]).out_dir(out.path()).compile_fds(descriptors).unwrap();
    let fresh = fs::read_to_string(out.path().join("tensorflow.rs")).unwrap();
    let committed = root.join("src/example/proto.rs");
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&committed, fresh).unwrap();
        return;
    }
    assert_eq!(fs::read_to_string(committed).unwrap(), fresh, "run `UPDATE_GOLDEN=1 cargo test --test it proto`");
}
