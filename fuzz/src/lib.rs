//! What must hold for whatever arrives. The targets only call these, and a test runs them over the seeds.

mod cache;
mod client;
mod decoder;
pub mod judge;
mod upstream;
mod zone;

pub use cache::cache_file;
pub use client::client_packet;
pub use decoder::decoder;
pub use judge::judge;
pub use upstream::upstream_packet;
pub use zone::zone_file;

#[cfg(test)]
mod tests {
    use arbitrary::{Arbitrary, Unstructured};

    fn seeds(target: &str, run: impl Fn(&[u8])) {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("seeds")
            .join(target);
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            run(&std::fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count > 0, "no seeds for {target}");
    }

    #[test]
    fn the_seeds_hold() {
        seeds("client_packet", super::client_packet);
        seeds("upstream_packet", super::upstream_packet);
        seeds("cache_file", super::cache_file);
        seeds("decoder", super::decoder);
        seeds("zone_file", super::zone_file);
        seeds("judge", |bytes| {
            let mut input = Unstructured::new(bytes);
            super::judge(&super::judge::Response::arbitrary(&mut input).unwrap());
        });
    }
}
