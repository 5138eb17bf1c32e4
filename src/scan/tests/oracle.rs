//! The directory as the `zip` crate reads it, held against ours.

use std::io::{Cursor, Write};

use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::scan::archive;

/// A member as the writer is told of it: name, bytes, whether it is deflated.
type Told = (String, Vec<u8>, bool);

fn members() -> impl Strategy<Value = Vec<Told>> {
    let name = "[a-zäß€]{1,8}(/[a-z0-9_.-]{1,12}){0,3}";
    let bytes = prop::collection::vec(any::<u8>(), 0..300);
    prop::collection::btree_map(name, (bytes, any::<bool>()), 0..12).prop_map(|members| {
        let members = members.into_iter();
        members
            .map(|(name, (bytes, deflated))| (name, bytes, deflated))
            .collect()
    })
}

fn written(members: &[Told], comment: &str, before: &[u8], large: bool) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.set_comment(comment).unwrap();
    for (name, bytes, deflated) in members {
        let method = if *deflated {
            CompressionMethod::Deflated
        } else {
            CompressionMethod::Stored
        };
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .large_file(large);
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    [before, &writer.finish().unwrap().into_inner()].concat()
}

proptest! {
    #[test]
    fn both_see_the_same_members(
        members in members(),
        comment in "[ -~]{0,200}",
        before in prop::collection::vec(any::<u8>(), 0..100),
        large in any::<bool>(),
    ) {
        let bytes = written(&members, &comment, &before, large);
        let place = archive::find_directory(&bytes, 0).unwrap();
        let at = usize::try_from(place.at).unwrap();
        let len = usize::try_from(place.len).unwrap();
        let ours = archive::read_directory(&bytes[at..at + len], place, 1000);
        prop_assert_eq!(ours.damage, None);
        prop_assert_eq!(place.shift, before.len() as u64);

        let mut oracle = ZipArchive::new(Cursor::new(&bytes)).unwrap();
        prop_assert_eq!(ours.entries.len(), oracle.len());
        for (index, entry) in ours.entries.iter().enumerate() {
            let theirs = oracle.by_index_raw(index).unwrap();
            prop_assert_eq!(&entry.name, &theirs.name().unwrap());
            prop_assert_eq!(entry.crc, theirs.crc32());
            prop_assert_eq!(entry.size, theirs.size());
            prop_assert_eq!(entry.packed, theirs.compressed_size());
            prop_assert_eq!(entry.at, theirs.header_start());
            let deflated = theirs.compression() == CompressionMethod::Deflated;
            prop_assert_eq!(entry.method, if deflated { 8 } else { 0 });
            let local = archive::local_header(&bytes[usize::try_from(entry.at).unwrap()..]).unwrap();
            let names = usize::try_from(entry.at).unwrap() + archive::LOCAL_HEADER_LEN;
            let extra = names + usize::from(local.name_len);
            let data = extra + usize::from(local.extra_len);
            prop_assert_eq!(data as u64, theirs.data_start().unwrap());
            let what = archive::contradiction(entry, &local, &bytes[names..extra], &bytes[extra..data]);
            prop_assert_eq!(what, None);
        }
    }
}
