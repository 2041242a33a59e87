//! Bytes as a plan: reading them never panics, and what is read keeps what the oracle says of it.
//!
//! Half of the changes are the fuzzer's own, on bytes; the other half keep the plan JSON and change its tree.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

#[path = "../../integration/mutations/mutate.rs"]
#[allow(dead_code)]
mod mutate;
#[path = "../../integration/mutations/oracle.rs"]
mod oracle;

fuzz_target!(|data: &[u8]| {
    drop(oracle::read(data));
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    if !seed.is_multiple_of(2)
        && let Some(text) = changed(&data[..size], u64::from(seed))
        && text.len() <= max_size
    {
        data[..text.len()].copy_from_slice(text.as_bytes());
        return text.len();
    }
    fuzzer_mutate(data, size, max_size)
});

fn changed(data: &[u8], seed: u64) -> Option<String> {
    let mut tree = serde_json::from_slice(data).ok()?;
    mutate::change(&mut tree, true, &mut mutate::Random::new(seed));
    Some(mutate::text_of(&tree))
}
