use std::io::{self, Write as _};

use proptest::prelude::*;
use tar::{EntryType, Header};

use super::{Limits, Member, TarballError, Writer, read};

/// One member as it stands in an archive, whatever it is called.
struct Raw<'a> {
    name: &'a [u8],
    kind: EntryType,
    bytes: &'a [u8],
}

fn file<'a>(name: &'a str, bytes: &'a [u8]) -> Raw<'a> {
    Raw { name: name.as_bytes(), kind: EntryType::Regular, bytes }
}

fn other(name: &str, kind: EntryType) -> Raw<'_> {
    Raw { name: name.as_bytes(), kind, bytes: b"" }
}

fn archive(members: &[Raw<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for Raw { name, kind, bytes } in members {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(*kind);
        header.set_mode(0o755);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(bytes);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

const SMALL: Limits = Limits { unpacked_bytes: 1 << 20, entries: 10 };

fn unpack(bytes: &[u8]) -> Result<Vec<(Member, Vec<u8>)>, TarballError> {
    let mut found = Vec::new();
    read(bytes, SMALL, &mut |member, from| {
        let mut content = Vec::new();
        from.read_to_end(&mut content)?;
        found.push((member.clone(), content));
        Ok(())
    })?;
    Ok(found)
}

fn refused(members: &[Raw<'_>]) -> String {
    unpack(&packed(&archive(members))).unwrap_err().to_string()
}

#[test]
fn what_npm_packs_is_read() {
    let long = format!("package/{}.js", "a".repeat(120));
    let mut terminated = long.clone().into_bytes();
    terminated.push(0);
    let pax = b"18 path=package/p\n";
    let bytes = packed(&archive(&[
        Raw { name: b"pax_global_header", kind: EntryType::XGlobalHeader, bytes: b"16 comment=abcd\n" },
        file("package/package.json", b"{}"),
        other("package/lib/", EntryType::Directory),
        file("package/./lib//a.js", b"a"),
        Raw { name: b"././@LongLink", kind: EntryType::GNULongName, bytes: &terminated },
        file("package/aaa", b"long"),
        Raw { name: b"PaxHeader", kind: EntryType::XHeader, bytes: pax },
        file("package/other", b"pax"),
    ]));
    let found = unpack(&bytes).unwrap();
    let paths: Vec<(&str, &[u8])> = found.iter().map(|(member, bytes)| (&*member.path, &bytes[..])).collect();
    assert_eq!(
        paths,
        [
            ("package.json", &b"{}"[..]),
            ("lib/a.js", b"a"),
            (&long["package/".len()..], b"long"),
            ("p", b"pax")
        ]
    );
    assert!(found[0].0.executable);
    // The folder at the top may have any name.
    assert_eq!(unpack(&packed(&archive(&[file("node/index.d.ts", b"")]))).unwrap()[0].0.path, "index.d.ts");
}

#[test]
fn names_that_lead_out_are_refused() {
    for (name, why) in [
        ("../evil", "leads out"),
        ("package/../../evil", "leads out"),
        ("package/a/../b", "leads out"),
        ("/etc/cron.d/evil", "leads out"),
        ("package/..\\evil", "backslash"),
        ("package/a\nb", "control characters"),
        ("package", "is in no folder"),
        ("./", "is none"),
    ] {
        let text = refused(&[file(name, b"x")]);
        assert!(text.contains(why), "{name}: {text}");
    }
    let text = refused(&[Raw { name: b"package/\xff", kind: EntryType::Regular, bytes: b"" }]);
    assert!(text.contains("is not UTF-8"), "{text}");
    // The same by the other ways in which a name is given.
    let pax = b"24 path=package/../evil\n";
    let text = refused(&[Raw { name: b"p", kind: EntryType::XHeader, bytes: pax }, file("package/a", b"")]);
    assert!(text.contains("leads out"), "{text}");
    let text = refused(&[
        Raw { name: b"l", kind: EntryType::GNULongName, bytes: b"../evil\0" },
        file("package/a", b""),
    ]);
    assert!(text.contains("leads out"), "{text}");
}

#[test]
fn what_is_no_file_is_refused() {
    for (kind, what) in [
        (EntryType::Symlink, "a symbolic link"),
        (EntryType::Link, "a hard link"),
        (EntryType::Char, "a device"),
        (EntryType::Block, "a device"),
        (EntryType::Fifo, "a pipe"),
        (EntryType::GNUSparse, "of a kind"),
    ] {
        let text = refused(&[file("package/package.json", b"{}"), other("package/evil", kind)]);
        assert!(text.contains("package/evil") && text.contains(what), "{kind:?}: {text}");
    }
}

#[test]
fn one_name_is_one_file() {
    let text = refused(&[file("package/a", b"1"), file("package/./a", b"2")]);
    assert!(text.contains("twice"), "{text}");
    for members in [
        [file("package/a", b""), file("package/a/b", b"")],
        [file("package/a/b", b""), file("package/a", b"")],
        [file("package/a", b""), other("package/a/b/", EntryType::Directory)],
    ] {
        let text = refused(&members);
        assert!(text.contains("as a file and as a folder"), "{text}");
    }
    let text = refused(&[file("package/a", b""), file("other/b", b"")]);
    assert!(text.contains("two folders at its top"), "{text}");
}

#[test]
fn what_is_too_much_is_refused() {
    let zeros = vec![0; SMALL.unpacked_bytes as usize];
    let bytes = packed(&archive(&[file("package/a", &zeros)]));
    assert!(bytes.len() < 10_000, "it is small before it is unpacked");
    assert!(matches!(unpack(&bytes), Err(TarballError::TooLarge(_))));
    // Also behind the end of the archive.
    let mut after = archive(&[file("package/a", b"")]);
    after.extend(&zeros);
    assert!(matches!(unpack(&packed(&after)), Err(TarballError::TooLarge(_))));
    let names: Vec<String> = (0..=SMALL.entries).map(|count| format!("package/{count}")).collect();
    let members: Vec<Raw<'_>> = names.iter().map(|name| file(name, b"")).collect();
    assert!(matches!(unpack(&packed(&archive(&members))), Err(TarballError::TooMany(10))));
    let long = vec![b'a'; 100 << 10];
    let members = [Raw { name: b"l", kind: EntryType::GNULongName, bytes: &long }, file("package/a", b"")];
    assert!(refused(&members).contains("is too long"));
}

#[test]
fn what_is_not_whole_is_refused() {
    let text = archive(&[file("package/a", &[b'a'; 5000])]);
    let whole = packed(&text);
    assert!(unpack(&whole).is_ok());
    for cut in [0, 5, whole.len() / 2, whole.len() - 4] {
        assert!(unpack(&whole[..cut]).is_err(), "{cut}");
    }
    // Whole to the one that unpacks, and cut off before.
    assert!(unpack(&packed(&text[..3000])).is_err());
    let mut changed = whole;
    let at = changed.len() - 8;
    changed[at] ^= 1;
    assert!(unpack(&changed).is_err(), "the checksum");
    assert!(matches!(unpack(&packed(&archive(&[]))), Err(TarballError::Empty)));
    assert!(unpack(b"not a tarball").is_err());
    let size = b"11 size=99\n";
    let members = [Raw { name: b"p", kind: EntryType::XHeader, bytes: size }, file("package/a", b"")];
    assert!(refused(&members).contains("another size"));
}

fn written(files: &[(&str, bool, &[u8])]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    for (path, executable, bytes) in files {
        writer.add(path, *executable, bytes.len() as u64, *bytes).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn the_same_files_are_the_same_bytes() {
    let long = format!("{}/{}.js", "folder".repeat(12), "a".repeat(120));
    let noise: Vec<u8> =
        (0..200_000_u32).map(|at| (at.wrapping_mul(at).wrapping_mul(2_654_435_761) >> 23) as u8).collect();
    let files: [(&str, bool, &[u8]); 3] =
        [("bin/run", true, b"#!/bin/sh\n"), (&long, false, b"text"), ("package.json", false, &noise)];
    let bytes = written(&files);
    // Of the first release that wrote tarballs. Another hash makes every tarball of before another one.
    let sum = crc32fast::hash(&bytes);
    assert_eq!((bytes.len(), sum), WRITTEN);
    let found = unpack(&bytes).unwrap();
    for ((member, content), (path, executable, expected)) in found.iter().zip(files) {
        assert_eq!((&*member.path, member.executable, &content[..]), (path, executable, expected));
    }
    assert_eq!(found.len(), files.len());
}

const WRITTEN: (usize, u32) = (184_367, 2_500_236_019);

#[test]
fn a_file_that_becomes_shorter_is_an_error() {
    let mut writer = Writer::new(Vec::new());
    let error = writer.add("a", false, 10, io::empty()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

proptest! {
    #[test]
    fn no_name_leads_out(parts in proptest::collection::vec(
        proptest::sample::select(vec!["package", "..", ".", "/", "//", "a", "\\", "C:", "\u{0}", "é", "...", " "]), 0..9)) {
        let name = parts.concat();
        prop_assume!(name.len() < 100);
        if let Ok(found) = unpack(&packed(&archive(&[file(&name, b"x")]))) {
            for (member, _) in found {
                let path = std::path::Path::new(&member.path);
                prop_assert!(path.components().all(|part| matches!(part, std::path::Component::Normal(_))), "{}", name);
            }
        }
    }

    #[test]
    fn whatever_comes_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000), header in any::<bool>()) {
        let mut text = if header { archive(&[file("package/a", b"1")]) } else { Vec::new() };
        text.extend(bytes);
        let _ = unpack(&packed(&text));
        let _ = unpack(&text);
    }
}

#[test]
fn a_name_of_thousands_of_characters_does_not_fill_the_screen() {
    let long = TarballError::Twice(format!("first/{}last", "é/".repeat(5_000)));
    let told = long.to_string();
    assert!(told.chars().count() < 250, "{told}");
    assert!(told.contains("first/") && told.contains("last") && told.contains('…'), "{told}");
    let short = TarballError::Twice("lib/index.js".to_owned());
    assert_eq!(short.to_string(), "the tarball holds \"lib/index.js\" twice");
}
