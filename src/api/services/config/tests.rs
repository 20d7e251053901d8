use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::*;
use crate::wire::fields::tests::paths_of;

const HOST: &str = r#"{
    "protocol": "tcp", "forwardProtocol": true, "allowedProtocols": ["tcp", "udp"],
    "address": "10.0.0.1", "forwardAddress": true, "allowedAddresses": ["*.a.test"],
    "forwardAddressTranslations": [{"from": "10.0.0.0", "to": "10.1.0.0", "prefixLength": 16}],
    "port": 443, "forwardPort": true, "allowedPortRanges": [{"low": 1, "high": 1024}],
    "allowedSourceAddresses": ["10.2.0.0/16"],
    "portChecks": [{"address": "10.0.0.1:443", "interval": "5s", "timeout": "500ms",
        "actions": [{"trigger": "fail", "consecutiveEvents": 3, "duration": "10s", "action": "mark unhealthy"}]}],
    "httpChecks": [{"url": "https://a.test", "method": "PUT", "body": "b", "expectStatus": 204, "expectInBody": "ok",
        "interval": "1m", "timeout": "2s", "actions": [{"trigger": "pass", "action": "decrease cost 10"}]}],
    "listenOptions": {"bindUsingEdgeIdentity": true, "identity": "$tunneler_id.name", "connectTimeout": "5s",
        "connectTimeoutSeconds": 6, "cost": 65535, "precedence": "required", "maxConnections": 3},
    "proxy": {"type": "http", "address": "proxy.test:3128"}, "more": [{}]
}"#;

fn intercept(configs: &str) -> Result<Option<InterceptV1>, Error> {
    read("web", configs)
}

fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

#[test]
fn an_intercept_is_read_with_all_its_fields() {
    let config = intercept(
        r#"{"host.v1":{"port":1},"intercept.v1":{"protocols":["tcp","sctp"],"addresses":["*.a.test","10.0.0.0/8"],
            "portRanges":[{"low":0,"high":65535,"more":1}],"sourceIp":"$src_ip","more":{},
            "dialOptions":{"identity":"$dst_hostname","connectTimeoutSeconds":5},
            "allowedSourceAddresses":["10.1.0.0/16"]}}"#,
    );
    let config = config.unwrap().unwrap();
    assert_eq!(texts(&config.protocols), ["tcp", "sctp"]);
    assert_eq!(texts(&config.addresses), ["*.a.test", "10.0.0.0/8"]);
    assert_eq!(config.port_ranges, [PortRange { low: 0, high: 65535 }]);
    let dial = config.dial_options.unwrap();
    assert_eq!((dial.identity.as_deref(), dial.connect_timeout_seconds), (Some("$dst_hostname"), Some(5)));
    assert_eq!(config.source_ip.as_deref(), Some("$src_ip"));
    assert_eq!(texts(&config.allowed_source_addresses), ["10.1.0.0/16"]);
}

#[test]
fn a_host_is_read_with_all_its_fields() {
    let config: HostV1 = read("web", &format!(r#"{{"intercept.v1":{{}},"host.v1":{HOST}}}"#)).unwrap().unwrap();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!((&config.protocol, &config.address, config.port), (&text("tcp"), &text("10.0.0.1"), Some(443)));
    assert!(config.forward_protocol && config.forward_address && config.forward_port);
    assert_eq!(
        (texts(&config.allowed_protocols), texts(&config.allowed_addresses)),
        (vec!["tcp", "udp"], vec!["*.a.test"])
    );
    assert_eq!(config.allowed_port_ranges, [PortRange { low: 1, high: 1024 }]);
    assert_eq!(texts(&config.allowed_source_addresses), ["10.2.0.0/16"]);
    let translation = AddressTranslation { from: text("10.0.0.0"), to: text("10.1.0.0"), prefix_length: Some(16) };
    assert_eq!(config.forward_address_translations, [translation]);
    let actions = |check: &[CheckAction]| {
        check.iter().map(|action| (action.trigger.clone(), action.action.clone())).collect::<Vec<_>>()
    };
    let port = &config.port_checks[0];
    assert_eq!((&port.address, &port.interval, &port.timeout), (&text("10.0.0.1:443"), &text("5s"), &text("500ms")));
    assert_eq!(actions(&port.actions), [(text("fail"), text("mark unhealthy"))]);
    assert_eq!((port.actions[0].consecutive_events, &port.actions[0].duration), (Some(3), &text("10s")));
    let http = &config.http_checks[0];
    assert_eq!((&http.url, &http.method, &http.body), (&text("https://a.test"), &text("PUT"), &text("b")));
    assert_eq!((http.expect_status, &http.expect_in_body), (Some(204), &text("ok")));
    assert_eq!((&http.interval, &http.timeout), (&text("1m"), &text("2s")));
    assert_eq!(actions(&http.actions), [(text("pass"), text("decrease cost 10"))]);
    let listen = config.listen_options.unwrap();
    assert!(listen.bind_using_edge_identity);
    assert_eq!((listen.identity, listen.connect_timeout), (text("$tunneler_id.name"), text("5s")));
    assert_eq!((listen.connect_timeout_seconds, listen.cost, listen.max_connections), (Some(6), Some(65535), Some(3)));
    assert_eq!(listen.precedence, text("required"));
    assert_eq!(config.proxy, Some(HostProxy { kind: text("http"), address: text("proxy.test:3128") }));
}

#[test]
fn the_terminators_of_a_host_v2_are_read_like_a_host_v1() {
    let configs = format!(r#"{{"host.v1":{HOST},"host.v2":{{"terminators":[{{"port":1}},{HOST}]}}}}"#);
    let (one, two): (HostV1, HostV2) =
        (read("web", &configs).unwrap().unwrap(), read("web", &configs).unwrap().unwrap());
    assert_eq!(two.terminators, [HostV1 { port: Some(1), ..HostV1::default() }, one]);
}

#[test]
fn configs_of_old_tunnelers_are_read() {
    let configs = r#"{"ziti-tunneler-client.v1":{"hostname":"a.test","port":80},"ziti-tunneler-server.v1":
        {"protocol":"udp","hostname":"localhost","port":53,"portChecks":[{}],"httpChecks":[{"url":"u"},{}]}}"#;
    let client: TunnelerClientV1 = read("web", configs).unwrap().unwrap();
    assert_eq!((client.hostname.as_deref(), client.port), (Some("a.test"), Some(80)));
    let server: TunnelerServerV1 = read("web", configs).unwrap().unwrap();
    assert_eq!((server.protocol.as_deref(), server.hostname.as_deref()), (Some("udp"), Some("localhost")));
    assert_eq!((server.port, server.port_checks.len(), server.http_checks.len()), (Some(53), 1, 2));
}

#[test]
fn all_that_the_config_types_define_is_read() {
    let in_document: Value = serde_json::from_str(HOST).unwrap();
    let mut wanted = Vec::new();
    members(&in_document, "", &mut wanted);
    wanted.retain(|path| path != "more");
    wanted.sort();
    let mut read: Vec<String> = paths_of::<HostV1>().into_iter().collect();
    read.retain(|path| {
        !["consecutiveEvents", "duration"].iter().any(|rare| path == &format!("httpChecks[].actions[].{rare}"))
    });
    read.sort();
    assert_eq!(read, wanted);
}

fn members(value: &Value, path: &str, all: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                all.push(path.clone());
                members(value, &path, all);
            }
        }
        Value::Array(items) => items.iter().take(1).for_each(|item| members(item, &format!("{path}[]"), all)),
        _ => {}
    }
}

#[test]
fn absent_and_null_configs_are_none() {
    let others = r#"{"Intercept.v1":{},"intercept.v10":{},"intercept.v":{}}"#;
    for configs in ["{}", r#"{"host.v1":{}}"#, r#"{"intercept.v1":null}"#, others] {
        assert_eq!(intercept(configs).unwrap(), None, "{configs}");
        assert_eq!(raw("web", configs, "intercept.v1").unwrap(), None, "{configs}");
        assert_eq!(read_custom::<Value>("web", configs, "intercept.v1").unwrap(), None, "{configs}");
    }
}

#[test]
fn nulls_and_missing_fields_are_read_leniently() {
    for configs in [
        r#"{"intercept.v1":{}}"#,
        r#"{"intercept.v1":{"protocols":null,"addresses":null,"portRanges":null,"dialOptions":null}}"#,
    ] {
        assert_eq!(intercept(configs).unwrap(), Some(InterceptV1::default()), "{configs}");
    }
    let nulls: Map<String, Value> = serde_json::from_str::<Map<String, Value>>(HOST)
        .unwrap()
        .into_iter()
        .map(|(key, _)| (key, Value::Null))
        .collect();
    for host in [json!({}), Value::Object(nulls)] {
        let configs = json!({"host.v1": host}).to_string();
        assert_eq!(read("web", &configs).unwrap(), Some(HostV1::default()), "{configs}");
    }
}

#[test]
fn a_config_of_the_wrong_shape_names_service_and_place() {
    let deep = format!(r#"{{"intercept.v1":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    for (configs, place) in [
        (r#"{"intercept.v1":{"portRanges":[{"low":70000,"high":1}]}}"#, "at intercept.v1.portRanges[0].low: "),
        (r#"{"intercept.v1":{"portRanges":[{"low":-1,"high":1}]}}"#, "at intercept.v1.portRanges[0].low: "),
        (r#"{"intercept.v1":{"portRanges":[{"low":1}]}}"#, "at intercept.v1.portRanges[0].high: "),
        (r#"{"intercept.v1":[]}"#, "at intercept.v1: "),
        (deep.as_str(), "at intercept.v1: recursion limit"),
    ] {
        let message = intercept(configs).unwrap_err().to_string();
        assert!(message.contains("configs of service web") && message.contains(place), "{message}");
    }
}

#[test]
fn a_config_type_of_the_caller_is_read() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Greeting {
        texts: Vec<String>,
    }
    let read = |configs| read_custom::<Greeting>("web", configs, "greeting.v1");
    let configs = r#"{"greeting.v1": {"texts": ["hello"]} ,"intercept.v1":{}}"#;
    assert_eq!(read(configs).unwrap(), Some(Greeting { texts: vec!["hello".into()] }));
    assert_eq!(raw("web", configs, "greeting.v1").unwrap(), Some(r#"{"texts": ["hello"]}"#));
    for (configs, place) in [
        (r#"{"greeting.v1":{"texts":["a",7]}}"#, "at greeting.v1.texts[1]: invalid type: integer"),
        (r#"{"greeting.v1":{}}"#, "at greeting.v1: missing field `texts`"),
        (r#"{"greeting.v1":7}"#, "at greeting.v1: invalid type: integer"),
    ] {
        let message = read(configs).unwrap_err().to_string();
        assert!(message.contains("configs of service web") && message.contains(place), "{message}");
    }
}
