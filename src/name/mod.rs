//! Floor 2: what a name means by itself.
//!
//! Three questions are answered here, each by a pure function of the name: which of many suffixes is the longest that a name
//! lies in ([`SuffixMap`]), which address a name carries ([`embedded`]), and whether a name must not leave the network
//! ([`special`]). Nothing here asks anybody, reads a clock or knows a zone file.

pub mod embedded;
pub mod special;
mod suffix;

pub use suffix::SuffixMap;
