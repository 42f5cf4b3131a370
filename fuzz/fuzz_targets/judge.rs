//! See `lanward_fuzz`.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |response: lanward_fuzz::judge::Response| lanward_fuzz::judge(&response)
);
