//! What of the management API is not also that of clients: enough to tell administrators from others.

use serde_json::{Value, json};

use super::Call;
use super::routes::Route;
use crate::answers::{Answer, Refusal};
use crate::filter::Listed;
use crate::page::Query;
use crate::state::Identity;

pub(super) const ROUTES: &[Route] =
    &[Route::get(&["identities"], "listIdentities", |call, _| call.identities()).on_management()];

impl Call<'_> {
    /// For administrators. Rows hold no more than ids, names and what somebody may do.
    fn identities(&self) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            self.with_identity(session, |own| if own.admin { Ok(()) } else { Err(Refusal::unauthorized()) })?;
            let query = Query::parse(self.request, self.manners())?;
            let show = |identity: &Identity| {
                json!({
                    "_links": {"self": {"href": format!("./identities/{}", identity.id)}},
                    "id": identity.id,
                    "name": identity.name,
                    "isAdmin": identity.admin,
                    "disabled": identity.disabled,
                    "externalId": identity.external_id,
                })
            };
            Ok(query.page(self.state().identities.iter(), show))
        })
    }
}

impl Listed for Identity {
    const FIELDS: &'static [&'static str] = &["id", "name", "isAdmin", "externalId"];

    fn value(&self, field: &str) -> Value {
        match field {
            "id" => self.id.as_str().into(),
            "name" => self.name.as_str().into(),
            "isAdmin" => self.admin.into(),
            _ => self.external_id.as_deref().into(),
        }
    }
}
