//! What of a service counts when it is compared with itself at another time.

use serde_json::Value;

use crate::api::services::{Field, List, Service};
use crate::wire::page::Fingerprints;

/// Longer posture queries are taken as they are: to sort them takes many times their length.
const MOST_SORTED: usize = 256 * 1024;

/// Makes a hash of all that counts.
#[derive(Default)]
pub(super) struct Prints(Fingerprints);

impl Prints {
    pub(super) fn of(&self, service: Service<'_>) -> [u64; 2] {
        let texts = [
            Field::Id,
            Field::Name,
            Field::CreatedAt,
            Field::UpdatedAt,
            Field::TerminatorStrategy,
            Field::ConfigJson,
            Field::TagsJson,
        ];
        let texts = texts.map(|field| service.text(field));
        let words = [List::Permissions, List::RoleAttributes, List::ConfigIds].map(|list| sorted(service, list));
        let rest = (service.encryption_required(), service.max_idle_time_millis());
        self.0.of((texts, words, rest, posture(service.posture_queries_json())))
    }
}

/// Words come in any order.
fn sorted(service: Service<'_>, list: List) -> Vec<&str> {
    let mut words: Vec<&str> = service.list_with_nuls(list).split_terminator('\0').collect();
    words.sort_unstable();
    words
}

/// The posture queries without what is another number in each answer, and in an order of our own: controllers send them
/// in a random one.
fn posture(queries: &str) -> String {
    let sets = (queries.len() <= MOST_SORTED).then(|| serde_json::from_str(queries).ok()).flatten();
    let Some(Value::Array(mut sets)) = sets else { return queries.to_owned() };
    for set in &mut sets {
        let Some(queries) = set.get_mut("postureQueries").and_then(Value::as_array_mut) else { continue };
        for query in queries.iter_mut().filter_map(Value::as_object_mut) {
            query.remove("timeoutRemaining");
            query.remove("timeoutAt");
        }
        queries.sort_by_cached_key(Value::to_string);
    }
    sets.sort_by_cached_key(Value::to_string);
    Value::Array(sets).to_string()
}
