//! What a program asks the system for, read off its registers.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use nix::{
    libc::{self, user_regs_struct},
    unistd::Pid,
};

/// What a call does, as far as files are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Open,
    Create,
    Read,
    List,
    Stat,
    Write,
    Resize,
    Sync,
    SyncAll,
    Lock,
    Rename,
    Link,
    Unlink,
    MakeDir,
    RemoveDir,
}

impl Kind {
    /// Whether what is on the disk, or is sure to stay there, may be another after it.
    pub(crate) fn changes(self) -> bool {
        !matches!(self, Self::Open | Self::Read | Self::List | Self::Stat | Self::Lock)
    }
}

/// A call that concerns files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) kind: Kind,
    /// The file or folder; the new name of what is renamed.
    pub(crate) path: PathBuf,
    /// The name before, of what is renamed.
    pub(crate) from: Option<PathBuf>,
    /// How the tracer opens the file that the call reads, writes or syncs, whatever became of its name.
    pub(crate) open: Option<PathBuf>,
    /// Whether a number of bytes, or of buffers, is its third argument.
    pub(crate) sized: bool,
}

impl Call {
    /// The call that a thread, stopped where it enters the system, makes; none if it concerns no file.
    pub(crate) fn read(thread: Pid, regs: &user_regs_struct) -> Option<Self> {
        let process = Process(thread);
        let (a, b, c, d) = (regs.rdi, regs.rsi, regs.rdx, regs.r10);
        let of = |kind, path| Some(Self { kind, path, from: None, open: None, sized: false });
        let open = |kind, fd: u64, sized| {
            let open = process.fd(fd);
            let path = fs::read_link(&open).ok()?;
            Some(Self { kind, path, from: None, open: Some(open), sized })
        };
        let rename = |from, to| Some(Self { from: Some(from), ..of(Kind::Rename, to)? });
        let opens = |flags: u64| if flags & libc::O_CREAT as u64 == 0 { Kind::Open } else { Kind::Create };
        let unlinks = |flags: u64| if flags & libc::AT_REMOVEDIR as u64 == 0 { Kind::Unlink } else { Kind::RemoveDir };
        match i64::try_from(regs.orig_rax).ok()? {
            libc::SYS_open => of(opens(b), process.path(a)?),
            libc::SYS_openat => of(opens(c), process.path_at(a, b)?),
            libc::SYS_read | libc::SYS_pread64 | libc::SYS_readv | libc::SYS_preadv | libc::SYS_preadv2 => {
                open(Kind::Read, a, true)
            }
            libc::SYS_write | libc::SYS_pwrite64 | libc::SYS_writev | libc::SYS_pwritev | libc::SYS_pwritev2 => {
                open(Kind::Write, a, true)
            }
            libc::SYS_copy_file_range => open(Kind::Write, c, false),
            libc::SYS_sendfile => open(Kind::Write, a, false),
            libc::SYS_ftruncate | libc::SYS_fallocate => open(Kind::Resize, a, false),
            libc::SYS_fsync | libc::SYS_fdatasync => open(Kind::Sync, a, false),
            libc::SYS_syncfs => open(Kind::SyncAll, a, false),
            libc::SYS_flock => open(Kind::Lock, a, false),
            libc::SYS_getdents64 => open(Kind::List, a, false),
            libc::SYS_fstat => open(Kind::Stat, a, false),
            libc::SYS_stat | libc::SYS_lstat => of(Kind::Stat, process.path(a)?),
            libc::SYS_newfstatat | libc::SYS_statx => of(Kind::Stat, process.path_at(a, b)?),
            libc::SYS_rename => rename(process.path(a)?, process.path(b)?),
            libc::SYS_renameat | libc::SYS_renameat2 => rename(process.path_at(a, b)?, process.path_at(c, d)?),
            libc::SYS_link | libc::SYS_symlink => of(Kind::Link, process.path(b)?),
            libc::SYS_unlink => of(Kind::Unlink, process.path(a)?),
            libc::SYS_unlinkat => of(unlinks(c), process.path_at(a, b)?),
            libc::SYS_mkdir => of(Kind::MakeDir, process.path(a)?),
            libc::SYS_mkdirat => of(Kind::MakeDir, process.path_at(a, b)?),
            libc::SYS_rmdir => of(Kind::RemoveDir, process.path(a)?),
            _ => None,
        }
    }
}

/// A thread, looked at from outside.
struct Process(Pid);

impl Process {
    fn fd(&self, fd: u64) -> PathBuf {
        // Only the lower half is the descriptor.
        format!("/proc/{}/fd/{}", self.0, fd as u32 as i32).into()
    }

    fn path(&self, address: u64) -> Option<PathBuf> {
        self.path_at(libc::AT_FDCWD as u64, address)
    }

    fn path_at(&self, folder: u64, address: u64) -> Option<PathBuf> {
        let text = self.text(address)?;
        let base = match folder as u32 as i32 {
            _ if Path::new(&text).is_absolute() => return Some(text.into()),
            libc::AT_FDCWD => format!("/proc/{}/cwd", self.0).into(),
            _ => self.fd(folder),
        };
        let base = fs::read_link(base).ok()?;
        Some(if text.is_empty() { base } else { base.join(text) })
    }

    /// Text that ends with a zero, from its memory.
    fn text(&self, address: u64) -> Option<String> {
        let memory = File::open(format!("/proc/{}/mem", self.0)).ok()?;
        let mut text = vec![0; 4096];
        let read = memory.read_at(&mut text, address).ok()?;
        let end = text[..read].iter().position(|byte| *byte == 0)?;
        text.truncate(end);
        String::from_utf8(text).ok()
    }
}
