//! Who may lead us into a private network: a person, or a server that is in one itself.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::address::{host_of, printable};
use super::error::FetchError;

/// Which addresses a request may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A person named the address, so it may be any; where it redirects to another origin, that
    /// may be in a private network only if the address is in one.
    Given,
    /// A server in a private network named the address: any.
    Anywhere,
    /// A public server named the address: public ones only.
    Public,
}

/// Whether an address is of no use to the public network: loopback, private, link-local, shared,
/// reserved, multicast, and IPv6 addresses that stand for such an IPv4 address.
///
/// Source: the IANA registries of special-purpose addresses (RFC 6890).
pub fn is_private_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => {
            embedded_v4(address).map_or_else(|| is_private_v6(address), is_private_v4)
        }
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b))
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    // Only 2000::/3 is given out; of it 2001:db8::/32 is for documentation.
    let [first, second, ..] = address.segments();
    first & 0xe000 != 0x2000 || (first == 0x2001 && second == 0xdb8)
}

/// The IPv4 address that a mapped, NAT64 or 6to4 address stands for.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(join(high, low))
        }
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

/// Whether a name is this machine's own. Source: RFC 6761.
///
/// It is judged as a name, because a proxy resolves names by itself.
fn is_local_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// Which addresses those that `url` names may lead to. A name that cannot be resolved here counts
/// as public, which is the stricter answer.
pub(super) async fn of_names_in(url: &Url) -> Reach {
    let private = match url.host() {
        Some(Host::Ipv4(address)) => is_private_address(address.into()),
        Some(Host::Ipv6(address)) => is_private_address(address.into()),
        Some(Host::Domain(name)) if is_local_name(name) => true,
        Some(Host::Domain(name)) => resolve(name.to_owned())
            .await
            .is_ok_and(|addresses| addresses.iter().any(|one| is_private_address(one.ip()))),
        None => false,
    };
    if private {
        Reach::Anywhere
    } else {
        Reach::Public
    }
}

async fn resolve(name: String) -> std::io::Result<Vec<SocketAddr>> {
    tokio::task::spawn_blocking(move || (name.as_str(), 0).to_socket_addrs())
        .await
        .map_err(std::io::Error::other)?
        .map(Iterator::collect)
}

/// Why a name was not resolved.
#[derive(Debug, thiserror::Error)]
#[error("the name leads into a private network")]
pub(super) struct PrivateAddressRefused;

/// The resolver of requests that must stay in the public network. It judges what it hands to the
/// connection, so a name cannot show one address to a check and another to the connection. Names
/// that no request is for belong to the person's proxy, which may be private.
#[derive(Clone, Debug, Default)]
pub(super) struct Guard {
    requested: Arc<Mutex<HashSet<String>>>,
}

impl Guard {
    /// Lets a request pass whose host is a public address, or a name that is not this machine's.
    pub(super) fn admit(&self, url: &Url) -> Result<(), FetchError> {
        let refused = match url.host() {
            Some(Host::Ipv4(address)) => is_private_address(address.into()),
            Some(Host::Ipv6(address)) => is_private_address(address.into()),
            Some(Host::Domain(name)) if is_local_name(name) => true,
            Some(Host::Domain(_)) => {
                let host = host_of(url);
                let mut requested = self
                    .requested
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                requested.insert(host);
                false
            }
            None => true,
        };
        if refused {
            return Err(FetchError::PrivateAddress {
                url: printable(url),
            });
        }
        Ok(())
    }

    fn is_requested(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.requested
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(name.strip_suffix('.').unwrap_or(&name))
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        let guarded = self.is_requested(&name);
        Box::pin(async move {
            let addresses = resolve(name).await?;
            if guarded && addresses.iter().any(|one| is_private_address(one.ip())) {
                return Err(PrivateAddressRefused.into());
            }
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("127.0.0.1", true)]
    #[case("10.1.2.3", true)]
    #[case("172.31.0.1", true)]
    #[case("192.168.1.1", true)]
    #[case("169.254.169.254", true)]
    #[case("100.64.0.1", true)]
    #[case("0.0.0.0", true)]
    #[case("255.255.255.255", true)]
    #[case("198.18.0.1", true)]
    #[case("192.88.99.1", true)]
    #[case("192.88.98.1", false)]
    #[case("8.8.8.8", false)]
    #[case("172.32.0.1", false)]
    #[case("::1", true)]
    #[case("::", true)]
    #[case("fe80::1", true)]
    #[case("fd00::1", true)]
    #[case("::ffff:127.0.0.1", true)]
    #[case("::ffff:8.8.8.8", false)]
    #[case("64:ff9b::7f00:1", true)]
    #[case("2002:7f00:1::", true)]
    #[case("2001:db8::1", true)]
    #[case("ff02::1", true)]
    #[case("2606:4700::1111", false)]
    fn knows_private_addresses(#[case] address: &str, #[case] private: bool) {
        assert_eq!(is_private_address(address.parse().unwrap()), private);
    }

    #[rstest]
    #[case("http://127.0.0.1:9/", true)]
    #[case("http://2130706433/", true)]
    #[case("http://0x7f.1/", true)]
    #[case("http://[::1]/", true)]
    #[case("http://localhost/", true)]
    #[case("http://LOCALHOST./", true)]
    #[case("https://files.localhost:8443/", true)]
    #[case("https://files.localhost./", true)]
    #[case("https://notlocalhost/", false)]
    #[case("https://localhost.example/", false)]
    #[case("https://files.example/", false)]
    fn local_hosts_are_judged_before_the_request(#[case] url: &str, #[case] refused: bool) {
        let url = Url::parse(url).unwrap();
        assert_eq!(Guard::default().admit(&url).is_err(), refused);
    }

    #[tokio::test]
    async fn a_requested_name_may_not_lead_into_a_private_network() {
        let guard = Guard::default();
        // A name that leads to this machine without telling so; only this one is sure to do so.
        guard.requested.lock().unwrap().insert("localhost".into());
        assert!(guard.resolve("localhost".parse().unwrap()).await.is_err());
        assert!(guard.resolve("LOCALHOST".parse().unwrap()).await.is_err());
    }

    #[tokio::test]
    async fn a_proxys_name_may() {
        let guard = Guard::default();
        assert!(guard.resolve("localhost".parse().unwrap()).await.is_ok());
    }
}
