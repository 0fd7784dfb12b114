//! Text encodings: which one a file is in, and what a value says in it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use encoding_rs::WINDOWS_1252;

use crate::model::Text;
use crate::submission::InputError;

/// How a text file writes letters beyond ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// Windows-1252, of which ISO 8859-1 is a part as far as printable characters go.
    Windows1252,
}

/// A value as text.
#[derive(Debug)]
pub(in crate::submission) struct Decoded<'a> {
    /// With U+FFFD for what is no text.
    pub(in crate::submission) text: Cow<'a, str>,
    /// The place of the first byte that is no text.
    pub(in crate::submission) first_undecodable: Option<usize>,
}

impl Encoding {
    /// Every encoding, the likeliest first.
    pub const ALL: [Self; 2] = [Self::Utf8, Self::Windows1252];

    /// What people and machine formats call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Windows1252 => "Windows-1252",
        }
    }

    /// The encoding of `sample`, which may be cut within a character.
    ///
    /// UTF-8 if it is valid, and also where bytes that are not are outnumbered by characters beyond ASCII that are,
    /// or are not what Windows-1252 text is made of: then they are damage, to be found where they stand.
    pub(in crate::submission) fn detect(sample: &[u8]) -> Self {
        let (mut valid, mut letters, mut others) = (0_usize, 0_usize, 0_usize);
        let mut rest = sample;
        while !rest.is_empty() {
            let error = match std::str::from_utf8(rest) {
                Ok(text) => {
                    valid += text.bytes().filter(|byte| *byte >= 0xC0).count();
                    break;
                }
                Err(error) => error,
            };
            let (before, after) = rest.split_at(error.valid_up_to());
            valid += before.iter().filter(|byte| **byte >= 0xC0).count();
            // `None`: the sample ends within a character.
            let Some(length) = error.error_len() else {
                break;
            };
            let (bad, after) = after.split_at(length);
            for byte in bad {
                if is_usual_in_windows_1252(*byte) {
                    letters += 1;
                } else {
                    others += 1;
                }
            }
            rest = after;
        }
        if letters > others && letters + others > valid { Self::Windows1252 } else { Self::Utf8 }
    }

    /// What `bytes` say.
    pub(in crate::submission) fn decode(self, bytes: &[u8]) -> Decoded<'_> {
        match self {
            Self::Utf8 => match std::str::from_utf8(bytes) {
                Ok(text) => Decoded { text: Cow::Borrowed(text), first_undecodable: None },
                Err(error) => {
                    let text = String::from_utf8_lossy(bytes);
                    Decoded { text, first_undecodable: Some(error.valid_up_to()) }
                }
            },
            Self::Windows1252 => {
                let (mut text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
                // The standard that `encoding_rs` follows gives control characters for what the code page leaves open.
                let first_undecodable = bytes.iter().position(|byte| is_unassigned_in_windows_1252(*byte));
                if first_undecodable.is_some() {
                    let replace =
                        |c: char| if matches!(c, '\u{80}'..='\u{9f}') { char::REPLACEMENT_CHARACTER } else { c };
                    text = Cow::Owned(text.chars().map(replace).collect());
                }
                Decoded { text, first_undecodable }
            }
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Encoding {
    type Err = InputError;

    /// The usual names; ISO 8859-1 is read as Windows-1252, as browsers do.
    fn from_str(text: &str) -> Result<Self, InputError> {
        let name: String = text.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        match name.as_str() {
            "utf8" | "utf8bom" | "utf8sig" => Ok(Self::Utf8),
            "windows1252" | "cp1252" | "1252" | "ansi" | "latin1" | "iso88591" => Ok(Self::Windows1252),
            _ => Err(InputError::BadOption(Text::new(
                format!("okänd kodning `{text}`; de som finns är `utf-8` och `windows-1252`"),
                format!("unknown encoding `{text}`; known are `utf-8` and `windows-1252`"),
            ))),
        }
    }
}

/// Letters of western and northern European languages, and the signs of office software.
fn is_usual_in_windows_1252(byte: u8) -> bool {
    match byte {
        // Eth, thorn, Y with diaeresis, and the signs for times and divided by are no Swedish text.
        0xD0 | 0xD7 | 0xDE | 0xF0 | 0xF7 | 0xFE | 0xFF => false,
        // Euro, ellipsis, quotation marks, bullet, dashes; S, Z and OE with their marks.
        0x80 | 0x85 | 0x91..=0x97 | 0x8A | 0x8C | 0x8E | 0x9A | 0x9C | 0x9E | 0x9F |
        // No-break space, section, degree, plus-minus, superscripts, acute, micro, middle dot, fractions.
        0xA0 | 0xA7 | 0xB0..=0xB5 | 0xB7 | 0xBC..=0xBE => true,
        byte => byte >= 0xC0,
    }
}

fn is_unassigned_in_windows_1252(byte: u8) -> bool {
    matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_tells_its_encoding() {
        let cases: [(&[u8], Encoding); 9] = [
            (b"huvudman;fas", Encoding::Utf8),
            ("vårdenhet;kön".as_bytes(), Encoding::Utf8),
            (b"v\xE5rdenhet;k\xF6n", Encoding::Windows1252),
            (b"\xC5\xC4\xD6", Encoding::Windows1252),
            ("vårdenhet;k\u{f6}".as_bytes().split_last().map_or(b"", |(_, cut)| cut), Encoding::Utf8),
            (b"v\xC3\xA5rdenhet;1\xFF2", Encoding::Utf8),
            (b"v\xC3\xA5rdenhet;\xE5;\xC3\xB6", Encoding::Utf8),
            (b"plain\xFFtext", Encoding::Utf8),
            (b"20 \x80 \x96 30 \x80", Encoding::Windows1252),
        ];
        for (sample, encoding) in cases {
            assert_eq!(Encoding::detect(sample), encoding, "{sample:?}");
        }
    }

    #[test]
    fn values_are_decoded_and_damage_is_placed() {
        let decoded = Encoding::Windows1252.decode(b"\xE5 \x80\x93");
        assert_eq!((decoded.text.as_ref(), decoded.first_undecodable), ("å €“", None));
        let decoded = Encoding::Windows1252.decode(b"a\x80\x81");
        assert_eq!((decoded.text.as_ref(), decoded.first_undecodable), ("a€\u{fffd}", Some(2)));
        let decoded = Encoding::Utf8.decode(b"\xC3\xA5\xFFb");
        assert_eq!((decoded.text.as_ref(), decoded.first_undecodable), ("å\u{fffd}b", Some(2)));
    }

    #[test]
    fn names_are_read_as_people_write_them() {
        for name in ["UTF-8", "utf8", "Windows-1252", "cp1252", "latin1", "ISO-8859-1"] {
            assert!(name.parse::<Encoding>().is_ok(), "{name}");
        }
        assert!("utf-16".parse::<Encoding>().is_err());
        assert!(Encoding::ALL.iter().all(|encoding| encoding.as_str().parse::<Encoding>().ok() == Some(*encoding)));
    }
}
