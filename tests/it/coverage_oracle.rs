//! Coverage a second time, written from the module docs, the texts of the measures and the requirement levels.
//!
//! It shares no code with the crate: contacts one by one as lists of fields, conditions as plain functions, fractions
//! of whole numbers, dates by `jiff`. Slow and plain on purpose. Only code lists are read from the same files.
//!
//! Where the docs say no more than "filled" or "blank", a field is blank if nothing is left of it without the spaces,
//! tabs and no-break spaces around it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::civil::Date;

use crate::oracle::read_moment;

/// Year and month.
pub(crate) type Month = (i16, i8);

/// One delivered file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) collection: &'static str,
    pub(crate) columns: Vec<&'static str>,
    /// As written; one that has more or fewer fields than there are columns is broken.
    pub(crate) records: Vec<Vec<String>>,
    /// What is stated about it: county, month, day of receipt, number of records.
    pub(crate) county: Option<&'static str>,
    pub(crate) month: Option<Month>,
    pub(crate) received: Option<Date>,
    pub(crate) stated: Option<u64>,
}

/// Everything a run knows.
pub(crate) struct World<'a> {
    pub(crate) lists: &'a Lists,
    pub(crate) files: &'a [File],
    /// By county and year.
    pub(crate) population: BTreeMap<(&'static str, i16), u64>,
    /// By county, year and aggregate; the whole under the empty name. `None` where no register is given.
    pub(crate) register: Option<BTreeMap<(&'static str, i16, String), u64>>,
    /// Collection and county that a list of deliveries names.
    pub(crate) listed: BTreeSet<(&'static str, &'static str)>,
    /// First and last month; `None` where none is stated.
    pub(crate) period: Option<(Month, Month)>,
    /// The variables of each collection.
    pub(crate) variables: &'a BTreeMap<String, Vec<String>>,
    pub(crate) by_code: bool,
    pub(crate) by_unit: bool,
}

/// Code lists: canonical spellings, what specialties are aggregated to, whose organisation number it is.
pub(crate) struct Lists {
    canonical: BTreeMap<&'static str, BTreeMap<String, String>>,
    aggregates: BTreeMap<String, String>,
    counties: BTreeMap<String, String>,
}

const LIST_OF: [(&str, &str); 9] = [
    ("fas", "fas"),
    ("vardgaranti_ja_nej", "ja_nej"),
    ("vardgarantipatient", "vardgarantipatient"),
    ("yrkesgrupp", "yrkesgrupp"),
    ("vardkontakt", "vardkontakt"),
    ("akutverksamhet", "akutverksamhet"),
    ("medicinskt_verksamhetsomrade", "mvo"),
    ("patientens_kon", "kon"),
    ("kommunkod", "kommunkod"),
];

impl Lists {
    pub(crate) fn read() -> Self {
        let rows = |list: &str| -> Vec<BTreeMap<String, String>> {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/codelists/{list}.csv"));
            let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(path).unwrap();
            reader.deserialize().map(Result::unwrap).collect()
        };
        let map = |list: &str, column: &str| -> BTreeMap<String, String> {
            rows(list).into_iter().map(|row| (row["code"].clone(), row[column].clone())).collect()
        };
        let canonical = |list: &str| -> BTreeMap<String, String> {
            let of = |(code, same): (String, String)| (code.clone(), if same.is_empty() { code } else { same });
            map(list, "same_as").into_iter().map(of).collect()
        };
        Self {
            canonical: LIST_OF.iter().map(|(_, list)| (*list, canonical(list))).collect(),
            aggregates: map("mvo", "aggregate_sv"),
            counties: map("region_orgnr", "lanskod"),
        }
    }

    pub(crate) fn counties(&self) -> BTreeSet<&str> {
        self.counties.values().map(String::as_str).collect()
    }
}

/// A fraction; of a count the denominator is 1, of a mean the number of months.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fraction(pub(crate) u128, pub(crate) u128);

impl Fraction {
    fn whole(count: u64) -> Self {
        Self(u128::from(count), 1)
    }

    fn plus(self, other: Self) -> Self {
        Self(self.0 * other.1 + other.0 * self.1, self.1 * other.1)
    }
}

impl PartialEq for Fraction {
    fn eq(&self, other: &Self) -> bool {
        self.0 * other.1 == other.0 * self.1
    }
}

/// `above / below * per`, halves upwards; nothing where `below` is zero.
pub(crate) fn rounded(above: Fraction, below: Fraction, per: u128) -> Option<u64> {
    let (n, d) = (above.0 * below.1 * per, above.1 * below.0);
    // n / d + 1/2, without its fraction.
    (d > 0).then(|| u64::try_from((2 * n + d) / (2 * d)).unwrap())
}

/// What a figure is about: measure, county (blank for the country), period, kind and name of the breakdown, variable,
/// category.
pub(crate) type Key = (String, String, String, &'static str, String, String, &'static str);

/// A figure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) numerator: Option<Fraction>,
    pub(crate) denominator: Option<Fraction>,
    pub(crate) per: u64,
    pub(crate) value: Option<u64>,
    pub(crate) months: u64,
    pub(crate) months_expected: u64,
    pub(crate) regions: Option<u64>,
    pub(crate) undecided: u64,
    pub(crate) before: Option<(Fraction, Fraction)>,
    pub(crate) change: Option<&'static str>,
}

/// A cell of the response: records, stated records, day of receipt.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cell {
    pub(crate) is_received: bool,
    pub(crate) records: Option<u64>,
    pub(crate) stated: Option<u64>,
    pub(crate) received: Option<Date>,
}

/// Everything that comes of a world.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) rows: BTreeMap<Key, Row>,
    /// By group of collections, county and month.
    pub(crate) cells: BTreeMap<(String, String, Month), Cell>,
    /// By collection: all, broken, without region, without month, outside the period.
    pub(crate) left_out: BTreeMap<String, [u64; 5]>,
    /// Denominators that are not there: table, county and year.
    pub(crate) missing: BTreeSet<(&'static str, String, i16)>,
}

/// A field without what surrounds its value; `None` where nothing is left.
fn trimmed(field: &str) -> Option<&str> {
    Some(field.trim_matches([' ', '\t', '\u{a0}'])).filter(|text| !text.is_empty())
}

/// `SE` or `SE16`, ten digits, a hyphen, one or more letters and digits; at most 31 characters.
fn is_hsa_id(text: &str) -> bool {
    let Some((_, own)) = text.split_once('-') else { return false };
    organisation_number(text).is_some()
        && !own.is_empty()
        && own.chars().all(|c| c.is_ascii_alphanumeric())
        && text.chars().count() <= 31
}

fn organisation_number(text: &str) -> Option<&str> {
    let (head, _) = text.split_once('-')?;
    let digits = head.strip_prefix("SE")?;
    let ten = if digits.len() == 12 { digits.strip_prefix("16")? } else { digits };
    (ten.len() == 10 && ten.chars().all(|c| c.is_ascii_digit())).then_some(ten)
}

type Truth = Option<bool>;

fn and(a: Truth, b: Truth) -> Truth {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// One contact of a file.
#[derive(Clone, Copy)]
struct Contact<'a> {
    lists: &'a Lists,
    file: &'a File,
    fields: &'a [String],
}

impl<'a> Contact<'a> {
    /// A variable as text; a column that is missing is blank.
    fn text(&self, variable: &str) -> Option<&'a str> {
        trimmed(&self.fields[self.file.columns.iter().position(|column| *column == variable)?])
    }

    /// A code in its canonical spelling; one that is not in its list as written.
    fn code(&self, variable: &str) -> Option<&'a str> {
        let text = self.text(variable)?;
        let (_, list) = LIST_OF.iter().find(|(of, _)| *of == variable).expect("a code");
        Some(self.lists.canonical[list].get(text).map_or(text, String::as_str))
    }

    fn is(&self, variable: &str, code: &str) -> Truth {
        self.code(variable).map(|own| own == code)
    }

    fn is_one_of(&self, variable: &str, codes: &[&str]) -> Truth {
        self.code(variable).map(|own| codes.contains(&own))
    }

    fn is_stock(&self) -> bool {
        self.file.collection == "specvard_vantande"
    }

    fn is_primary(&self) -> bool {
        self.file.collection.starts_with("primarvard")
    }

    /// The region responsible.
    fn county(&self) -> Option<&'a str> {
        let number = organisation_number(self.text(if self.is_primary() { "region" } else { "huvudman" })?)?;
        self.lists.counties.get(number).map(String::as_str)
    }

    /// Of those waiting the month that the file is of, of others that of the contact.
    fn month(&self) -> Option<Month> {
        if self.is_stock() {
            return self.file.month;
        }
        let date = if self.is_primary() { "genomfora_oppenvardskontakt" } else { "start_av_aktivitet" };
        let date = read_moment(self.text(date)?)?.at.date();
        Some((date.year(), date.month()))
    }

    /// The specialty; "?" where it is none, blank where it is.
    fn specialty(&self) -> &'a str {
        match self.code("medicinskt_verksamhetsomrade") {
            None => "",
            Some(code) if self.lists.aggregates.contains_key(code) => code,
            Some(_) => "?",
        }
    }

    /// What the specialty is aggregated to.
    fn aggregate(&self) -> &'a str {
        let specialty = self.specialty();
        self.lists.aggregates.get(specialty).map_or(specialty, String::as_str)
    }

    /// The care unit, in the same way.
    fn unit(&self) -> &'a str {
        let unit = self.text(if self.is_primary() { "vardcentral_klinik" } else { "vardenhet2_klinik" });
        unit.map_or("", |unit| if is_hsa_id(unit) { unit } else { "?" })
    }

    /// Adult psychiatry and BUP are left out; of a contact without a known specialty it is not known.
    fn is_no_psychiatry(&self) -> Truth {
        let aggregate = self.lists.aggregates.get(self.code("medicinskt_verksamhetsomrade")?)?;
        Some(aggregate != "Psykiatri" && aggregate != "Barn- och ungdomspsykiatri")
    }

    /// Whether the level of a variable requires it.
    fn requires(&self, variable: &str) -> Requirement {
        let when = Requirement::When;
        let always: &[&str] = if self.is_primary() {
            &[
                "genomfora_oppenvardskontakt",
                "patientens_fodelsear",
                "patientens_kon",
                "region",
                "vardcentral_klinik",
                "vardkontakts_id",
                "vardgarantipatient",
            ]
        } else {
            &[
                "beslut_att_utfora_aktivitet",
                "patientens_fodelsear",
                "patientens_kon",
                "kommunkod",
                "huvudman",
                "vardgivare",
                "vardenhet2_klinik",
                "vardkontakts_id",
                "vardgaranti_ja_nej",
                "fas",
                "medicinskt_verksamhetsomrade",
                "bokningssatt",
                "vardkontakt",
                "yrkesgrupp",
            ]
        };
        if always.contains(&variable) {
            return Requirement::Always;
        }
        // Mandatory in the basic model, in the entry model for guarantee contacts only.
        let of_the_guarantee = [
            "beslut_om_oppenvardskontakt",
            "medicinskt_maldatum",
            "patientens_folkbokforingskommun",
            "remittenttyp",
            "bokningssatt",
            "delomrade",
            "forsta_linje_patient",
            "form_av_oppenvardskontakt",
            "yrkesgrupp",
        ];
        match (self.file.collection, variable) {
            ("primarvard_grundmodell", _) if of_the_guarantee.contains(&variable) => Requirement::Always,
            ("primarvard_instegsmodell", _) if of_the_guarantee.contains(&variable) => {
                when(self.is("vardgarantipatient", "1"))
            }
            ("specvard_genomforda" | "specvard_vantande", "medicinskt_maldatum") => when(self.is("fas", "4")),
            ("specvard_genomforda" | "specvard_vantande", "aktivitet") => when(self.is_one_of("fas", &["2", "3"])),
            ("specvard_genomforda", "start_av_aktivitet" | "vardenhet1_sjukhus" | "vardenhet1_namn") => {
                Requirement::Always
            }
            ("specvard_genomforda", "akutverksamhet") => when(self.is("fas", "5")),
            (
                "specvard_genomforda",
                "tidpunkt_for_oppenvardskontakt_pa_akutmottagning"
                | "tidpunkt_for_bedomning_pa_akutmottagning"
                | "tidpunkt_for_avslut_av_oppenvardskontakt_pa_akutmottagning",
            ) => when(Some(self.code("akutverksamhet") == Some("1"))),
            _ => Requirement::Never,
        }
    }

    /// Which of the five sorts of answers a variable has.
    fn answer(&self, variable: &str) -> &'static str {
        let Some(text) = self.text(variable) else {
            let is_required = match self.requires(variable) {
                Requirement::Always => true,
                Requirement::When(truth) => truth == Some(true),
                Requirement::Never => false,
            };
            return if is_required { "blank_required" } else { "blank_allowed" };
        };
        match variable {
            "patientens_kon" if self.code(variable) == Some("3") => "unknown",
            "kommunkod" | "patientens_folkbokforingskommun" if text == "0000" => "unknown",
            "vardenhet1_sjukhus" if text == "00000" => "negative",
            "vardenhet1_namn" if text == "Sjukhus saknas" => "negative",
            "akutverksamhet" if text == "0" => "negative",
            _ => "filled",
        }
    }

    /// Whether the contact is among those that the reporting rate of a variable is taken among.
    fn is_reported_among(&self, variable: &str) -> bool {
        let among = match variable {
            _ if self.is_primary() => Some(true),
            "medicinskt_maldatum" => self.is_one_of("fas", &["1", "2", "3"]),
            _ => self.is("fas", "5").map(|acute| !acute),
        };
        among == Some(true)
    }
}

enum Requirement {
    Always,
    When(Truth),
    Never,
}

#[derive(Clone, Copy, PartialEq)]
enum Below {
    Records,
    Population,
    Register,
}

/// A count divided by something.
struct Ratio {
    id: &'static str,
    group: usize,
    below: Below,
    per: u64,
    among: fn(&Contact<'_>) -> Truth,
    counted: fn(&Contact<'_>) -> Truth,
}

/// The collections whose counts are added, and what they are called together.
const GROUPS: [(&str, &[&str]); 3] = [
    ("primarvard", &["primarvard_grundmodell", "primarvard_instegsmodell"]),
    ("vantande", &["specvard_vantande"]),
    ("genomforda", &["specvard_genomforda"]),
];

/// The ids of what is a count divided by something.
pub(crate) fn ratio_ids() -> Vec<&'static str> {
    ratios().iter().map(|ratio| ratio.id).collect()
}

fn ratios() -> Vec<Ratio> {
    let all: fn(&Contact<'_>) -> Truth = |_| Some(true);
    let mut ratios = Vec::new();
    for (group, id) in ["kontakter_per_1000_primarvard", "kontakter_per_1000_vantande", "kontakter_per_1000_genomforda"]
        .into_iter()
        .enumerate()
    {
        ratios.push(Ratio { id, group, below: Below::Population, per: 1000, among: all, counted: all });
    }
    // Completed doctors' contacts that are no inpatient care.
    let doctors: fn(&Contact<'_>) -> Truth =
        |contact| and(contact.is("yrkesgrupp", "XS915"), contact.is("vardkontakt", "91").map(|inpatient| !inpatient));
    ratios.push(Ratio {
        id: "lakarkontakter_mot_patientregistret",
        group: 2,
        below: Below::Register,
        per: 100,
        among: doctors,
        counted: all,
    });
    let phase_1: fn(&Contact<'_>) -> Truth = |contact| and(contact.is("fas", "1"), contact.is_no_psychiatry());
    let phase_2: fn(&Contact<'_>) -> Truth = |contact| and(contact.is("fas", "2"), contact.is_no_psychiatry());
    let in_primary: fn(&Contact<'_>) -> Truth = |contact| contact.is("vardgarantipatient", "1");
    let in_specialised: fn(&Contact<'_>) -> Truth = |contact| contact.is("vardgaranti_ja_nej", "JA");
    for (share, rate, group, among, counted) in [
        ("vardgaranti_andel_primarvard", "vardgaranti_per_1000_primarvard", 0, all, in_primary),
        ("vardgaranti_andel_vantande_fas1", "vardgaranti_per_1000_vantande_fas1", 1, phase_1, in_specialised),
        ("vardgaranti_andel_vantande_fas2", "vardgaranti_per_1000_vantande_fas2", 1, phase_2, in_specialised),
        ("vardgaranti_andel_genomforda_fas1", "vardgaranti_per_1000_genomforda_fas1", 2, phase_1, in_specialised),
        ("vardgaranti_andel_genomforda_fas2", "vardgaranti_per_1000_genomforda_fas2", 2, phase_2, in_specialised),
    ] {
        ratios.push(Ratio { id: share, group, below: Below::Records, per: 100, among, counted });
        ratios.push(Ratio { id: rate, group, below: Below::Population, per: 1000, among, counted });
    }
    ratios
}

/// A year, or one month of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Period {
    Year(i16),
    Month(Month),
}

impl Period {
    fn name(self) -> String {
        match self {
            Self::Year(year) => format!("{year:04}"),
            Self::Month((year, month)) => format!("{year:04}-{month:02}"),
        }
    }

    fn year(self) -> i16 {
        match self {
            Self::Year(year) | Self::Month((year, _)) => year,
        }
    }

    fn has(self, month: Month) -> bool {
        match self {
            Self::Year(year) => month.0 == year,
            Self::Month(only) => month == only,
        }
    }
}

/// A contact that is in figures: of a known region, in a month of the period.
struct Placed<'a> {
    contact: Contact<'a>,
    county: &'a str,
    month: Month,
}

impl World<'_> {
    pub(crate) fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        let Some((first, last)) = self.period.or_else(|| self.months_delivered()) else { return figures };
        let mut months = vec![first];
        while *months.last().unwrap() < last {
            let (year, month) = *months.last().unwrap();
            months.push(if month == 12 { (year + 1, 1) } else { (year, month + 1) });
        }
        self.leave_out(&months, &mut figures);
        for ratio in ratios() {
            self.ratio(&ratio, &months, &mut figures);
        }
        for group in 0..GROUPS.len() {
            self.reporting(group, &months, &mut figures);
        }
        for collection in GROUPS.iter().flat_map(|(_, collections)| *collections) {
            self.account(collection, &months, &mut figures);
        }
        self.response(&months, &mut figures);
        figures
    }

    /// From the first to the last month that files are stated to be of, or, of files without a stated month, that their
    /// contacts are of.
    fn months_delivered(&self) -> Option<(Month, Month)> {
        let stated = self.files.iter().filter_map(|file| file.month);
        let found = self.sound().filter(|contact| contact.file.month.is_none()).filter_map(|contact| contact.month());
        let months: BTreeSet<Month> = stated.chain(found).collect();
        Some((*months.first()?, *months.last()?))
    }

    /// Every contact that could be divided into columns.
    fn sound(&self) -> impl Iterator<Item = Contact<'_>> {
        self.files.iter().flat_map(|file| {
            let sound = file.records.iter().filter(|fields| fields.len() == file.columns.len());
            sound.map(|fields| Contact { lists: self.lists, file, fields })
        })
    }

    fn placed(&self, collections: &[&str], months: &[Month]) -> Vec<Placed<'_>> {
        let of = self.sound().filter(|contact| collections.contains(&contact.file.collection));
        of.filter_map(|contact| Some(Placed { contact, county: contact.county()?, month: contact.month()? }))
            .filter(|placed| months.contains(&placed.month))
            .collect()
    }

    fn has_files_of(&self, collections: &[&str]) -> bool {
        self.files.iter().any(|file| collections.contains(&file.collection))
    }

    fn leave_out(&self, months: &[Month], figures: &mut Figures) {
        for file in self.files {
            let left_out = figures.left_out.entry(file.collection.to_owned()).or_default();
            left_out[0] += file.records.len() as u64;
            left_out[1] += file.records.iter().filter(|fields| fields.len() != file.columns.len()).count() as u64;
        }
        for contact in self.sound() {
            let left_out = figures.left_out.get_mut(contact.file.collection).unwrap();
            match (contact.county(), contact.month()) {
                (None, _) => left_out[2] += 1,
                (Some(_), None) => left_out[3] += 1,
                (Some(_), Some(month)) if !months.contains(&month) => left_out[4] += 1,
                _ => {}
            }
        }
    }

    /// For each region the months that it delivered: those with contacts in a file that is not stated to be of another
    /// month, and those that empty files are stated to be of.
    fn delivered(&self, collections: &[&str], months: &[Month]) -> BTreeMap<&str, BTreeSet<Month>> {
        let mut delivered: BTreeMap<&str, BTreeSet<Month>> = BTreeMap::new();
        for placed in self.placed(collections, months) {
            if placed.contact.file.month.is_none_or(|stated| stated == placed.month) {
                delivered.entry(placed.county).or_default().insert(placed.month);
            }
        }
        for file in self.files.iter().filter(|file| collections.contains(&file.collection) && file.records.is_empty()) {
            if let (Some(county), Some(month)) = (file.county, file.month)
                && months.contains(&month)
            {
                delivered.entry(county).or_default().insert(month);
            }
        }
        delivered
    }

    fn ratio(&self, ratio: &Ratio, months: &[Month], figures: &mut Figures) {
        let (_, collections) = GROUPS[ratio.group];
        if !self.has_files_of(collections) || (ratio.below == Below::Register && self.register.is_none()) {
            return;
        }
        let placed = self.placed(collections, months);
        let delivered = self.delivered(collections, months);
        let mut groups: BTreeSet<(&'static str, &str)> = BTreeSet::from([("total", "")]);
        let by_aggregate = ratio.below == Below::Register;
        if by_aggregate {
            groups.extend(self.lists.aggregates.values().map(|name| ("mvo_aggregate", name.as_str())));
            groups.extend(placed.iter().map(|placed| ("mvo_aggregate", placed.contact.aggregate())));
        }
        let mut periods: BTreeSet<Period> = months.iter().map(|month| Period::Year(month.0)).collect();
        if !by_aggregate {
            periods.extend(months.iter().map(|month| Period::Month(*month)));
        }
        for (kind, group) in groups {
            for period in &periods {
                let key = |county: &str| {
                    let own = |text: &str| text.to_owned();
                    (own(ratio.id), own(county), period.name(), kind, own(group), String::new(), "")
                };
                let months_expected = months.iter().filter(|month| period.has(**month)).count() as u64;
                let mut of_regions: Vec<Row> = Vec::new();
                let everyone = delivered.keys().chain(placed.iter().map(|placed| &placed.county));
                for county in everyone.collect::<BTreeSet<_>>() {
                    let months = delivered.get(county).into_iter().flatten();
                    let n_months = months.filter(|month| period.has(**month)).count() as u64;
                    let has_contacts = placed.iter().any(|placed| placed.county == *county && period.has(placed.month));
                    let mut row = Row {
                        numerator: None,
                        denominator: None,
                        per: ratio.per,
                        value: None,
                        months: n_months,
                        months_expected,
                        regions: None,
                        undecided: 0,
                        before: None,
                        change: None,
                    };
                    if n_months > 0 || has_contacts {
                        let own: Vec<&Contact<'_>> = placed
                            .iter()
                            .filter(|placed| placed.county == *county && period.has(placed.month))
                            .map(|placed| &placed.contact)
                            .filter(|contact| kind == "total" || contact.aggregate() == group)
                            .collect();
                        let counted = |contact: &&&Contact<'_>| and((ratio.among)(contact), (ratio.counted)(contact));
                        let count = |truth: Truth| own.iter().filter(|contact| counted(contact) == truth).count();
                        let among = own.iter().filter(|contact| (ratio.among)(contact) == Some(true)).count();
                        // A stock is the mean of the months delivered.
                        let parts = if ratio.group == 1 { u128::from(n_months) } else { 1 };
                        row.numerator = Some(Fraction(count(Some(true)) as u128, parts));
                        row.undecided = count(None) as u64;
                        row.denominator = match ratio.below {
                            Below::Records => Some(Fraction(among as u128, parts)),
                            Below::Population => self.inhabitants(county, period.year(), figures),
                            Below::Register => {
                                let found = self.in_register(county, period.year(), group);
                                if kind == "total" {
                                    if found.is_none() {
                                        figures.missing.insert(("register", (*county).to_owned(), period.year()));
                                    }
                                    found.map(Fraction::whole)
                                } else if !self.has_aggregates(county, period.year()) {
                                    // A register of totals only says nothing of specialties.
                                    continue;
                                } else if !group.is_empty() && group != "?" {
                                    Some(Fraction::whole(found.unwrap_or(0)))
                                } else if count(Some(true)) == 0 {
                                    continue;
                                } else {
                                    // Contacts of no known specialty have nothing to be divided by.
                                    None
                                }
                            }
                        };
                        row.value = row
                            .numerator
                            .zip(row.denominator)
                            .and_then(|(above, below)| rounded(above, below, u128::from(ratio.per)));
                    }
                    of_regions.push(row.clone());
                    figures.rows.insert(key(county), row);
                }
                of_regions.retain(|row| row.numerator.is_some() && row.denominator.is_some());
                if of_regions.len() > 1 {
                    let nothing = Fraction(0, 1);
                    let above = of_regions.iter().filter_map(|row| row.numerator).fold(nothing, Fraction::plus);
                    let below = of_regions.iter().filter_map(|row| row.denominator).fold(nothing, Fraction::plus);
                    let country = Row {
                        numerator: Some(above),
                        denominator: Some(below),
                        value: rounded(above, below, u128::from(ratio.per)),
                        months: of_regions.iter().map(|row| row.months).min().unwrap(),
                        regions: Some(of_regions.len() as u64),
                        undecided: of_regions.iter().map(|row| row.undecided).sum(),
                        ..of_regions[0].clone()
                    };
                    figures.rows.insert(key(""), country);
                }
            }
        }
    }

    fn inhabitants(&self, county: &str, year: i16, figures: &mut Figures) -> Option<Fraction> {
        let found = self.population.iter().find(|((of, when), _)| *of == county && *when == year);
        if found.is_none() {
            figures.missing.insert(("population", county.to_owned(), year));
        }
        found.map(|(_, count)| Fraction::whole(*count))
    }

    fn in_register(&self, county: &str, year: i16, group: &str) -> Option<u64> {
        let mut rows = self.register.iter().flatten();
        rows.find(|((of, when, name), _)| *of == county && *when == year && name == group).map(|(_, count)| *count)
    }

    fn has_aggregates(&self, county: &str, year: i16) -> bool {
        let mut rows = self.register.iter().flatten();
        rows.any(|((of, when, name), _)| *of == county && *when == year && !name.is_empty())
    }

    /// The figures that are made of sets of contacts: by place, period and breakdown.
    ///
    /// The country is the sum of the regions that have contacts in the period, if they are several.
    fn sets<'w>(&'w self, collections: &[&str], months: &[Month], wanted: Wanted) -> Vec<Set<'w>> {
        let placed = self.placed(collections, months);
        let delivered = self.delivered(collections, months);
        let mut sets: BTreeMap<(Period, &'static str, &str, &str), Vec<Contact<'_>>> = BTreeMap::new();
        let mut regions: BTreeMap<Period, BTreeSet<&str>> = BTreeMap::new();
        for Placed { contact, county, month } in &placed {
            let year = Period::Year(month.0);
            let mut add = |period: Period, kind: &'static str, group: &'w str, county: &'w str| {
                sets.entry((period, kind, group, county)).or_default().push(*contact);
            };
            for place in ["", county] {
                add(year, "total", "", place);
                if wanted.months {
                    add(Period::Month(*month), "total", "", place);
                }
                if wanted.specialties && !contact.is_primary() {
                    add(year, "mvo", contact.specialty(), place);
                }
            }
            // A unit is of one region.
            if wanted.units {
                add(year, "unit", contact.unit(), county);
            }
            for period in [year, Period::Month(*month)] {
                regions.entry(period).or_default().insert(county);
            }
        }
        let months_of = |period: Period, county: &str| {
            let months = delivered.get(county).into_iter().flatten();
            months.filter(|month| period.has(**month)).count() as u64
        };
        let sets = sets.into_iter().filter(|((period, .., county), _)| !county.is_empty() || regions[period].len() > 1);
        sets.map(|((period, kind, group, county), contacts)| {
            let (n_months, regions) = if county.is_empty() {
                let of_regions = regions[&period].iter().map(|county| months_of(period, county));
                (of_regions.min().unwrap(), Some(regions[&period].len() as u64))
            } else {
                (months_of(period, county), None)
            };
            let months_expected = months.iter().filter(|month| period.has(**month)).count() as u64;
            Set { period, kind, group, county, contacts, months: n_months, months_expected, regions }
        })
        .collect()
    }

    fn reporting(&self, group: usize, months: &[Month], figures: &mut Figures) {
        let (name, collections) = GROUPS[group];
        if !self.has_files_of(collections) {
            return;
        }
        let wanted = Wanted { months: true, specialties: self.by_code, units: self.by_unit };
        let sets = self.sets(collections, months, wanted);
        let counts = |set: &Set<'_>, variable: &str| {
            let among = set.contacts.iter().filter(|contact| contact.is_reported_among(variable));
            let filled = among.clone().filter(|contact| contact.text(variable).is_some()).count();
            (Fraction::whole(filled as u64), Fraction::whole(among.count() as u64))
        };
        for set in &sets {
            let year_before = match set.period {
                Period::Year(year) => Period::Year(year - 1),
                Period::Month((year, month)) => Period::Month((year - 1, month)),
            };
            let alike = |other: &&Set<'_>| {
                (other.period, other.kind, other.group, other.county) == (year_before, set.kind, set.group, set.county)
            };
            let before = sets.iter().find(alike);
            for variable in &self.variables[collections[0]] {
                let (above, below) = counts(set, variable);
                let value = rounded(above, below, 100);
                let before = before.map(|before| counts(before, variable)).filter(|(_, below)| below.0 > 0);
                let value_before = before.and_then(|(above, below)| rounded(above, below, 100));
                // Less is better of waits that somebody chose or caused.
                let is_reversed = variable == "avvikelse";
                let change = value_before.zip(value).map(|(then, now)| match (now.cmp(&then), is_reversed) {
                    (std::cmp::Ordering::Equal, _) => "same",
                    (std::cmp::Ordering::Greater, false) => "up_better",
                    (std::cmp::Ordering::Greater, true) => "up_worse",
                    (std::cmp::Ordering::Less, false) => "down_worse",
                    (std::cmp::Ordering::Less, true) => "down_better",
                });
                let row = Row { value, before, change, ..set.row(above, below) };
                figures.rows.insert(set.key(&format!("inrapporteringsgrad_{name}"), variable, ""), row);
            }
        }
    }

    fn account(&self, collection: &str, months: &[Month], figures: &mut Figures) {
        let wanted = Wanted { months: false, specialties: self.by_code, units: false };
        for set in self.sets(&[collection], months, wanted) {
            let below = Fraction::whole(set.contacts.len() as u64);
            for variable in &self.variables[collection] {
                let mut add = |category: &'static str, above: usize| {
                    let row = set.row(Fraction::whole(above as u64), below);
                    figures.rows.insert(set.key(&format!("bortfall_{collection}"), variable, category), row);
                };
                for category in ["filled", "negative", "unknown", "blank_allowed", "blank_required"] {
                    add(category, set.contacts.iter().filter(|contact| contact.answer(variable) == category).count());
                }
                let of_condition = |contact: &Contact<'_>| match contact.requires(variable) {
                    Requirement::When(truth) => Some(truth == Some(true)),
                    _ => None,
                };
                if of_condition(&set.contacts[0]).is_some() {
                    let required = set.contacts.iter().filter(|contact| of_condition(contact) == Some(true));
                    add("required", required.count());
                }
            }
        }
    }

    /// The cells that are expected: those that a list names, and those that came; without a list every month of everyone:
    /// all of the country, if several are found.
    fn expected(&self, collections: &[&str], months: &[Month]) -> BTreeSet<(&str, Month)> {
        if self.listed.is_empty() {
            let mut everyone: BTreeSet<&str> = self.sound().filter_map(|contact| contact.county()).collect();
            everyone.extend(self.files.iter().filter_map(|file| file.county));
            if everyone.len() > 1 {
                everyone = self.lists.counties();
            }
            return everyone.into_iter().flat_map(|county| months.iter().map(move |month| (county, *month))).collect();
        }
        let of_list = self.listed.iter().filter(|(id, _)| collections.contains(id));
        let mut expected: BTreeSet<(&str, Month)> = of_list.map(|(_, county)| (*county, months[0])).collect();
        for county in self.lists.counties() {
            let came = months.iter().filter(|month| self.cell(collections, county, **month).is_received);
            expected.extend(came.map(|month| (county, *month)));
        }
        expected
    }

    fn response(&self, months: &[Month], figures: &mut Figures) {
        for (name, collections) in GROUPS {
            if !self.has_files_of(collections) && !self.listed.iter().any(|(id, _)| collections.contains(id)) {
                continue;
            }
            for (county, month) in self.expected(collections, months) {
                let cell = self.cell(collections, county, month);
                figures.cells.insert((name.to_owned(), county.to_owned(), month), cell);
            }
        }
        // Every rate of every place and period of more than one cell.
        let cells = figures.cells.clone();
        let n_regions = cells.keys().map(|(_, county, _)| county).collect::<BTreeSet<_>>().len() as u64;
        let mut rates: BTreeMap<(String, String, Period), Vec<Truth>> = BTreeMap::new();
        for ((group, county, month), cell) in &cells {
            // 4 weeks have 28 days.
            let within = |weeks: i64| match (cell.is_received, cell.received) {
                (false, _) => Some(false),
                (true, None) => None,
                (true, Some(day)) => {
                    let end = Date::new(month.0, month.1, 1).unwrap().last_of_month();
                    Some(i64::from(end.until(day).unwrap().get_days()) <= 7 * weeks)
                }
            };
            for (measure, truth) in [
                ("svarsfrekvens", Some(cell.is_received)),
                ("inom_tre_veckor", within(3)),
                ("inom_fem_veckor", within(5)),
            ] {
                let mut add = |county: &str, period: Period| {
                    let key = (format!("{measure}_{group}"), county.to_owned(), period);
                    rates.entry(key).or_default().push(truth);
                };
                add(county, Period::Year(month.0));
                if n_regions > 1 {
                    add("", Period::Year(month.0));
                    add("", Period::Month(*month));
                }
            }
        }
        for ((measure, county, period), truths) in rates {
            let unknown = truths.iter().filter(|truth| truth.is_none()).count() as u64;
            let met = truths.iter().filter(|truth| **truth == Some(true)).count() as u64;
            let known = |count: u64| (unknown == 0).then(|| Fraction::whole(count));
            let (above, below) = (known(met), known(truths.len() as u64));
            let row = Row {
                numerator: above,
                denominator: below,
                per: 100,
                value: above.zip(below).and_then(|(above, below)| rounded(above, below, 100)),
                months: 0,
                months_expected: months.iter().filter(|month| period.has(**month)).count() as u64,
                regions: county.is_empty().then_some(n_regions),
                undecided: unknown,
                before: None,
                change: None,
            };
            figures.rows.insert((measure, county, period.name(), "total", String::new(), String::new(), ""), row);
        }
    }

    fn cell(&self, collections: &[&str], county: &str, month: Month) -> Cell {
        let mut cell = Cell::default();
        let mut own: Vec<&File> = Vec::new();
        for file in self.files.iter().filter(|file| collections.contains(&file.collection)) {
            let sound = file.records.iter().filter(|fields| fields.len() == file.columns.len());
            let contacts = sound.map(|fields| Contact { lists: self.lists, file, fields });
            let found = contacts.filter(|one| one.county() == Some(county) && one.month() == Some(month)).count();
            let is_stated = file.county == Some(county) && file.month == Some(month);
            if found == 0 && !is_stated {
                continue;
            }
            cell.records = Some(cell.records.unwrap_or(0) + found as u64);
            // A stray contact in a file of another month or region says nothing of this one.
            if file.county.is_none_or(|stated| stated == county) && file.month.is_none_or(|stated| stated == month) {
                own.push(file);
            }
        }
        if !own.is_empty() {
            cell.is_received = true;
            cell.stated = own.iter().map(|file| file.stated).sum();
            cell.received = own.iter().map(|file| file.received).collect::<Option<Vec<_>>>().map(|days| {
                // Complete on the day of the last of them.
                days.into_iter().max().unwrap()
            });
        }
        cell
    }
}

#[derive(Clone, Copy)]
struct Wanted {
    months: bool,
    specialties: bool,
    units: bool,
}

/// Contacts of one place, period and breakdown.
struct Set<'a> {
    period: Period,
    kind: &'static str,
    group: &'a str,
    county: &'a str,
    contacts: Vec<Contact<'a>>,
    months: u64,
    months_expected: u64,
    regions: Option<u64>,
}

impl Set<'_> {
    fn key(&self, measure: &str, variable: &str, category: &'static str) -> Key {
        let own = |text: &str| text.to_owned();
        (own(measure), own(self.county), self.period.name(), self.kind, own(self.group), own(variable), category)
    }

    fn row(&self, above: Fraction, below: Fraction) -> Row {
        Row {
            numerator: Some(above),
            denominator: Some(below),
            per: 100,
            value: rounded(above, below, 100),
            months: self.months,
            months_expected: self.months_expected,
            regions: self.regions,
            undecided: 0,
            before: None,
            change: None,
        }
    }
}
