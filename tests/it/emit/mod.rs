//! What `lanward emit` prints, in the real programs.

mod proxies;
