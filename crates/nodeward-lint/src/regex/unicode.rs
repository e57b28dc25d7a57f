//! `\p{…}` without its tables: enough of each property to tell the common ones apart.
//!
//! A property is ambiguous with another one in practice because of ASCII or of a whole block, so ASCII is
//! exact here, a few blocks stand for the rest of each category, and what is not known matches anything.

use super::charset::{CharSet, LAST};

const UPPER: &[(u32, u32)] = &[(0x41, 0x5A), (0xC0, 0xD6), (0xD8, 0xDE), (0x391, 0x3A9), (0x410, 0x42F)];
const LOWER: &[(u32, u32)] = &[(0x61, 0x7A), (0xDF, 0xF6), (0xF8, 0xFF), (0x3B1, 0x3C9), (0x430, 0x44F)];
const CASELESS: &[(u32, u32)] = &[(0x5D0, 0x5EA), (0x621, 0x64A), (0x3041, 0x30FA), (0x4E00, 0x9FFF)];
const MARK: &[(u32, u32)] = &[(0x300, 0x36F), (0x591, 0x5BD), (0x64B, 0x65F), (0x20D0, 0x20DC)];
const DIGIT: &[(u32, u32)] = &[(0x30, 0x39), (0x660, 0x669), (0xFF10, 0xFF19)];
const OTHER_NUMBER: &[(u32, u32)] = &[(0xB2, 0xB3), (0xB9, 0xB9), (0xBC, 0xBE), (0x2160, 0x2188)];
const PUNCTUATION: &[(u32, u32)] = &[
    (0x21, 0x23),
    (0x25, 0x2A),
    (0x2C, 0x2F),
    (0x3A, 0x3B),
    (0x3F, 0x40),
    (0x5B, 0x5D),
    (0x5F, 0x5F),
    (0x7B, 0x7B),
    (0x7D, 0x7D),
    (0xA1, 0xA1),
    (0xBF, 0xBF),
    (0x2010, 0x2027),
];
const SYMBOL: &[(u32, u32)] = &[
    (0x24, 0x24),
    (0x2B, 0x2B),
    (0x3C, 0x3E),
    (0x5E, 0x5E),
    (0x60, 0x60),
    (0x7C, 0x7C),
    (0x7E, 0x7E),
    (0xA2, 0xA9),
    (0x20A0, 0x20BF),
    (0x2190, 0x23FF),
    (0x1F300, 0x1FAFF),
];
const SEPARATOR: &[(u32, u32)] =
    &[(0x20, 0x20), (0xA0, 0xA0), (0x2000, 0x200A), (0x2028, 0x2029), (0x3000, 0x3000)];
const CONTROL: &[(u32, u32)] = &[(0, 0x1F), (0x7F, 0x9F)];
const EMOJI: &[(u32, u32)] = &[
    (0x23, 0x23),
    (0x2A, 0x2A),
    (0x30, 0x39),
    (0xA9, 0xA9),
    (0xAE, 0xAE),
    (0x2600, 0x27BF),
    (0x1F300, 0x1FAFF),
];
const PICTURE: &[(u32, u32)] = &[(0xA9, 0xA9), (0xAE, 0xAE), (0x2600, 0x27BF), (0x1F300, 0x1FAFF)];

/// The characters of a property as written between the braces: `L`, `Letter`, `gc=Lu`, `Script=Greek`…
pub(super) fn property(name: &str) -> CharSet {
    let parts: &[&[(u32, u32)]] = match name.rsplit('=').next().unwrap_or(name) {
        "Any" => &[&[(0, LAST)]],
        "ASCII" => &[&[(0, 0x7F)]],
        "L" | "Letter" | "Alphabetic" | "Alpha" | "ID_Start" | "IDS" | "XID_Start" | "XIDS" => {
            &[UPPER, LOWER, CASELESS]
        }
        "ID_Continue" | "IDC" | "XID_Continue" | "XIDC" => {
            &[UPPER, LOWER, CASELESS, MARK, DIGIT, &[(0x5F, 0x5F)]]
        }
        "Lu" | "Uppercase_Letter" | "Uppercase" | "Upper" => &[UPPER],
        "Ll" | "Lowercase_Letter" | "Lowercase" | "Lower" => &[LOWER],
        "LC" | "Cased_Letter" | "Cased" => &[UPPER, LOWER],
        "Lt" | "Titlecase_Letter" => &[&[(0x1C5, 0x1C5)]],
        "Lm" | "Modifier_Letter" => &[&[(0x2B0, 0x2C1)]],
        "Lo" | "Other_Letter" => &[CASELESS],
        "M" | "Mark" | "Combining_Mark" | "Mn" | "Nonspacing_Mark" | "Mc" | "Spacing_Mark" | "Diacritic" => {
            &[MARK]
        }
        "N" | "Number" => &[DIGIT, OTHER_NUMBER],
        "Nd" | "Decimal_Number" | "digit" => &[DIGIT],
        "Nl" | "Letter_Number" | "No" | "Other_Number" => &[OTHER_NUMBER],
        "P" | "Punctuation" | "punct" => &[PUNCTUATION],
        "Pd" | "Dash_Punctuation" => &[&[(0x2D, 0x2D), (0x2010, 0x2015)]],
        "Ps" | "Open_Punctuation" => &[&[(0x28, 0x28), (0x5B, 0x5B), (0x7B, 0x7B)]],
        "Pe" | "Close_Punctuation" => &[&[(0x29, 0x29), (0x5D, 0x5D), (0x7D, 0x7D)]],
        "Pc" | "Connector_Punctuation" => &[&[(0x5F, 0x5F), (0x203F, 0x2040)]],
        "S" | "Symbol" => &[SYMBOL],
        "Sc" | "Currency_Symbol" => &[&[(0x24, 0x24), (0xA2, 0xA5), (0x20A0, 0x20BF)]],
        "Sm" | "Math_Symbol" => &[&[(0x2B, 0x2B), (0x3C, 0x3E), (0x7C, 0x7C), (0x7E, 0x7E)]],
        "Z" | "Separator" | "Zs" | "Space_Separator" => &[SEPARATOR],
        "White_Space" | "space" => &[SEPARATOR, &[(0x09, 0x0D), (0x85, 0x85)]],
        "C" | "Other" | "Cc" | "Control" | "cntrl" => &[CONTROL],
        "Emoji" => &[EMOJI],
        "Emoji_Presentation" | "Extended_Pictographic" | "Emoji_Modifier_Base" | "RGI_Emoji" => &[PICTURE],
        "Latin" | "Latn" => &[&[(0x41, 0x5A), (0x61, 0x7A), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x24F)]],
        "Greek" | "Grek" => &[&[(0x370, 0x3FF)]],
        "Cyrillic" | "Cyrl" => &[&[(0x400, 0x52F)]],
        "Hebrew" | "Hebr" => &[&[(0x591, 0x5F4)]],
        "Arabic" | "Arab" => &[&[(0x600, 0x6FF)]],
        "Han" | "Hani" => &[&[(0x4E00, 0x9FFF)]],
        "Hiragana" | "Hira" => &[&[(0x3041, 0x309F)]],
        "Katakana" | "Kana" => &[&[(0x30A1, 0x30FF)]],
        "Hangul" | "Hang" => &[&[(0xAC00, 0xD7A3)]],
        "Thai" => &[&[(0xE01, 0xE5B)]],
        _ => &[&[(0x80, LAST)]],
    };
    CharSet::from_ranges(&parts.concat())
}
