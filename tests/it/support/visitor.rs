//! Somebody at the hosted pages: a browser that keeps cookies and fills in forms, and shows every byte.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::app::TestApp;
use super::http::{Answer, Request};

/// See the module.
pub(crate) struct Visitor<'a> {
    app: &'a TestApp,
    business: i64,
    language: &'static str,
    jar: RefCell<BTreeMap<String, String>>,
}

impl<'a> Visitor<'a> {
    /// A new browser at the pages of that business.
    pub(crate) fn at(app: &'a TestApp, business: i64) -> Self {
        Self {
            app,
            business,
            language: "en",
            jar: RefCell::default(),
        }
    }

    pub(crate) fn speaking(mut self, language: &'static str) -> Self {
        self.language = language;
        self
    }

    /// The same browser at another business's pages.
    pub(crate) fn moved_to(&self, business: i64) -> Self {
        Self {
            app: self.app,
            business,
            language: self.language,
            jar: self.jar.clone(),
        }
    }

    /// A request to a page with what the browser would send along.
    pub(crate) fn request(&self, method: &str, page: &str) -> Request {
        let target = format!("/p/{}/{page}", self.business);
        let request = Request::new(method, &target).header("accept-language", self.language);
        let jar = self.jar.borrow();
        let cookies: Vec<String> = jar
            .iter()
            .map(|(name, it)| format!("{name}={it}"))
            .collect();
        if cookies.is_empty() {
            request
        } else {
            request.header("cookie", &cookies.join("; "))
        }
    }

    /// Sends it and keeps the cookies of the answer.
    pub(crate) fn keep(&self, request: &Request) -> Answer {
        let answer = self.app.send(request);
        for cookie in answer.cookies() {
            let (pair, attributes) = cookie.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a name and a value");
            let mut jar = self.jar.borrow_mut();
            if attributes.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Opens a page.
    pub(crate) fn open(&self, page: &str) -> Answer {
        self.keep(&self.request("GET", page))
    }

    /// Opens a page that must be there, and returns its text.
    pub(crate) fn read(&self, page: &str) -> String {
        let answer = self.open(page);
        assert_eq!(answer.status, 200, "{page}: {}", answer.text());
        answer.text().to_owned()
    }

    /// The token of this browser's forms.
    pub(crate) fn csrf(&self) -> String {
        hidden(self.open("forgot").text(), "csrf")
    }

    /// Sends a form as a page of ours would.
    pub(crate) fn send(&self, page: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(fields);
        self.keep(
            &self
                .request("POST", page)
                .header("sec-fetch-site", "same-origin")
                .header("origin", "null")
                .form(&all),
        )
    }

    /// Sends a form whose answer must lead on; where to.
    pub(crate) fn sent(&self, page: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.send(page, fields);
        assert_eq!(answer.status, 303, "{page}: {}", answer.text());
        answer.header("location").expect("a place").to_owned()
    }

    pub(crate) fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.send(
            "sign-in",
            &[("email", email), ("password", password), ("by", "password")],
        )
    }

    /// A cookie that the browser holds, by the end of its name.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let jar = self.jar.borrow();
        let found = jar.iter().find(|(held, _)| held.ends_with(name));
        found.map(|(_, value)| value.clone())
    }

    /// Puts a cookie into the browser, as somebody else might.
    pub(crate) fn plant(&self, name: &str, value: &str) {
        let mut jar = self.jar.borrow_mut();
        jar.insert(name.to_owned(), value.to_owned());
    }
}

/// The value of a hidden field.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let (_, rest) = page
        .split_once(&start)
        .unwrap_or_else(|| panic!("no {name} in {page}"));
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// The part of a link in a mail behind the business's pages: `reset?token=…`.
pub(crate) fn page_of(link: &str) -> String {
    let (_, page) = link.split_once("/p/7/").unwrap_or_else(|| panic!("{link}"));
    page.to_owned()
}
