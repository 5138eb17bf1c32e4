//! A headless Chromium, driven over the DevTools protocol.
//!
//! It is the one that `CHROMIUM` names, or the first of its names on the path. Where there is none,
//! that is told on standard error, past what the test harness captures, and nothing is looked at;
//! where `CI` is set, on Linux, it fails the tests.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};

/// What it is called on the path.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// No window, no service of its maker, no start that asks for anything; root has no sandbox.
const FLAGS: [&str; 13] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "about:blank",
];

/// How long one answer of the browser may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running browser with one page.
pub struct Browser {
    child: Child,
    socket: WebSocket<TcpStream>,
    session: String,
    sent: u64,
    /// What it told by itself, oldest first.
    events: VecDeque<Value>,
    _profile: TempDir,
}

fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM").filter(|name| !name.is_empty()) {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .find(|file| file.is_file())
}

impl Browser {
    /// Starts it; none where there is no browser.
    ///
    /// # Panics
    /// When there is none and `CI` is set.
    pub fn start() -> Option<Self> {
        let Some(program) = program() else {
            let must = cfg!(target_os = "linux")
                && std::env::var_os("CI").is_some_and(|value| !value.is_empty());
            assert!(!must, "no Chromium: install it, or name it in CHROMIUM");
            let told = "no Chromium: the page is not looked at in a browser\n";
            let _ = std::io::stderr().write_all(told.as_bytes());
            return None;
        };
        let profile = TempDir::new().unwrap();
        let mut child = Command::new(&program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "it ended at once");
            if let Some((_, address)) = line.split_once("DevTools listening on ws://") {
                break address.trim().to_owned();
            }
        };
        // What it says later is read, so that it is never kept from saying it.
        std::thread::spawn(move || said.lines().for_each(drop));
        let (host, _) = address.split_once('/').unwrap();
        let stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = tungstenite::client(format!("ws://{address}"), stream).unwrap();
        let mut browser = Self {
            child,
            socket,
            session: String::new(),
            sent: 0,
            events: VecDeque::new(),
            _profile: profile,
        };
        let page = browser.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": page["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", &attach);
        browser.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in [
            "Page",
            "Runtime",
            "Log",
            "Network",
            "Accessibility",
            "Audits",
        ] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        Some(browser)
    }

    /// Calls a method of the protocol and gives its result.
    #[track_caller]
    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.sent += 1;
        let id = self.sent;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.socket
            .send(Message::text(message.to_string()))
            .unwrap();
        loop {
            let answer = self.next();
            if answer["id"] == id {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
            self.events.push_back(answer);
        }
    }

    fn next(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.socket.read().unwrap() {
                return serde_json::from_str(text.as_str()).unwrap();
            }
        }
    }

    /// Sets the width of the page, and whether it is dark.
    pub fn look(&mut self, width: u32, height: u32, dark: bool) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &size);
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", &features);
    }

    /// Opens an address, and waits until everything of it is there.
    pub fn open(&mut self, url: &str) {
        self.events.clear();
        let opened = self.call("Page.navigate", &json!({ "url": url }));
        assert!(opened["errorText"].is_null(), "{url}: {opened}");
        self.wait();
    }

    /// Presses Enter in a form, and waits for the page that comes of it.
    pub fn enter(&mut self) {
        self.events.clear();
        let key =
            json!({ "type": "keyDown", "key": "Enter", "text": "\r", "windowsVirtualKeyCode": 13 });
        self.call("Input.dispatchKeyEvent", &key);
        self.wait();
    }

    fn wait(&mut self) {
        while !self
            .events
            .iter()
            .any(|one| one["method"] == "Page.loadEventFired")
        {
            let event = self.next();
            self.events.push_back(event);
        }
    }

    /// What it told of this kind since the page was opened.
    pub fn told(&self, method: &str) -> Vec<Value> {
        let of_kind = self.events.iter().filter(|one| one["method"] == method);
        of_kind.map(|one| one["params"].clone()).collect()
    }

    /// What a script comes to in the page.
    #[track_caller]
    pub fn evaluate(&mut self, script: &str) -> Value {
        let parameters = json!({ "expression": script, "returnByValue": true });
        let result = self.call("Runtime.evaluate", &parameters);
        assert!(result["exceptionDetails"].is_null(), "{script}: {result}");
        result["result"]["value"].clone()
    }

    /// Presses a key that is named as in the protocol.
    pub fn press(&mut self, key: &str, code: u32) {
        for kind in ["rawKeyDown", "keyUp"] {
            let event = json!({ "type": kind, "key": key, "windowsVirtualKeyCode": code });
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// Types a text into what has the focus.
    pub fn write(&mut self, text: &str) {
        self.call("Input.insertText", &json!({ "text": text }));
    }

    /// A picture of what is to be seen, as PNG in base64.
    pub fn picture(&mut self) -> String {
        let picture = self.call("Page.captureScreenshot", &json!({ "format": "png" }));
        picture["data"].as_str().unwrap().to_owned()
    }
}

impl Browser {
    /// Keeps a picture of the whole page in `target/tmp/status-page/`, for people.
    pub fn keep(&mut self, name: &str) {
        let whole = json!({ "format": "png", "captureBeyondViewport": true });
        let picture = self.call("Page.captureScreenshot", &whole);
        let bytes = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("status-page");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It has ended already when a test made it do so.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
