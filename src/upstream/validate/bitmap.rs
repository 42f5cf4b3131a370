//! The types that a name has, as an NSEC or NSEC3 record lists them (RFC 4034 §4.1.2).

use crate::wire::RecordType;

/// A list of types: blocks of a window number, a length, and so many octets of bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bitmap<'a>(pub(super) &'a [u8]);

impl Bitmap<'_> {
    /// Whether the type is listed.
    pub(super) fn has(self, kind: RecordType) -> bool {
        let [window, low] = kind.0.to_be_bytes();
        let mut rest = self.0;
        while let [number, length, blocks @ ..] = rest {
            let Some((bits, behind)) = blocks.split_at_checked(usize::from(*length)) else {
                return false;
            };
            if *number == window {
                let octet = bits.get(usize::from(low / 8)).copied().unwrap_or(0);
                return octet & (0x80 >> (low % 8)) != 0;
            }
            rest = behind;
        }
        false
    }

    /// Whether the record that holds it stands on the upper side of a zone cut: it says what the parent zone knows of the name.
    pub(super) fn is_of_delegation(self) -> bool {
        self.has(RecordType::NS) && !self.has(RecordType::SOA)
    }

    /// Whether names below exist only elsewhere, so that the record says nothing of them (RFC 6840 §4.1).
    pub(super) fn leads_away(self) -> bool {
        self.is_of_delegation() || self.has(RecordType::DNAME)
    }

    /// Whether it proves that its name has no records of this type, for all who ask this zone.
    pub(super) fn denies(self, kind: RecordType) -> bool {
        let wrong_side = if kind == RecordType::DS {
            self.has(RecordType::SOA)
        } else {
            self.is_of_delegation()
        };
        !self.has(kind) && !self.has(RecordType::CNAME) && !wrong_side
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_found_in_its_window() {
        // The example of RFC 4034 §4.3: A, MX, RRSIG, NSEC and TYPE1234.
        let mut octets = b"\x00\x06\x40\x01\x00\x00\x00\x03\x04\x1b".to_vec();
        octets.extend([0; 26]);
        octets.push(0x20);
        let bitmap = Bitmap(&octets);
        for (number, listed) in [(1, true), (15, true), (46, true), (47, true), (1234, true)] {
            assert_eq!(bitmap.has(RecordType(number)), listed, "{number}");
        }
        for number in [0, 2, 48, 255, 256, 1233, 1235, 65535] {
            assert!(!bitmap.has(RecordType(number)), "{number}");
        }
        assert!(!Bitmap(b"\x00\x06\x40").has(RecordType::A), "cut off");
    }
}
