//! What groups of records are, and what their variables are made of, in words.

use super::term::Words;
use super::words::lowered;
use super::{both, condition, dictionary};
use crate::model::{Language, Text};
use crate::rule::expr::{BoolExpr, TextExpr};
use crate::rule::fold::{Aggregate, Fold, Function, Operand};
use crate::schema::HistoryItem;

/// Which records make a group: two sentences.
pub fn group(fold: &Fold) -> Text {
    both(|language| {
        let words = dictionary(&fold.of).words(language);
        let key: Vec<String> = fold.key.iter().map(|part| words.variable(*part)).collect();
        let order: Vec<String> = fold.order.iter().map(|operand| words.operand(*operand)).collect();
        let (unit, of) = (fold.unit.get(language), &fold.of.collection);
        let title = of.title.get(language);
        let then = match order.as_slice() {
            [] => String::new(),
            order => format!("{} {}", words.pick(", i ordning efter", ", in the order of"), words.and(order)),
        };
        match language {
            Language::Swedish => format!(
                "{}: poster i {title} ({}) med samma {}{then}. En post där {} är tomt hör inte till något.",
                super::words::capitalised(unit),
                of.id,
                words.and(&key),
                words.or(&key)
            ),
            Language::English => format!(
                "{}: records of {title} ({}) with the same {}{then}. A record where {} is blank is in none.",
                super::words::capitalised(unit),
                of.id,
                words.and(&key),
                words.or(&key)
            ),
        }
    })
}

/// What a variable of a group is made of: a noun phrase.
pub fn aggregate(fold: &Fold, aggregate: &Aggregate) -> Text {
    let dictionary = dictionary(&fold.of);
    let filter = match fold.of.program.bools[aggregate.filter.0 as usize] {
        BoolExpr::Constant(Some(true)) => None,
        _ => condition(dictionary, aggregate.filter),
    };
    both(|language| {
        let words = dictionary.words(language);
        let what = words.aggregate(&aggregate.function);
        match &filter {
            None => what,
            Some(filter) if aggregate.function == Function::Count(None) => {
                format!("{what} {} {}", words.pick("där", "where"), filter.get(language))
            }
            Some(filter) => {
                let among = words.pick("bland de poster där", "among the records where");
                format!("{what} {among} {}", filter.get(language))
            }
        }
    })
}

impl Words<'_> {
    fn operand(&self, operand: Operand) -> String {
        match operand {
            Operand::Text(node) => self.text(node),
            Operand::Int(node) => self.int(node),
            Operand::Time(node) => self.time(node),
        }
    }

    fn aggregate(&self, function: &Function) -> String {
        let of = |operand: &Operand| self.operand(*operand);
        match function {
            Function::Count(None) => self.pick("antalet poster", "the number of records").to_owned(),
            Function::Count(Some(one)) => {
                format!("{} {}", self.pick("antalet poster som har", "the number of records that have"), of(one))
            }
            Function::CountDistinct(one) => {
                format!("{} {}", self.pick("antalet olika värden på", "the number of different values of"), of(one))
            }
            Function::Min(one) => format!("{} {}", self.end(*one, false), of(one)),
            Function::Max(one) => format!("{} {}", self.end(*one, true), of(one)),
            Function::First(one) => format!("{} {}", self.pick("det första värdet på", "the first value of"), of(one)),
            Function::Last(one) => format!("{} {}", self.pick("det sista värdet på", "the last value of"), of(one)),
            Function::Listed(one, separator) => {
                let separator = super::words::quoted(separator, self.language);
                let (values, between) =
                    (self.pick("de olika värdena på", "the different values of"), self.pick("med", "with"));
                format!("{values} {} {between} {separator} {}", of(one), self.pick("emellan", "between them"))
            }
        }
    }

    /// Which of the values: points in time are early and late, numbers small and large, texts as in a register.
    fn end(&self, operand: Operand, is_last: bool) -> &'static str {
        let is_code = |node: crate::rule::expr::TextNode| match &self.program.texts[node.0 as usize] {
            TextExpr::Variable(variable) => self.codelist_of_variable(*variable).is_some(),
            _ => false,
        };
        let (sv, en) = match (operand, is_last) {
            (Operand::Time(_), false) => ("det tidigaste värdet på", "the earliest value of"),
            (Operand::Time(_), true) => ("det senaste värdet på", "the latest value of"),
            (Operand::Int(_), false) => ("det minsta värdet på", "the smallest value of"),
            (Operand::Int(_), true) => ("det största värdet på", "the largest value of"),
            (Operand::Text(node), false) if is_code(node) => ("den minsta koden för", "the smallest code of"),
            (Operand::Text(node), true) if is_code(node) => ("den största koden för", "the largest code of"),
            (Operand::Text(_), false) => {
                ("det i teckenordning första värdet på", "the first value, by its characters, of")
            }
            (Operand::Text(_), true) => {
                ("det i teckenordning sista värdet på", "the last value, by its characters, of")
            }
        };
        match self.language {
            Language::Swedish => sv,
            Language::English => en,
        }
    }
}

/// What earlier submissions say of a group.
pub fn history(item: HistoryItem, months: u32) -> Text {
    let (sv, en) = match item {
        HistoryItem::FirstReceived => (
            "dagen då gruppen först togs emot, i denna eller en tidigare leverans".to_owned(),
            "the day on which the group was first received, in this or an earlier submission".to_owned(),
        ),
        HistoryItem::OpenUntil => (
            format!("{months} kalendermånader efter dagen då gruppen först togs emot"),
            format!("{months} calendar months after the day on which the group was first received"),
        ),
        HistoryItem::Received => {
            ("dagen då denna leverans togs emot".to_owned(), "the day on which this submission was received".to_owned())
        }
        HistoryItem::RecordsBefore => (
            "antalet olika poster i den senaste tidigare leveransen med gruppen".to_owned(),
            "the number of different records in the latest earlier submission with the group".to_owned(),
        ),
        HistoryItem::RecordsNow => (
            "antalet olika poster i denna leverans".to_owned(),
            "the number of different records in this submission".to_owned(),
        ),
        HistoryItem::ChangedRecords => (
            "antalet poster som ändrats, lagts till eller tagits bort sedan dess".to_owned(),
            "the number of records changed, added or removed since then".to_owned(),
        ),
        HistoryItem::Changes => {
            ("de ändrade posterna, före och efter".to_owned(), "the records that changed, before and after".to_owned())
        }
    };
    Text::new(sv, en)
}

/// What a part of the key is: the same of all records of a group.
pub fn of_key(name: &Text) -> Text {
    both(|language| {
        let name = lowered(name.get(language));
        match language {
            Language::Swedish => format!("{name}, gemensamt för gruppens poster"),
            Language::English => format!("{name}, which the records of a group have in common"),
        }
    })
}
