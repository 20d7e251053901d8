//! Services from C.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use ziti_edge_testkit::{Fault, Operation, Permission, Policy, ServiceSpec, TestController, Version};

use crate::scene::{enrolled, told};
use crate::support::{Linking, command, compile};

/// Runs a program of tests/c in a folder with an identity of the controller.
fn run(controller: &TestController, name: &str, arguments: &[&str]) {
    let folder = enrolled(controller);
    let program = compile(&format!("tests/c/{name}.c"), "c99", Linking::Shared, folder.path());
    let output = command(program).arg("identity.json").args(arguments).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", told(&output));
}

#[test]
fn services_come_one_by_one_and_are_not_changed() {
    let controller = TestController::builder().oidc(false).services(3).start().unwrap();
    run(&controller, "calls_services", &[]);
    let requests = controller.requests();
    let bodies = |method: &str| {
        let sent = requests.iter().filter(|request| request.method == method && request.path.ends_with("/services/id"));
        sent.map(|request| String::from_utf8(request.body.clone()).unwrap()).collect::<Vec<_>>()
    };
    let nothing =
        r#"{"name":"web","configs":[],"encryptionRequired":false,"maxIdleTimeMillis":0,"roleAttributes":[],"tags":{}}"#;
    let all = concat!(
        r#"{"name":"web","configs":["c1","c2"],"encryptionRequired":true"#,
        r#","maxIdleTimeMillis":5000,"roleAttributes":["r"],"tags":{"k":[1]},"terminatorStrategy":"random"}"#
    );
    assert_eq!(bodies("PUT"), [nothing, all]);
    let some = r#"{"configs":[],"encryptionRequired":false,"maxIdleTimeMillis":0,"roleAttributes":[]}"#;
    let all = concat!(
        r#"{"name":"web","configs":[],"encryptionRequired":true"#,
        r#","maxIdleTimeMillis":0,"roleAttributes":["r"],"tags":{},"terminatorStrategy":"random"}"#
    );
    assert_eq!(bodies("PATCH"), ["{}", some, all]);
    assert_eq!(bodies("DELETE"), [""]);
    let roles = "limit=500&offset=0&sort=name%20desc&roleFilter=%23testkit&roleSemantic=AnyOf";
    assert!(requests.iter().any(|request| request.query == roles), "{requests:?}");
}

#[test]
fn what_a_controller_refuses_is_an_error() {
    let controller = TestController::builder().oidc(false).services(3).version(Version::V1_3).start().unwrap();
    controller.fault(Operation::Services, Fault::Status(500));
    controller.fault(Operation::Named("listServiceUpdates"), Fault::Status(500));
    run(&controller, "calls_services", &["refused"]);
}

#[test]
fn all_pages_that_are_shown_one_by_one_have_one_time_limit() {
    let controller = TestController::builder().oidc(false).services(1500).start().unwrap();
    controller.fault(Operation::Services, Fault::Late(Duration::from_millis(500)));
    run(&controller, "calls_services", &["late"]);
}

fn host() -> Value {
    json!({"forwardProtocol": true, "allowedProtocols": ["tcp"], "forwardAddress": true, "allowedAddresses": ["a.test"],
        "forwardAddressTranslations": [{"from": "10.0.0.0", "to": "10.1.0.0", "prefixLength": 16}],
        "forwardPort": true, "allowedPortRanges": [{"low": 1, "high": 1024}], "portChecks": [port_check()],
        "httpChecks": [http_check()], "allowedSourceAddresses": ["10.2.0.0/16"],
        "listenOptions": {"bindUsingEdgeIdentity": true, "identity": "me", "connectTimeout": "5s", "cost": 7,
            "connectTimeoutSeconds": 6, "precedence": "required", "maxConnections": 3},
        "proxy": {"type": "http", "address": "p:1"}})
}

fn port_check() -> Value {
    let action = json!({"trigger": "fail", "consecutiveEvents": 3, "duration": "10s", "action": "mark unhealthy"});
    json!({"address": "a:1", "interval": "5s", "timeout": "500ms", "actions": [action]})
}

fn http_check() -> Value {
    json!({"url": "https://a", "method": "PUT", "body": "b", "expectStatus": 204, "expectInBody": "ok"})
}

fn full() -> ServiceSpec {
    let intercept = json!({"protocols": ["tcp", "udp"], "addresses": ["*.a.test"], "sourceIp": "$src_ip",
        "portRanges": [{"low": 80, "high": 65535}], "allowedSourceAddresses": ["10.0.0.0/8"],
        "dialOptions": {"identity": "$dst_hostname", "connectTimeoutSeconds": 5}});
    let configs = [
        ("intercept.v1", intercept),
        ("host.v1", host()),
        ("host.v2", json!({"terminators": [host(), {"protocol": "tcp", "address": "10.0.0.1", "port": 443}]})),
        ("ziti-tunneler-client.v1", json!({"hostname": "a.test", "port": 80})),
        (
            "ziti-tunneler-server.v1",
            json!({"protocol": "udp", "hostname": "localhost", "port": 53, "portChecks": [port_check()],
                "httpChecks": [http_check()]}),
        ),
    ];
    let mfa = json!({"id": "m", "queryType": "MFA", "isPassing": false, "timeout": 600, "timeoutRemaining": 0,
        "timeoutAt": "2026-11-22T06:54:05.645Z", "promptOnWake": true, "promptOnUnlock": true, "tags": {"k": 1},
        "promptGracePeriodSeconds": 9, "createdAt": "2026-11-22T06:53:43.755Z"});
    let process = json!({"id": "p", "queryType": "PROCESS", "isPassing": true, "timeout": -1, "timeoutRemaining": -1,
        "process": {"osType": "Linux", "path": "/usr/bin/agent"}, "processes": [{"osType": "Linux"}]});
    service("full", configs.to_vec(), vec![mfa, process])
}

fn service(name: &str, configs: Vec<(&str, Value)>, posture_queries: Vec<Value>) -> ServiceSpec {
    ServiceSpec {
        name: name.to_owned(),
        configs: configs.into_iter().map(|(name, config)| (name.to_owned(), config)).collect(),
        policies: vec![Policy { posture_queries, ..Policy::everybody(Permission::Dial) }],
        ..ServiceSpec::default()
    }
}

#[test]
fn configs_and_posture_are_read() {
    let controller = TestController::builder().oidc(false).start().unwrap();
    controller.add_service(full());
    controller.add_service(service("bare", Vec::new(), Vec::new()));
    let broken = [
        ("intercept.v1", json!({"protocols": 7})),
        ("host.v1", json!({"port": 65536})),
        ("host.v2", json!({"terminators": [7]})),
        ("ziti-tunneler-client.v1", json!([])),
        ("ziti-tunneler-server.v1", json!({"portChecks": {}})),
        ("greeting.v1", json!({"text": "hello"})),
    ];
    controller.add_service(service("broken", broken.to_vec(), vec![json!({"id": 7, "isPassing": true})]));
    run(&controller, "calls_configs", &[]);
}

#[test]
fn a_watch_tells_what_changed() {
    let controller = TestController::builder().oidc(false).services(2).start().unwrap();
    let folder = enrolled(&controller);
    let program = compile("tests/c/calls_service_watch.c", "c99", Linking::Shared, folder.path());
    let mut command = command(program);
    command.arg("identity.json").current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut steps = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut poll = || {
        steps.write_all(b"poll\n").unwrap();
        lines.next().expect("the program answers each line").unwrap()
    };
    assert_eq!(poll(), "+svc-00001 +svc-00002 ");
    assert_eq!(poll(), "");
    let id = controller.add_service(service("web", Vec::new(), Vec::new()));
    assert_eq!(poll(), "+web ");
    let tagged = ServiceSpec { id: Some(id), tags: json!({"k": 1}), ..service("web", Vec::new(), Vec::new()) };
    let id = controller.add_service(tagged);
    assert_eq!(poll(), "~web ");
    controller.remove_service(&id);
    assert_eq!(poll(), "-web ");
    controller.expire_sessions();
    assert_eq!(poll(), "");
    drop(steps);
    assert!(child.wait().unwrap().success());
}
