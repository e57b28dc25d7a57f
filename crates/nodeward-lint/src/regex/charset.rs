//! Sets of characters as sorted ranges that neither overlap nor touch.

/// The largest code point.
pub(super) const LAST: u32 = 0x10_FFFF;

/// A set of code points (or, without the `u` flag, of UTF-16 units).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct CharSet {
    ranges: Vec<(u32, u32)>,
}

impl CharSet {
    pub(super) fn from_ranges(ranges: &[(u32, u32)]) -> Self {
        let mut set = Self { ranges: ranges.to_vec() };
        set.normalise();
        set
    }

    pub(super) fn single(character: u32) -> Self {
        Self { ranges: vec![(character, character)] }
    }

    pub(super) fn all() -> Self {
        Self { ranges: vec![(0, LAST)] }
    }

    pub(super) fn digits() -> Self {
        Self::from_ranges(&[(0x30, 0x39)])
    }

    pub(super) fn word() -> Self {
        Self::from_ranges(&[(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)])
    }

    pub(super) fn line_ends() -> Self {
        Self::from_ranges(&[(0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029)])
    }

    pub(super) fn space() -> Self {
        Self::from_ranges(&[
            (0x09, 0x0D),
            (0x20, 0x20),
            (0xA0, 0xA0),
            (0x1680, 0x1680),
            (0x2000, 0x200A),
            (0x2028, 0x2029),
            (0x202F, 0x202F),
            (0x205F, 0x205F),
            (0x3000, 0x3000),
            (0xFEFF, 0xFEFF),
        ])
    }

    pub(super) fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    pub(super) fn contains(&self, character: u32) -> bool {
        let after = self.ranges.partition_point(|range| range.0 <= character);
        after > 0 && self.ranges[after - 1].1 >= character
    }

    pub(super) fn negated(&self) -> Self {
        let mut ranges = Vec::with_capacity(self.ranges.len() + 1);
        let mut next = 0;
        for &(low, high) in &self.ranges {
            if low > next {
                ranges.push((next, low - 1));
            }
            next = high + 1;
        }
        if next <= LAST {
            ranges.push((next, LAST));
        }
        Self { ranges }
    }

    pub(super) fn union(mut self, other: &Self) -> Self {
        self.ranges.extend_from_slice(&other.ranges);
        self.normalise();
        self
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        self.negated().union(&other.negated()).negated()
    }

    /// With both cases of every ASCII letter; other letters keep the case they were written in, which
    /// costs us nothing but ambiguities that need letters outside ASCII.
    pub(super) fn either_case(mut self) -> Self {
        let mut more = Vec::new();
        for &(low, high) in &self.ranges {
            for (first, last, shift) in [(0x41, 0x5A, 32_i32), (0x61, 0x7A, -32)] {
                let (low, high) = (low.max(first), high.min(last));
                if low <= high {
                    more.push((low.saturating_add_signed(shift), high.saturating_add_signed(shift)));
                }
            }
        }
        self.ranges.extend(more);
        self.normalise();
        self
    }

    fn normalise(&mut self) {
        self.ranges.sort_unstable();
        let mut kept: Vec<(u32, u32)> = Vec::with_capacity(self.ranges.len());
        for &(low, high) in &self.ranges {
            match kept.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => kept.push((low, high)),
            }
        }
        self.ranges = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negation_is_its_own_inverse() {
        for set in [CharSet::word(), CharSet::space(), CharSet::all(), CharSet::default()] {
            assert_eq!(set.negated().negated(), set);
            assert_eq!(set.intersection(&set.negated()), CharSet::default());
        }
    }

    #[test]
    fn both_cases() {
        let set = CharSet::from_ranges(&[(0x62, 0x64), (0x31, 0x31)]).either_case();
        assert_eq!(set.ranges(), [(0x31, 0x31), (0x42, 0x44), (0x62, 0x64)]);
        assert!(set.contains(0x43) && !set.contains(0x45));
    }
}
