//! Evaluates the nodes of a plan's program over one batch, a column at a time, each node at most once.
//!
//! A truth is a pair of bit sets, [`Tri`]: where it is true and where it is false; in neither set it is null. Kleene's
//! logic is then bit algebra: `AND` intersects the true sets and unites the false ones, `NOT` swaps them. Arrow's
//! boolean kernels do the same over values and validity, but allocate a validity of both inputs at each step; with
//! some 300 nodes a batch the pair was the simpler and the faster form.
//!
//! Where time goes (specialised care, completed): reading the distinct values of columns, then points in time, then
//! looking verdicts up by distinct value; the algebra itself is under a tenth.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::column::{Dict, Ints, Times};
use super::run::TimestampForms;
use super::text;
use super::vocabulary::Vocabulary;
use crate::model::VariableIndex;
use crate::rule::Plan;
use crate::rule::expr::{
    BoolExpr, BoolNode, Comparison, IntExpr, IntNode, Parameter, Program, TextExpr, TextNode, TextTest, TimeExpr,
    TimeNode,
};
use crate::schema::codelist::Period;
use crate::schema::region;
use crate::schema::{Codelist, Collection, Domain, Missing, Variable};
use crate::table::{Batch, Bits, Column, filled, value};
use crate::time::{DAY, civil_from_days};

/// Where a condition is true and where it is false; in neither set it is null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tri {
    /// True there.
    pub(super) yes: Bits,
    /// False there.
    pub(super) no: Bits,
}

impl Tri {
    fn constant(n_rows: usize, truth: Option<bool>) -> Self {
        let set = |member: bool| if member { Bits::all(n_rows) } else { Bits::none(n_rows) };
        Self { yes: set(truth == Some(true)), no: set(truth == Some(false)) }
    }

    /// What it is in one row.
    pub(super) fn at(&self, row: usize) -> Option<bool> {
        if self.yes.contains(row) { Some(true) } else { self.no.contains(row).then_some(false) }
    }

    /// True where `yes` among the `known`, false elsewhere among them.
    fn known(yes: &Bits, known: &Bits) -> Self {
        Self { yes: yes.and(known), no: known.minus(yes) }
    }
}

/// The parameters of a run, as values.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters {
    /// Days since 1970-01-01.
    pub(super) delivery_date: Option<i64>,
    /// Days since 1970-01-01.
    pub(super) period: Option<(i64, i64)>,
    /// Ten digits.
    pub(super) region: Option<String>,
    /// How many regions the files are stated to come from.
    pub(super) delivered_regions: Option<i64>,
}

impl Parameters {
    fn day(&self, parameter: Parameter) -> Option<i64> {
        match parameter {
            Parameter::DeliveryDate => self.delivery_date,
            Parameter::PeriodStart => self.period.map(|period| period.0),
            Parameter::PeriodEnd => self.period.map(|period| period.1),
            Parameter::StatedRegion | Parameter::DeliveredRegions => None,
        }
    }

    /// The number that a parameter is, where it is one and is stated.
    pub(super) fn number(&self, parameter: Parameter) -> Option<i64> {
        match parameter {
            Parameter::DeliveredRegions => self.delivered_regions,
            Parameter::DeliveryDate | Parameter::PeriodStart | Parameter::PeriodEnd | Parameter::StatedRegion => None,
        }
    }

    /// Whether the run states this.
    pub(super) fn states(&self, parameter: Parameter) -> bool {
        match parameter {
            Parameter::StatedRegion => self.region.is_some(),
            Parameter::DeliveredRegions => self.delivered_regions.is_some(),
            Parameter::DeliveryDate | Parameter::PeriodStart | Parameter::PeriodEnd => self.day(parameter).is_some(),
        }
    }
}

/// What stays the same for every batch of a run.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) plan: &'a Plan,
    pub(super) parameters: Parameters,
    /// For each variable its official list, ready for looking up; `None` where it has none or none is loaded.
    pub(super) official: Arc<Vec<Option<Codelist>>>,
    /// For each text node the variable that it is made of; `None` where it is the same for every record.
    sources: Arc<[Option<VariableIndex>]>,
}

impl<'a> Context<'a> {
    pub(super) fn new(plan: &'a Plan, parameters: Parameters) -> Self {
        let official = plan
            .collection
            .variables
            .iter()
            .map(|variable| {
                let Domain::Text { official_list: Some(name), format, .. } = &variable.domain else { return None };
                let list = plan.codelists.get(name)?;
                let ignored = format.as_ref().map(|format| format.ignore_characters.as_slice()).unwrap_or_default();
                Some(list.without_characters(ignored))
            })
            .collect();
        Self { plan, parameters, official: Arc::new(official), sources: sources(&plan.program) }
    }

    /// The same with other parameters.
    pub(super) fn with(&self, parameters: Parameters) -> Self {
        let (official, sources) = (Arc::clone(&self.official), Arc::clone(&self.sources));
        Self { plan: self.plan, parameters, official, sources }
    }
}

/// The variable that each text node is made of; a node comes after those that it is made of.
fn sources(program: &Program) -> Arc<[Option<VariableIndex>]> {
    let mut sources: Vec<Option<VariableIndex>> = Vec::with_capacity(program.texts.len());
    for text in &program.texts {
        sources.push(match text {
            TextExpr::Literal(_) | TextExpr::StatedRegion => None,
            TextExpr::Variable(variable) => Some(*variable),
            TextExpr::Substring(inner, ..)
            | TextExpr::OrganisationNumber(inner)
            | TextExpr::CodelistValue { code: inner, .. } => sources.get(inner.0 as usize).copied().flatten(),
        });
    }
    sources.into()
}

/// Texts, some rows sharing one.
pub(super) struct Texts<'a> {
    keys: Keys,
    values: Vec<Option<Cow<'a, [u8]>>>,
}

#[derive(Clone)]
enum Keys {
    /// One value for every row.
    Constant,
    /// A value a row.
    Identity,
    /// A value for each distinct value of a column.
    Dict(Rc<Dict>),
}

impl Texts<'_> {
    /// The text of a row; `None` is null.
    #[inline]
    pub(super) fn get(&self, row: usize) -> Option<&[u8]> {
        let at = match &self.keys {
            Keys::Constant => 0,
            Keys::Identity => row,
            Keys::Dict(dict) => dict.keys.as_ref().map_or(row, |keys| keys[row] as usize),
        };
        self.values[at].as_deref()
    }
}

/// What the columns of one batch hold, read at most once for all evaluators over it.
struct Readings<'a> {
    collection: &'a Collection,
    batch: &'a Batch,
    filled: Vec<OnceCell<Rc<Bits>>>,
    dicts: Vec<OnceCell<Rc<Dict>>>,
    /// The numbers of the distinct values in the vocabulary.
    words: Vec<OnceCell<Option<Vec<u32>>>>,
    times: Vec<OnceCell<(Rc<Times>, TimestampForms)>>,
    ints: Vec<OnceCell<Rc<Ints>>>,
    /// `None` where this is the only batch that is asked about.
    vocabulary: RefCell<Option<Vocabulary>>,
}

impl<'a> Readings<'a> {
    fn new(collection: &'a Collection, batch: &'a Batch, vocabulary: Option<Vocabulary>) -> Self {
        let n_variables = collection.variables.len();
        Self {
            collection,
            batch,
            filled: cells(n_variables),
            dicts: cells(n_variables),
            words: cells(n_variables),
            times: cells(n_variables),
            ints: cells(n_variables),
            vocabulary: RefCell::new(vocabulary),
        }
    }

    fn column(&self, variable: VariableIndex) -> Option<&'a Column> {
        self.batch.columns.get(variable.0).and_then(Option::as_ref)
    }

    fn filled(&self, variable: VariableIndex) -> &Rc<Bits> {
        let none = || Bits::none(self.batch.n_rows);
        self.filled[variable.0].get_or_init(|| Rc::new(self.column(variable).map_or_else(none, filled)))
    }

    fn dict(&self, variable: VariableIndex, column: &Column) -> &Rc<Dict> {
        self.dicts[variable.0].get_or_init(|| Rc::new(Dict::build(column)))
    }

    /// The numbers of the distinct values of a variable; `None` where its values do not repeat, or nothing is kept.
    fn words(&self, variable: VariableIndex, column: &Column) -> Option<&[u32]> {
        let words = self.words[variable.0].get_or_init(|| {
            let dict = self.dict(variable, column);
            let mut vocabulary = self.vocabulary.borrow_mut();
            let vocabulary = vocabulary.as_mut().filter(|_| dict.keys.is_some())?;
            Some(vocabulary.words(variable.0, dict.first_rows.iter().map(|row| value(column, *row as usize))))
        });
        words.as_deref()
    }

    fn times(&self, variable: VariableIndex) -> &(Rc<Times>, TimestampForms) {
        self.times[variable.0].get_or_init(|| match self.column(variable) {
            Some(column) => {
                let (times, forms) = Times::read(column);
                (Rc::new(times), forms)
            }
            None => (Rc::new(Times::constant(self.batch.n_rows, None)), TimestampForms::default()),
        })
    }

    fn ints(&self, variable: VariableIndex) -> &Rc<Ints> {
        self.ints[variable.0].get_or_init(|| {
            let n_rows = self.batch.n_rows;
            let year = matches!(self.collection.get(variable).domain, Domain::Year { .. });
            Rc::new(match self.column(variable) {
                Some(column) => Ints::read(column, year),
                None => Ints { values: vec![0; n_rows], known: Bits::none(n_rows) },
            })
        })
    }
}

/// Evaluates nodes over one batch.
pub(super) struct Evaluator<'a> {
    context: &'a Context<'a>,
    readings: Rc<Readings<'a>>,
    /// Where the vocabulary keeps what this plan asks.
    place: usize,
    bools: Vec<OnceCell<Rc<Tri>>>,
    ints: Vec<OnceCell<Rc<Ints>>>,
    texts: Vec<OnceCell<Rc<Texts<'a>>>>,
    times: Vec<OnceCell<Rc<Times>>>,
}

fn cells<T>(n: usize) -> Vec<OnceCell<T>> {
    std::iter::repeat_with(OnceCell::new).take(n).collect()
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(context: &'a Context<'a>, batch: &'a Batch) -> Self {
        Self::over(context, Rc::new(Readings::new(&context.plan.collection, batch, None)))
    }

    /// One that knows what was said of the values of other batches.
    pub(super) fn with_vocabulary(context: &'a Context<'a>, batch: &'a Batch, vocabulary: Vocabulary) -> Self {
        Self::over(context, Rc::new(Readings::new(&context.plan.collection, batch, Some(vocabulary))))
    }

    /// The vocabulary, with what it was told by this batch.
    pub(super) fn take_vocabulary(&self) -> Vocabulary {
        self.readings.vocabulary.take().unwrap_or_default()
    }

    /// Another one over the same batch. What was read for one is read for both, where they are of one collection.
    pub(super) fn beside<'b>(&self, context: &'b Context<'b>) -> Evaluator<'b>
    where
        'a: 'b,
    {
        let is_same = std::ptr::eq(self.readings.collection, Arc::as_ptr(&context.plan.collection));
        if !is_same {
            return Evaluator::new(context, self.readings.batch);
        }
        let readings: Rc<Readings<'b>> = self.readings.clone();
        Evaluator::over(context, readings)
    }

    fn over(context: &'a Context<'a>, readings: Rc<Readings<'a>>) -> Self {
        let program = &context.plan.program;
        let place = readings.vocabulary.borrow_mut().as_mut().map_or(0, |known| known.place_of(context.plan));
        Self {
            context,
            readings,
            place,
            bools: cells(program.bools.len()),
            ints: cells(program.ints.len()),
            texts: cells(program.texts.len()),
            times: cells(program.times.len()),
        }
    }

    /// The plan whose nodes are evaluated.
    pub(super) fn plan(&self) -> &'a Plan {
        self.context.plan
    }

    /// The batch they are evaluated over.
    pub(super) fn batch(&self) -> &'a Batch {
        self.readings.batch
    }

    fn n_rows(&self) -> usize {
        self.readings.batch.n_rows
    }

    fn column(&self, variable: VariableIndex) -> Option<&'a Column> {
        self.readings.column(variable)
    }

    fn variable(&self, variable: VariableIndex) -> &'a Variable {
        self.context.plan.collection.get(variable)
    }

    /// The rows where the variable is not blank.
    pub(super) fn filled(&self, variable: VariableIndex) -> &Rc<Bits> {
        self.readings.filled(variable)
    }

    /// The distinct values of a variable that has a column.
    pub(super) fn dict(&self, variable: VariableIndex, column: &Column) -> &Rc<Dict> {
        self.readings.dict(variable, column)
    }

    /// The variable's points in time; unknown everywhere where it has no column.
    pub(super) fn variable_times(&self, variable: VariableIndex) -> &Times {
        &self.readings.times(variable).0
    }

    /// For each row the place of its text among the texts that follow; equal texts may have several places.
    pub(super) fn distinct_texts(&self, node: TextNode) -> (Vec<u32>, Vec<Option<Vec<u8>>>) {
        let texts = self.text(node);
        let identity = || (0..u32::try_from(self.n_rows()).unwrap_or(u32::MAX)).collect();
        let keys = match &texts.keys {
            Keys::Constant => vec![0; self.n_rows()],
            Keys::Identity => identity(),
            Keys::Dict(dict) => dict.keys.clone().unwrap_or_else(identity),
        };
        (keys, texts.values.iter().map(|value| value.as_deref().map(<[u8]>::to_vec)).collect())
    }

    /// The rows where the variable holds a declared code: none or not applicable, and unknown.
    pub(super) fn declared_codes(&self, variable: VariableIndex) -> [Bits; 2] {
        let item = self.variable(variable);
        let column = self.column(variable).filter(|_| !item.missing_codes.is_empty());
        let Some(column) = column else { return [Bits::default(), Bits::default()] };
        let question = self.context.plan.program.bools.len() + variable.0;
        let kinds = self.judged(variable, column, Some(question), |value| {
            let code = self.canonical(variable, value);
            match item.missing_codes.iter().find(|(missing, _)| missing.as_bytes() == code) {
                Some((_, Missing::Negative)) => NEGATIVE,
                Some((_, Missing::Unknown)) => UNKNOWN,
                None => 0,
            }
        });
        let keys = self.dict(variable, column).keys.as_deref();
        let of = |kind| if kinds.contains(&kind) { rows_with(&kinds, keys, self.n_rows(), kind) } else { Bits::default() };
        [of(NEGATIVE), of(UNKNOWN)]
    }

    /// How the variable's points in time were written.
    pub(super) fn forms(&self, variable: VariableIndex) -> TimestampForms {
        self.readings.times(variable).1
    }

    /// Where the condition is true, false, and null.
    pub(super) fn bool(&self, node: BoolNode) -> &Rc<Tri> {
        let cell = &self.bools[node.0 as usize];
        if let Some(known) = cell.get() {
            return known;
        }
        let tri = self.compute_bool(node);
        cell.get_or_init(|| Rc::new(tri))
    }

    fn compute_bool(&self, node: BoolNode) -> Tri {
        let n_rows = self.n_rows();
        // Where the vocabulary keeps what is said of single values.
        let question = Some(node.0 as usize);
        match &self.context.plan.program.bools[node.0 as usize] {
            BoolExpr::Constant(truth) => Tri::constant(n_rows, *truth),
            BoolExpr::And(nodes) => nodes.iter().fold(Tri::constant(n_rows, Some(true)), |all, node| {
                let next = self.bool(*node);
                Tri { yes: all.yes.and(&next.yes), no: all.no.or(&next.no) }
            }),
            BoolExpr::Or(nodes) => nodes.iter().fold(Tri::constant(n_rows, Some(false)), |all, node| {
                let next = self.bool(*node);
                Tri { yes: all.yes.or(&next.yes), no: all.no.and(&next.no) }
            }),
            BoolExpr::Not(node) => {
                let tri = self.bool(*node);
                Tri { yes: tri.no.clone(), no: tri.yes.clone() }
            }
            BoolExpr::IsBlank(variable) => {
                let filled = self.filled(*variable);
                Tri { yes: filled.not(), no: filled.as_ref().clone() }
            }
            BoolExpr::Text(node, test) => {
                self.by_text(*node, question, |text| text.map(|text| self.test(test, text)))
            }
            BoolExpr::CompareText(comparison, left, right) => self.compare_texts(*comparison, *left, *right, question),
            BoolExpr::CompareInt(comparison, left, right) => {
                let (left, right) = (self.int(*left), self.int(*right));
                let known = left.known.and(&right.known);
                let yes = compare_ints(*comparison, &left.values, &right.values);
                Tri::known(&yes, &known)
            }
            BoolExpr::CompareTime(comparison, left, right) => {
                compare_times(*comparison, &self.time(*left), &self.time(*right))
            }
            BoolExpr::HasTime(node) => {
                let times = self.time(*node);
                let without = times.date_only.clone().unwrap_or_else(|| Bits::none(n_rows));
                Tri { yes: times.known.minus(&without), no: times.known.and(&without) }
            }
            BoolExpr::ValueOk(variable) => self.value_ok(*variable, question),
            BoolExpr::OfficialOk(variable) => self.official_ok(*variable, question),
            BoolExpr::AnyElement(variable, test) => self.by_value(*variable, question, |value| {
                Some(self.elements(*variable, value).any(|element| self.test(test, self.canonical(*variable, element))))
            }),
            BoolExpr::EveryElement(variable, test) => self.by_value(*variable, question, |value| {
                Some(self.elements(*variable, value).all(|element| self.test(test, self.canonical(*variable, element))))
            }),
        }
    }

    /// Whether a variable holds codes.
    pub(super) fn is_code(&self, variable: VariableIndex) -> bool {
        matches!(self.variable(variable).domain, Domain::Code { .. })
    }

    /// The canonical spelling of a code; the value itself where it is in no list.
    pub(super) fn canonical<'v>(&'v self, variable: VariableIndex, value: &'v [u8]) -> &'v [u8] {
        match &self.variable(variable).domain {
            Domain::Code { codelist } => self
                .context
                .plan
                .codelists
                .get(codelist)
                .and_then(|list| list.canonical(value))
                .map_or(value, str::as_bytes),
            _ => value,
        }
    }

    fn elements<'v>(&'v self, variable: VariableIndex, value: &'v [u8]) -> impl Iterator<Item = &'v [u8]> {
        text::elements(value, &self.variable(variable).separators)
    }

    fn test(&self, test: &TextTest, value: &[u8]) -> bool {
        match test {
            TextTest::In(values) => values.iter().any(|candidate| candidate == value),
            TextTest::Pattern(pattern) => pattern.is_match(value),
            TextTest::InCodelist(name) => {
                self.context.plan.codelists.get(name).is_some_and(|list| list.find(value).is_some())
            }
            TextTest::Luhn => text::luhn_ok(value),
            TextTest::PersonalNumber => text::is_personal_number(value),
        }
    }

    /// What `judge` says of each distinct value of a variable, and 0 of a blank; under `question` it is remembered.
    fn judged(
        &self,
        variable: VariableIndex,
        column: &Column,
        question: Option<usize>,
        judge: impl Fn(&[u8]) -> u8,
    ) -> Vec<u8> {
        let dict = self.dict(variable, column);
        let of_row = |row: &u32| match value(column, *row as usize) {
            [] => 0,
            value => judge(value),
        };
        match (question, self.readings.words(variable, column)) {
            (Some(question), Some(words)) => {
                let mut vocabulary = self.readings.vocabulary.borrow_mut();
                let of_place = |at: usize| dict.first_rows.get(at).map_or(0, of_row);
                vocabulary.get_or_insert_default().answers(self.place, question, words, of_place)
            }
            _ => dict.first_rows.iter().map(of_row).collect(),
        }
    }

    /// Judges each distinct value of a variable once; blank is null.
    fn by_value(
        &self,
        variable: VariableIndex,
        question: Option<usize>,
        judge: impl Fn(&[u8]) -> Option<bool>,
    ) -> Tri {
        let Some(column) = self.column(variable) else { return Tri::constant(self.n_rows(), None) };
        let verdicts = self.judged(variable, column, question, |value| code(judge(value)));
        look_up(&verdicts, self.dict(variable, column).keys.as_deref(), self.n_rows())
    }

    /// Judges the text of each distinct value once; `None` is null.
    fn by_text(
        &self,
        node: TextNode,
        question: Option<usize>,
        judge: impl Fn(Option<&[u8]>) -> Option<bool>,
    ) -> Tri {
        match self.context.sources[node.0 as usize] {
            Some(variable) => {
                let of_value = |value: &[u8]| judge(self.text_of(node, value).as_deref());
                self.by_value(variable, question, of_value)
            }
            None => Tri::constant(self.n_rows(), judge(self.text_of(node, b"").as_deref())),
        }
    }

    /// The text that a node makes of a value of the variable it is made of.
    fn text_of<'v>(&'v self, node: TextNode, written: &'v [u8]) -> Option<Cow<'v, [u8]>> {
        let map = |inner: &TextNode, f: &dyn Fn(&[u8]) -> Option<Cow<'v, [u8]>>, part: &dyn Fn(&'v [u8]) -> Option<&'v [u8]>| {
            match self.text_of(*inner, written)? {
                Cow::Borrowed(text) => part(text).map(Cow::Borrowed),
                Cow::Owned(text) => f(&text),
            }
        };
        match &self.context.plan.program.texts[node.0 as usize] {
            TextExpr::Literal(text) => Some(Cow::Borrowed(text)),
            TextExpr::StatedRegion => self.context.parameters.region.as_ref().map(|region| Cow::Borrowed(region.as_bytes())),
            TextExpr::Variable(_) if written.is_empty() => None,
            TextExpr::Variable(variable) => Some(Cow::Borrowed(self.canonical(*variable, written))),
            TextExpr::Substring(inner, from, count) => map(
                inner,
                &|text| Some(Cow::Owned(text::substring(text, *from, *count).to_vec())),
                &|text| Some(text::substring(text, *from, *count)),
            ),
            TextExpr::OrganisationNumber(inner) => map(
                inner,
                &|text| region::organisation_number(text).map(|number| Cow::Owned(number.to_vec())),
                &|text| region::organisation_number(text),
            ),
            TextExpr::CodelistValue { list, code, column } => {
                let list = self.context.plan.codelists.get(list)?;
                let code = self.text_of(*code, written)?;
                list.attribute(&code, *column).map(|value| Cow::Borrowed(value.as_bytes()))
            }
        }
    }

    /// For each distinct value of the variable that a node is made of the number of its text, which is the same where the
    /// texts are; 0 is null. `None` where values hardly repeat.
    fn text_numbers(&self, node: TextNode, variable: VariableIndex, column: &Column) -> Option<Vec<u32>> {
        let words = self.readings.words(variable, column)?;
        let dict = self.dict(variable, column);
        let text = |at: usize| self.text_of(node, value(column, *dict.first_rows.get(at)? as usize));
        let mut vocabulary = self.readings.vocabulary.borrow_mut();
        vocabulary.as_mut()?.texts(self.place, node.0 as usize, words, text)
    }

    fn compare_texts(&self, comparison: Comparison, left: TextNode, right: TextNode, question: Option<usize>) -> Tri {
        let n_rows = self.n_rows();
        let holds = |left: Option<&[u8]>, right: Option<&[u8]>| Some(comparison.holds(left?.cmp(right?)));
        let source = |node: TextNode| self.context.sources[node.0 as usize];
        // What is stated of a file is none of the value's.
        let lasts = |node: TextNode| !matches!(self.context.plan.program.texts[node.0 as usize], TextExpr::StatedRegion);
        match (source(left), source(right)) {
            (_, None) => {
                let right_text = self.text_of(right, b"");
                self.by_text(left, question.filter(|_| lasts(right)), |text| holds(text, right_text.as_deref()))
            }
            (None, Some(_)) => {
                let left_text = self.text_of(left, b"");
                self.by_text(right, question.filter(|_| lasts(left)), |text| holds(left_text.as_deref(), text))
            }
            (Some(one), Some(other)) => {
                let (Some(one_column), Some(other_column)) = (self.column(one), self.column(other)) else {
                    return Tri::constant(n_rows, None);
                };
                if one == other {
                    return self.by_value(one, question, |value| {
                        holds(self.text_of(left, value).as_deref(), self.text_of(right, value).as_deref())
                    });
                }
                let is_equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
                let numbers = is_equality
                    .then(|| {
                        Some((self.text_numbers(left, one, one_column)?, self.text_numbers(right, other, other_column)?))
                    })
                    .flatten();
                if let Some((ones, others)) = numbers {
                    let (one, other) = (self.dict(one, one_column), self.dict(other, other_column));
                    let number = |dict: &Dict, numbers: &[u32], row: usize| {
                        numbers[dict.keys.as_ref().map_or(row, |keys| keys[row] as usize)]
                    };
                    let pair = |row: usize| (number(one, &ones, row), number(other, &others, row));
                    let known = Bits::from_fn(n_rows, |row| {
                        let (left, right) = pair(row);
                        left != 0 && right != 0
                    });
                    let equal = Bits::from_fn(n_rows, |row| {
                        let (left, right) = pair(row);
                        left == right
                    });
                    return Tri::known(&if comparison == Comparison::Equal { equal } else { equal.not() }, &known);
                }
                let text = |node: TextNode, column: &'a Column, row: usize| self.text_of(node, value(column, row));
                let mut yes = Bits::none(n_rows);
                let known = Bits::from_fn(n_rows, |row| {
                    let truth = holds(
                        text(left, one_column, row).as_deref(),
                        text(right, other_column, row).as_deref(),
                    );
                    if truth == Some(true) {
                        yes.insert(row);
                    }
                    truth.is_some()
                });
                Tri::known(&yes, &known)
            }
        }
    }

    /// The rule on a variable's value: type, format, code list and range.
    fn value_ok(&self, variable: VariableIndex, question: Option<usize>) -> Tri {
        let item = self.variable(variable);
        match &item.domain {
            Domain::Text { format, max_length, .. } => {
                let accepts = |value: &[u8]| {
                    format.as_ref().is_none_or(|format| format.accepts(value))
                        && max_length.is_none_or(|most| crate::schema::length_in_characters(value) <= most)
                };
                self.by_value(variable, question, |value| Some(self.elements(variable, value).all(accepts)))
            }
            Domain::Code { codelist } => match self.context.plan.codelists.get(codelist) {
                Some(list) => self.in_list((variable, question), list, &[], &[]),
                None => Tri::constant(self.n_rows(), None),
            },
            Domain::Timestamp { date_only } => {
                let times = &self.readings.times(variable).0;
                let filled = self.filled(variable);
                let good = match &times.date_only {
                    Some(without) if !date_only => times.known.minus(without),
                    _ => times.known.clone(),
                };
                Tri::known(&good, filled)
            }
            Domain::Year { range } | Domain::Integer { range } => {
                let ints = self.readings.ints(variable);
                let good = match range {
                    Some((min, max)) => {
                        Bits::from_fn(self.n_rows(), |row| (*min..=*max).contains(&ints.values[row])).and(&ints.known)
                    }
                    None => ints.known.clone(),
                };
                Tri::known(&good, self.filled(variable))
            }
        }
    }

    /// Whether the value is in its official list; a declared missing code need not be.
    fn official_ok(&self, variable: VariableIndex, question: Option<usize>) -> Tri {
        let Some(list) = &self.context.official[variable.0] else { return Tri::constant(self.n_rows(), None) };
        let ignored = match &self.variable(variable).domain {
            Domain::Text { format: Some(format), .. } => format.ignore_characters.as_slice(),
            _ => &[],
        };
        self.in_list((variable, question), list, ignored, &self.variable(variable).missing_codes)
    }

    /// Whether every element of the value is a code of `list`, valid on the record's date (or the day that the plan is
    /// of) where the code is dated; those that are among `exempt` need not be.
    fn in_list(
        &self,
        (variable, question): (VariableIndex, Option<usize>),
        list: &Codelist,
        ignored: &[u8],
        exempt: &[(String, Missing)],
    ) -> Tri {
        let find = |element: &[u8]| {
            if ignored.is_empty() || !element.iter().any(|byte| ignored.contains(byte)) {
                return list.find(element);
            }
            let bare: Vec<u8> = element.iter().copied().filter(|byte| !ignored.contains(byte)).collect();
            list.find(&bare)
        };
        let is_listed = |element: &&[u8]| !exempt.iter().any(|(code, _)| code.as_bytes() == *element);
        let Some(column) = self.column(variable) else { return Tri::constant(self.n_rows(), None) };
        let as_of = self.context.plan.as_of;
        let verdicts = self.judged(variable, column, question, |value| {
            let mut is_dated = false;
            for element in self.elements(variable, value).filter(is_listed) {
                match find(element) {
                    Some(entry) if as_of.is_none_or(|day| entry.is_valid_on(day)) => {
                        is_dated |= as_of.is_none() && entry.is_dated();
                    }
                    _ => return code(Some(false)),
                }
            }
            if is_dated { DATED } else { code(Some(true)) }
        });
        let (n_rows, keys) = (self.n_rows(), self.dict(variable, column).keys.as_deref());
        if !verdicts.contains(&DATED) {
            return look_up(&verdicts, keys, n_rows);
        }
        let Tri { mut yes, mut no } = look_up(&verdicts, keys, n_rows);
        let dates = self.context.plan.collection.record_date.map(|date| Rc::clone(&self.readings.times(date).0));
        for row in rows_with(&verdicts, keys, n_rows, DATED).iter() {
            let known = dates.as_ref().filter(|dates| dates.known.contains(row));
            let Some(day) = known.map(|dates| dates.seconds[row].div_euclid(DAY)) else { continue };
            let mut entries = self.elements(variable, value(column, row)).filter(is_listed).filter_map(find);
            let is_valid = entries.all(|entry| !entry.is_dated() || entry.is_valid_on(day));
            if is_valid { &mut yes } else { &mut no }.insert(row);
        }
        Tri { yes, no }
    }

    /// The texts of a node.
    pub(super) fn text(&self, node: TextNode) -> Rc<Texts<'a>> {
        let cell = &self.texts[node.0 as usize];
        if let Some(known) = cell.get() {
            return Rc::clone(known);
        }
        let texts = self.compute_text(&self.context.plan.program.texts[node.0 as usize]);
        Rc::clone(cell.get_or_init(|| Rc::new(texts)))
    }

    fn compute_text(&self, expr: &'a TextExpr) -> Texts<'a> {
        let constant = |value: Option<Cow<'a, [u8]>>| Texts { keys: Keys::Constant, values: vec![value] };
        match expr {
            TextExpr::Literal(value) => constant(Some(Cow::Borrowed(value))),
            TextExpr::StatedRegion => {
                constant(self.context.parameters.region.as_ref().map(|region| Cow::Borrowed(region.as_bytes())))
            }
            TextExpr::Variable(variable) => {
                let Some(column) = self.column(*variable) else { return constant(None) };
                let dict = self.dict(*variable, column);
                let list = match &self.variable(*variable).domain {
                    Domain::Code { codelist } => self.context.plan.codelists.get(codelist),
                    _ => None,
                };
                let values = dict
                    .first_rows
                    .iter()
                    .map(|row| match value(column, *row as usize) {
                        [] => None,
                        value => Some(Cow::Borrowed(
                            list.and_then(|list| list.canonical(value)).map_or(value, str::as_bytes),
                        )),
                    })
                    .collect();
                let keys = if dict.keys.is_some() { Keys::Dict(Rc::clone(dict)) } else { Keys::Identity };
                Texts { keys, values }
            }
            TextExpr::Substring(inner, from, count) => self.map_text(
                *inner,
                |value| Some(text::substring(value, *from, *count)),
                |value| Some(Cow::Owned(text::substring(value, *from, *count).to_vec())),
            ),
            TextExpr::OrganisationNumber(inner) => self.map_text(*inner, region::organisation_number, |value| {
                region::organisation_number(value).map(|number| Cow::Owned(number.to_vec()))
            }),
            TextExpr::CodelistValue { list, code, column } => {
                let list = self.context.plan.codelists.get(list);
                let find = |value: &[u8]| list.and_then(|list| list.attribute(value, *column)).map(str::as_bytes);
                self.map_text(*code, find, |value| find(value).map(Cow::Borrowed))
            }
        }
    }

    /// Maps each distinct value once. A part of a borrowed value is borrowed, too.
    fn map_text(
        &self,
        inner: TextNode,
        borrowed: impl Fn(&'a [u8]) -> Option<&'a [u8]>,
        owned: impl Fn(&[u8]) -> Option<Cow<'a, [u8]>>,
    ) -> Texts<'a> {
        let inner = self.text(inner);
        let map = |value: &Option<Cow<'a, [u8]>>| match value.as_ref()? {
            Cow::Borrowed(value) => borrowed(value).map(Cow::Borrowed),
            Cow::Owned(value) => owned(value),
        };
        Texts { keys: inner.keys.clone(), values: inner.values.iter().map(map).collect() }
    }

    /// The points in time of a node.
    pub(super) fn time(&self, node: TimeNode) -> Rc<Times> {
        let cell = &self.times[node.0 as usize];
        if let Some(known) = cell.get() {
            return Rc::clone(known);
        }
        let times = match &self.context.plan.program.times[node.0 as usize] {
            TimeExpr::Literal(seconds, has_time) => {
                Rc::new(Times::constant(self.n_rows(), Some((*seconds, *has_time))))
            }
            TimeExpr::Variable(variable) => Rc::clone(&self.readings.times(*variable).0),
            TimeExpr::Date(inner) => Rc::new(self.time(*inner).dates()),
            TimeExpr::Parameter(parameter) => Rc::new(Times::constant(
                self.n_rows(),
                self.context.parameters.day(*parameter).map(|day| (day * DAY, false)),
            )),
        };
        Rc::clone(cell.get_or_init(|| times))
    }

    /// The numbers of a node.
    pub(super) fn int(&self, node: IntNode) -> Rc<Ints> {
        let cell = &self.ints[node.0 as usize];
        if let Some(known) = cell.get() {
            return Rc::clone(known);
        }
        let ints = self.compute_int(&self.context.plan.program.ints[node.0 as usize]);
        Rc::clone(cell.get_or_init(|| ints))
    }

    /// The rows of each distinct code are looked up once; which of them holds is a matter of the record's day.
    fn codelist_number(&self, list: &str, code: TextNode, column: usize, day: Option<TimeNode>) -> Ints {
        let n_rows = self.n_rows();
        let list = self.context.plan.codelists.get(list);
        let (keys, codes) = self.distinct_texts(code);
        let rows_of = |code: &Option<Vec<u8>>| -> Vec<(&Period, i64)> {
            let (Some(list), Some(code)) = (list, code) else { return Vec::new() };
            let number = |period: &'a Period| Some((period, period.attribute(column)?.parse().ok()?));
            list.periods(code).iter().filter_map(number).collect()
        };
        let rows: Vec<Vec<(&Period, i64)>> = codes.iter().map(rows_of).collect();
        let as_of = self.context.plan.as_of;
        let days = day.filter(|_| as_of.is_none()).map(|day| self.time(day));
        let day_of = |row: usize| {
            let known = days.as_ref().filter(|days| days.known.contains(row));
            as_of.or_else(|| known.map(|days| days.seconds[row].div_euclid(DAY)))
        };
        let mut values = vec![0; n_rows];
        let known = Bits::from_fn(n_rows, |row| {
            let holds = |period: &Period| !period.is_dated() || day_of(row).is_some_and(|day| period.contains(day));
            let found = rows[keys[row] as usize].iter().find(|(period, _)| holds(period));
            if let Some((_, number)) = found {
                values[row] = *number;
            }
            found.is_some()
        });
        Ints { values, known }
    }

    fn compute_int(&self, expr: &IntExpr) -> Rc<Ints> {
        let n_rows = self.n_rows();
        let pairs = |left: &[i64], right: &[i64], f: fn(i64, i64) -> i64| {
            left.iter().zip(right).map(|(left, right)| f(*left, *right)).collect()
        };
        Rc::new(match expr {
            IntExpr::Literal(number) => Ints { values: vec![*number; n_rows], known: Bits::all(n_rows) },
            IntExpr::Variable(variable) => return Rc::clone(self.readings.ints(*variable)),
            IntExpr::Add(left, right) => {
                let (left, right) = (self.int(*left), self.int(*right));
                Ints {
                    values: pairs(&left.values, &right.values, i64::saturating_add),
                    known: left.known.and(&right.known),
                }
            }
            IntExpr::Subtract(left, right) => {
                let (left, right) = (self.int(*left), self.int(*right));
                Ints {
                    values: pairs(&left.values, &right.values, i64::saturating_sub),
                    known: left.known.and(&right.known),
                }
            }
            IntExpr::Multiply(times, number) => {
                let number = self.int(*number);
                Ints {
                    values: number.values.iter().map(|value| times.saturating_mul(*value)).collect(),
                    known: number.known.clone(),
                }
            }
            IntExpr::Parameter(parameter) => match self.context.parameters.number(*parameter) {
                Some(number) => Ints { values: vec![number; n_rows], known: Bits::all(n_rows) },
                None => Ints { values: vec![0; n_rows], known: Bits::none(n_rows) },
            },
            IntExpr::CodelistNumber { list, code, column, day } => self.codelist_number(list, *code, *column, *day),
            IntExpr::Length(node) => {
                let texts = self.text(*node);
                let mut values = Vec::with_capacity(n_rows);
                let known = Bits::from_fn(n_rows, |row| {
                    let text = texts.get(row);
                    values.push(text.map_or(0, |text| {
                        i64::try_from(crate::schema::length_in_characters(text)).unwrap_or(i64::MAX)
                    }));
                    text.is_some()
                });
                Ints { values, known }
            }
            IntExpr::Year(node) => {
                let times = self.time(*node);
                Ints {
                    values: times.seconds.iter().map(|seconds| civil_from_days(seconds.div_euclid(DAY)).0).collect(),
                    known: times.known.clone(),
                }
            }
            IntExpr::DaysBetween(from, to) => {
                let (from, to) = (self.time(*from), self.time(*to));
                Ints {
                    values: pairs(&from.seconds, &to.seconds, |from, to| to.div_euclid(DAY) - from.div_euclid(DAY)),
                    known: from.known.and(&to.known),
                }
            }
            IntExpr::MinutesBetween(from, to) => {
                let (from, to) = (self.time(*from), self.time(*to));
                Ints {
                    values: pairs(&from.seconds, &to.seconds, |from, to| (to - from).div_euclid(60)),
                    known: from.known.and(&to.known),
                }
            }
            IntExpr::ElementCount(variable, test) => {
                let Some(column) = self.column(*variable) else {
                    return Rc::new(Ints { values: vec![0; n_rows], known: Bits::none(n_rows) });
                };
                let counted = |element: &&[u8]| {
                    test.as_ref().is_none_or(|test| self.test(test, self.canonical(*variable, element)))
                };
                let count = |row: usize| {
                    let n = self.elements(*variable, value(column, row)).filter(counted).count();
                    i64::try_from(n).unwrap_or(i64::MAX)
                };
                let filled = self.filled(*variable);
                let values = (0..n_rows).map(|row| if filled.contains(row) { count(row) } else { 0 }).collect();
                Ints { values, known: filled.as_ref().clone() }
            }
        })
    }
}

/// A value with a declared code for none or not applicable.
const NEGATIVE: u8 = 1;
/// A value with a declared code for unknown.
const UNKNOWN: u8 = 2;
/// A verdict that depends on the day of the record.
const DATED: u8 = 3;

/// A verdict as two bits: 1 true, 2 false, 0 null.
#[inline]
fn code(verdict: Option<bool>) -> u8 {
    match verdict {
        Some(true) => 1,
        Some(false) => 2,
        None => 0,
    }
}

fn decode(code: u8) -> Option<bool> {
    match code {
        1 => Some(true),
        2 => Some(false),
        _ => None,
    }
}

/// The rows whose distinct values have this verdict.
fn rows_with(verdicts: &[u8], keys: Option<&[u32]>, n_rows: usize, wanted: u8) -> Bits {
    match keys {
        Some(keys) => Bits::from_fn(n_rows, |row| verdicts[keys[row] as usize] == wanted),
        None => Bits::from_fn(n_rows, |row| verdicts[row] == wanted),
    }
}

/// Spreads the verdicts of distinct values over the rows that hold them.
fn look_up(verdicts: &[u8], keys: Option<&[u32]>, n_rows: usize) -> Tri {
    // A column whose values all got one verdict needs no looking up.
    if let [first, rest @ ..] = verdicts
        && rest.iter().all(|verdict| verdict == first)
    {
        return Tri::constant(n_rows, decode(*first));
    }
    let yes = rows_with(verdicts, keys, n_rows, 1);
    let no = if !verdicts.contains(&2) {
        Bits::none(n_rows)
    } else if verdicts.iter().any(|verdict| decode(*verdict).is_none()) {
        rows_with(verdicts, keys, n_rows, 2)
    } else {
        yes.not()
    };
    Tri { yes, no }
}

fn compare_ints(comparison: Comparison, left: &[i64], right: &[i64]) -> Bits {
    // One loop for each operator, so that each is compiled without a branch inside.
    macro_rules! rows {
        ($operator:tt) => {
            Bits::from_fn(left.len(), |row| left[row] $operator right[row])
        };
    }
    match comparison {
        Comparison::Equal => rows!(==),
        Comparison::NotEqual => rows!(!=),
        Comparison::Less => rows!(<),
        Comparison::LessOrEqual => rows!(<=),
        Comparison::Greater => rows!(>),
        Comparison::GreaterOrEqual => rows!(>=),
    }
}

fn compare_times(comparison: Comparison, left: &Times, right: &Times) -> Tri {
    let known = left.known.and(&right.known);
    let yes = if left.date_only.is_none() && right.date_only.is_none() {
        compare_ints(comparison, &left.seconds, &right.seconds)
    } else {
        Bits::from_fn(left.seconds.len(), |row| {
            let (a, b) = (left.seconds[row], right.seconds[row]);
            let order = if left.is_date_only(row) || right.is_date_only(row) {
                a.div_euclid(DAY).cmp(&b.div_euclid(DAY))
            } else {
                a.cmp(&b)
            };
            comparison.holds(order)
        })
    };
    Tri::known(&yes, &known)
}
