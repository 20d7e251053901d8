//! What a device tells about itself.

use ziti_edge_client::api::posture::PostureResponse;

use super::Call;

fn domain() -> PostureResponse {
    PostureResponse::Domain { id: "query".to_owned(), domain: "corp.example.test".to_owned() }
}

pub(super) const CALLS: &[Call] = &[
    Call::new("client createPostureResponse", |scene| {
        let answer = scene.client.posture().submit(&domain())?;
        assert_eq!(answer.services, []);
        Ok(())
    })
    .body(r#"{"typeId":"DOMAIN","id":"query","domain":"corp.example.test"}"#),
    Call::new("client createPostureResponseBulk", |scene| {
        let answer = scene.client.posture().submit_bulk(&[domain(), domain()])?;
        assert_eq!(answer.services, []);
        Ok(())
    })
    .body(r#"[{"typeId":"DOMAIN",*},{"typeId":"DOMAIN",*}]"#),
];
