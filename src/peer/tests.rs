//! That nothing which a file can say makes the reader fall over, or offer what lanward refuses.
