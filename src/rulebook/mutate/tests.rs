use super::*;
use crate::assets::Assets;

#[test]
fn survey() {
    let assets = Assets::layered(None, None).expect("embedded");
    let book = Rulebook::load(&assets).expect("sound");
    let start = std::time::Instant::now();
    let mutation = mutate(&book);
    println!("{:?}", start.elapsed());
    for (rule, survivor) in mutation.survivors() {
        println!(
            "{} {} {} | {} => {}  [{}] n={}",
            rule.id,
            survivor
                .place
                .as_ref()
                .map(|place| format!("{}:{}", place.source.name(), place.start().line))
                .unwrap_or_default(),
            survivor.part.as_str(),
            survivor.from,
            survivor.to,
            survivor.original,
            rule.mutants,
        );
    }
    println!("{}/{} {}", mutation.killed(), mutation.mutants(), mutation.score());
}
