//! A real browser: Chromium without a window, driven by chromedriver.
//!
//! All tests share one driver, and take turns: each has a browser of its own, and two at a time would
//! only wait for each other.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::installed::skipped;
use super::wait::wait_until;

/// The running driver.
struct Driver {
    address: String,
    /// Nothing of this process outlives it by much: the shell around the driver ends it when this end of
    /// the pipe is gone.
    _lifeline: ChildStdin,
    _shell: Child,
}

const AROUND_THE_DRIVER: &str = "chromedriver --port=0 & driver=$!; cat >/dev/null; kill $driver";

fn start() -> Result<Mutex<Driver>, String> {
    for program in ["chromium", "chromedriver"] {
        let version = Command::new(program).arg("--version").output();
        if !version.is_ok_and(|output| output.status.success()) {
            return Err(format!("{program} is not installed"));
        }
    }
    let mut shell = Command::new("sh")
        .args(["-c", AROUND_THE_DRIVER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let lifeline = shell.stdin.take().expect("a pipe");
    let said = BufReader::new(shell.stdout.take().expect("a pipe"));
    for line in said.lines() {
        let line = line.map_err(|error| error.to_string())?;
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            let port = port.trim_end_matches('.');
            return Ok(Mutex::new(Driver {
                address: format!("http://127.0.0.1:{port}"),
                _lifeline: lifeline,
                _shell: shell,
            }));
        }
    }
    Err("chromedriver ended before it listened".to_owned())
}

/// What a browser is to be like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scripts {
    On,
    Off,
}

/// See the module.
pub(crate) struct Browser {
    client: Option<Client>,
    runtime: Runtime,
    _turn: MutexGuard<'static, Driver>,
}

impl Browser {
    /// A new one that speaks this language; none where there is no Chromium, which is said.
    pub(crate) fn open(scripts: Scripts, language: &str) -> Option<Self> {
        static DRIVER: OnceLock<Result<Mutex<Driver>, String>> = OnceLock::new();
        let driver = match DRIVER.get_or_init(start) {
            Ok(driver) => driver,
            Err(why) => {
                skipped("no browser to try the pages with", why);
                return None;
            }
        };
        let turn = driver.lock().unwrap_or_else(PoisonError::into_inner);
        let javascript = if scripts == Scripts::On { 1 } else { 2 };
        let capabilities = json!({
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": {
                // There is no sandbox for root, nor in many containers; the only pages are our own.
                "args": [
                    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--no-first-run", "--disable-extensions", "--disable-background-networking",
                    "--window-size=1000,900", format!("--lang={language}"),
                ],
                "prefs": {
                    "intl.accept_languages": language,
                    "profile.managed_default_content_settings.javascript": javascript,
                    "credentials_enable_service": false,
                },
            },
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let mut builder =
            ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        let capabilities = capabilities.as_object().expect("an object").clone();
        let client = runtime.block_on(builder.capabilities(capabilities).connect(&turn.address));
        let client = client.expect("a browser");
        Some(Self {
            client: Some(client),
            runtime,
            _turn: turn,
        })
    }

    fn client(&self) -> &Client {
        self.client.as_ref().expect("the browser is open")
    }

    pub(crate) fn goto(&self, address: &str) {
        self.runtime
            .block_on(self.client().goto(address))
            .unwrap_or_else(|error| panic!("{address}: {error}"));
    }

    /// Where it is.
    pub(crate) fn address(&self) -> String {
        let address = self.runtime.block_on(self.client().current_url());
        address.expect("an address").into()
    }

    /// Waits until the address ends so: a form was sent, and its answer came.
    pub(crate) fn arrives_at(&self, end: &str) {
        wait_until(&format!("{end} from {}", self.address()), || {
            let address = self.address();
            let path = address.split('?').next().unwrap_or_default();
            path.ends_with(end).then_some(())
        });
    }

    /// What can be read on the page.
    pub(crate) fn text(&self) -> String {
        self.text_of("main")
    }

    pub(crate) fn text_of(&self, selector: &str) -> String {
        self.with(selector, |element, runtime| {
            runtime.block_on(element.text())
        })
    }

    /// Waits until the element can be seen and says this.
    pub(crate) fn sees(&self, selector: &str, text: &str) {
        wait_until(&format!("{text:?} in {selector}"), || {
            let said = self.text_of(selector);
            said.contains(text).then_some(())
        });
    }

    pub(crate) fn click(&self, selector: &str) {
        self.with(selector, |element, runtime| {
            runtime.block_on(element.click())
        });
    }

    /// Types into a field, after what is there.
    pub(crate) fn write(&self, selector: &str, text: &str) {
        self.with(selector, |element, runtime| {
            runtime.block_on(element.send_keys(text))
        });
    }

    pub(crate) fn clear(&self, selector: &str) {
        self.with(selector, |element, runtime| {
            runtime.block_on(element.clear())
        });
    }

    /// An attribute or property of an element, as text.
    pub(crate) fn property(&self, selector: &str, name: &str) -> Option<String> {
        self.with(selector, |element, runtime| {
            runtime.block_on(element.prop(name))
        })
    }

    pub(crate) fn is_seen(&self, selector: &str) -> bool {
        self.with(selector, |element, runtime| {
            runtime.block_on(element.is_displayed())
        })
    }

    /// Does something with an element, as soon as that can be done. While another page comes there may be
    /// no such element, or one of the page that goes.
    fn with<T, E>(
        &self,
        selector: &str,
        act: impl Fn(fantoccini::elements::Element, &Runtime) -> Result<T, E>,
    ) -> T {
        wait_until(&format!("{selector} on the page"), || {
            let found = self.client().find(Locator::Css(selector));
            let element = self.runtime.block_on(found).ok()?;
            act(element, &self.runtime).ok()
        })
    }

    /// Presses keys wherever the focus is.
    pub(crate) fn press(&self, keys: &str) {
        let element = self.runtime.block_on(self.client().active_element());
        let element = element.expect("something has the focus");
        self.runtime
            .block_on(element.send_keys(keys))
            .expect("keys can be pressed");
    }

    /// The id of what has the focus, or else its text.
    pub(crate) fn focus(&self) -> String {
        let element = self.runtime.block_on(self.client().active_element());
        let element = element.expect("something has the focus");
        let id = self
            .runtime
            .block_on(element.attr("id"))
            .expect("an attribute");
        id.unwrap_or_else(|| self.runtime.block_on(element.text()).expect("a text"))
    }

    /// What a function's body returns.
    pub(crate) fn execute(&self, script: &str) -> Value {
        self.runtime
            .block_on(self.client().execute(script, Vec::new()))
            .expect("the script runs")
    }

    /// What a function's body hands to its last argument.
    pub(crate) fn execute_async(&self, script: &str) -> Value {
        self.runtime
            .block_on(self.client().execute_async(script, Vec::new()))
            .expect("the script runs")
    }

    /// Whoever looks at the page likes it dark, or light.
    pub(crate) fn prefers(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools(
            "Emulation.setEmulatedMedia",
            &json!({ "features": features }),
        );
    }

    /// A screen of so many CSS pixels.
    pub(crate) fn measures(&self, width: u32, height: u32) {
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false }),
        );
    }

    fn devtools(&self, command: &'static str, parameters: &Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.issue(Extension("goog/cdp/execute", body))
    }

    /// What the browser complained about since it was asked last: what a policy kept from running among
    /// it. A form that is answered with what is wrong in it is no complaint.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let entries = self.issue(Extension("se/log", json!({ "type": "browser" })));
        let entries = entries.as_array().expect("a list");
        let text = |entry: &Value| entry["message"].as_str().map(str::to_owned);
        let refused = |text: &String| {
            text.ends_with("the server responded with a status of 400 (Bad Request)")
        };
        entries
            .iter()
            .filter_map(text)
            .filter(|text| !refused(text))
            .collect()
    }

    fn issue(&self, command: Extension) -> Value {
        self.runtime
            .block_on(self.client().issue_cmd(command))
            .expect("the driver knows the command")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            let _ = self.runtime.block_on(client.close());
        }
    }
}

/// A command of chromedriver's own.
#[derive(Debug)]
struct Extension(&'static str, Value);

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/{}", self.0))
    }

    fn method_and_body(&self, _: &url::Url) -> (poem::http::Method, Option<String>) {
        (poem::http::Method::POST, Some(self.1.to_string()))
    }
}
