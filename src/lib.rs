//! lanward answers for one network: it decodes names that carry an address, forwards the rest, and lets no other name point
//! inside.
//!
//! The house has floors. A file imports its own folder and lower floors only; a test keeps it so.
//!
//! 1. [`wire`] turns bytes into facts and back; [`address`] knows what an address is.
//! 2. [`name`] knows what a name means by itself: decoders, special-use names, suffixes.
//! 3. [`zone`] answers from local data, [`rebinding`] judges answers, [`cache`] keeps them, [`metrics`] counts them.
//!    Nothing up to here does network I/O, reads a clock or logs.
//! 4. [`upstream`] asks other resolvers.
//! 5. [`resolver`] is the road of one question: all of the above in their order, in one function.
//! 6. [`server`] holds the doors: UDP, TCP, those that are encrypted; who may ask, how many at once. [`emit`] writes what other programs need, [`peer`]
//!    reads what they have.
//! 7. [`config`] proves the configuration file.
//! 8. [`daemon`] makes parts of settings, opens the doors, and ends it all.
//! 9. [`cli`] is the command line.
//!
//! To follow a question, read [`resolver::Session::answer`]. To see what is blocked and why, read [`rebinding::Judge`].

pub mod address;
pub mod cache;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod emit;
pub mod metrics;
pub mod name;
pub mod peer;
pub mod rebinding;
pub mod resolver;
pub mod server;
pub mod upstream;
pub mod wire;
pub mod zone;
