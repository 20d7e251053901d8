use super::*;

#[test]
fn an_id_becomes_one_path_segment() {
    assert_eq!(entity_path("/services", "a/b?c").unwrap(), "/services/a%2Fb%3Fc");
    for id in ["", ".", ".."] {
        assert!(entity_path("/services", id).is_err(), "{id}");
    }
}

#[test]
fn a_body_is_whole_however_often_it_has_to_grow() {
    let texts: Vec<String> = (0..100).map(|n| "x".repeat(n * n % 1000)).collect();
    assert_eq!(*Body::json(&texts).bytes, serde_json::to_vec(&texts).unwrap());
}

#[test]
fn a_form_is_escaped_and_whole_however_long() {
    let body = Body::form(&[("code", "a b+c&d=é/"), ("empty", "")]);
    assert_eq!(*body.bytes, *b"code=a%20b%2Bc%26d%3D%C3%A9%2F&empty=");
    assert_eq!(body.media_type, "application/x-www-form-urlencoded");
    assert!(Body::form(&[]).bytes.is_empty());
    let token = "x".repeat(20_000);
    assert_eq!(*Body::form(&[("token", &token)]).bytes, *format!("token={token}").as_bytes());
}

#[test]
fn a_query_is_shown_unless_it_may_hold_anything() {
    let request = Request::get("/a").query("b", "c d").secret_query("token", &Secret::new("canary"));
    assert_eq!(request.to_string(), "GET /a?b=c%20d&token=***");
    assert_eq!(Request::get("/a").query("b", "canary").with_hidden_query().to_string(), "GET /a?***");
    assert_eq!(Request::get("/a").with_hidden_query().to_string(), "GET /a");
}

#[test]
fn methods_are_known_by_their_words() {
    for method in METHODS {
        assert_eq!(method.to_string().parse::<Method>().unwrap(), method);
    }
    let message = "get".parse::<Method>().unwrap_err().to_string();
    assert_eq!(message, "method \"get\": expected GET, POST, PUT, PATCH or DELETE");
    assert!("x".repeat(1_000_000).parse::<Method>().unwrap_err().to_string().len() < 200);
}

#[test]
fn an_id_without_end_is_refused_and_not_repeated() {
    let message = entity_path("/services", &"x".repeat(1_000_000)).unwrap_err().to_string();
    assert_eq!(message, "id for /services: 1000000 bytes are too long for an id");
}

#[test]
fn a_body_of_any_length_is_whole() {
    for length in [0, 100, 254, 255, 1000, 100_000] {
        let text = "x".repeat(length);
        assert_eq!(*Body::json(&[&text, &text]).bytes, *format!(r#"["{text}","{text}"]"#).as_bytes(), "{length}");
    }
}
