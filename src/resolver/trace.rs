//! What `lanward explain` hears of the road.

/// Is told by each stage what it did and why.
pub trait Trace {
    /// Takes the words of a stage; the closure runs only if somebody listens.
    fn say(&mut self, stage: &'static str, words: impl FnOnce() -> String);
}

/// Nobody listens; costs nothing.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Trace for Silent {
    fn say(&mut self, _: &'static str, _: impl FnOnce() -> String) {}
}

impl Trace for Vec<(&'static str, String)> {
    fn say(&mut self, stage: &'static str, words: impl FnOnce() -> String) {
        self.push((stage, words()));
    }
}
