//! The rule book as Markdown, in the dialect that code forges show (tables).

use super::{Chapter, Content, facts};
use crate::model::Language;

/// The page that leads to the others.
pub(super) fn index(content: &Content) -> String {
    let mut text = format!("# {}\n\n", content.say("Regelbok", "Rule book"));
    text.extend([content.say("Reglernas version", "Version of the rules"), ": `", content.version.as_str(), "`\n"]);
    let (collections, tables) = content.chapters.split_at(content.n_collections);
    for (heading, chapters) in [
        (content.say("Insamlingar", "Collections"), collections),
        (content.say("Referenstabeller", "Reference tables"), tables),
    ] {
        if chapters.is_empty() {
            continue;
        }
        text.extend(["\n## ", heading, "\n\n"]);
        let headings = [
            content.say("Insamling", "Collection"),
            content.say("Variabler", "Variables"),
            content.say("Regler", "Rules"),
        ];
        head(&mut text, &headings);
        for chapter in chapters {
            let link = format!("[{}]({}.md)", escaped(&chapter.title), chapter.id);
            let counts = [chapter.variables.len().to_string(), chapter.rules.len().to_string()];
            row(&mut text, &[link, counts[0].clone(), counts[1].clone()]);
        }
    }
    text
}

/// The page of one collection.
pub(super) fn chapter(chapter: &Chapter, language: Language) -> String {
    let mut text = format!("# {}\n\n", escaped(&chapter.title));
    text.extend([
        "`",
        chapter.id.as_str(),
        "`. ",
        language.pick("Källa", "Source"),
        ": ",
        &escaped(&chapter.source),
        "\n",
    ]);
    if let Some(groups) = &chapter.groups {
        text.extend(["\n", &escaped(groups), "\n"]);
    }
    for assumption in &chapter.assumptions {
        text.extend(["\n", language.pick("Antagande", "Assumption"), ": ", &escaped(assumption), "\n"]);
    }
    text.extend(["\n## ", language.pick("Variabler", "Variables"), "\n"]);
    let mut area = None;
    for variable in &chapter.variables {
        if area != Some(&variable.area) {
            text.push('\n');
            if !variable.area.is_empty() {
                text.extend(["### ", &escaped(&variable.area), "\n\n"]);
            }
            head(&mut text, &chapter.headings(language));
            area = Some(&variable.area);
        }
        let conditions = variable.conditions.join(" ");
        let cells =
            [&variable.name, &variable.description, &variable.level, &conditions, &variable.values, &variable.source];
        let mut cells = cells.map(|cell| escaped(cell));
        if let Some(sql) = &variable.sql {
            // Within a table even code has its bars escaped.
            cells[3] = format!("{} {}", cells[3], code(sql).replace('|', "\\|"));
        }
        row(&mut text, &[[format!("`{}`", variable.id)].as_slice(), &cells].concat());
    }
    text.extend(["\n## ", language.pick("Regler", "Rules"), "\n"]);
    for rule in &chapter.rules {
        text.extend(["\n### ", &escaped(&rule.id), " ", &escaped(rule.title.get(language)), "\n\n"]);
        text.extend([&escaped(rule.sentence.get(language)), "\n\n"]);
        let label = language.pick("Allvarlighetsgrad", "Severity");
        text.extend(["- ", label, ": ", rule.consequence().get(language), "\n"]);
        for fact in facts(rule, language) {
            let shown = if fact.is_code { code(&fact.text) } else { escaped(&fact.text) };
            text.extend(["- ", fact.label, ": ", &shown, "\n"]);
        }
    }
    text
}

fn head(text: &mut String, headings: &[&str]) {
    row(text, &headings.iter().map(|heading| (*heading).to_owned()).collect::<Vec<_>>());
    row(text, &vec!["---".to_owned(); headings.len()]);
}

fn row(text: &mut String, cells: &[String]) {
    text.extend(["| ", &cells.join(" | "), " |\n"]);
}

/// A text on one line in which nothing is markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// An expression as code on one line, within more backticks than it holds itself.
fn code(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(escaped("a|b\n <i>_x_</i> [1](2) *"), r"a\|b \<i\>\_x\_\</i\> \[1\](2) \*");
        assert_eq!(code("a  = '`'\n AND b"), "`` a = '`' AND b ``");
        assert_eq!(code("a"), "`a`");
    }
}
