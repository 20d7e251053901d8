//! What happened beside the recorded requests, and what their answers are needed for later.

use ziti_edge_testkit::EdgeRouter;

use super::Stage;
use super::exchange::Exchange;
use crate::wire::Answer;

impl Stage {
    /// Does what happened at the recorded controller before this request came.
    pub(super) fn cue(&self, exchange: &Exchange) {
        let routers = if exchange.purpose.starts_with("no shared edge router") {
            Vec::new()
        } else {
            vec![EdgeRouter::named("router-1")]
        };
        self.controller.set_edge_routers(routers);
        if ["after mfa enrolment was verified", "after mfa passed"].contains(&exchange.purpose.as_str()) {
            self.controller.pass_mfa(&self.tokens[exchange.header("zt-session").unwrap()]);
        }
    }

    /// Later requests name what this one made.
    pub(super) fn learn(&mut self, exchange: &Exchange, answer: &Answer) {
        if !exchange.is("createSession") || exchange.status != 201 || answer.status != 201 {
            return;
        }
        let (recorded, own) = (exchange.json().unwrap(), answer.json());
        for name in ["id", "token"] {
            let text = |document: &serde_json::Value| document["data"][name].as_str().unwrap().to_owned();
            self.tokens.insert(text(&recorded), text(&own));
        }
    }
}
