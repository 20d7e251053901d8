//! What the controller tells of itself and of its network.

use serde_json::{Value, json};

use super::Call;
use super::routes::Route;
use crate::answers::{Answer, Refusal};
use crate::clock;
use crate::listed_controllers::ListedController;
use crate::manners::Version;
use crate::page::Query;
use crate::random;

const YAML: &str = "text/yaml";
const SPECS: [&str; 2] = ["edge-client", "edge-management"];

pub(super) const ROUTES: &[Route] = &[
    Route::get(&["specs"], "listSpecs", |call, _| call.specs()),
    Route::get(&["specs", "{id}"], "detailSpec", |call, id| call.spec(id)),
    Route::get(&["specs", "{id}", "spec"], "detailSpecBody", |call, id| call.spec_body(id)),
    // The API document has no name for it.
    Route::get(&["swagger.json"], "swagger", |call, _| Ok(call.api_document("edge-client", true))),
    Route::get(&["protocols"], "listProtocols", |call, _| call.protocols()),
    Route::get(&["controllers"], "listControllers", |call, _| call.controllers()).on_both(),
    Route::get(&["network-jwts"], "listNetworkJWTs", |call, _| call.network_tokens()).on_both(),
    Route::get(&["enumerated-capabilities"], "listEnumeratedCapabilities", |call, _| call.capabilities()),
];

impl Call<'_> {
    /// Only the one for clients is listed; the other is there, too.
    fn specs(&self) -> Result<Answer, Refusal> {
        Ok(Answer::data(&[self.spec_document(SPECS[0])]))
    }

    fn spec(&self, id: &str) -> Result<Answer, Refusal> {
        let id = known_spec(id)?;
        Ok(Answer::data(&self.spec_document(id)))
    }

    /// JSON for who asks for it, YAML for everybody else.
    fn spec_body(&self, id: &str) -> Result<Answer, Refusal> {
        let id = known_spec(id)?;
        let accept = self.request.header("accept").unwrap_or_default();
        Ok(self.api_document(id, accept.contains("application/json")))
    }

    /// An API document that is one, but says nothing of what there is: nobody reads it to find out.
    fn api_document(&self, id: &str, as_json: bool) -> Answer {
        let base = format!("/{}/v1", id.replace('-', "/"));
        let answer = if as_json {
            let info = json!({"title": id, "version": "0.0.1"});
            Answer::json(200, &json!({"swagger": "2.0", "basePath": base, "info": info, "paths": {}}))
        } else {
            let text = format!(
                "swagger: \"2.0\"\nbasePath: {base}\ninfo:\n    title: {id}\n    version: 0.0.1\npaths: {{}}\n"
            );
            Answer::new(200, YAML, text)
        };
        Answer { chunked: true, ..answer }
    }

    fn spec_document(&self, id: &str) -> Value {
        let started = clock::json(self.shared.started);
        json!({
            "_links": {
                "self": {"href": format!("./specs/{id}")},
                "spec": {"href": format!("./specs/{id}/spec")},
            },
            "createdAt": started,
            "id": id,
            "tags": {},
            "updatedAt": started,
            "name": id,
        })
    }

    fn protocols(&self) -> Result<Answer, Refusal> {
        Ok(Answer::data(&json!({"https": {"address": self.shared.settings.authority}})))
    }

    /// Before 2.0 a controller on its own lists none.
    fn controllers(&self) -> Result<Answer, Refusal> {
        self.in_session(|_| {
            let query = Query::parse(self.request, self.manners())?;
            let told = self.state().controllers.clone();
            let controllers = told.unwrap_or_else(|| match self.manners() {
                Version::V1_3 | Version::V1_6 => Vec::new(),
                Version::V2_0 => vec![self.itself()],
            });
            let show = |controller: &ListedController| controller.document(self.shared.started);
            Ok(query.page(controllers.iter(), show))
        })
    }

    /// The only controller of its network.
    fn itself(&self) -> ListedController {
        ListedController {
            name: "testkit".to_owned(),
            url: self.shared.url(),
            certificate: self.shared.pki.leaf.der().to_vec(),
            is_online: true,
        }
    }

    fn network_tokens(&self) -> Result<Answer, Refusal> {
        let url = format!("{}/", self.shared.url());
        let claims = json!({
            "iss": url,
            "sub": url,
            "aud": ["openziti-enroller"],
            "jti": random::uuid(),
            "em": "network",
            "ctrls": null,
        });
        let token = self.shared.pki.token(&claims);
        Ok(Answer::data(&[json!({"name": "default", "token": token})]))
    }

    /// All words there are, not those that hold for this controller.
    fn capabilities(&self) -> Result<Answer, Refusal> {
        Ok(Answer::data(&["OIDC_AUTH", "HA_CONTROLLER"]))
    }
}

fn known_spec(id: &str) -> Result<&'static str, Refusal> {
    SPECS.into_iter().find(|known| *known == id).ok_or_else(Refusal::nothing_there)
}
