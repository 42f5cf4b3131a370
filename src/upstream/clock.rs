//! The one place that reads the clock.

use std::time::Duration;

/// What is kept from before the boot has a time, too, so the count begins so much earlier: longer than any TTL.
const BEFORE_BOOT: Duration = Duration::from_secs(1 << 32);

/// The time since long before the boot. It goes on while the machine sleeps, so an answer that was kept over a suspend is as old as it is; and
/// nobody can set it back.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn now() -> Duration {
    use nix::time::{ClockId, clock_gettime};
    let since_boot = clock_gettime(ClockId::CLOCK_BOOTTIME).map(Duration::from);
    BEFORE_BOOT + since_boot.unwrap_or_default()
}

/// The time of day, in seconds since 1970: what lease files are written in.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the place that reads the clock"
)]
pub fn of_day() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

/// The time since long before the first call, where the system has no clock that counts suspends.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the place that reads the clock"
)]
pub fn now() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    BEFORE_BOOT + START.get_or_init(std::time::Instant::now).elapsed()
}
