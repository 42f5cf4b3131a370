//! The program: everything is in the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Blocks of one size stand together, so what is read and forgotten leaves no gaps among the answers that stay.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    lanward::cli::run()
}
