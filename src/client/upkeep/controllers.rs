//! The list of the controllers, as the network itself tells it.

use std::time::Duration;

use super::event::Event;
use crate::api::controller::controllers::ControllerNode;
use crate::client::Client;
use crate::error::Error;
use crate::identity::MAX_CONTROLLERS;
use crate::transport::Call;
use crate::wire::{ControllerUrl, Request, envelope};

const LOOK_AGAIN: Duration = Duration::from_secs(3600);
/// The API that clients use, as controllers name it.
const CLIENT_API: &str = "edge-client";

impl Client {
    pub(super) fn look_after_controllers(&self, call: &Call) -> Result<(Vec<Event>, Duration), Error> {
        let current = self.generation();
        // Without a bundle nothing tells a controller of the network from another host.
        if current.identity.ca().is_none() {
            return Ok((Vec::new(), LOOK_AGAIN));
        }
        let request = Request::get("/controllers").query("limit", "500");
        let mut body = Vec::new();
        let session = match self.proven(&current)?.send_with_login(call, &request, &mut body).map_err(Error::from) {
            Ok((_, session)) => session,
            Err(Error::Tls { .. }) if self.settings().trust_system_roots => return Ok((Vec::new(), LOOK_AGAIN)),
            Err(error) => return Err(error),
        };
        let nodes: Vec<ControllerNode> = envelope::data(&request.operation(), &body)?;
        let Some(list) = usable(&nodes, &session.controller, current.identity.controller_urls()) else {
            return Ok((Vec::new(), LOOK_AGAIN));
        };
        let addresses: Vec<&str> = list.iter().map(ControllerUrl::origin).collect();
        Ok((self.change_identity(call, |identity| identity.with_controllers(&addresses))?, LOOK_AGAIN))
    }
}

/// The controllers to know from now on, if that are others than before. What was known keeps its place in the order, and
/// the controller that answered is kept whatever the list says: it is reached where the others may not be. So is every
/// other one while a node is listed without any address, as nodes are that joined again in haste: it may be theirs.
fn usable(nodes: &[ControllerNode], answering: &ControllerUrl, known: &[ControllerUrl]) -> Option<Vec<ControllerUrl>> {
    let addresses = nodes.iter().filter_map(|node| node.api_addresses.get(CLIENT_API)).flatten();
    // A network names whole addresses; only people leave the scheme out.
    let whole = addresses.filter_map(|address| address.url.as_deref()).filter(|url| url.starts_with("https://"));
    let mut listed: Vec<ControllerUrl> = Vec::new();
    for url in whole.filter_map(|url| ControllerUrl::parse(url).ok()) {
        if !listed.contains(&url) && listed.len() < MAX_CONTROLLERS - 1 {
            listed.push(url);
        }
    }
    if listed.is_empty() {
        return None;
    }
    let is_whole = !nodes.iter().any(|node| node.api_addresses.is_empty());
    let is_gone = |url: &ControllerUrl| is_whole && url != answering && !listed.contains(url);
    let mut list: Vec<ControllerUrl> = known.iter().filter(|url| !is_gone(url)).cloned().collect();
    for url in listed {
        if !list.contains(&url) {
            list.push(url);
        }
    }
    list.truncate(MAX_CONTROLLERS);
    (list != known).then_some(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(host: &str) -> ControllerUrl {
        ControllerUrl::parse(&format!("https://{host}:1280")).unwrap()
    }

    fn nodes(addresses: &[&str]) -> Vec<ControllerNode> {
        let node = |address: &&str| {
            serde_json::json!({"id": "c", "apiAddresses": {"edge-client": [{"url": address, "version": "v1"}],
                "edge-oidc": [{"url": "https://oidc.test:1/oidc", "version": "v1"}]}})
        };
        let list: Vec<_> = addresses.iter().map(node).collect();
        envelope::data("GET /controllers", serde_json::json!({ "data": list }).to_string().as_bytes()).unwrap()
    }

    fn usable_of(addresses: &[&str], answering: &str, known: &[&str]) -> Option<Vec<String>> {
        let known: Vec<_> = known.iter().map(|host| url(host)).collect();
        let list = usable(&nodes(addresses), &url(answering), &known)?;
        Some(list.iter().map(|url| url.origin().trim_start_matches("https://").to_owned()).collect())
    }

    #[test]
    fn new_controllers_are_added_behind_those_that_are_known_and_gone_ones_go() {
        let list = ["https://c:1280/edge/client/v1", "https://a:1280/edge/client/v1"];
        assert_eq!(usable_of(&list, "a", &["a", "b"]).unwrap(), ["a:1280", "c:1280"]);
    }

    #[test]
    fn the_same_controllers_in_another_order_are_no_change() {
        assert_eq!(usable_of(&["https://b:1280", "https://a:1280/", "https://b:1280/x"], "a", &["a", "b"]), None);
    }

    #[test]
    fn a_list_of_which_nothing_can_be_used_changes_nothing() {
        for list in [&[][..], &["http://a:1280"], &["", "nonsense", "https://", "ftp://b:1", "https://u:p@b:1280"]] {
            assert_eq!(usable_of(list, "a", &["a", "b"]), None, "{list:?}");
        }
        let mut bare = nodes(&["https://b:1280"]);
        bare[0].api_addresses.clear();
        assert_eq!(usable(&bare, &url("a"), &[url("a")]), None);
    }

    #[test]
    fn the_controller_that_answered_is_kept_though_it_is_not_listed() {
        assert_eq!(usable_of(&["https://[::1]:1280"], "a", &["b", "a"]).unwrap(), ["a:1280", "[::1]:1280"]);
    }

    #[test]
    fn nobody_goes_while_a_node_is_listed_without_any_address() {
        let mut list = nodes(&["https://a:1280", "https://c:1280", "https://gone:1280"]);
        list[2].api_addresses.clear();
        let known = [url("a"), url("b")];
        assert_eq!(usable(&list, &url("a"), &known).unwrap(), [url("a"), url("b"), url("c")]);
        list.pop();
        assert_eq!(usable(&list, &url("a"), &known).unwrap(), [url("a"), url("c")]);
    }

    #[test]
    fn a_list_without_end_is_cut() {
        let many: Vec<String> = (0..300).map(|number| format!("https://n{number}:1280")).collect();
        let list = usable_of(&many.iter().map(String::as_str).collect::<Vec<_>>(), "a", &["a"]).unwrap();
        assert_eq!((list.len(), list[0].as_str()), (MAX_CONTROLLERS, "a:1280"));
    }
}
