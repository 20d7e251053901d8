//! The test controller as a program.

fn main() {
    let controller = ziti_edge_testkit::TestController::builder().services(3).start().expect("start");
    println!("url {}", controller.url());
    println!("{}", controller.create_identity("alice"));
    std::fs::write("/tmp/ident.json", controller.enrolled_identity_json("bob")).expect("w");
    std::thread::sleep(std::time::Duration::from_secs(600));
}
