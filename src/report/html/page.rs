//! The page around the sections: head, content-security policy, styling, navigation and script.

use maud::{DOCTYPE, Markup, html};

use super::{Section, Writing};

/// The whole document.
pub(super) fn page(title: &str, sections: &[Section], writing: Writing) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(writing.say("sv", "en")) {
            head {
                meta charset="utf-8";
                title { (title) }
            }
            body {
                main {
                    h1 { (title) }
                    @for section in sections {
                        section id=(section.id) {
                            h2 { (section.title) }
                            (section.body)
                        }
                    }
                }
            }
        }
    }
}
