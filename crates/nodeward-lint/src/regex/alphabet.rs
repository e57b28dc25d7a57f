//! The few kinds of characters that a pattern tells apart.

use rustc_hash::FxHashMap;

use super::Reason;
use super::syntax::{SetId, Sets};

/// A set of kinds, one bit each.
pub(super) type Kinds = u128;

const MAX_KINDS: usize = 128;

/// Where a character that stands for its kind is looked for first: letters read best in a witness.
const READABLE: &[(u32, u32)] = &[
    (0x61, 0x7A),
    (0x30, 0x39),
    (0x41, 0x5A),
    (0x21, 0x26),
    (0x28, 0x2F),
    (0x3A, 0x40),
    (0x5B, 0x5B),
    (0x5D, 0x5F),
    (0x7B, 0x7E),
    (0x20, 0x20),
    (0x27, 0x27),
    (0x5C, 0x5C),
    (0x60, 0x60),
    (0x09, 0x0D),
    (0xA1, 0xD7FF),
    (0xE000, 0xFFFD),
];

#[derive(Debug)]
pub(super) struct Alphabet {
    /// For each kind, a character of it.
    samples: Vec<u32>,
    /// How readable the sample is: the place in the table above.
    ranks: Vec<usize>,
    /// For each set of the pattern, its kinds.
    masks: Vec<Kinds>,
    /// The kind of `!`, which witnesses end with when it serves.
    exclamation: Option<u32>,
}

impl Alphabet {
    pub(super) fn new(sets: &Sets) -> Result<Self, Reason> {
        let mut events: Vec<(u32, SetId)> = Vec::new();
        for (id, set) in (0..).zip(sets.iter()) {
            for &(low, high) in set.ranges() {
                events.push((low, id));
                events.push((high + 1, id));
            }
        }
        events.sort_unstable();
        let mut alphabet =
            Self { samples: Vec::new(), ranks: Vec::new(), masks: vec![0; sets.len()], exclamation: None };
        let mut kinds: FxHashMap<u128, usize> = FxHashMap::default();
        let mut within = vec![false; sets.len()];
        let mut signature = 0_u128;
        let mut index = 0;
        while index < events.len() {
            let low = events[index].0;
            while index < events.len() && events[index].0 == low {
                let id = events[index].1;
                within[id as usize] ^= true;
                signature ^= key(id);
                index += 1;
            }
            let Some(&(after, _)) = events.get(index) else { break };
            let fresh = alphabet.samples.len();
            let kind = *kinds.entry(signature).or_insert(fresh);
            if kind == fresh {
                if fresh == MAX_KINDS {
                    return Err(Reason::TooLarge);
                }
                alphabet.samples.push(low);
                alphabet.ranks.push(usize::MAX);
                for (mask, _) in alphabet.masks.iter_mut().zip(&within).filter(|(_, within)| **within) {
                    *mask |= 1 << kind;
                }
            }
            alphabet.prefer(kind, low, after - 1);
        }
        Ok(alphabet)
    }

    fn prefer(&mut self, kind: usize, low: u32, high: u32) {
        if (low..=high).contains(&0x21) {
            self.exclamation = u32::try_from(kind).ok();
        }
        let found = READABLE.iter().position(|range| low.max(range.0) <= high.min(range.1));
        if let Some(rank) = found.filter(|&rank| rank < self.ranks[kind]) {
            self.ranks[kind] = rank;
            self.samples[kind] = low.max(READABLE[rank].0);
        }
    }

    pub(super) fn mask(&self, set: SetId) -> Kinds {
        self.masks[set as usize]
    }

    pub(super) fn all(&self) -> Kinds {
        if self.samples.len() == MAX_KINDS { Kinds::MAX } else { (1 << self.samples.len()) - 1 }
    }

    pub(super) fn sample(&self, kind: u32) -> u32 {
        self.samples[kind as usize]
    }

    /// Like `sample`, for the end of a witness.
    pub(super) fn last_sample(&self, kind: u32) -> u32 {
        if self.exclamation == Some(kind) { 0x21 } else { self.sample(kind) }
    }

    /// The kinds in `mask`, the most readable first.
    pub(super) fn by_readability(&self, mask: Kinds) -> Vec<u32> {
        let mut kinds: Vec<u32> = each(mask).collect();
        kinds.sort_by_key(|&kind| (self.ranks[kind as usize], self.samples[kind as usize]));
        kinds
    }
}

/// The kinds in `mask`.
pub(super) fn each(mut mask: Kinds) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let kind = mask.trailing_zeros();
        mask &= mask.wrapping_sub(1);
        (kind < Kinds::BITS).then_some(kind)
    })
}

/// A number per set that looks random, so that the sums of two different choices of sets differ.
fn key(id: SetId) -> u128 {
    let mix = |seed: u64| {
        let seed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let seed = (seed ^ (seed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        seed ^ (seed >> 31)
    };
    let seed = (u64::from(id) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    u128::from(mix(seed)) << 64 | u128::from(mix(seed ^ 0xD1B5_4A32_D192_ED03))
}
