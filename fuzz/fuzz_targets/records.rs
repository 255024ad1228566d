//! One fuzz target.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| shardify_fuzz::run("records", data));
