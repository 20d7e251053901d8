use std::ops::Range;

use super::*;

fn page(offset: u64, total: u64) -> Pagination {
    Pagination { offset: Some(offset), total_count: Some(total) }
}

/// Walks through what `answer` gives for an offset, and returns the ids in the order they were kept.
fn walk(max_rows: u64, mut answer: impl FnMut(u64) -> (Vec<u64>, Pagination)) -> Result<(Vec<u64>, Vec<u64>), Error> {
    let mut pager = Pager::new("GET /things".to_owned(), max_rows);
    let (mut kept, mut asked) = (Vec::new(), Vec::new());
    while let Some(offset) = pager.next_offset() {
        asked.push(offset);
        assert!(asked.len() <= 20_000, "the walk does not end");
        let (ids, pagination) = answer(offset);
        kept.extend(ids.iter().copied().filter(|id| pager.is_new(&id.to_string())));
        pager.page_read(ids.len() as u64, 100, &pagination)?;
    }
    Ok((kept, asked))
}

/// A page of at most three of `ids`.
fn three_of(ids: &[u64], offset: u64) -> (Vec<u64>, Pagination) {
    (ids.iter().copied().skip(offset as usize).take(3).collect(), page(offset, ids.len() as u64))
}

fn sorted(mut ids: Vec<u64>) -> Vec<u64> {
    ids.sort_unstable();
    ids
}

fn all(range: Range<u64>) -> Vec<u64> {
    range.collect()
}

#[test]
fn a_list_that_stays_is_read_once() {
    for (rows, offsets) in
        [(0, vec![0]), (1, vec![0]), (3, vec![0]), (4, vec![0, 3]), (6, vec![0, 3]), (7, vec![0, 3, 6])]
    {
        let ids = all(0..rows);
        assert_eq!(walk(100, |offset| three_of(&ids, offset)).unwrap(), (ids.clone(), offsets));
    }
}

#[test]
fn a_list_that_grows_is_complete() {
    let mut ids = all(10..20);
    let (kept, _) = walk(100, |offset| {
        if offset == 3 && ids.len() == 10 {
            ids.insert(0, 1);
        }
        three_of(&ids, offset)
    })
    .unwrap();
    assert_eq!(sorted(kept), ids, "the new row at the front is found in the second pass");
}

#[test]
fn a_row_that_slips_past_when_others_go_is_found() {
    let mut ids = all(0..10);
    let (kept, asked) = walk(100, |offset| {
        if offset == 3 && ids.len() == 10 {
            ids.remove(0);
        }
        three_of(&ids, offset)
    })
    .unwrap();
    assert_eq!(sorted(kept), all(0..10), "row 3 moved from the second page to the first");
    assert_eq!(asked, [0, 3, 6, 0, 3, 6], "one more pass, which shows no change");
}

#[test]
fn a_row_that_moves_to_a_later_page_comes_once() {
    let mut ids = all(0..9);
    let (kept, _) = walk(100, |offset| {
        if offset == 3 && ids[0] == 0 {
            let first = ids.remove(0);
            ids.push(first);
        }
        three_of(&ids, offset)
    })
    .unwrap();
    assert_eq!(sorted(kept), all(0..9));
}

#[test]
fn a_list_that_never_rests_ends_after_three_passes() {
    let mut total = 9;
    let (kept, asked) = walk(10_000, |offset| {
        total += 1;
        ((offset..offset + 3).collect(), page(offset, total))
    })
    .unwrap();
    assert_eq!(asked.iter().filter(|&&offset| offset == 0).count(), 3);
    let distinct: HashSet<_> = kept.iter().collect();
    assert_eq!(distinct.len(), kept.len());
}

#[test]
fn an_empty_page_ends_a_pass_though_more_rows_are_promised() {
    let (kept, asked) = walk(100, |offset| (Vec::new(), page(offset, 50))).unwrap();
    assert_eq!((kept.len(), asked), (0, vec![0, 0, 0]));
    let (kept, asked) = walk(100, |offset| (all(offset..6.min(offset + 3)), page(offset, 50))).unwrap();
    assert_eq!((kept, asked.len()), (all(0..6), 9));
}

#[test]
fn a_page_from_another_place_is_an_error_and_not_a_short_list() {
    let error = walk(100, |_| three_of(&all(0..10), 0)).unwrap_err();
    assert!(matches!(&error, Error::Decode { path, .. } if path == "meta.pagination.offset"), "{error}");
    assert!(error.to_string().contains("row 0 where row 3 was asked for"), "{error}");
}

#[test]
fn an_offset_that_is_ignored_in_silence_ends_without_duplicates() {
    let answer = |_| (all(0..3), Pagination { offset: None, total_count: Some(10) });
    assert_eq!(walk(100, answer).unwrap().0, all(0..3));
}

#[test]
fn duplicates_within_one_page_come_once() {
    let (kept, _) = walk(100, |offset| (vec![7, 7, 8], page(offset, 3))).unwrap();
    assert_eq!(kept, [7, 8]);
}

#[test]
fn a_list_without_pagination_ends_at_the_first_empty_page() {
    let ids = all(0..7);
    let (kept, asked) = walk(100, |offset| (three_of(&ids, offset).0, Pagination::default())).unwrap();
    assert_eq!((kept, asked), (ids.clone(), vec![0, 3, 6, 7]));
}

#[test]
fn too_many_rows_are_refused_before_they_are_read() {
    let mut requests = 0;
    let error = walk(9, |offset| {
        requests += 1;
        three_of(&all(0..10), offset)
    })
    .unwrap_err();
    assert_eq!(requests, 1);
    assert!(matches!(error, Error::InvalidArgument(_)));
    assert!(error.to_string().contains("10 rows, more than max_rows (9) allows"), "{error}");
    let error = walk(9, |offset| (all(offset..offset + 3), Pagination::default())).unwrap_err();
    assert!(error.to_string().contains("max_rows"), "an uncounted list is bounded too: {error}");
}

#[test]
fn a_list_of_endless_repeats_ends_with_an_error() {
    let error = walk(10, |_| (vec![1], Pagination::default())).unwrap_err();
    assert!(error.to_string().contains("not ended after 1000 pages"), "{error}");
}

#[test]
fn the_largest_numbers_are_read() {
    let body = r#"{"pagination":{"limit":9223372036854775807,
        "offset":18446744073709551615,"totalCount":18446744073709551615}}"#;
    let pagination: Pagination = serde_json::from_str::<Meta>(body).unwrap().into();
    assert_eq!((pagination.offset, pagination.total_count), (Some(u64::MAX), Some(u64::MAX)));
    for body in ["{}", r#"{"pagination":null}"#, r#"{"pagination":{}}"#, r#"{"pagination":{"totalCount":null}}"#] {
        let pagination: Pagination = serde_json::from_str::<Meta>(body).unwrap().into();
        assert_eq!(pagination.total_count, None, "{body}");
    }
    for body in [r#"{"pagination":{"totalCount":-1}}"#, r#"{"pagination":{"totalCount":1e99}}"#] {
        assert!(serde_json::from_str::<Meta>(body).is_err(), "{body}");
    }
}

#[test]
fn the_walk_says_how_many_rows_the_controller_counts() {
    let mut pager = Pager::new("GET /things".to_owned(), 100);
    assert!(pager.is_new("a"));
    pager.page_read(1, 100, &page(0, 2)).unwrap();
    assert_eq!(pager.total(), 2);
}

/// Reads pages of one row each, which are as long as is said.
fn pages_of(mut pager: Pager, lengths: &[usize]) -> Result<(), Error> {
    lengths.iter().enumerate().try_for_each(|(at, length)| {
        pager.is_new(&at.to_string());
        pager.page_read(1, *length, &page(at as u64, 10))
    })
}

#[test]
fn a_list_that_would_fill_the_memory_is_refused_unless_it_is_not_kept() {
    let pager = || Pager::new("GET /things".to_owned(), 100);
    let quarter = LARGEST_LIST as usize / 4;
    assert!(pages_of(pager(), &[quarter; 4]).is_ok());
    let message = pages_of(pager(), &[quarter, quarter, quarter, quarter, 1]).unwrap_err().to_string();
    assert!(message.contains("GET /things: the list is longer than 1024 MiB; narrow it"), "{message}");
    assert!(pages_of(pager().one_by_one(), &[quarter; 9]).is_ok());
}

#[test]
fn pages_that_bring_nothing_new_take_no_memory() {
    let mut pager = Pager::new("GET /things".to_owned(), 100);
    for row in ["a", "a", "a"] {
        pager.is_new(row);
        let bytes = if pager.kept_before == 0 { 1 } else { LARGEST_LIST as usize };
        pager.page_read(1, bytes, &Pagination { total_count: Some(10), offset: None }).unwrap();
    }
}
