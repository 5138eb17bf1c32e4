//! Clients that never wait between attempts and never leave this machine.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rewheel::fetch::{Client, ClientSettings, Credentials, RetrySettings};
use rewheel::index::{Index, IndexLimits, IndexLocation, Surroundings};

use super::fake_index::FakeIndex;

/// The waits that a client asked for, in order.
pub type Waits = Arc<Mutex<Vec<Duration>>>;

/// Settings without proxies, whose waits are recorded and take no time.
pub fn settings() -> (ClientSettings, Waits) {
    let waits = Waits::default();
    let recorded = Arc::clone(&waits);
    let settings = ClientSettings {
        system_proxies: false,
        retry: RetrySettings {
            sleep: Arc::new(move |delay| {
                recorded.lock().unwrap().push(delay);
                Box::pin(std::future::ready(()))
            }),
            ..RetrySettings::default()
        },
        ..ClientSettings::default()
    };
    (settings, waits)
}

/// A client with no credentials.
pub fn client() -> Client {
    Client::new(settings().0, Credentials::none()).unwrap()
}

/// A client that gives up on a silent server almost at once, and does not try again.
pub fn impatient_client() -> Client {
    let (mut settings, _) = settings();
    settings.read_timeout = Duration::from_millis(50);
    settings.retry.attempts = 1;
    Client::new(settings, Credentials::none()).unwrap()
}

/// The location of an index address, as `--index-url` would name it.
pub fn location(url: &str) -> IndexLocation {
    let surroundings = Surroundings {
        variable: &|_| None,
        file: &|_| None,
    };
    IndexLocation::find(Some(url), None, surroundings).unwrap()
}

/// The fake index as the product sees it.
pub fn index(fake: &FakeIndex) -> Index {
    Index::new(&client(), &location(&fake.url()), IndexLimits::default())
}
