//! See `lanward_fuzz`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lanward_fuzz::cache_file(data));
