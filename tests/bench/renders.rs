//! How many mails a second can be filled in, on one core: subject, text and HTML of each.

use readmit::business::Brand;
use readmit::clock::Timestamp;
use readmit::config::Mailbox;
use readmit::email::EmailAddress;
use readmit::locale::Language;
use readmit::outbox::{self, Addressing};
use readmit::templates::{Chosen, Filling, Kind, Said, Templates};

use crate::stats::spread;
use crate::timed;

const MAILS: u32 = 5000;
const ROUNDS: usize = 5;

pub(crate) fn run() {
    let from = Mailbox {
        name: Some("Canal House".to_owned()),
        address: EmailAddress::parse("no-reply@readmit.test").expect("an address"),
    };
    let url = "https://id.readmit.test/".parse().expect("an address");
    let brand = Brand::plain(&from, &url);
    let templates = Templates::default();
    for (what, build) in [("filled in", false), ("filled in and made a mail of", true)] {
        let mut rates = Vec::new();
        for _ in 0..ROUNDS {
            let ((), time) = timed(|| {
                for at in 0..MAILS {
                    one(&templates, &brand, at, build);
                }
            });
            rates.push(f64::from(MAILS) / time.as_secs_f64());
        }
        println!("reset links, {what}: {}", spread(&mut rates, "mails/s"));
    }
}

fn one(templates: &Templates, brand: &Brand, at: u32, build: bool) {
    let now = Timestamp::from_seconds(1_800_000_000 + i64::from(at));
    let name = format!("Member {at}");
    let language = Language::ALL[at as usize % Language::ALL.len()];
    let filling = Filling {
        brand,
        name: &name,
        email: &brand.sender.address,
        language,
        said: Said::sample(Kind::Reset, brand, now),
    };
    let rendered = templates
        .render(&Chosen::builtin(Kind::Reset, language), &filling)
        .expect("a built-in template works");
    if build {
        let addressing = Addressing {
            brand,
            name: &name,
            recipient: &brand.sender.address,
            message_id: "id@readmit.test",
        };
        let letter = outbox::build(&rendered, &addressing, now).expect("the mail is built");
        std::hint::black_box(letter.bytes.len());
    }
    std::hint::black_box(rendered.html.len());
}
