//! Routers: what is written for them, read as they read it.
