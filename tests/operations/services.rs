//! Services: one by one, what is asked of the device, and what changed.

mod changes;
mod posture;

use std::time::Duration;

use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::api::services::{OwnedService, ServiceQuery};
use ziti_edge_client::{CancelToken, Client, Error};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::support::{client, controller, page, start};

fn one_by_one(client: &Client) -> Result<Vec<OwnedService>, Error> {
    client.services().iter(&ServiceQuery::new())?.collect()
}

#[test]
fn services_come_one_by_one_however_many_there_are() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = client(&controller);
        for count in [0, 1, 500, 501, 1200] {
            controller.set_services(count);
            let mut ids: Vec<String> =
                one_by_one(&client).unwrap().iter().map(|service| service.view().id().to_owned()).collect();
            ids.sort_unstable();
            assert_eq!(ids, controller.service_ids(), "{version:?}");
        }
    }
}

#[test]
fn a_service_that_comes_alone_says_the_same_as_in_a_list() {
    let controller = controller(Version::V2_0, 3);
    let client = client(&controller);
    let list = client.services().list(&ServiceQuery::new()).unwrap();
    for (alone, listed) in one_by_one(&client).unwrap().iter().zip(&list) {
        let alone = alone.view();
        assert_eq!((alone.id(), alone.name()), (listed.id(), listed.name()));
        assert_eq!(alone.config_json(), listed.config_json());
        assert!(alone.config_ids().eq(listed.config_ids()) && alone.permissions().eq(listed.permissions()));
    }
}

#[test]
fn rows_that_move_while_they_are_taken_come_once() {
    let controller = start(TestController::builder().services(3000).gzip(false));
    let before = controller.service_ids();
    controller.move_rows_while_paging(true);
    let services = one_by_one(&client(&controller)).unwrap();
    let mut ids: Vec<&str> = services.iter().map(|service| service.view().id()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), services.len(), "no row comes twice");
    let after = controller.service_ids();
    let mut stayed = before.iter().filter(|id| after.binary_search(id).is_ok());
    assert!(stayed.all(|id| ids.binary_search(&id.as_str()).is_ok()));
}

#[test]
fn the_first_error_is_the_last_that_comes() {
    let controller = controller(Version::V2_0, 600);
    let client = client(&controller);
    client.authenticate().unwrap();
    let mut services = client.services().iter(&ServiceQuery::new()).unwrap();
    assert_eq!(services.by_ref().take(500).filter_map(Result::ok).count(), 500);
    controller.fault(Operation::Services, Fault::Status(500));
    let Some(Err(Error::Api(answer))) = services.next() else { panic!("an error was due") };
    assert_eq!(answer.status, 500);
    assert!(services.next().is_none());
    let mut sessions = client.sessions().iter(&ListQuery::new()).unwrap();
    controller.fault(Operation::Named("listSessions"), Fault::Status(500));
    assert!(matches!(sessions.next(), Some(Err(Error::Api(_)))));
    assert!(sessions.next().is_none());
}

#[test]
fn what_a_filter_cuts_out_comes_in_one_page() {
    let controller = controller(Version::V2_0, 0);
    let client = client(&controller);
    let cut_out = page(1..3, 1, 24);
    controller.fault_times(Operation::Services, cut_out.clone(), 1);
    let services = client.services().iter(&ServiceQuery::new().filter("true skip 1 limit 2")).unwrap();
    assert_eq!(services.filter_map(Result::ok).count(), 2);
    let operation = Operation::Named("listExternalJwtSigners");
    controller.fault_times(operation, cut_out, 1);
    let signers = client.external_jwt_signers().iter(&ListQuery::new().filter("true skip 1 limit 2")).unwrap();
    let ids: Result<Vec<_>, _> = signers.map(|signer| signer.map(|signer| signer.id)).collect();
    assert_eq!((ids.unwrap(), controller.count(operation)), (vec!["00001".to_owned(), "00002".to_owned()], 1));
}

#[test]
fn each_page_has_a_time_limit_of_its_own_and_can_be_canceled() {
    let controller = controller(Version::V2_0, 600);
    let cancel = CancelToken::new();
    let client = client(&controller).with_timeout(Duration::from_secs(2)).with_cancel(&cancel);
    let mut services = client.services().iter(&ServiceQuery::new()).unwrap();
    assert_eq!(services.by_ref().take(500).filter_map(Result::ok).count(), 500);
    cancel.cancel();
    assert!(matches!(services.next(), Some(Err(Error::Canceled { .. }))));
    assert!(services.next().is_none());
}

#[test]
fn a_login_that_expired_between_two_pages_is_made_again() {
    let controller = controller(Version::V1_6, 600);
    let client = client(&controller);
    let mut services = client.services().iter(&ServiceQuery::new()).unwrap();
    services.next().unwrap().unwrap();
    controller.expire_sessions();
    assert_eq!(services.filter_map(Result::ok).count(), 599);
    assert_eq!(controller.count(Operation::Authenticate), 2);
}
