//! Runs the command one system call at a time: each that concerns files below a folder can be made to fail, to do less
//! than it was asked for, or to be the last.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Seek, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
};

use nix::{
    errno::Errno,
    libc,
    sys::{
        ptrace::{self, Options},
        signal::{Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};
use tempfile::tempfile;

use super::call::Call;
use crate::support::Ran;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Do {
    Nothing,
    /// The whole process is killed, and the call not made.
    Kill,
    /// It fails with this error, and is not made.
    Fail(Errno),
    /// It is asked for a third of the bytes, or for one of several buffers.
    Shorten,
}

/// Looks at calls and decides about them.
pub(crate) trait Watch {
    /// Before it is made.
    fn before(&mut self, call: &Call) -> Do;

    /// After it was made, when it did not fail.
    fn after(&mut self, _call: &Call) {}
}

impl<F: FnMut(&Call) -> Do> Watch for F {
    fn before(&mut self, call: &Call) -> Do {
        self(call)
    }
}

/// Runs the command, with `root/tmp` for temporary files. None, and a line that says why, where no process may be traced.
#[expect(clippy::zombie_processes, reason = "the tracer waits for it")]
pub(crate) fn trace(args: &[String], root: &Path, watch: &mut dyn Watch) -> Option<Ran> {
    let (out, err, tmp) = (tempfile().unwrap(), tempfile().unwrap(), root.join("tmp"));
    fs::create_dir_all(&tmp).unwrap();
    // It waits for a line until it is traced, then becomes the program.
    let mut child = Command::new("sh")
        .args(["-c", "read -r go && exec \"$@\" </dev/null", "sh", env!("CARGO_BIN_EXE_shardify")])
        .args(args)
        .env("TMPDIR", &tmp)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(out.try_clone().unwrap())
        .stderr(err.try_clone().unwrap())
        .spawn()
        .unwrap();
    let leader = Pid::from_raw(i32::try_from(child.id()).unwrap());
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    if let Err(error) = ptrace::seize(leader, options) {
        child.kill().unwrap();
        child.wait().unwrap();
        println!("skipped: no process may be traced here: {error}");
        return None;
    }
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    let code = Tracer { root, watch, leader, inside: HashMap::new() }.run();
    Some(Ran { code, stdout: text(out), stderr: text(err) })
}

fn text(mut file: File) -> String {
    file.rewind().unwrap();
    io::read_to_string(file).unwrap()
}

struct Tracer<'a> {
    root: &'a Path,
    watch: &'a mut dyn Watch,
    leader: Pid,
    /// The calls that threads are in.
    inside: HashMap<Pid, Inside>,
}

#[derive(Default)]
struct Inside {
    call: Option<Call>,
    fails: Option<Errno>,
}

impl Tracer<'_> {
    /// The exit code; none after a signal.
    fn run(&mut self) -> Option<i32> {
        // Other tests have children too; those of this one are a group.
        let group = Pid::from_raw(-self.leader.as_raw());
        loop {
            match waitpid(group, Some(WaitPidFlag::__WALL)) {
                Ok(WaitStatus::PtraceSyscall(thread)) => {
                    match self.inside.remove(&thread) {
                        None => self.enter(thread),
                        Some(inside) => self.leave(thread, &inside),
                    }
                    go_on(thread, None);
                }
                Ok(WaitStatus::PtraceEvent(thread, _, event)) => {
                    if event == libc::PTRACE_EVENT_EXEC {
                        // What comes next is the end of the call that made it the program.
                        self.inside.insert(thread, Inside::default());
                    }
                    go_on(thread, None);
                }
                Ok(WaitStatus::Stopped(thread, signal)) => go_on(thread, Some(signal)),
                Ok(WaitStatus::Exited(thread, code)) if thread == self.leader => return Some(code),
                Ok(WaitStatus::Signaled(thread, ..)) if thread == self.leader => return None,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => panic!("nothing to wait for: {error}"),
            }
        }
    }

    fn enter(&mut self, thread: Pid) {
        let mut inside = Inside::default();
        // A thread that was killed meanwhile has none.
        let Ok(mut regs) = ptrace::getregs(thread) else { return };
        inside.call = Call::read(thread, &regs).filter(|call| call.path.starts_with(self.root));
        match inside.call.as_ref().map_or(Do::Nothing, |call| self.watch.before(call)) {
            Do::Nothing => {}
            Do::Kill => kill(self.leader, Signal::SIGKILL).unwrap(),
            Do::Fail(errno) => {
                // No call has this number, so the system does nothing.
                regs.orig_rax = u64::MAX;
                ptrace::setregs(thread, regs).unwrap();
                inside.fails = Some(errno);
            }
            Do::Shorten => {
                assert!(inside.call.as_ref().unwrap().sized);
                if regs.rdx > 1 {
                    regs.rdx = regs.rdx.div_ceil(3);
                    ptrace::setregs(thread, regs).unwrap();
                }
            }
        }
        self.inside.insert(thread, inside);
    }

    fn leave(&mut self, thread: Pid, inside: &Inside) {
        let Ok(mut regs) = ptrace::getregs(thread) else { return };
        if let Some(errno) = inside.fails {
            regs.rax = -(errno as i64) as u64;
            ptrace::setregs(thread, regs).unwrap();
        } else if let Some(call) = &inside.call
            && regs.rax as i64 >= 0
        {
            self.watch.after(call);
        }
    }
}

/// Until the next call begins or ends.
fn go_on(thread: Pid, signal: Option<Signal>) {
    match ptrace::syscall(thread, signal) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => panic!("{error}"),
    }
}
