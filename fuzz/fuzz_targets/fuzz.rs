//! All targets in one program, which links once: the environment says which one runs.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| shardify_fuzz::run_chosen(data));
