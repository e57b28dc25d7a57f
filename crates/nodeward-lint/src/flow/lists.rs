//! Many short lists in one allocation.

/// Lists by number, each added to at its end.
///
/// A graph has millions of nodes, most with no entry or one: a `Vec` for each costs an allocation and a hash map a
/// hash, where this costs eight bytes.
#[derive(Debug)]
pub(super) struct Lists<T> {
    /// Of each list the first item and the last, or [`END`].
    ends: Vec<(u32, u32)>,
    /// Each item with the one after it.
    items: Vec<(T, u32)>,
}

/// No item.
const END: u32 = u32::MAX;

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { ends: Vec::new(), items: Vec::new() }
    }
}

impl<T: Copy> Lists<T> {
    /// As many empty lists.
    pub(super) fn new(count: usize) -> Self {
        Self { ends: vec![(END, END); count], items: Vec::new() }
    }

    /// Adds to a list; lists that are not there yet are made.
    pub(super) fn push(&mut self, list: usize, item: T) {
        if list >= self.ends.len() {
            self.ends.resize(list + 1, (END, END));
        }
        let at = u32::try_from(self.items.len()).expect("a unit's parts fit 32 bits");
        self.items.push((item, END));
        let (first, last) = &mut self.ends[list];
        match self.items.get_mut(*last as usize) {
            Some((_, next)) => *next = at,
            None => *first = at,
        }
        *last = at;
    }

    /// The last item of a list.
    pub(super) fn last(&self, list: usize) -> Option<T> {
        let (_, last) = self.ends.get(list)?;
        self.items.get(*last as usize).map(|(item, _)| *item)
    }

    /// Whether a list has no item.
    pub(super) fn is_empty(&self, list: usize) -> bool {
        self.ends.get(list).is_none_or(|(first, _)| *first == END)
    }

    /// Where a list begins; for [`Self::next`].
    pub(super) fn start(&self, list: usize) -> Cursor {
        Cursor(self.ends.get(list).map_or(END, |(first, _)| *first))
    }

    /// The item at a cursor, which goes on to the one after it. Between two calls the lists may be added to.
    pub(super) fn next(&self, cursor: &mut Cursor) -> Option<T> {
        let (item, next) = self.items.get(cursor.0 as usize)?;
        cursor.0 = *next;
        Some(*item)
    }

    /// The items of a list.
    pub(super) fn iter(&self, list: usize) -> impl Iterator<Item = T> + '_ {
        let mut cursor = self.start(list);
        std::iter::from_fn(move || self.next(&mut cursor))
    }
}

/// A place in a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor(u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_keep_their_order_while_they_grow() {
        let mut lists = Lists::new(2);
        lists.push(0, 'a');
        lists.push(3, 'x');
        let mut cursor = lists.start(0);
        assert_eq!(lists.next(&mut cursor), Some('a'));
        lists.push(0, 'b');
        lists.push(3, 'y');
        assert_eq!(lists.iter(0).collect::<String>(), "ab");
        assert_eq!(lists.iter(3).collect::<String>(), "xy");
        assert_eq!((lists.last(3), lists.last(1), lists.last(9)), (Some('y'), None, None));
        assert!(lists.is_empty(1) && lists.is_empty(9) && !lists.is_empty(0));
    }
}
