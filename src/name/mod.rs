//! Floor 2: what a name means by itself.
//!
//! Four questions are answered here, each by a pure function of the name: which of many suffixes is the longest that a name
//! lies in ([`SuffixMap`]), which address a name carries ([`embedded`]), and whether a name must not leave the network
//! ([`special`]); and whose names stand under one ([`breadth`]). Nothing here asks anybody, reads a clock or knows a zone file.

pub mod breadth;
pub mod embedded;
pub mod special;
mod suffix;

pub use suffix::SuffixMap;
