use super::super::ReadOptions;
use super::super::testing::*;
use super::*;
use std::time::Instant;
fn made(quoted: bool, n: usize) -> Vec<u8> {
    let ids: Vec<String> = (0..37).map(|i| format!("v{i}")).collect();
    let mut data = ids.join(";").into_bytes();
    data.push(b'\n');
    let mut x = 7u64;
    let mut r = move |n: u64| {
        x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (x >> 33) % n
    };
    for _ in 0..n {
        let mut fields: Vec<String> = Vec::new();
        for i in 0..37 {
            fields.push(match i {
                0 | 1 | 2 => format!("2022-{:02}-{:02}T{:02}:{:02}", 1 + r(12), 1 + r(28), r(24), r(60)),
                3 | 4 | 5 => {
                    if r(10) == 0 {
                        format!("2022-{:02}-{:02}T{:02}:{:02}:00", 1 + r(12), 1 + r(28), r(24), r(60))
                    } else {
                        String::new()
                    }
                }
                6 => format!("{}", 1920 + r(100)),
                7 => format!("{}", 1 + r(2)),
                8 => format!("{:04}", r(2500)),
                9 => format!("SE2321000016-{}", 1000 + r(9000)),
                10 => format!("J{}", 100 + r(900)),
                11 => {
                    if r(2) == 0 {
                        "H".into()
                    } else {
                        String::new()
                    }
                }
                12 | 13 => {
                    if r(3) == 0 {
                        format!("XS{}", 900 + r(30))
                    } else {
                        String::new()
                    }
                }
                14 => "SE2321000016-0000".into(),
                15 => "SE2321000016-ABCD".into(),
                16 => format!("{}", 10000 + r(60000)),
                17 => "Sjukhuset".into(),
                18 => "Kliniken".into(),
                19 => String::new(),
                20 => "1".into(),
                21 => format!("{:08}-{:04}", r(100000000), r(10000)),
                22 => "JA".into(),
                23 => format!("{}", 1 + r(5)),
                _ => match r(4) {
                    0 => String::new(),
                    1 => format!("{}", r(10)),
                    2 => format!("{}", r(1000)),
                    _ => "NEJ".into(),
                },
            });
        }
        let line = if quoted {
            fields.iter().map(|f| format!("\"{f}\"")).collect::<Vec<_>>().join(";")
        } else {
            fields.join(";")
        };
        data.extend(line.as_bytes());
        data.push(b'\n');
    }
    data
}
#[test]
fn speed() {
    let ids: Vec<String> = (0..37).map(|i| format!("v{i}")).collect();
    let ids: Vec<&str> = ids.iter().map(|s| s.as_str()).collect();
    let schemas = plain_schemas(&ids);
    for (name, quoted, windows) in [("plain", false, false)] {
        for kib in [256] {
            if kib != 256 && name != "plain" {
                continue;
            }
            let mut data = made(quoted, 200_000);
            if windows {
                data = String::from_utf8(data)
                    .unwrap()
                    .replace("Sjukhuset", "Östersunds")
                    .chars()
                    .map(|c| c as u8)
                    .collect();
            }
            let options = ReadOptions { chunk_bytes: kib << 10, ..ReadOptions::default() };
            let (_f, file) = open_with("a.csv", &data, &schemas, &options).unwrap();
            let Format::Csv { delimiter, encoding, .. } = file.format else { panic!() };
            let collection = &schemas.collections["t"];
            let request = ScanRequest { wanted: vec![true; 37], raw: false };
            let layout = Layout::new(&file, collection, &request, Dialect::new(delimiter), encoding);
            let (mut read, mut tok, mut drops, mut tot) = (f64::MAX, f64::MAX, f64::MAX, f64::MAX);
            for _ in 0..7 {
                let (mut a, mut b, mut c) = (0.0, 0.0, 0.0);
                let mut reader = ChunkReader::new(
                    File::open(&file.path).unwrap(),
                    &file.path,
                    layout.dialect,
                    kib << 10,
                    file.start,
                )
                .unwrap();
                loop {
                    let t = Instant::now();
                    let Some(chunk) = reader.chunk().unwrap() else { break };
                    a += t.elapsed().as_secs_f64();
                    let t = Instant::now();
                    let batch = tokenize::batch(chunk, &layout);
                    b += t.elapsed().as_secs_f64();
                    let t = Instant::now();
                    drop(batch);
                    c += t.elapsed().as_secs_f64();
                }
                read = read.min(a);
                tok = tok.min(b);
                drops = drops.min(c);
                let t = Instant::now();
                scan(&file, collection, &request, &AtomicBool::new(false), &|_| {}, &|b| b.n_rows, &mut |_| Ok(()))
                    .unwrap();
                tot = tot.min(t.elapsed().as_secs_f64());
            }
            let g = data.len() as f64 / 1e9;
            println!(
                "{name} {kib} KiB: {} B/record; read+split {:.2} GB/s, tokenize {:.2} GB/s ({:.0} ns/record), drop {:.1} ms, scan all threads {:.2} GB/s",
                data.len() / 200_000,
                g / read,
                g / tok,
                tok / 200e3 * 1e9,
                drops * 1e3,
                g / tot
            );
        }
    }
}
