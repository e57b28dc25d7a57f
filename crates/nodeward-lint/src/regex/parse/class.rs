//! Character classes: `[a-z]`, and under the flag `v` nested ones with `--` and `&&`.

use super::{CharSet, DEPTH, Member, Parser, Reason};

impl Parser {
    pub(super) fn class(&mut self) -> Result<CharSet, Reason> {
        let negative = self.eat("^");
        let mut set = CharSet::default();
        let mut ranges = Vec::new();
        loop {
            if self.eat("]") {
                break;
            }
            let low = self.class_member()?;
            if self.peek() == Some('-') && !matches!(self.peek_at(1), Some(']') | None) {
                self.position += 1;
                let high = self.class_member()?;
                match (low, high) {
                    (Member::Character(low), Member::Character(high)) if low <= high => {
                        ranges.push((low, high));
                    }
                    (Member::Character(_), Member::Character(_)) => {
                        return Err(Reason::Syntax("range out of order in class"));
                    }
                    _ if self.unicode => return Err(Reason::Syntax("invalid class")),
                    (low, high) => {
                        ranges.push(('-' as u32, '-' as u32));
                        set = set.union(&low.into_set()).union(&high.into_set());
                    }
                }
                continue;
            }
            match low {
                Member::Character(character) => ranges.push((character, character)),
                Member::Set(more) => set = set.union(&more),
            }
        }
        let set = self.folded(set.union(&CharSet::from_ranges(&ranges)));
        Ok(if negative { set.negated() } else { set })
    }

    fn class_member(&mut self) -> Result<Member, Reason> {
        let character = match self.bump().ok_or(Reason::Syntax("missing ]"))? {
            '\\' if self.peek() == Some('b') => {
                self.position += 1;
                0x08
            }
            '\\' => return self.class_escape(),
            other => other as u32,
        };
        Ok(match self.units(character) {
            [Some(high), Some(low)] => Member::Set(CharSet::from_ranges(&[(high, high), (low, low)])),
            _ => Member::Character(character),
        })
    }

    /// A class under the flag `v`: nested classes, `--`, `&&` and `\q{…}`. Of a string of several
    /// characters only the first is kept.
    pub(super) fn class_v(&mut self) -> Result<CharSet, Reason> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Reason::TooLarge);
        }
        let negative = self.eat("^");
        let mut set = CharSet::default();
        loop {
            if self.eat("]") {
                break;
            }
            if self.eat("--") {
                let operand = self.operand_v()?.into_set();
                set = set.intersection(&operand.negated());
            } else if self.eat("&&") {
                let operand = self.operand_v()?.into_set();
                set = set.intersection(&operand);
            } else {
                let low = self.operand_v()?;
                let range = self.peek() == Some('-') && self.peek_at(1) != Some('-');
                match low {
                    Member::Character(low) if range => {
                        self.position += 1;
                        match self.operand_v()? {
                            Member::Character(high) if low <= high => {
                                set = set.union(&CharSet::from_ranges(&[(low, high)]));
                            }
                            _ => return Err(Reason::Syntax("range out of order in class")),
                        }
                    }
                    low => set = set.union(&low.into_set()),
                }
            }
        }
        self.depth -= 1;
        let set = self.folded(set);
        Ok(if negative { set.negated() } else { set })
    }

    fn operand_v(&mut self) -> Result<Member, Reason> {
        match self.peek() {
            Some('[') => {
                self.position += 1;
                self.class_v().map(Member::Set)
            }
            Some('\\') if self.peek_at(1) == Some('q') && self.peek_at(2) == Some('{') => {
                self.position += 3;
                let mut firsts = Vec::new();
                let mut begins = true;
                loop {
                    match self.bump().ok_or(Reason::Syntax("missing }"))? {
                        '}' => return Ok(Member::Set(CharSet::from_ranges(&firsts))),
                        '|' => begins = true,
                        character if begins => {
                            firsts.push((character as u32, character as u32));
                            begins = false;
                        }
                        _ => {}
                    }
                }
            }
            Some('\\') if self.peek_at(1).is_some_and(|next| next.is_ascii_punctuation()) => {
                self.position += 2;
                Ok(Member::Character(self.peek_before() as u32))
            }
            _ => self.class_member(),
        }
    }

    fn peek_before(&self) -> char {
        self.characters[self.position - 1].1
    }
}
