//! Dates of lease files.

/// The seconds since 1970 of a date (year, month, day) and a time of day in UTC. The days of the proleptic Gregorian calendar
/// are counted with years that begin in March, so that the leap day is the last.
pub(super) fn seconds([year, month, day]: [u64; 3], [hour, minute, second]: [u64; 3]) -> u64 {
    let (year, month) = if month <= 2 {
        (year.saturating_sub(1), month.saturating_add(9))
    } else {
        (year, month.saturating_sub(3))
    };
    let year = year.min(9999);
    let days = year * 365 + year / 4 - year / 100
        + year / 400
        + (153 * month.min(11) + 2) / 5
        + day.clamp(1, 31)
        - 1;
    // 1970-01-01 by this count.
    let days = days.saturating_sub(719_468);
    days * 86_400 + hour.min(23) * 3_600 + minute.min(59) * 60 + second.min(60)
}
