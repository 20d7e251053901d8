//! Hosts that are reached without the proxy.

use std::net::IpAddr;

/// What `NO_PROXY` says.
#[derive(Default)]
pub(super) struct Bypass {
    all: bool,
    rules: Vec<Rule>,
}

struct Rule {
    hosts: Hosts,
    /// `None` stands for all ports.
    port: Option<u16>,
}

enum Hosts {
    /// A name in lower case and all names below it.
    Domain(String),
    /// All addresses whose first bits are these.
    Network(IpAddr, u32),
}

impl Bypass {
    /// Reads a list; what in it makes no sense matches nothing.
    pub(super) fn read(list: &str) -> Self {
        let entries = list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
        Self { all: list.trim() == "*", rules: entries.filter_map(Rule::read).collect() }
    }

    /// True if the list names the host: a name, or an address without brackets.
    pub(super) fn holds(&self, host: &str, port: u16) -> bool {
        let address = host.parse::<IpAddr>().ok();
        let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let names = |hosts: &Hosts| match (hosts, address) {
            (Hosts::Domain(domain), None) => is_below(&name, domain),
            (Hosts::Network(network, bits), Some(address)) => is_in(address, *network, *bits),
            _ => false,
        };
        self.all || self.rules.iter().any(|rule| rule.port.is_none_or(|only| only == port) && names(&rule.hosts))
    }
}

impl Rule {
    fn read(entry: &str) -> Option<Self> {
        if let Some(hosts) = Hosts::network(entry) {
            return Some(Self { hosts, port: None });
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (entry, None),
        };
        let hosts = Hosts::network(host).or_else(|| Hosts::domain(host))?;
        Some(Self { hosts, port })
    }
}

impl Hosts {
    /// An address, in brackets or not, or a network.
    fn network(text: &str) -> Option<Self> {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        let (address, bits) = match bare.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
            None => (bare, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(all);
        (bits <= all).then_some(Self::Network(address, bits))
    }

    fn domain(text: &str) -> Option<Self> {
        let name = text.strip_suffix('.').unwrap_or(text);
        let name = name.strip_prefix('.').unwrap_or(name);
        let is_name = !name.is_empty() && !name.contains(['/', ':', '[', ']']);
        is_name.then(|| Self::Domain(name.to_ascii_lowercase()))
    }
}

fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_in(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let differ = address.to_bits() ^ network.to_bits();
            differ.leading_zeros() >= bits
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let differ = address.to_bits() ^ network.to_bits();
            differ.leading_zeros() >= bits
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_hosts_by_the_rules_of_curl() {
        let table = [
            ("example.test", "example.test", true),
            ("www.example.test", "example.test", true),
            ("www.example.test", ".example.test", true),
            ("example.test", ".example.test", true),
            ("a.b.example.test", "localhost,.example.test,other.test", true),
            ("example.test.", "example.test", true),
            ("example.test", "example.test.", true),
            ("EXAMPLE.test", "example.TEST", true),
            ("notexample.test", "example.test", false),
            ("notexample.test", ".example.test", false),
            ("example.test.org", "example.test", false),
            ("example.test", "www.example.test", false),
            ("example.test", "*", true),
            ("10.1.2.3", " * ", true),
            ("example.test", "localhost,*", false),
            ("www.example.test", "*.example.test", false),
            ("example.test", "", false),
            ("example.test", ",,  ,", false),
            ("bar", "foo,,,    bar\tbaz", true),
            ("baz", "foo,,,    bar\tbaz", true),
            ("127.0.0.1", "localhost,127.0.0.1", true),
            ("127.0.0.1", "0.0.1", false),
            ("127.0.0.1", "localhost", false),
            ("192.168.7.1", "192.168.0.0/16", true),
            ("192.168.7.1", "192.168.0.0/24", false),
            ("192.168.0.1", "192.168.0.0", false),
            ("192.168.0.1", "192.168.0.1/33", false),
            ("192.168.0.1", "192.168.0.0/x", false),
            ("192.168.0.1", "0.0.0.0/0", true),
            ("::1", "0.0.0.0/0", false),
            ("::1", "::1", true),
            ("::1", "[::1]", true),
            ("::1", "0:0::1/128", true),
            ("fd00:1::5", "fd00::/8", true),
            ("fd00:1::5", "fd00::/31", true),
            ("fd00:1::5", "fd00::/32", false),
        ];
        for (host, list, matches) in table {
            assert_eq!(Bypass::read(list).holds(host, 443), matches, "{host} in {list:?}");
        }
    }

    #[test]
    fn an_entry_with_a_port_is_for_that_port() {
        for (host, list) in [("a.test", "a.test:1280"), ("10.0.0.1", "10.0.0.1:1280"), ("::1", "[::1]:1280")] {
            let bypass = Bypass::read(list);
            assert!(bypass.holds(host, 1280) && !bypass.holds(host, 443), "{list}");
        }
        for list in ["a.test:port", "a.test:", "a.test:70000"] {
            assert!(!Bypass::read(list).holds("a.test", 443), "{list}");
        }
    }
}
