use super::*;

#[test]
fn an_empty_report_is_a_page() {
    let page = page(&DataReport::default()).unwrap();
    assert!(page.starts_with("<!doctype html>"));
}
