//! What mail says: in which language, from whose template, and what a template may be.

mod commands;
mod editor;
mod failures;
mod inert;
mod languages;
mod lint;
mod order;

use readmit::admin::TemplateError;
use readmit::business::{Brand, BusinessId};
use readmit::clock::Timestamp;
use readmit::config::Mailbox;
use readmit::locale::{Language, Locale, Zone};
use readmit::outbox::{self, Addressing};
use readmit::templates::{Chosen, Filling, Kind, Part, Place, Rendered, Said, Templates};

use crate::support::app::{TestApp, email};

const JANE: &str = "jane@example.com";

fn locale(tag: &str) -> Locale {
    Locale::parse(tag).expect("a language")
}

fn place(kind: Kind, part: Part, business: Option<i64>, tag: Option<&str>) -> Place {
    Place {
        kind,
        part,
        business: business.map(|id| BusinessId::new(id).expect("a number")),
        locale: tag.map(locale),
    }
}

/// Saves a template; its version.
fn save(app: &TestApp, place: &Place, source: &str) -> Result<i64, TemplateError> {
    let admin = app.admin();
    let saving = admin.set_template(place.clone(), source.to_owned(), None, app.now());
    app.wait(saving)
}

fn set_language(app: &TestApp, address: &str, tag: Option<&str>) {
    let locale = Some(tag.map(locale));
    app.wait(
        app.admin()
            .set_person(email(address), None, locale, app.now()),
    )
    .expect("the language is set");
}

/// A deployment where Jane may ask for as many links as a test wants.
fn unhurried() -> TestApp {
    TestApp::builder()
        .set("reset.cooldown", "0s")
        .set("reset.max_pending", 100)
        .start()
        .and_jane()
}

/// Spring in Madrid: clocks there show 10:00.
const MORNING: Timestamp = Timestamp::from_seconds(1_806_998_400);

fn brand(name: &str) -> Brand {
    let from = Mailbox {
        name: Some(name.to_owned()),
        address: email("no-reply@readmit.test"),
    };
    let url = "https://id.readmit.test/".parse().expect("an address");
    let mut brand = Brand::plain(&from, &url);
    brand.zone = Zone::parse("Europe/Madrid").expect("a time zone");
    brand
}

/// A built-in mail about that member.
fn builtin(kind: Kind, language: Language, brand: &Brand, name: &str) -> Rendered {
    let address = email(JANE);
    let filling = Filling {
        brand,
        name,
        email: &address,
        language,
        said: Said::sample(kind, brand, MORNING),
    };
    Templates::default()
        .render(&Chosen::builtin(kind, language), &filling)
        .expect("a built-in template works")
}

/// The mail as it goes out.
fn wire(rendered: &Rendered, brand: &Brand, name: &str) -> Vec<u8> {
    let address = email(JANE);
    let addressing = Addressing {
        brand,
        name,
        recipient: &address,
        message_id: "id@readmit.test",
    };
    outbox::build(rendered, &addressing, MORNING)
        .expect("the mail is built")
        .bytes
}
