//! One word of a range: a comparator, or what stands for one or two of them.

use super::{Comparator, Operator, Prereleases, RangeError, RangeOptions, Syntax};
use crate::version::scan::{self, Scan};
use crate::version::{MAX_LENGTH, Version, VersionError};

/// Why a word gives no comparator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenError {
    /// It is none; the loose syntax goes on without it.
    Malformed,
    /// It is one, of what is no version; that is an error in either syntax.
    Bound(VersionError),
}

impl From<TokenError> for RangeError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Malformed => Self::Malformed,
            TokenError::Bound(error) => Self::Bound(error),
        }
    }
}

/// A number of a partial version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number<'a> {
    Absent,
    Wildcard,
    Digits(&'a str),
}

impl<'a> Number<'a> {
    pub(super) fn digits(self) -> Option<&'a str> {
        match self {
            Self::Digits(digits) => Some(digits),
            Self::Absent | Self::Wildcard => None,
        }
    }
}

/// A version of which only the first number need be there, after any mix of `v`, `=` and blanks: `1.x`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Partial<'a> {
    /// What stands before the first number.
    prefix: &'a str,
    pub(super) numbers: [Number<'a>; 3],
    pub(super) prerelease: &'a str,
}

impl<'a> Partial<'a> {
    pub(super) fn parse(text: &'a str, syntax: Syntax) -> Option<Self> {
        let mut scan = Scan::new(text);
        scan.skip_prefix();
        let prefix = &text[..scan.at()];
        let mut numbers = [Number::Absent; 3];
        let mut prerelease = "";
        for (index, number) in numbers.iter_mut().enumerate() {
            if index > 0 && !scan.eat(b'.') {
                break;
            }
            *number = match (scan.wildcard(), index) {
                (true, _) => Number::Wildcard,
                (false, 2) => Number::Digits(scan.patch(syntax)?),
                (false, _) => Number::Digits(scan.digits(syntax)?),
            };
            if index == 2 {
                prerelease = scan.prerelease(syntax)?;
                scan.build();
            }
        }
        scan.is_done().then_some(Self { prefix, numbers, prerelease })
    }
}

/// Where in its set a word stands. node-semver writes a word that holds everything as nothing, and nothing is only
/// seen at the ends of a text: that matters where the loose syntax drops all that is around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    Edge,
    Between,
}

/// Reads one word onto the end of the comparators.
pub(super) fn desugar(
    token: &str,
    position: Position,
    options: RangeOptions,
    comparators: &mut Vec<Comparator>,
) -> Result<(), TokenError> {
    let partial = |text| Partial::parse(text, options.syntax).ok_or(TokenError::Malformed);
    let mut bounds = Bounds { options, position, comparators };
    if let Some(rest) = token.strip_prefix('^') {
        return bounds.caret(&partial(rest)?);
    }
    if let Some(rest) = token.strip_prefix('~') {
        return bounds.tilde(&partial(rest.strip_prefix('>').unwrap_or(rest))?);
    }
    let (operator, rest) = split_operator(token);
    match Partial::parse(rest, options.syntax) {
        Some(partial) => bounds.partial(operator, &partial, rest),
        None => bounds.without_star(token),
    }
}

/// One comparator in full, blanks collapsed; empty for any.
pub(super) fn comparator(text: &str, syntax: Syntax) -> Result<Comparator, TokenError> {
    if text.is_empty() {
        return Ok(Comparator::any());
    }
    let (operator, rest) = split_operator(text);
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    if syntax == Syntax::Strict && rest.starts_with(' ') {
        return Err(TokenError::Malformed);
    }
    match Version::parse_with(rest, syntax) {
        Ok(version) => Ok(Comparator::new(operator.unwrap_or(Operator::Exact), version)),
        Err(VersionError::Malformed) => Err(TokenError::Malformed),
        Err(error) => Err(TokenError::Bound(error)),
    }
}

fn split_operator(text: &str) -> (Option<Operator>, &str) {
    let bytes = text.as_bytes();
    let (operator, length) = match (bytes.first(), bytes.get(1)) {
        (Some(b'<'), Some(b'=')) => (Operator::LessOrEqual, 2),
        (Some(b'<'), _) => (Operator::Less, 1),
        (Some(b'>'), Some(b'=')) => (Operator::GreaterOrEqual, 2),
        (Some(b'>'), _) => (Operator::Greater, 1),
        (Some(b'='), _) => (Operator::Exact, 1),
        _ => return (None, text),
    };
    (Some(operator), &text[length..])
}

/// Where the comparators of a word go.
struct Bounds<'c> {
    options: RangeOptions,
    position: Position,
    comparators: &'c mut Vec<Comparator>,
}

impl Bounds<'_> {
    /// What changes nothing left of the first number that is not zero.
    fn caret(&mut self, partial: &Partial<'_>) -> Result<(), TokenError> {
        let Some((numbers, is_full)) = self.lower_of(partial)? else { return Ok(()) };
        let [major, minor, patch] = numbers;
        let has_minor = partial.numbers[1].digits().is_some();
        match (major, minor) {
            ("0", "0") if is_full => self.below([number(major)?, number(minor)?, after(patch)?]),
            ("0", _) if has_minor => self.below([number(major)?, after(minor)?, 0]),
            _ => self.below([after(major)?, 0, 0]),
        }
        Ok(())
    }

    /// What changes nothing left of the patch, or of the minor where none is given.
    fn tilde(&mut self, partial: &Partial<'_>) -> Result<(), TokenError> {
        let Some(([major, minor, _], _)) = self.lower_of(partial)? else { return Ok(()) };
        match partial.numbers[1].digits() {
            Some(_) => self.below([number(major)?, after(minor)?, 0]),
            None => self.below([after(major)?, 0, 0]),
        }
        Ok(())
    }

    /// Adds the least version that the partial one stands for, and gives its numbers and whether all three were given.
    /// Any is added, and nothing given, where not even the first is.
    fn lower_of<'p>(&mut self, partial: &Partial<'p>) -> Result<Option<([&'p str; 3], bool)>, TokenError> {
        let lowest = self.lowest();
        let (numbers, prerelease, is_full) = match partial.numbers.map(Number::digits) {
            [None, ..] => {
                self.blank();
                return Ok(None);
            }
            [Some(major), None, _] => ([major, "0", "0"], lowest, false),
            [Some(major), Some(minor), None] => ([major, minor, "0"], lowest, false),
            [Some(major), Some(minor), Some(patch)] => ([major, minor, patch], partial.prerelease, true),
        };
        self.at_least(numbers, prerelease)?;
        Ok(Some((numbers, is_full)))
    }

    /// What a version or a part of one stands for after `<`, `>`, `=` or nothing.
    fn partial(
        &mut self,
        operator: Option<Operator>,
        partial: &Partial<'_>,
        text: &str,
    ) -> Result<(), TokenError> {
        use Number::{Absent, Digits, Wildcard};
        use Operator::{Exact, Greater, GreaterOrEqual, Less, LessOrEqual};
        let lowest = self.lowest();
        match (partial.numbers, operator) {
            // A number after a wildcard means nothing.
            ([Wildcard, Digits(_), _] | [_, Wildcard, Digits(_)], _) => return Err(TokenError::Malformed),
            ([Digits(major), Digits(minor), Digits(patch)], _) => {
                return self.full(operator.unwrap_or(Exact), [major, minor, patch], partial, text);
            }
            ([Wildcard | Absent, ..], Some(Greater | Less)) => self.below([0, 0, 0]),
            ([Wildcard | Absent, ..], _) => self.blank(),
            ([Digits(major), minor, _], Some(operator @ (Greater | LessOrEqual))) => {
                let numbers = match minor.digits() {
                    Some(minor) => {
                        let minor = after_alone(minor)?;
                        [number(major)?, minor, 0]
                    }
                    None => [after_alone(major)?, 0, 0],
                };
                match operator {
                    LessOrEqual => self.below(numbers),
                    _ => self.from(numbers),
                }
            }
            ([Digits(major), minor, _], Some(Less)) => {
                self.below([number(major)?, number(minor.digits().unwrap_or("0"))?, 0]);
            }
            ([Digits(major), minor, _], Some(GreaterOrEqual)) => {
                self.at_least([major, minor.digits().unwrap_or("0"), "0"], lowest)?;
            }
            // `1.x` and `=1.x` are `~1.x`.
            ([Digits(_), ..], _) => self.tilde(partial)?,
        }
        Ok(())
    }

    /// A comparator with all three numbers. Strictly only one `v` may stand before them.
    fn full(
        &mut self,
        operator: Operator,
        numbers: [&str; 3],
        partial: &Partial<'_>,
        text: &str,
    ) -> Result<(), TokenError> {
        if self.options.syntax == Syntax::Strict && !matches!(partial.prefix, "" | "v") {
            return Err(TokenError::Malformed);
        }
        if scan::is_longer_than(text, MAX_LENGTH) {
            return Err(TokenError::Bound(VersionError::TooLong));
        }
        if operator == Operator::GreaterOrEqual && partial.prefix.is_empty() {
            return self.at_least(numbers, partial.prerelease);
        }
        let version = Version::from_parts(numbers, partial.prerelease, "").map_err(TokenError::Bound)?;
        self.comparators.push(Comparator::new(operator, version));
        Ok(())
    }

    /// node-semver drops one star, with an operator before it, from a word that it can't read; what is left may be a
    /// comparator: `>=1.2.3*`.
    fn without_star(&mut self, token: &str) -> Result<(), TokenError> {
        if token.is_empty() {
            self.blank();
            return Ok(());
        }
        let (before, after) = token.split_once('*').ok_or(TokenError::Malformed)?;
        let before = before.strip_suffix('=').unwrap_or(before);
        let before = before.strip_suffix(['<', '>']).unwrap_or(before);
        let rest = format!("{before}{after}");
        let is_least = rest.strip_prefix(">=0.0.0").is_some_and(|end| match self.lowest() {
            "" => end.is_empty(),
            _ => end == "-0",
        });
        let comparator = if is_least { Comparator::any() } else { comparator(&rest, self.options.syntax)? };
        self.comparators.push(comparator);
        Ok(())
    }

    /// The prerelease that a lower bound ends in which names no patch.
    fn lowest(&self) -> &'static str {
        match self.options.prereleases {
            Prereleases::Everywhere => "0",
            Prereleases::WhereNamed => "",
        }
    }

    /// What holds everything because nothing is left of it.
    fn blank(&mut self) {
        if self.position == Position::Edge {
            self.comparators.push(Comparator::any());
        }
    }

    /// `>=`; the least of all versions, when written just so, is any.
    fn at_least(&mut self, numbers: [&str; 3], prerelease: &str) -> Result<(), TokenError> {
        if numbers == ["0"; 3] && prerelease == self.lowest() {
            self.comparators.push(Comparator::any());
            return Ok(());
        }
        let dashes = if prerelease.is_empty() { 2 } else { 3 };
        if numbers.map(str::len).iter().sum::<usize>() + dashes + prerelease.len() > MAX_LENGTH {
            return Err(TokenError::Bound(VersionError::TooLong));
        }
        let version = Version::from_parts(numbers, prerelease, "").map_err(TokenError::Bound)?;
        self.comparators.push(Comparator::new(Operator::GreaterOrEqual, version));
        Ok(())
    }

    fn from(&mut self, [major, minor, patch]: [u64; 3]) {
        let version = match self.options.prereleases {
            Prereleases::Everywhere => Version::lowest(major, minor, patch),
            Prereleases::WhereNamed => Version::new(major, minor, patch),
        };
        self.comparators.push(Comparator::new(Operator::GreaterOrEqual, version));
    }

    /// `<` and not even a prerelease.
    fn below(&mut self, [major, minor, patch]: [u64; 3]) {
        self.comparators.push(Comparator::new(Operator::Less, Version::lowest(major, minor, patch)));
    }
}

fn number(digits: &str) -> Result<u64, TokenError> {
    scan::number(digits).ok_or(TokenError::Bound(VersionError::NumberTooBig))
}

fn after(digits: &str) -> Result<u64, TokenError> {
    let next = number(digits)? + 1;
    if next > scan::MAX_SAFE_INTEGER {
        return Err(TokenError::Bound(VersionError::NumberTooBig));
    }
    Ok(next)
}

/// One more than a number that no other bound holds. From 1e21 on JavaScript prints it with an exponent, and then the
/// word is no comparator any more.
fn after_alone(digits: &str) -> Result<u64, TokenError> {
    after(digits).map_err(|error| match digits.parse::<f64>() {
        Ok(number) if number + 1.0 < 1e21 => error,
        _ => TokenError::Malformed,
    })
}
