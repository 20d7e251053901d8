//! What all lists but that of services have in common, shown on one that needs no login.

use std::thread::sleep;
use std::time::Duration;

use ziti_edge_client::api::authentication::ExternalJwtSigner;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::{Client, Error};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::support::{answer, builder, client, controller, page};

const LIST: Operation = Operation::Named("listExternalJwtSigners");

/// A controller that answers with these pages, one after the other.
fn paging(pages: impl IntoIterator<Item = Fault>) -> TestController {
    let controller = controller(Version::V2_0, 0);
    pages.into_iter().for_each(|page| controller.fault_times(LIST, page, 1));
    controller
}

/// All rows, by the one way and by the other.
type AllRows = fn(&Client, &ListQuery) -> Result<Vec<ExternalJwtSigner>, Error>;

const WAYS: [AllRows; 2] = [
    |client, query| client.external_jwt_signers().list(query).map(|list| list.into_vec()),
    |client, query| client.external_jwt_signers().iter(query)?.collect(),
];

fn ids(rows: Vec<ExternalJwtSigner>) -> Vec<String> {
    rows.into_iter().map(|row| row.id).collect()
}

#[test]
fn rows_that_move_come_once_and_none_is_lost() {
    for all in WAYS {
        // A row went away after the first page, and came back.
        let first = [page(0..3, 0, 6), page(2..5, 3, 6)];
        let controller = paging(first.into_iter().chain([page(0..3, 0, 6), page(3..6, 3, 6)]));
        let rows = ids(all(&client(&controller), &ListQuery::new()).unwrap());
        assert_eq!(rows, ["00000", "00001", "00002", "00003", "00004", "00005"]);
        assert_eq!(controller.count(LIST), 4);
    }
}

#[test]
fn what_the_filter_cuts_out_is_one_request() {
    let query = ListQuery::new().filter("true limit 2");
    for all in WAYS {
        let controller = paging([page(0..2, 0, 9)]);
        assert_eq!(ids(all(&client(&controller), &query).unwrap()), ["00000", "00001"]);
        let requests = controller.requests();
        let last = requests.last().unwrap();
        assert_eq!((controller.count(LIST), last.query.as_str()), (1, "limit=-1&offset=0&filter=true%20limit%202"));
    }
    let controller = paging([page(0..2, 0, 9)]);
    let list = client(&controller).external_jwt_signers().list(&query).unwrap();
    assert_eq!((list.len(), list.total()), (2, 9), "what the filter would find without its limit");
}

#[test]
fn more_rows_than_allowed_are_an_error() {
    let too_many = |result: Result<(), Error>| {
        let error = result.unwrap_err();
        assert!(matches!(&error, Error::InvalidArgument(text) if text.contains("3 rows, more than max_rows (2)")));
    };
    let query = ListQuery::new();
    for all in WAYS {
        let controller = paging([page(0..2, 0, 3)]);
        too_many(all(&builder(&controller).max_rows(2).build().unwrap(), &query).map(drop));
        assert_eq!(controller.count(LIST), 1, "the first page tells how many there are");
    }
    for query in [ListQuery::new(), ListQuery::new().filter("true limit 3")] {
        let controller = paging([page(0..3, 0, 3)]);
        let client = builder(&controller).max_rows(2).build().unwrap();
        too_many(client.external_jwt_signers().page(&query).map(drop));
    }
    let controller = paging([page(0..3, 0, 3)]);
    let client = builder(&controller).max_rows(2).build().unwrap();
    too_many(client.external_jwt_signers().list(&ListQuery::new().filter("true limit 3")).map(drop));
}

#[test]
fn an_error_is_the_last_thing_that_comes() {
    for refusal in [Fault::Status(500), answer(200, r#"{"data":[{}]}"#)] {
        let controller = paging([page(0..2, 0, 4), refusal]);
        let client = client(&controller);
        let mut rows = client.external_jwt_signers().iter(&ListQuery::new()).unwrap();
        assert_eq!(rows.next().unwrap().unwrap().id, "00000");
        assert_eq!(rows.next().unwrap().unwrap().id, "00001");
        assert!(matches!(rows.next(), Some(Err(Error::Api(_) | Error::Decode { .. }))));
        assert!(rows.next().is_none() && rows.next().is_none());
        assert_eq!(controller.count(LIST), 2);
    }
}

#[test]
fn each_page_of_rows_has_a_time_limit_of_its_own() {
    let controller = paging([page(0..1, 0, 2), page(1..2, 1, 2)]);
    let client = builder(&controller).timeout(Duration::from_secs(1)).build().unwrap();
    let mut rows = client.external_jwt_signers().iter(&ListQuery::new()).unwrap();
    assert_eq!(rows.next().unwrap().unwrap().id, "00000");
    sleep(Duration::from_millis(1100));
    assert_eq!(rows.next().unwrap().unwrap().id, "00001");
    assert!(rows.next().is_none());
}
