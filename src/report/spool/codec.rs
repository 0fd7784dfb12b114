//! Findings as bytes: numbers as LEB128, texts with their length before them. Never read by another run or version.

use crate::model::{Detail, FileIndex, Finding, Members, Position, RuleIndex, ShownValue, Text, WaiverIndex};

/// Appends `finding`, without its rule and its origin: the bucket has them.
pub(super) fn encode(finding: &Finding, out: &mut Vec<u8>) {
    number(finding.file.0 as u64, out);
    let position = finding.position;
    for place in [position.row, position.line, position.sheet_row, position.byte] {
        optional(place, out);
    }
    text(&finding.key, out);
    for values in [&finding.faulty, &finding.triggers] {
        number(values.len() as u64, out);
        for shown in values {
            text(&shown.variable, out);
            number(u64::from(shown.column.is_some()), out);
            text(shown.column.as_deref().unwrap_or_default(), out);
            text(&shown.value, out);
        }
    }
    match &finding.detail {
        None => number(0, out),
        Some(Detail::Number(detail)) => {
            number(1, out);
            out.extend_from_slice(&detail.to_le_bytes());
        }
        Some(Detail::Text(detail)) => {
            number(2, out);
            text(&detail.sv, out);
            text(&detail.en, out);
        }
    }
    optional(finding.waiver.map(|waiver| waiver.0 as u64), out);
    match &finding.members {
        None => number(0, out),
        Some(members) => {
            number(1, out);
            number(members.total, out);
            number(members.rows.len() as u64, out);
            for row in &members.rows {
                number(*row, out);
            }
        }
    }
}

/// Reads a finding of `rule` from the head of `bytes`, and how long it is; `None` where there is none.
pub(super) fn decode(bytes: &[u8], rule: RuleIndex) -> Option<(Finding, usize)> {
    let mut from = Bytes { bytes, at: 0 };
    let file = FileIndex(from.size()?);
    let position =
        Position { row: from.optional()?, line: from.optional()?, sheet_row: from.optional()?, byte: from.optional()? };
    let key = from.text()?;
    let (faulty, triggers) = (from.values()?, from.values()?);
    let detail = match from.number()? {
        0 => None,
        1 => Some(Detail::Number(i64::from_le_bytes(from.take(8)?.try_into().ok()?))),
        _ => Some(Detail::Text(Text { sv: from.text()?, en: from.text()? })),
    };
    let waiver = match from.optional()? {
        None => None,
        Some(waiver) => Some(WaiverIndex(usize::try_from(waiver).ok()?)),
    };
    let members = match from.number()? {
        0 => None,
        _ => {
            let total = from.number()?;
            let n_rows = from.size()?;
            Some(Members { total, rows: (0..n_rows).map(|_| from.number()).collect::<Option<_>>()? })
        }
    };
    let finding = Finding { rule, file, position, key, faulty, triggers, detail, waiver, members, origin: None };
    Some((finding, from.at))
}

fn number(number: u64, out: &mut Vec<u8>) {
    let mut rest = number;
    while rest >= 0x80 {
        out.push(u8::try_from(rest & 0x7f).unwrap_or(0) | 0x80);
        rest >>= 7;
    }
    out.push(u8::try_from(rest).unwrap_or(0));
}

fn optional(value: Option<u64>, out: &mut Vec<u8>) {
    number(u64::from(value.is_some()), out);
    if let Some(value) = value {
        number(value, out);
    }
}

fn text(text: &str, out: &mut Vec<u8>) {
    number(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

/// Bytes being read; nothing is read beyond their end.
struct Bytes<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bytes<'a> {
    fn take(&mut self, n_bytes: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(n_bytes)?)?;
        self.at += n_bytes;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn size(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    #[expect(
        clippy::option_option,
        reason = "the outer one is whether there are bytes, the inner one is what was written"
    )]
    fn optional(&mut self) -> Option<Option<u64>> {
        Some(if self.number()? == 0 { None } else { Some(self.number()?) })
    }

    fn text(&mut self) -> Option<String> {
        let len = self.size()?;
        std::str::from_utf8(self.take(len)?).ok().map(str::to_owned)
    }

    fn values(&mut self) -> Option<Vec<ShownValue>> {
        let n_values = self.size()?;
        let mut value = || {
            let (variable, has_column, column, value) = (self.text()?, self.number()?, self.text()?, self.text()?);
            Some(ShownValue { variable, column: (has_column == 1).then_some(column), value })
        };
        (0..n_values).map(|_| value()).collect()
    }
}
