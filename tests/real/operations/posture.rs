//! What a device tells about itself.

use ziti_edge_client::api::posture::PostureResponse;

use super::Call;
use crate::posture::{Guarded, domain, passes};

fn in_domain(check: &str) -> PostureResponse {
    PostureResponse::Domain { id: check.to_owned(), domain: "corp.test".to_owned() }
}

pub(super) const CALLS: &[Call] = &[
    Call::new("client createPostureResponse", |network| {
        let member = network.enroll();
        let guarded = Guarded::new(network, &member, &domain());
        let client = network.client(&member.identity);
        assert!(!passes(&client, &guarded));
        client.posture().submit(&in_domain(&guarded.check))?;
        assert!(passes(&client, &guarded));
        Ok(())
    }),
    Call::new("client createPostureResponseBulk", |network| {
        let member = network.enroll();
        let guarded = [domain(), domain()].map(|check| Guarded::new(network, &member, &check));
        let client = network.client(&member.identity);
        let answers: Vec<_> = guarded.iter().map(|guarded| in_domain(&guarded.check)).collect();
        client.posture().submit_bulk(&answers)?;
        assert!(guarded.iter().all(|guarded| passes(&client, guarded)));
        Ok(())
    }),
];
