//! `lanward emit`: what it writes, as a text and as the programs read it that it is for.

mod routers;
mod snapshots;
