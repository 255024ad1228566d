//! Small files that claim to be huge, or unpack to something huge. Each runs with little memory to take, so what trusts a claim
//! dies of it.

use std::{fs, io::Write};

use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use shardify::tfrecord::header;

use super::run::bounded;
use crate::{
    console::{Desk, fixtures, npy_header},
    errors::in_namespace,
    support::{example, ints, png_of, shard},
};

const MIB: u64 = 1 << 20;

/// Zeros, a megabyte at a time.
fn zeros(mut to: impl Write, bytes: usize) {
    let block = vec![0; 1 << 20];
    for start in (0..bytes).step_by(block.len()) {
        to.write_all(&block[..block.len().min(bytes - start)]).unwrap();
    }
}

fn zlib(bytes: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    zeros(&mut encoder, bytes);
    encoder.finish().unwrap()
}

fn gzip(head: &[u8], bytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(head).unwrap();
    zeros(&mut encoder, bytes);
    encoder.finish().unwrap()
}

/// A grey PNG with these chunks before its pixels.
fn png(width: u32, height: u32, chunks: &[(&[u8; 4], Vec<u8>)], pixels: Vec<u8>) -> Vec<u8> {
    let ihdr = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    png_of(&[&[(b"IHDR", ihdr)], chunks, &[(b"IDAT", pixels), (b"IEND", Vec::new())]].concat())
}

/// A TIFF of one strip with these tags beside.
fn tiff(width: u32, height: u32, compression: u32, more: &[(u16, u16, u32, u32)], data: &[u8]) -> Vec<u8> {
    let len = u32::try_from(data.len()).unwrap();
    let start = 8 + 2 + 12 * (9 + u32::try_from(more.len()).unwrap()) + 4;
    let mut tags = vec![
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, compression),
        (262, 3, 1, 1),
        (273, 4, 1, start),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, len),
    ];
    tags.extend(more);
    tags.sort_unstable();
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    tiff.extend(u16::try_from(tags.len()).unwrap().to_le_bytes());
    for (tag, kind, count, value) in tags {
        tiff.extend(tag.to_le_bytes());
        tiff.extend(kind.to_le_bytes());
        tiff.extend(count.to_le_bytes());
        tiff.extend(value.to_le_bytes());
    }
    [tiff, vec![0; 4], data.to_vec()].concat()
}

fn gif(width: u16, height: u16, frame: (u16, u16)) -> Vec<u8> {
    let [w, h, fw, fh] = [width, height, frame.0, frame.1].map(u16::to_le_bytes);
    let head = [&b"GIF89a"[..], &w, &h, &[0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2c, 0, 0, 0, 0], &fw, &fh].concat();
    [head, vec![0, 2, 2, 0x44, 1, 0, b';']].concat()
}

fn bmp(width: i32, height: i32, colors: u32) -> Vec<u8> {
    let (w, h, c) = (width.to_le_bytes(), height.to_le_bytes(), colors.to_le_bytes());
    let head =
        [&b"BM\xff\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"[..], &w, &h, &[1, 0, 8, 0], &[0; 20], &c, &[0; 4]].concat();
    [head, vec![0; 100]].concat()
}

fn webp(chunk: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let len = |len: usize| u32::try_from(len).unwrap().to_le_bytes();
    [&b"RIFF"[..], &len(12 + data.len()), b"WEBP", chunk, &len(data.len()), data].concat()
}

/// Images that are refused: what they are, and what is said of them.
fn refused_images() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let vp8l = [&[0x2f][..], &(15_999u32 | 15_999 << 14).to_le_bytes(), &[0; 64]].concat();
    let vp8x = [&[0x10, 0, 0, 0][..], &[0xff; 6]].concat();
    vec![
        ("png", png(i32::MAX.unsigned_abs(), i32::MAX.unsigned_abs(), &[], zlib(1000)), "more than the limit"),
        ("tiff", tiff(u32::MAX, u32::MAX, 1, &[], &[0; 100]), "more than the limit"),
        ("tiff-tile", tiff(100, 100, 8, &[(322, 4, 1, 65_536), (323, 4, 1, 65_536)], &zlib(1000)), "this TIFF"),
        ("tiff-text", tiff(100, 100, 1, &[(270, 2, u32::MAX, 8)], &[0; 100]), "TIFF"),
        ("gif", gif(65_535, 65_535, (1, 1)), "more than the limit"),
        ("gif-frame", gif(1, 1, (65_535, 65_535)), "more memory than a picture of its size can need"),
        ("bmp", bmp(i32::MAX, i32::MAX, 0), "BMP"),
        ("bmp-negative", bmp(-1, i32::MIN, 0), "BMP"),
        ("bmp-colours", bmp(10, 10, u32::MAX), "BMP"),
        ("webp", webp(b"VP8L", &vp8l), "more than the limit"),
        ("webp-canvas", webp(b"VP8X", &vp8x), "WebP"),
        ("pnm", b"P6\n4294967295 4294967295\n255\nx".to_vec(), "too large"),
        ("pam", b"P7\nWIDTH 999\nHEIGHT 999\nDEPTH 4294967295\nMAXVAL 255\nENDHDR\nx".to_vec(), "PNM"),
    ]
}

#[test]
fn images_that_claim_to_be_huge() {
    for (name, bytes, said) in refused_images() {
        let desk = Desk::new();
        desk.write("in/x", bytes);
        for mode in [&["--format", "keep"][..], &["--resize", "8"]] {
            let run = bounded(desk.dir(), &[&["convert", "in", "out"], mode].concat(), 256 * MIB);
            println!("{name} {mode:?}: {} MB", run.peak / 1_000_000);
            assert_eq!(run.ran.code, Some(2), "{name}: {}", run.ran.stderr);
            assert!(run.ran.stderr.contains(said), "{name}: {}", run.ran.stderr);
            assert!(run.peak < 80 * MIB, "{name}: {} bytes", run.peak);
        }
        assert!(!desk.path("out").exists());
    }
}

/// Small pictures with much beside their pixels.
#[test]
fn images_with_gigabytes_beside_their_pixels() {
    const MUCH: usize = 512 << 20;
    let beside = |kind, head: &[u8]| png(10, 10, &[(kind, [head, &zlib(MUCH)].concat())], zlib(110));
    for (name, bytes) in [
        ("iCCP", beside(b"iCCP", b"x\0\0")),
        ("zTXt", beside(b"zTXt", b"x\0\0")),
        ("iTXt", beside(b"iTXt", b"x\0\x01\0\0\0")),
        ("IDAT", png(10, 10, &[], zlib(MUCH))),
        ("strip", tiff(10, 10, 8, &[], &zlib(MUCH))),
    ] {
        let desk = Desk::new();
        desk.write("in/x", bytes);
        let run = bounded(desk.dir(), &["convert", "in", "out", "--resize", "8"], 256 * MIB);
        println!("{name}: {} MB", run.peak / 1_000_000);
        assert!(matches!(run.ran.code, Some(0 | 2)), "{name}: {:?} {}", run.ran.code, run.ran.stderr);
        assert!(run.peak < 96 * MIB, "{name}: {} bytes", run.peak);
    }
}

/// A `.npz` of one deflated member that claims `claimed` bytes.
fn npz(npy: &str, unpacked: usize, claimed: usize) -> Vec<u8> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    let head = npy_header("|u1", npy);
    packed.write_all(&head).unwrap();
    zeros(&mut packed, unpacked);
    let packed = packed.finish().unwrap();
    let len = |len: usize| u32::try_from(len).unwrap().to_le_bytes();
    let (packed_len, claimed) = (len(packed.len()), len(head.len() + claimed));
    let about = [&[8, 0, 0, 0, 0x21, 0, 0, 0, 0, 0][..], &packed_len, &claimed, &[5, 0, 0, 0]].concat();
    let local = [&b"PK\x03\x04\x14\0\0\0"[..], &about, b"x.npy", &packed].concat();
    let central = [&b"PK\x01\x02\x14\0\x14\0\0\0"[..], &about, &[0; 14], b"x.npy"].concat();
    let end = [&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &len(central.len()), &len(local.len()), &[0; 2]].concat();
    [local, central, end].concat()
}

#[test]
fn arrays_that_claim_to_be_huge() {
    let long = |len: u32| [&b"\x93NUMPY\x02\0"[..], &len.to_le_bytes(), b"{"].concat();
    let nested = format!("{{'descr': {}", "[".repeat(900_000)).into_bytes();
    let shape = |shape: &str| [npy_header("|u1", shape), vec![0; 8]].concat();
    for (name, bytes, said) in [
        ("a.npy", long(u32::MAX), "claims a header of 4294967295 bytes"),
        ("b.npy", [&b"\x93NUMPY\x02\0"[..], &900_010u32.to_le_bytes(), &nested].concat(), "its header"),
        ("c.npy", shape("(4294967296, 4294967296, 2)"), "more than 2^64 bytes"),
        ("d.npy", shape("(1152921504606846976,)"), "needs 1152921504606846976 bytes"),
        ("e.npy", shape("(-1, 3)"), "a dimension of -1"),
        ("f.npy", shape("(99999999999999999999, 2)"), "more than 64 bits"),
        ("g.npy", shape(&format!("({})", "1,".repeat(1000))), "1000 dimensions"),
        ("h.npz", npz("(1000,)", 256 << 20, 1000), "unpacks to more than the 1128 bytes"),
        ("i.npz", npz("(1000,)", 1000, 1 << 31), "which it cannot"),
        ("j.npz", npz("(1073741824,)", 1000, 1000), "only 1000 bytes follow"),
        ("k.npz", npz("(3, 67108864)", 1000, 201_326_592), "which it cannot"),
    ] {
        let desk = Desk::new();
        desk.write(name, bytes);
        let run = bounded(desk.dir(), &["convert", name, "out"], 256 * MIB);
        println!("{name}: {} MB", run.peak / 1_000_000);
        assert_eq!(run.ran.code, Some(2), "{name}: {}", run.ran.stderr);
        assert!(run.ran.stderr.contains(said), "{name}: {}", run.ran.stderr);
        assert!(run.peak < 64 * MIB && !desk.path("out").exists(), "{name}: {} bytes", run.peak);
    }
}

/// Shards that every verb reads: none takes more memory than a fair shard of a few records does.
#[test]
fn shards_that_claim_to_be_huge() {
    let varint = [&[0x0a][..], &[0xff; 20]].concat();
    let claims: Vec<u8> = (0..1000).flat_map(|_| header((1 << 31) - 1)).collect();
    let table = [
        ("claim", [header(1 << 60).to_vec(), claims].concat()),
        ("most", header(u64::MAX).to_vec()),
        ("zeros", gzip(&[], 64 << 20)),
        ("record", gzip(&header(1 << 40), 64 << 20)),
        ("members", gzip(&[], 0).repeat(20_000)),
        ("examples", shard([varint, vec![0x0b; 100_000], example(&[("x", ints(&[1]))])])),
    ];
    for (name, bytes) in table {
        let desk = Desk::new();
        desk.write("in/x.tfrecord", bytes);
        for verb in ["validate", "inspect", "index", "repair", "reshard", "export", "report", "snippet"] {
            let out: &[&str] = match verb {
                "repair" | "reshard" | "export" => &[verb],
                "report" => &["-o", "page.html"],
                _ => &[],
            };
            let run = bounded(desk.dir(), &[&[verb, "in"], out].concat(), 320 * MIB);
            println!("{name} {verb}: {} MB", run.peak / 1_000_000);
            assert!(matches!(run.ran.code, Some(0..=2)), "{name}: {verb}: {:?}: {}", run.ran.code, run.ran.stderr);
            assert!(run.peak < 64 * MIB, "{name}: {verb}: {} bytes", run.peak);
        }
    }
}

/// Metadata are of a sensible size or they are not read.
#[test]
fn metadata_that_are_huge() {
    let desk = Desk::new();
    desk.run("convert imgs good -q").expect(0);
    let manifest = fs::read_to_string(desk.path("good/shardify.json")).unwrap();
    let many = "\"\",".repeat((1 << 20) + 1);
    let deep = format!("\"options\": {{\"x\": {}", "[".repeat(100_000));
    let huge = "{".to_owned() + &" ".repeat(17 << 20);
    for (file, text, said) in [
        (
            "shardify.json",
            manifest.replace("\"class_names\": [", &format!("\"class_names\": [{many}")),
            "class names, and at most",
        ),
        ("shardify.json", manifest.replace("\"options\": {", &deep), "not a manifest of shardify"),
        ("features.json", huge.clone(), "no such file has more than 16,777,216"),
        ("dataset_info.json", huge, "no such file has more than 16,777,216"),
    ] {
        let before = fs::read(desk.path("good").join(file)).unwrap();
        desk.write(&format!("good/{file}"), text);
        let run = bounded(desk.dir(), &["validate", "good"], 320 * MIB);
        assert_eq!(run.ran.code, Some(1), "{file}: {}", run.ran.stderr);
        assert!(run.ran.stdout.contains(said), "{file}: {}", run.ran.stdout);
        assert!(run.peak < 128 * MIB, "{file}: {} bytes", run.peak);
        desk.write(&format!("good/{file}"), before);
    }
}

/// What is unpacked stays on the disk only as long as it is needed, and leaves room for others.
#[test]
fn what_unpacks_to_more_than_the_disk_has() {
    let desk = Desk::new();
    desk.write("in/x.tfrecord", gzip(&header(1 << 40), 300 << 20));
    desk.write("x.npz", npz("(2, 134217728)", 256 << 20, 256 << 20));
    let script = "mkdir disk && mount -t tmpfs -o size=200m tmpfs disk || exit 99
        $SHARDIFY convert x.npz disk/a; echo $?; ls -A disk
        TMPDIR=$PWD/disk $SHARDIFY validate in; echo $?; ls -A disk
        $SHARDIFY reshard in disk/b; echo $?; ls -A disk";
    let Some(ran) = in_namespace(&desk, script) else { return };
    assert_eq!(ran.stdout, "2\n2\n2\n", "{}", ran.stderr);
    assert!(ran.stderr.contains("268 MB are needed, and"), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("of them stay so").count(), 2, "{}", ran.stderr);
}

/// Each scan costs a pass over the image.
#[test]
fn images_of_thousands_of_scans() {
    let desk = Desk::new();
    let leaf = fs::read(fixtures().join("images/flower/leaf.jpg")).unwrap();
    let scan = leaf.windows(2).position(|marker| marker == b"\xff\xda").unwrap();
    let (head, scan) = leaf.split_at(scan);
    let scans = scan[..scan.len() - 2].repeat(5000);
    desk.write("set/x.jpg", [head, &scans, b"\xff\xd9"].concat());
    for more in ["--verify structure", "--verify decode", "--resize 32"] {
        let ran = desk.run(&format!("convert set out {more}")).expect(2);
        assert!(ran.stderr.contains("are sent out of order"), "{more}: {}", ran.stderr);
    }
}

/// A sound progressive JPEG of nothing: each scan ends the blocks of one coefficient, one bit of it, by the ten thousand.
fn progressive(side: u16, scans: usize) -> Vec<u8> {
    let blocks = usize::from(side).div_ceil(8).pow(2);
    let segment = |marker: u8, data: &[u8]| {
        let len = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker], &len[..], data].concat()
    };
    let [high, low] = side.to_be_bytes();
    // One code of one bit in each table: no difference, and the end of 2^14 blocks or more.
    let code = |class: u8, symbol: u8| [&[class, 1][..], &[0; 15], &[symbol]].concat();
    let head = [
        vec![0xff, 0xd8],
        segment(0xdb, &[&[0][..], &[1; 64]].concat()),
        segment(0xc2, &[8, high, low, high, low, 1, 1, 0x11, 0]),
        segment(0xc4, &code(0, 0)),
        segment(0xc4, &code(0x10, 0xe0)),
        segment(0xda, &[1, 1, 0, 0, 0, 0]),
        vec![0; blocks.div_ceil(8)],
    ];
    // A code, and the fourteen bits of what comes on top of 2^14.
    let (mut bits, mut left) = (String::new(), blocks);
    while left > 0 {
        let run = if left < 1 << 15 { left } else { 1 << 14 };
        bits += &format!("0{:014b}", run - (1 << 14));
        left -= run;
    }
    bits += &"1".repeat((8 - bits.len() % 8) % 8);
    let bytes = (0..bits.len()).step_by(8).map(|at| u8::from_str_radix(&bits[at..at + 8], 2).unwrap());
    let data: Vec<u8> = bytes.flat_map(|byte| if byte == 0xff { vec![byte, 0] } else { vec![byte] }).collect();
    // All bits of one coefficient after the other, the last scan the rest; or bit by bit.
    let bands = (1..u8::try_from(scans).unwrap()).map(|at| (at, if usize::from(at) + 1 < scans { at } else { 63 }, 0));
    let levels = (0..4_u8).flat_map(|level| {
        (1..64_u8).map(move |at| (at, at, if level == 0 { 3 } else { (4 - level) << 4 | (3 - level) }))
    });
    let spectrum: Vec<(u8, u8, u8)> = if scans <= 64 { bands.collect() } else { levels.collect() };
    assert_eq!(spectrum.len() + 1, scans);
    let rest = spectrum
        .into_iter()
        .flat_map(|(first, last, bits)| [segment(0xda, &[1, 1, 0, first, last, bits]), data.clone()].concat());
    head.concat().into_iter().chain(rest).chain([0xff, 0xd9]).collect()
}

/// Scans of which none comes twice, as many as the format allows: few where there are many pixels.
#[test]
fn images_whose_every_scan_is_sound() {
    let desk = Desk::new();
    for (side, scans, said) in
        [(1024, 253, None), (10_000, 32, None), (10_000, 42, None), (10_000, 43, Some("42")), (20_000, 33, Some("32"))]
    {
        desk.write("set/x.jpg", progressive(side, scans));
        let ran = desk.run("convert set out --overwrite --layout flat --max-pixels 400000000");
        match said {
            None => assert_eq!(ran.code, Some(0), "{side}: {scans}: {}", ran.stderr),
            Some(most) => {
                assert_eq!(ran.code, Some(2), "{side}: {scans}: {}", ran.stderr);
                assert!(ran.stderr.contains(&format!("more than {most} scans")), "{}", ran.stderr);
                assert!(ran.stderr.contains("baseline") && !ran.stderr.contains("damaged"), "{}", ran.stderr);
            }
        }
    }
}

/// Only the first frame is decoded: behind it are thousands that would be refused.
#[test]
fn images_of_thousands_of_frames() {
    let desk = Desk::new();
    let (good, huge) = (gif(16, 16, (1, 1)), gif(1, 1, (65_535, 65_535)));
    // Header, screen and two colours; then the frame, and the end.
    let (head, frame) = (&good[..19], &good[19..good.len() - 1]);
    let frames = huge[19..huge.len() - 1].repeat(50_000);
    for (name, first, code) in [("good", frame, 0), ("huge", &huge[19..huge.len() - 1], 2)] {
        desk.write("set/x.gif", [head, first, &frames, b";"].concat());
        let run = bounded(desk.dir(), &["convert", "set", name, "--layout", "flat"], 256 * MIB);
        assert_eq!(run.ran.code, Some(code), "{name}: {}", run.ran.stderr);
        assert!(run.peak < 64 * MIB, "{name}: {} bytes", run.peak);
    }
}
