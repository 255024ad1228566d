//! `.npz` files: zip archives whose members are `.npy` files, as `np.savez` and `np.savez_compressed` write them.
//!
//! A stored member is read where it lies, after one pass over it that compares its checksum. A deflated member is unpacked
//! once into a scratch file. The archive's and the member's own claims of size must agree before a byte is unpacked, and
//! unpacking stops as soon as they prove wrong.

use std::{
    collections::BTreeSet,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use flate2::read::DeflateDecoder;
use zip::{
    CompressionMethod, ZipArchive,
    read::{ArchiveOffset, Config},
    result::ZipError,
};

use super::{
    cursor::{Cursor, read_at},
    dtype,
    member::{members, summary},
    npy,
    npy::{NpyData, NpyHeader},
    spool::Spool,
};
use crate::{
    error::{At, During, Error, ErrorKind, Fault, Result},
    storage::{ReadAt, Storage},
};

/// Bytes read, checked and written at a time.
const CHUNK: usize = 1 << 20;

/// No deflate stream unpacks to more than 1032 times its size; what claims more is a lie.
const MAX_DEFLATE_RATIO: u64 = 1032;

/// What an `.npz` file holds. Only headers have been read.
#[derive(Debug)]
pub struct Npz {
    /// The file.
    pub path: PathBuf,
    /// Its arrays, in the order of the file; names are unique.
    pub members: Vec<NpzMember>,
}

/// One array of an `.npz` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NpzMember {
    /// The name that it was saved under, as in `x_train`.
    pub name: String,
    /// The element type by NumPy's name, as in `uint8`; for what cannot be used, as the file has it (`<U5`) or `?`.
    pub dtype: String,
    /// Elements along each axis, rows first.
    pub shape: Vec<u64>,
    /// Whether it can become a column. If not, opening it as a column says why.
    pub usable: bool,
    /// What keeps it from becoming a column.
    pub(super) fault: Option<String>,
    entry: Entry,
}

/// Where a member lies in its archive.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    method: CompressionMethod,
    encrypted: bool,
    start: u64,
    packed: u64,
    unpacked: u64,
    crc32: u32,
}

impl Npz {
    /// Reads the archive's directory and the header of every member.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]; [`ErrorKind::Input`] with the path when the archive is damaged, has two members of one name or
    /// no array at all. A member that cannot be used is no error here.
    pub fn open(storage: &dyn Storage, path: &Path) -> Result<Self> {
        let file = storage.open(path)?;
        Ok(Self { path: path.to_path_buf(), members: read_members(&*file).at(path)? })
    }

    /// The member of this name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&NpzMember> {
        self.members.iter().find(|member| member.name == name)
    }

    /// Names, types and shapes of all members on one line, for messages.
    #[must_use]
    pub fn summary(&self) -> String {
        summary(&members(&self.members))
    }
}

impl NpzMember {
    /// How many rows it has: the length of its first axis; `None` for a single number.
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        self.shape.first().copied()
    }
}

/// The arrays of an archive, in its order.
pub(super) fn read_members(file: &dyn ReadAt) -> Result<Vec<NpzMember>> {
    // Offset 0: the magic was seen there, and looking for an archive elsewhere would read the whole file.
    let config = Config { archive_offset: ArchiveOffset::Known(0) };
    let mut archive = ZipArchive::with_config(config, BufReader::new(Cursor::new(file))).map_err(zip_error)?;
    let twice =
        || Error::input(Fault::Corrupt, "it has two members of one name").with_hint("save it again with np.savez");
    if archive.has_duplicate_names() {
        return Err(twice());
    }
    let mut names = BTreeSet::new();
    let mut members: Vec<NpzMember> = Vec::new();
    for index in 0..archive.len() {
        let zipped = archive.by_index_raw(index).map_err(zip_error)?;
        let name = zipped.name().map_err(zip_error)?.into_owned();
        let entry = Entry {
            method: zipped.compression(),
            encrypted: zipped.encrypted(),
            start: zipped.data_start().unwrap_or(u64::MAX),
            packed: zipped.compressed_size(),
            unpacked: zipped.size(),
            crc32: zipped.crc32(),
        };
        drop(zipped);
        // As NumPy has it: content makes an array, and the suffix is not part of its name. A member that has the suffix
        // but no header is a damaged array, to be listed as such.
        let plain = name.strip_suffix(".npy");
        if plain.is_none() && entry.read_header(file).is_err() {
            continue;
        }
        let name = plain.unwrap_or(&name);
        if !names.insert(name.to_owned()) {
            return Err(twice());
        }
        members.push(entry.describe(file, name));
    }
    if members.is_empty() {
        let message = format!("it is a zip archive with {} members, none of them an array (.npy)", archive.len());
        return Err(Error::input(Fault::WrongType, message).with_hint("give an .npz file that np.savez has written"));
    }
    Ok(members)
}

impl NpzMember {
    /// Makes the member's data readable: in place, or in a scratch file.
    pub(super) fn open_data<'a>(&self, file: Box<dyn ReadAt + 'a>, spool: &Spool) -> Result<NpyData<'a>> {
        let raw = self.entry.read_header(&*file)?;
        let header = npy::resolve(&raw)?;
        header.check_data(self.entry.unpacked.saturating_sub(header.data_offset))?;
        if self.entry.method == CompressionMethod::Stored {
            self.entry.check_stored(&*file, spool)?;
            let offset = self.entry.start.saturating_add(header.data_offset);
            return Ok(NpyData { header, file, offset, scratch: None });
        }
        let (file, path) = self.entry.inflate(&*file, &header, &self.name, spool)?;
        Ok(NpyData { header, file, offset: 0, scratch: Some(path) })
    }
}

impl Entry {
    fn describe(self, file: &dyn ReadAt, name: &str) -> NpzMember {
        let name = name.to_owned();
        match self.read_header(file) {
            Ok(raw) => {
                let fault = npy::resolve(&raw).err().map(|error| error.message());
                let dtype = dtype::describe(&raw.descr);
                NpzMember { name, dtype, usable: fault.is_none(), fault, shape: raw.shape, entry: self }
            }
            Err(error) => NpzMember {
                name,
                dtype: "?".to_owned(),
                usable: false,
                fault: Some(error.message()),
                shape: Vec::new(),
                entry: self,
            },
        }
    }

    /// Refuses what cannot be unpacked and what claims impossible sizes.
    fn check(&self, file: &dyn ReadAt) -> Result<()> {
        if self.encrypted {
            return Err(Error::input(Fault::Unsupported, "it is encrypted")
                .with_hint("load and save it again in Python, with np.savez_compressed"));
        }
        if !matches!(self.method, CompressionMethod::Stored | CompressionMethod::Deflated) {
            let message = format!("it is compressed with {}; stored and deflated members can be read", self.method);
            return Err(Error::input(Fault::Unsupported, message)
                .with_hint("load and save it again in Python, with np.savez or np.savez_compressed"));
        }
        if self.start.checked_add(self.packed).is_none_or(|end| end > file.len()) {
            let message =
                format!("it claims {} bytes from byte {} on, the file has {}", self.packed, self.start, file.len());
            return Err(Error::input(Fault::Truncated, message).with_hint("copy or save the file again"));
        }
        let possible = match self.method {
            CompressionMethod::Stored => self.unpacked == self.packed,
            _ => self.unpacked / MAX_DEFLATE_RATIO <= self.packed,
        };
        if !possible {
            let message =
                format!("it claims to unpack from {} to {} bytes, which it cannot", self.packed, self.unpacked);
            return Err(Error::input(Fault::Corrupt, message));
        }
        Ok(())
    }

    /// The member's bytes, unpacked. Never more than 64 KiB of the file are buffered.
    fn reader<'a>(&self, file: &'a dyn ReadAt) -> Box<dyn Read + 'a> {
        let packed = Cursor::range(file, self.start, self.packed);
        match self.method {
            CompressionMethod::Stored => Box::new(packed),
            _ => Box::new(DeflateDecoder::new_with_buf(packed, vec![0; 64 << 10])),
        }
    }

    fn read_header(&self, file: &dyn ReadAt) -> Result<npy::RawHeader> {
        self.check(file)?;
        npy::read_raw(&mut self.reader(file), self.unpacked).map_err(unpack_error)
    }

    /// Compares the checksum of a stored member, in one pass.
    fn check_stored(&self, file: &dyn ReadAt, spool: &Spool) -> Result<()> {
        let mut buffer = vec![0; CHUNK];
        let mut crc = crc32fast::Hasher::new();
        let mut done = 0;
        while done < self.packed {
            let len = usize::try_from(self.packed - done).map_or(CHUNK, |left| left.min(CHUNK));
            let chunk = buffer.get_mut(..len).unwrap_or_default();
            read_at(file, chunk, self.start + done)?;
            crc.update(chunk);
            done += len as u64;
            spool.tick(len as u64)?;
        }
        self.compare(crc)
    }

    /// Unpacks the data after the header into a scratch file.
    fn inflate(
        &self,
        file: &dyn ReadAt,
        header: &NpyHeader,
        name: &str,
        spool: &Spool,
    ) -> Result<(Box<dyn ReadAt>, PathBuf)> {
        let out = spool.create(name, header.data_bytes())?;
        let mut reader = self.reader(file);
        let mut buffer = vec![0; CHUNK];
        let mut crc = crc32fast::Hasher::new();
        let all = header.data_offset.saturating_add(header.data_bytes());
        let mut done = 0;
        while done < all {
            // The header first: it was read before, but its bytes count for the checksum.
            let until = if done < header.data_offset { header.data_offset } else { all };
            let len = usize::try_from(until - done).map_or(CHUNK, |left| left.min(CHUNK));
            let chunk = buffer.get_mut(..len).unwrap_or_default();
            reader.read_exact(chunk).during("unpack").map_err(unpack_error)?;
            crc.update(chunk);
            if let Some(offset) = done.checked_sub(header.data_offset) {
                out.write_at(chunk, offset)?;
            }
            done += len as u64;
            spool.tick(len as u64)?;
        }
        if reader.read(&mut [0]).during("unpack").map_err(unpack_error)? > 0 {
            let message = format!("it unpacks to more than the {all} bytes that its header needs");
            return Err(Error::input(Fault::Corrupt, message));
        }
        self.compare(crc)?;
        out.finish()
    }

    fn compare(&self, crc: crc32fast::Hasher) -> Result<()> {
        let computed = crc.finalize();
        if computed == self.crc32 {
            return Ok(());
        }
        let message = format!("its checksum is {computed:#010x}, the archive says {:#010x}", self.crc32);
        Err(Error::input(Fault::Corrupt, message).with_hint("its bytes have changed: copy or save the file again"))
    }
}

/// A stream that ends early or makes no sense is damage, not a refusal of the operating system.
fn unpack_error(error: Error) -> Error {
    let ErrorKind::Io { source, .. } = error.kind() else { return error };
    let (fault, what) = match source.kind() {
        io::ErrorKind::UnexpectedEof => (Fault::Truncated, "its compressed bytes end early"),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            (Fault::Corrupt, "its compressed bytes are damaged")
        }
        _ => return error,
    };
    Error::input(fault, what).with_hint("copy or save the file again")
}

fn zip_error(error: ZipError) -> Error {
    match error {
        ZipError::Io(source) if source.kind() != io::ErrorKind::UnexpectedEof => Error::io("read", source),
        ZipError::UnsupportedArchive(what) => {
            Error::input(Fault::Unsupported, format!("it is a zip archive that cannot be read: {what}"))
        }
        // The words of the parser name parts of the format, which help nobody.
        _ => Error::input(
            Fault::Corrupt,
            "it is not a whole zip archive: the directory at its end is missing or damaged",
        )
        .with_hint("was it copied while it was being written? Copy or save it again"),
    }
}
